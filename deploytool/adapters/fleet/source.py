"""The bytes of a fleet file, as JSON. Everything that can be wrong with a file ends in one sentence."""

from __future__ import annotations

import json
from typing import BinaryIO

from deploytool.errors import CouldNotLook

LIMIT = 64 * 1024 * 1024  # bytes; 3,000 services are about 5 MiB
AGAIN = "Write it again, for example: gcloud run services list --format json > fleet.json"


def title_of(path: str) -> str:
    return "standard input" if path == "-" else path


def json_in(path: str, stdin: BinaryIO | None) -> object:
    """The parsed content of `path`, or of `stdin` for `-`. Raises CouldNotLook."""
    title, content = title_of(path), _content_of(path, stdin)
    if len(content) > LIMIT:
        raise CouldNotLook(f"{title} is larger than {LIMIT // 1024**2} MiB: not read.", hint="Export fewer regions.")
    if not content.strip():
        raise CouldNotLook(f"{title} is empty: the command that should have written it failed?", hint=AGAIN)
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise CouldNotLook(f"{title} is not UTF-8 text.", hint=AGAIN) from None
    except json.JSONDecodeError as error:
        cut_off = error.msg.startswith("Unterminated") or error.pos >= len(error.doc.rstrip()) - 1
        end = "ends too early" if cut_off else "is not JSON"
        raise CouldNotLook(f"{title} {end} (line {error.lineno}): {error.msg}.", hint=AGAIN) from None
    except (RecursionError, ValueError):  # nested too deeply; a number of thousands of digits
        raise CouldNotLook(f"{title} is JSON that no Cloud Run answer looks like.", hint=AGAIN) from None


def _content_of(path: str, stdin: BinaryIO | None) -> bytes:
    try:
        if path == "-":
            return stdin.read(LIMIT + 1) if stdin is not None else b""
        with open(path, "rb") as file:
            return file.read(LIMIT + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no such path"
        raise CouldNotLook(f"{title_of(path)} cannot be read: {why}.", hint="Check the path after --fleet.") from None
