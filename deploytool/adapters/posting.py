"""One POST to an address that is a secret: no redirect, an end in time, and not a word about where it went.

A server that is busy or fails is asked again as long as that fits; after no answer nobody asks again, for the message
may have arrived.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from deploytool.adapters.addresses import Address, Forbidden, address_of
from deploytool.adapters.answer_body import TooLarge, body_of
from deploytool.adapters.cloudrun.parallel import answers_of
from deploytool.adapters.cloudrun.retry import retry_after

DEADLINE = 10.0  # seconds for one answer
WITHIN = 30.0  # seconds for all of it
FIRST_WAIT = 1.0  # seconds; doubled each time
MOST_ANSWER = 16 * 1024  # bytes
MOST_SECRET = 4_096


class NotSent(Exception):
    """Why, for people, without the address. `maybe`: it may have arrived all the same."""

    def __init__(self, said: str, *, maybe: bool) -> None:
        super().__init__(said)
        self.said, self.maybe = said, maybe


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    content: bytes
    wait: float  # seconds that the server asks us to wait


def address_in(secret: str, *, hosts: tuple[str, ...] = ()) -> Address:
    """An address of https, of one of these hosts when any are given; in the clear only on this machine.

    Raises Forbidden, in words that have nothing of the secret in them.
    """
    secret = secret.strip()
    try:
        netloc = urlsplit(secret).netloc if len(secret) <= MOST_SECRET and secret.isprintable() else ""
        address = address_of(secret, [netloc])
    except ValueError:
        raise Forbidden("is no address that may be written to") from None
    if address.loopback and not address.secure:
        return address
    if not address.secure:
        raise Forbidden("is no address of https")
    if hosts and address.netloc not in hosts:
        raise Forbidden(f"is no address of https://{hosts[0]}")
    return address


def post(
    address: Address,
    content: bytes,
    *,
    deadline: float = DEADLINE,
    within: float = WITHIN,
    sleep: Callable[[float], None] = time.sleep,
) -> Answered:
    """The answer, whatever its status; asked again after 429 and 5xx. Raises NotSent."""
    end, wait = time.monotonic() + within, FIRST_WAIT
    while True:
        seconds = max(0.05, min(deadline, end - time.monotonic()))
        (answer,) = answers_of([partial(_once, address, content, seconds)], at_once=1, seconds=seconds)
        if isinstance(answer, TimeoutError):
            raise NotSent(f"no answer within {seconds:.0f} s", maybe=True)
        if isinstance(answer, Exception):
            raise answer
        pause = max(wait, answer.wait)
        if not _may_pass(answer) or time.monotonic() + pause >= end:
            return answer
        sleep(pause)
        wait *= 2


def _may_pass(answer: Answered) -> bool:
    return answer.status == 429 or answer.status >= 500


def _once(address: Address, content: bytes, seconds: float) -> Answered:
    """What requests says of a failure holds the address: only the kind of failure is told."""
    import requests

    url = f"{address.scheme}://{address.netloc}{address.target}"
    end = time.monotonic() + seconds
    try:
        with requests.Session() as session:
            session.trust_env = False  # no password of a .netrc; of proxies and authorities we are told here
            got = session.post(
                url,
                data=content,
                headers={"content-type": "application/json; charset=utf-8", "user-agent": "deploytool"},
                timeout=seconds,
                allow_redirects=False,
                stream=True,
                proxies={} if address.loopback else requests.utils.get_environ_proxies(url),
                verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
            )
            with got:
                return _answered(got, end)
    except (requests.exceptions.RequestException, OSError, ValueError) as error:
        raise _not_sent(error) from None


def _answered(got: object, end: float) -> Answered:
    status: int = got.status_code  # type: ignore[attr-defined]
    carrier = type("Carrier", (Exception,), {"response": got})()
    try:
        content = body_of(got, end, MOST_ANSWER)
    except TooLarge:
        content = b""
    return Answered(status, content, retry_after(carrier))


def _not_sent(error: Exception) -> NotSent:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return NotSent("no TLS that can be trusted", maybe=False)
    never = isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error)
    if isinstance(error, requests.exceptions.Timeout):
        return NotSent("no answer in time", maybe=not never)
    if never or isinstance(error, requests.exceptions.ProxyError):
        return NotSent("it could not be reached", maybe=False)
    return NotSent(f"no answer that can be read ({type(error).__name__})", maybe=True)
