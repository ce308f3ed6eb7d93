"""The body of an answer, up to a size and up to a moment: a byte now and then does not keep anybody waiting."""

from __future__ import annotations

import time
from typing import Any

CHUNK = 64 * 1024  # bytes


class TooLarge(Exception):
    """The body has more than the bytes that somebody is willing to hold."""


def body_of(got: Any, end: float, most: int) -> bytes:
    """What is left of the body of a `requests` answer that is streamed; `end` by the monotonic clock.

    Raises TooLarge, and what requests raises: ReadTimeout when time is over, ChunkedEncodingError for a broken line.
    """
    import requests
    import urllib3

    body = bytearray()
    try:
        while chunk := _some(got.raw):
            body += chunk
            if len(body) > most:
                raise TooLarge(f"more than {most} bytes")
            if time.monotonic() > end:
                raise requests.exceptions.ReadTimeout
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ReadTimeout from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError from error
    return bytes(body)


def _some(raw: Any) -> bytes:
    """What came in by now, at least a byte; b"" at the end. Before its version 2.1 urllib3 waits for a whole chunk."""
    if hasattr(raw, "read1"):
        return raw.read1(CHUNK, decode_content=True) or b""
    return raw.read(CHUNK, decode_content=True) or b""
