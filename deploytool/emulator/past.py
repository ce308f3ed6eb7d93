"""What resources were before their last changes, for readers who are told old news. In memory only."""

from __future__ import annotations

from collections import deque
from typing import Any

Resource = dict[str, Any]
KEPT = 20  # changes of one resource


class Past:
    """A change of a service or job is a new generation; of a revision, anything."""

    def __init__(self) -> None:
        self._versions: dict[str, deque[Resource]] = {}

    def remember(self, name: str, body: Resource) -> None:
        versions = self._versions.setdefault(name, deque(maxlen=KEPT))
        if versions and _same_change(name, versions[-1], body):
            versions.pop()
        versions.append(body)

    def before(self, name: str, changes: int) -> Resource | None:
        """The body before so many changes, else the oldest that is known; None when nothing is."""
        versions = self._versions.get(name)
        if not versions:
            return None
        return versions[max(len(versions) - 1 - changes, 0)]

    def clear(self) -> None:
        self._versions.clear()


def _same_change(name: str, one: Resource, other: Resource) -> bool:
    if "/revisions/" in name:
        return one == other
    return one.get("uid") == other.get("uid") and one.get("generation") == other.get("generation")
