"""A fleet from files, where the API is out of reach: in CI, in a bug report, in a pre-commit hook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

from deploytool.adapters.fleet.gather import read_fleet
from deploytool.domain.model import Fleet, Place, Revision


@dataclass(frozen=True)
class FleetFiles:
    """Reads `--fleet` files; `-` is `stdin`."""

    paths: Sequence[str]
    stdin: BinaryIO | None
    project: str
    regions: Sequence[str]

    def fleet(self, *, dated: bool = False) -> Fleet:
        """All files as one fleet, with the dates that are in them. Raises CouldNotLook for a file that is no fleet."""
        return self._read

    def history(self, place: Place) -> tuple[Revision, ...]:
        """The other revisions that the files hold of one service."""
        found = self._read.revisions.items()
        return tuple(revision for (where, _), revision in found if where == place)

    @cached_property
    def _read(self) -> Fleet:
        """Read once: standard input has nothing to say a second time."""
        return read_fleet(self.paths, self.stdin, self.project, self.regions)
