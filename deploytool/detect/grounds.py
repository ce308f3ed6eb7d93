"""What each service is made of on both sides of a comparison, and what its program can load of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable
from deploytool.detect.coverage import ignored_but_imported, unfollowed
from deploytool.detect.impact import Impacts
from deploytool.detect.judge import Judge
from deploytool.detect.sources import Seen, Sources, precision_of
from deploytool.domain.comparison import Pair
from deploytool.domain.doubt import Doubt
from deploytool.domain.impact import Impact, Side
from deploytool.domain.model import AS_BUILT, Overrides
from deploytool.domain.report import Precision, Remark
from deploytool.domain.tree import Tree


class Key(NamedTuple):
    """One service at one commit, as Cloud Run starts it."""

    service: str
    commit: str
    overrides: Overrides = AS_BUILT


@dataclass(frozen=True, slots=True)
class Question:
    """One serving revision against the target. A side that has nothing of the service is read as the other one."""

    table: ServiceTable
    pair: Pair
    sides: tuple[Seen, Seen]  # what serves, and the target

    def with_files(self, paths: frozenset[str]) -> Question:
        """The same with further files on both sides."""
        before, after = self.pair.before.plus(paths), self.pair.after.plus(paths)
        return replace(self, pair=self.pair._replace(before=before, after=after))


class Grounds:
    """Answers by service and commit. `trees` is filled by whoever asks, with every commit that is asked about."""

    def __init__(
        self,
        config: Config,
        tables: Sequence[ServiceTable],
        repository: Repository,
        precision: Precision | None,
        trees: Mapping[str, Tree],
        impacts: Impacts | None = None,
        sources: Sources | None = None,
    ) -> None:
        self.config, self.trees = config, trees
        self.sources, self.impacts = sources or Sources(repository.cache), impacts or Impacts(repository)
        self.asked = {table.name: precision_of(table, precision) for table in tables}
        self.target = ""
        self.coarser: dict[str, Precision] = {}  # where less could be proven than was asked for
        self.doubts: dict[str, tuple[Doubt, ...]] = {}
        self.remarks: dict[str, Remark] = {}
        self.unfollowed: dict[str, Remark] = {}  # where content that is not here would have told what is imported

    def aim_at(self, target: str, tables: Iterable[ServiceTable]) -> None:
        """Look at the target early; what cannot be read now is missed, and said, when a service is judged by it."""
        self.target = target
        tables = list(tables)
        self.foresee((table, target) for table in tables)
        for table in tables:
            with suppress(KeyError):
                self.seen(table, Key(table.name, target))

    def foresee(self, wanted: Iterable[tuple[ServiceTable, str]]) -> None:
        self.sources.foresee((table, self.trees[commit]) for table, commit in wanted if commit in self.trees)

    def precision(self, table: ServiceTable) -> Precision:
        """How finely the service could be compared."""
        return self.coarser.get(table.name, self.asked[table.name])

    def seen(self, table: ServiceTable, key: Key, like: str | None = None) -> Seen:
        """The service at that commit; `like` names one where it may be made of the same. Raises KeyError."""
        tree, precision = self.trees[key.commit], self.asked[table.name]
        if like is None:
            made = self.sources.made_of(table, tree, precision)
        else:
            made = self.sources.made_like(table, tree, precision, self.trees[like])
        return Seen(tree, made.started_with(key.overrides))

    def question(self, table: ServiceTable, key: Key) -> Question:
        """Raises KeyError for what is not in this clone."""
        before = self.seen(table, key, like=self.target)
        after = self.seen(table, key._replace(commit=self.target))
        made = (before.made if before.made.exists else after.made), (after.made if after.made.exists else before.made)
        pair = Pair(key.commit, self.target, made[0].selection, made[1].selection)
        question = Question(table, pair, (Seen(before.tree, made[0]), Seen(after.tree, made[1])))
        hidden = self._hidden(question) if table.ignore and self.asked[table.name] is Precision.IMPORT else frozenset()
        return question.with_files(hidden) if hidden else question

    def _hidden(self, question: Question) -> frozenset[str]:
        """What `ignore` leaves out and the program imports all the same, on either side."""
        table, found = question.table, set[str]()
        for seen in question.sides:
            impact = self.impact_of(table, seen)
            found.update(path for path in (impact.by if impact else ()) if not seen.made.selection.takes(path))
        if found:
            self.remarks[table.name] = ignored_but_imported(table, found)
        return frozenset(found)

    def judge(self, question: Question, differs: bool) -> Judge:
        """Imports are followed only where there is a difference to judge."""
        (before, after), table = question.sides, question.table
        impacts: tuple[Impact | None, Impact | None] = (None, None)
        if differs and self.asked[table.name] is Precision.IMPORT:
            impacts = (self.impact_of(table, before), self.impact_of(table, after, near=before))
            self._prove(table.name, impacts)
        sides = tuple(
            Side(seen.made.build_inputs, impact) for seen, impact in zip(question.sides, impacts, strict=True)
        )
        imported = partial(self.impacts.imported, table, after)
        return Judge((before.tree, after.tree), (sides[0], sides[1]), self.impacts.contents, imported)

    def side(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> Side:
        """One side alone, for a question about what it is made of."""
        impact = self.impact_of(table, seen, near) if self.asked[table.name] is Precision.IMPORT else None
        return Side(seen.made.build_inputs, impact)

    def impact_of(self, table: ServiceTable, seen: Seen, near: Seen | None = None) -> Impact | None:
        """None without an image, and when content is missing: then a remark says so."""
        impact = self.impacts.of(table, seen, near)
        if impact is None and seen.made.image is not None:
            self.miss(table, seen)
        return impact

    def miss(self, table: ServiceTable, seen: Seen | None) -> None:
        """Content that would tell what is imported is not here: said once per service, where its files are known."""
        if self.asked[table.name] is Precision.IMPORT:
            self.coarser[table.name] = Precision.IMAGE
        if seen is not None and table.name not in self.unfollowed:
            unread: list[str] = []
            with suppress(KeyError):  # a folder may be missing as well
                unread = self.impacts.unread(seen)
            self.unfollowed[table.name] = unfollowed(table.name, unread)

    def _prove(self, service: str, impacts: Iterable[Impact | None]) -> None:
        """One side whose imports could not be followed makes the whole answer as coarse as the image."""
        for impact in impacts:
            if impact is None or not impact.proven:
                self.coarser[service] = Precision.IMAGE
            if impact is not None and not impact.proven:
                self.doubts[service] = tuple(dict.fromkeys((*self.doubts.get(service, ()), *impact.doubts)))

    def scope(self, table: ServiceTable, key: Key) -> str | None:
        """What its program is made of, as an id; None when that cannot be told here."""
        if key.commit in self.trees:
            with suppress(KeyError):
                seen = self.seen(table, key)
                return self.impacts.scope(table, seen) if seen.made.exists else None
        return None
