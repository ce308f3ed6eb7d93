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
    """`config` says what is judged here: this commit's services, and those that only the other side describes."""

    commit: str
    tree: Tree
    config: Config
    declared: frozenset[str]  # the services that services.toml of this commit describes; of the others, their content
    file: str | None  # repository path of services.toml; None: it lies outside
    grounds: Grounds
    _seen: dict[str, Seen] = field(default_factory=dict)
    _impacts: dict[str, Impact | None] = field(default_factory=dict)

    @property
    def tables(self) -> Mapping[str, ServiceTable]:
        return self.config.services

    def seen(self, table: ServiceTable) -> Seen:
        """The service here. Raises KeyError for what is not in this clone."""
        if table.name not in self._seen:
            self._seen[table.name] = self.grounds.seen(table, Key(table.name, self.commit))
        return self._seen[table.name]

    def impact(self, table: ServiceTable) -> Impact | None:
        """What its program can load here; None without an image. Raises KeyError for what is not in this clone."""
        if table.name not in self._impacts:
            seen = self.seen(table)
            self._impacts[table.name] = self.grounds.impact_of(table, seen)
            if self._impacts[table.name] is None and seen.made.image is not None:
                raise KeyError(table.name)
        return self._impacts[table.name]

    def line_of(self, *key: str | int) -> int | None:
        """The line of services.toml that names the key, where that file is in the repository."""
        return None if self.file is None else self.config.line_of(*key)
