"""One side of the comparison: a commit's tree, what services.toml says there, and what each service is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploytool.config import Config, ServiceTable
from deploytool.detect.grounds import Grounds, Key
from deploytool.detect.sources import Seen
from deploytool.domain.impact import Impact
from deploytool.domain.tree import Tree


@dataclass
class Side:
    """`config` decides which services are judged here; where this commit has none, the other side's does."""

    commit: str
    tree: Tree
    config: Config
    own: bool  # False: `config` is the other side's
    file: str | None  # repository path of services.toml; None: it lies outside
    grounds: Grounds  # at import precision: an image breaks the same, however coarsely drift is told to look at it
    lent: Grounds | None = None  # of the other side: what is new there may have been here without a table
    _seen: dict[str, Seen] = field(default_factory=dict)
    _impacts: dict[str, Impact | None] = field(default_factory=dict)

    @property
    def tables(self) -> Mapping[str, ServiceTable]:
        return self.config.services

    def seen(self, table: ServiceTable) -> Seen:
        """The service here, as its table here describes it. Raises KeyError for what is not in this clone."""
        if table.name not in self._seen:
            here = self.tables.get(table.name, table)
            self._seen[table.name] = self._grounds(table).seen(here, Key(table.name, self.commit))
        return self._seen[table.name]

    def impact(self, table: ServiceTable) -> Impact | None:
        """What its program can load here; None without an image. Raises KeyError for what is not in this clone."""
        if table.name not in self._impacts:
            seen = self.seen(table)
            here = self.tables.get(table.name, table)
            self._impacts[table.name] = self._grounds(table).impact_of(here, seen)
            if self._impacts[table.name] is None and seen.made.image is not None:
                raise KeyError(table.name)
        return self._impacts[table.name]

    def line_of(self, *key: str | int) -> int | None:
        """The line of services.toml that names the key, where that file is in the repository."""
        return None if self.file is None else self.config.line_of(*key)

    def _grounds(self, table: ServiceTable) -> Grounds:
        return self.grounds if table.name in self.tables or self.lent is None else self.lent
