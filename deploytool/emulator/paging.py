"""Pages of a list, with tokens that survive a restart and a changing list."""

from __future__ import annotations

import base64
import binascii
import hashlib

from deploytool.emulator.errors import invalid

DEFAULT_SIZE = 100
MAX_SIZE = 1000


def page_size(text: str | None) -> int:
    """0 or nothing is the default; more than the maximum is cut, as Google's lists do."""
    if text in {None, ""}:
        return DEFAULT_SIZE
    try:
        size = int(str(text))
    except ValueError:
        raise invalid(f"Invalid page size: '{text}'.", "page_size") from None
    if size < 0:
        raise invalid(f"Invalid page size: '{text}'.", "page_size")
    return min(size, MAX_SIZE) or DEFAULT_SIZE


def token_for(collection: str, last: str) -> str:
    """The token of the page that begins after `last` in `collection`."""
    return base64.urlsafe_b64encode(f"{_mark(collection)}{last}".encode()).decode().rstrip("=")


def last_of(collection: str, token: str | None) -> str | None:
    """The last name of the page before; None for the first page. A token of another list is a 400."""
    if not token:
        return None
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        text = ""
    mark = _mark(collection)
    if not text.startswith(mark):
        raise invalid("Invalid page token: it was not made by this list.", "page_token")
    return text[len(mark) :]


def _mark(collection: str) -> str:
    return hashlib.sha256(collection.encode()).hexdigest()[:12]
