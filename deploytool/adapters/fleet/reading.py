"""Typed reads of untyped JSON. What is odd is written down and read as absent; nothing raises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
NO_TABLE: Mapping[str, Any] = {}


class Reading:
    """One object being read. `problems` never quote a value: it may be a secret."""

    __slots__ = ("problems",)

    def __init__(self) -> None:
        self.problems: list[str] = []

    def odd(self, key: str, wanted: str, found: object) -> None:
        """Write down that `key` is not what it should be."""
        said = "null" if found is None else NAMES.get(type(found), "odd")
        detail = f"is {said}, not {wanted}" if said != wanted else f"is not {wanted} that makes sense"
        self.problems.append(f"{key} {detail}")

    def text(self, raw: Mapping[str, Any], key: str) -> str:
        value = raw.get(key, "")
        if isinstance(value, str):
            return value
        self.odd(key, "text", value)
        return ""

    def flag(self, raw: Mapping[str, Any], key: str, odd: bool) -> bool:
        """A boolean; absent is false, and what is no boolean counts as `odd`, the careful answer."""
        value = raw.get(key, False)
        if isinstance(value, bool):
            return value
        self.odd(key, "true or false", value)
        return odd

    def number(self, raw: Mapping[str, Any], key: str) -> int | None:
        """A whole number; 64-bit ones are text in Google's JSON. None when absent or odd."""
        value = raw.get(key)
        if value is None and key not in raw:
            return None
        if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.removeprefix("-").isdigit():
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self.odd(key, "a number", value)
        return None

    def table(self, raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = raw.get(key, NO_TABLE)
        if isinstance(value, dict):
            return value
        if value is not NO_TABLE:
            self.odd(key, "an object", value)
        return NO_TABLE

    def rows(self, raw: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        """A list of objects. An entry of another type becomes an empty object, so that it is still counted."""
        value = raw.get(key)
        if value is None and key not in raw:
            return []
        if not isinstance(value, list):
            self.odd(key, "a list", value)
            return [NO_TABLE]
        for row in value:
            if not isinstance(row, dict):
                self.odd(f"an entry of {key}", "an object", row)
        return [row if isinstance(row, dict) else NO_TABLE for row in value]

    def words(self, raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """A list of texts; what is none of these is odd and counts as empty."""
        found = raw.get(key) or []
        if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
            self.odd(key, "a list of texts", found)
            return ()
        return tuple(found)

    def texts(self, raw: Mapping[str, Any], key: str) -> Mapping[str, str]:
        """Labels or annotations."""
        value = raw.get(key)
        if isinstance(value, dict):
            for name, entry in value.items():
                if not isinstance(entry, str):
                    self.odd(f"{key} {name}", "text", entry)
                    return {name: entry for name, entry in value.items() if isinstance(entry, str)}
            return value
        if key in raw:
            self.odd(key, "an object", value)
        return {}

    def moment(self, raw: Mapping[str, Any], key: str) -> datetime | None:
        """An RFC 3339 time with its zone, in UTC."""
        value = raw.get(key)
        if value is None and key not in raw:
            return None
        try:
            found = datetime.fromisoformat(value)  # type: ignore[arg-type]
            if found.tzinfo is not None:
                return found if found.tzinfo is UTC else found.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            pass
        self.odd(key, "a time", value)
        return None
