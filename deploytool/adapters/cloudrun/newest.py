"""An answer may be older than what was answered before: who believes it takes what is done for not done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Newest:
    """The newest generation of each service and job that this process has seen. A new one of that name begins anew."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def note(self, raw: Any) -> bool:
        """Keep what an answer tells of itself; False when it is older than one before."""
        if not isinstance(raw, Mapping):
            return True
        key, generation = (str(raw.get("name", "")), str(raw.get("uid", ""))), _generation(raw)
        if generation is None:
            return True
        newest = self._seen.get(key, generation)
        self._seen[key] = max(newest, generation)
        return generation >= newest


def _generation(raw: Mapping[str, Any]) -> int | None:
    """A JSON string in v2; None for anything that is no number."""
    text = str(raw.get("generation", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
