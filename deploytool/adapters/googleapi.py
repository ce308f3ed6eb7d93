"""One authorized JSON call to a REST API of Google's, or to a stand-in at an address of our own.

An address of our own never sees a credential. Reads are asked again while that can help; a write is sent once, and
an answer that got lost says so, so that whoever wrote can look what became of it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, TypeVar

from deploytool.adapters.answer_body import TooLarge, body_of
from deploytool.adapters.cloudrun.credentials import LOGIN, default_credentials
from deploytool.adapters.cloudrun.retry import Patience, retry_after
from deploytool.errors import CouldNotLook

PASSING = frozenset({408, 429, 500, 502, 503, 504})
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
MOST_ANSWER = 64 * 1024 * 1024  # bytes
MOST_WORDS = 100_000  # bytes of a refusal

Json = dict[str, Any]
T = TypeVar("T")


class NoAnswer(CouldNotLook):
    """No answer, or none that could be read. `acted`: the request may have been carried out all the same."""

    def __init__(self, message: str, *, hint: str, acted: bool) -> None:
        super().__init__(message, hint=hint)
        self.acted = acted


class Refused(CouldNotLook):
    """The API said no. `code` is the HTTP status, `status` Google's word for it ("ABORTED"), "" without one."""

    def __init__(
        self,
        message: str,
        *,
        hint: str,
        code: int,
        status: str = "",
        said: str = "",
        wait: float = 0,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code, self.status, self.said, self.wait = code, status, said, wait
        self.headers = headers  # by lower-case name
        self.passing = code in PASSING

    @property
    def acted(self) -> bool:
        """A server that failed half-way may have acted; one that said no did not."""
        return self.code >= 500


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Json:
        """The object in the body; {} for an empty one. Raises ValueError for anything else, however deep it is."""
        try:
            value = json.loads(self.content) if self.content.strip() else {}
        except RecursionError as deep:
            raise ValueError("the answer is nested too deeply") from deep
        if not isinstance(value, dict):
            raise ValueError("the answer is not a JSON object")
        return value


class GoogleApi:
    """One API: `endpoint` such as https://logging.googleapis.com; `name` is how people call it ("Cloud Logging").

    `local` says that the address is one of our own: no credential, no proxy, no ~/.netrc. `token` is the word that
    a stand-in wants to hear in the place of one ("owner"): no secret.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        name: str,
        local: bool,
        token: str = "",
        patience: Patience | None = None,
        session: Callable[[], Any] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint, self.name, self.local = endpoint.rstrip("/"), name, local
        self.patience = patience or Patience()
        self._open = session or (partial(_plain_session, token) if local else partial(_authorized_session, name))
        self._sleep = sleep

    @cached_property
    def session(self) -> Any:
        return self._open()

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, attempts: int | None = None) -> Json:
        """A read: asked again while that can help. Raises NoAnswer or Refused."""
        return self._read("GET", path, params, None, attempts, self.understood)

    def ask(
        self, path: str, body: Json, params: Mapping[str, Any] | None = None, *, attempts: int | None = None
    ) -> Json:
        """A read that is a POST (entries:list): asked again as a GET is."""
        return self._read("POST", path, params, body, attempts, self.understood)

    def read(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Json | None = None,
        attempts: int | None = None,
    ) -> Answer:
        """A read whose answer is wanted whole: with its headers, or because it is no JSON object."""
        return self._read(method, path, params, body, attempts, lambda answer: answer)

    def send(self, method: str, path: str, body: Json | None = None, params: Mapping[str, Any] | None = None) -> Json:
        """A write: sent once. `acted` of what is raised says whether it may have been carried out."""
        return self._json(self.call(method, path, params=params, body=body), wrote=True)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Json | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        most: int = MOST_ANSWER,
    ) -> Answer:
        """One request, one answer below 300; redirects are not followed. Raises NoAnswer or Refused.

        `timeout` seconds are for all of it, `most` bytes for the body.
        """
        seconds = timeout or self.patience.call
        end = time.monotonic() + seconds
        sent = json.dumps(body).encode() if body is not None else content
        extra = {"content-type": "application/json"} if body is not None else {}
        try:
            got = self.session.request(
                method,
                path if path.startswith(("http://", "https://")) else self.endpoint + path,
                params=params,
                data=sent,
                headers={**extra, **(headers or {})},
                timeout=seconds,
                allow_redirects=False,
                stream=True,
            )
            with got:
                if got.status_code >= 300:
                    raise self._refused(got, end)
                return Answer(got.status_code, _by_lower(got.headers), body_of(got, end, most))
        except Refused:
            raise
        except Exception as error:
            raise self._no_answer(error) from error

    def _read(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        body: Json | None,
        attempts: int | None,
        understood: Callable[[Answer], T],
    ) -> T:
        end = time.monotonic() + self.patience.total
        most = attempts or self.patience.attempts
        for attempt in range(1, most + 1):
            try:
                return understood(self.call(method, path, params=params, body=body))
            except (NoAnswer, Refused) as error:
                wait = self.patience.first_wait * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
                wait = max(wait, getattr(error, "wait", 0.0))
                final = isinstance(error, Refused) and error.code not in PASSING
                if final or attempt == most or time.monotonic() + wait > end:
                    raise
                self._sleep(wait)
        raise AssertionError("the last attempt either answers or raises")

    def understood(self, answer: Answer) -> Json:
        """The object that a read was answered with. Raises NoAnswer when there is none."""
        return self._json(answer, wrote=False)

    def _json(self, answer: Answer, *, wrote: bool) -> Json:
        try:
            if not wrote and not answer.content.strip():
                raise ValueError("nothing, where Google says at least {}")
            return answer.json
        except ValueError as error:
            raise NoAnswer(
                f"The answer of {self.name} could not be understood ({type(error).__name__}).",
                hint="Is a proxy or a login page in between?",
                acted=wrote,
            ) from error

    def _no_answer(self, error: Exception) -> CouldNotLook:
        """The kind of failure alone: an address or a header may hold a secret."""
        import requests

        if type(error).__module__.startswith("google.auth"):
            return NoAnswer(
                f"{self.name} could not be asked: the Google credentials cannot be used ({type(error).__name__}).",
                hint=LOGIN,
                acted=False,
            )
        if isinstance(error, TooLarge):
            return NoAnswer(f"{self.name} answered with {error}.", hint="Is a proxy in between?", acted=True)
        if not isinstance(error, (requests.exceptions.RequestException, OSError)):
            raise error
        slow = isinstance(error, requests.exceptions.Timeout)
        what = "did not answer in time" if slow else f"could not be reached ({type(error).__name__})"
        never_sent = isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error)
        hint = "Is it running? deploytool emulator serve" if self.local else "Check the network, then run it again."
        return NoAnswer(f"{self.name} {what}.", hint=hint, acted=not never_sent)

    def _refused(self, got: Any, end: float) -> Refused:
        status, said = _said(_words(got, end))
        carrier = type("Carrier", (Exception,), {"response": got})()
        wait = retry_after(carrier) if got.status_code in PASSING else 0.0
        message = f"{self.name} answered {got.status_code}" + (f": {said}" if said else ".")
        return Refused(
            message,
            hint=_hint(got.status_code),
            code=got.status_code,
            status=status,
            said=said,
            wait=wait,
            headers=_by_lower(got.headers),
        )


def _by_lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


def _hint(code: int) -> str:
    if code in (401, 403):
        return f"See who you are (gcloud auth list) and what you may do; sign in with: {LOGIN}"
    if code in PASSING:
        return "Run it again in a minute."
    return "Check project, region and names in services.toml."


def _words(got: Any, end: float) -> bytes:
    """The status of a refusal is its answer, whether or not the words to it arrive."""
    import requests

    try:
        return body_of(got, end, MOST_WORDS)
    except (requests.exceptions.RequestException, OSError, TooLarge):
        return b""


def _said(content: bytes) -> tuple[str, str]:
    """Google's status word and the first line of its message, at most 300 characters."""
    try:
        error = json.loads(content).get("error", {})
        if isinstance(error, str):
            return "", error[:300]
        return str(error.get("status", "")), (str(error.get("message", "")).splitlines() or [""])[0][:300]
    except (ValueError, AttributeError, RecursionError):
        return "", ""


def _plain_session(token: str = "") -> Any:
    import requests

    session = requests.Session()
    session.trust_env = False
    if token:
        session.headers["authorization"] = f"Bearer {token}"
    return session


def _authorized_session(api: str) -> Any:
    from google.auth.transport.requests import AuthorizedSession

    return AuthorizedSession(default_credentials(api))  # type: ignore[no-untyped-call]
