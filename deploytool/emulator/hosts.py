"""Who may knock: loopback names, and gcloud, which comes through its proxy settings.

A web page that a person visits can make requests to 127.0.0.1 too; it gives itself away by a
foreign Host (DNS rebinding) or a foreign Origin (a plain cross-site request), and is refused.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
GOOGLE = re.compile(
    r"((?:(?P<region>[a-z]+-[a-z]+[0-9]+)-)?run|storage|cloudbuild|logging)\.googleapis\.com(:80)?", re.IGNORECASE
)


def is_loopback(host: str) -> bool:
    return bool(LOOPBACK.fullmatch(host))


def is_google(host: str) -> bool:
    """One of the names that gcloud asks its proxy for, and that are answered here."""
    return bool(GOOGLE.fullmatch(host))


def region_of(host: str) -> str | None:
    """`us-west2-run.googleapis.com` speaks of us-west2; the global name of every region."""
    found = GOOGLE.fullmatch(host)
    return found.group("region").lower() if found and found.group("region") else None


def foreign_origin(origin: str | None) -> bool:
    return origin is not None and not is_loopback(urlsplit(origin).netloc)


def split_absolute(target: str) -> tuple[str, str] | None:
    """Host and path of a proxy request (`GET http://host/path`); None for a plain one."""
    if not target.startswith(("http://", "https://")):
        return None
    parts = urlsplit(target)
    return parts.netloc, parts.path or "/"
