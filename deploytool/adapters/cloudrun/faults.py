"""What went wrong with Cloud Run, in one sentence, and the next command to type.

Only called once Google's client is loaded, so its exceptions can be imported here without cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploytool.adapters.cloudrun.credentials import LOGIN
from deploytool.errors import CouldNotLook

PASSING = frozenset({408, 429, 500, 502, 503, 504})
NETWORK = "Check the network, then run it again."
ASKED = re.compile(r"^GET \S+: ")
Said = tuple[str, str]  # sentence, hint


def could_not_look(error: Exception, subject: str, project: str, local: bool) -> CouldNotLook:
    """`subject` is what was asked for: "Cloud Run services in us-west2"."""
    sentence, hint = _said(error, project, local)
    return CouldNotLook(f"{subject} could not be read: {sentence}.", hint=hint)


def is_passing(error: Exception, attempt: int) -> bool:
    """May the same question get an answer a moment later? A refused connection and DNS get one more chance."""
    import requests
    from google.auth.exceptions import TransportError

    code = _code(error)
    if code is not None:
        return code in PASSING
    if isinstance(error, requests.exceptions.SSLError):
        return False
    if _is_refused(error) or _is_dns(error):
        return attempt == 1
    passing = (requests.exceptions.Timeout, requests.exceptions.ConnectionError, TransportError)
    return isinstance(error, (*passing, requests.exceptions.ChunkedEncodingError))


def is_outside(error: Exception) -> bool:
    """Did a deadline pass or a credential fail, rather than our own code?"""
    from google.auth.exceptions import GoogleAuthError

    return isinstance(error, (TimeoutError, GoogleAuthError))


def _said(error: Exception, project: str, local: bool) -> Said:
    from google.auth.exceptions import GoogleAuthError

    if isinstance(error, TimeoutError):
        return str(error), NETWORK
    if isinstance(error, GoogleAuthError):
        return _of_credentials(error, local)
    code = _code(error)
    if code is not None:
        return _of_status(error, code, project, local)
    return _of_transport(error, local)


def _of_credentials(error: Exception, local: bool) -> Said:
    from google.auth import exceptions

    if local:
        return "the local Cloud Run answered 401", "Is it a Cloud Run? Check CLOUD_RUN_EMULATOR_HOST."
    if isinstance(error, exceptions.DefaultCredentialsError):
        return "there are no Google credentials here", LOGIN
    if isinstance(error, exceptions.RefreshError):
        return f"the Google credentials were refused ({_short(str(error))})", LOGIN
    if isinstance(error, exceptions.TransportError):
        return "Google's token server could not be reached", NETWORK
    return f"the Google credentials cannot be used ({_short(str(error))})", LOGIN


def _of_status(error: Exception, code: int, project: str, local: bool) -> Said:
    message = _short(str(getattr(error, "message", "") or "no reason given"))
    reason = getattr(error, "reason", None)
    if code == 401:
        return f"401, the credentials were refused ({message})", LOGIN
    if code == 403 and (reason == "SERVICE_DISABLED" or "has not been used in project" in message):
        return (
            f"the Cloud Run API is disabled in {project}",
            f"gcloud services enable run.googleapis.com --project {project}",
        )
    if code == 403:
        hint = f"Ask for the role roles/run.viewer on {project}, or see who you are with: gcloud auth list"
        return f"403, permission denied ({message})", hint
    if code == 404:
        return f"404, not found ({message})", "Check project and regions in services.toml."
    if code == 400:
        return f"400, the question was refused ({message})", "Check project and regions in services.toml."
    if code == 429:
        return "429, too many requests or the quota is used up, also after asking again", "Run it again in a minute."
    if code >= 500:
        hint = "Run it again." if local else "Run it again later; see https://status.cloud.google.com"
        return f"{code}, Cloud Run failed, also after asking again", hint
    return f"HTTP {code} ({message})", "Run it again."


def _of_transport(error: Exception, local: bool) -> Said:
    import requests

    again = "Start it with: deploytool emulator serve" if local else NETWORK
    if isinstance(error, requests.exceptions.SSLError):
        return "TLS failed: the certificate was not accepted", "Check the proxy, the clock and REQUESTS_CA_BUNDLE."
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy could not be reached", "Check HTTPS_PROXY and NO_PROXY."
    if isinstance(error, requests.exceptions.Timeout):
        return "it did not answer in time", again
    if _is_refused(error):
        return "the connection was refused", again
    if _is_dns(error):
        return "the host name could not be resolved", again
    if isinstance(error, requests.exceptions.RequestException) and not isinstance(error, ValueError):
        return "the connection broke", again
    return f"the answer was not one of Cloud Run ({type(error).__name__})", "Is a proxy or a login page in between?"


def _code(error: Exception) -> int | None:
    from google.api_core.exceptions import GoogleAPICallError

    return int(error.code) if isinstance(error, GoogleAPICallError) and error.code else None


def _is_refused(error: BaseException) -> bool:
    return any(isinstance(cause, ConnectionRefusedError) for cause in _causes(error))


def _is_dns(error: BaseException) -> bool:
    from urllib3.exceptions import NameResolutionError

    return any(isinstance(cause, NameResolutionError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what is inside it: requests and urllib3 wrap each other's."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        found = pending.pop()
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        pending.extend((found.__cause__, found.__context__, getattr(found, "reason", None), *found.args))


def _short(text: str) -> str:
    """The first line, less the address that Google's client puts before it, at most 160 characters."""
    line = ASKED.sub("", (text.strip().splitlines() or [""])[0])
    return line if len(line) <= 160 else line[:157] + "…"
