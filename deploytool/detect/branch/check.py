"""The check itself: both sides judged by the same rules, and what only the head breaks told from what was there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from deploytool.adapters.git import Repository
from deploytool.config import FILE_NAME, Config, ServiceTable
from deploytool.detect.branch.accepted import Acceptance, acceptances_of, divided
from deploytool.detect.branch.between import lost_sources, lost_start, names_set_in, new_variables
from deploytool.detect.branch.declared import declared_in, pointed
from deploytool.detect.branch.forecast import Reached, reached_by, stale_finding, waiting_findings
from deploytool.detect.branch.image import Faults, described_anew
from deploytool.detect.branch.introduced import Before
from deploytool.detect.branch.lost import lost_in, with_lost
from deploytool.detect.branch.owned import Ownership
from deploytool.detect.branch.removed import removed_in
from deploytool.detect.branch.side import Side
from deploytool.detect.branch.told import Told, gone
from deploytool.detect.coverage import NOT_HERE
from deploytool.detect.grounds import Grounds, Key
from deploytool.detect.impact import Impacts
from deploytool.detect.sources import Sources
from deploytool.domain.check_report import CheckReport, Compared, Policy
from deploytool.domain.ci_fetch import EVERYTHING
from deploytool.domain.difference import LeafMemo, leaves_between
from deploytool.domain.finding import Finding
from deploytool.domain.model import Fleet
from deploytool.domain.report import DriftReport, LookError, Precision, Remark, Verdict
from deploytool.domain.tree import Tree

T = TypeVar("T")
Drift = Callable[[str, Config], DriftReport]  # the fleet against a commit, as services.toml there describes it


@dataclass(frozen=True, slots=True)
class Live:
    """What runs, for those who have a fleet at hand."""

    fleet: Fleet
    drift: Drift
    project: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One comparison. Of services.toml, `base` and `head` are what it says there; equal when it lies outside."""

    base: Compared
    head: Compared
    trees: tuple[Tree, Tree]
    told: tuple[Told, Told]
    file: str | None  # its repository path; None: it lies outside
    now: datetime
    live: Live | None = None
    committed: bool = True  # False: the head is what is staged, which has no history
    policy: Policy = field(default_factory=Policy)
    acceptances: tuple[Acceptance, ...] = ()  # for this run, beside those of services.toml
    remarks: tuple[Remark, ...] = ()


@dataclass
class Inspection:
    """One repository. Asked about many branches, it remembers what it read."""

    repository: Repository
    impacts: Impacts = field(init=False)
    faults: Faults = field(init=False)
    ownership: Ownership = field(init=False)
    leaves: LeafMemo = field(default_factory=dict)
    _sources: dict[int, tuple[Config, Sources]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.impacts = Impacts(self.repository)
        self.faults = Faults(self.impacts)
        self.ownership = Ownership(self.faults.outlines)

    def check(self, asked: Asked) -> CheckReport:
        """Raises KeyError when git lacks the root of what was asked about."""
        before, after = (told.config for told in asked.told)
        if after is None:
            return _unjudged(asked)
        trees = {asked.base.commit: asked.trees[0], asked.head.commit: asked.trees[1]}
        head = self._side(asked.head.commit, trees, after, True, asked.file)
        base = self._side(asked.base.commit, trees, before or after, before is not None, asked.file)
        base.lent = head.grounds
        foreseen = self._grounds(after, trees, asked.head.commit, None)
        return _Check(self, asked, base, head, foreseen).report()

    def _side(self, commit: str, trees: dict[str, Tree], config: Config, own: bool, file: str | None) -> Side:
        """A side without a readable services.toml is judged by the other's."""
        grounds = self._grounds(config, trees, commit, Precision.IMPORT)
        return Side(commit, trees[commit], config, own, file, grounds)

    def _grounds(self, config: Config, trees: dict[str, Tree], aim: str, precision: Precision | None) -> Grounds:
        tables = list(config.services.values())
        _, sources = self._sources.setdefault(id(config), (config, Sources(self.repository.cache)))
        grounds = Grounds(config, tables, self.repository, precision, trees, self.impacts, sources)
        grounds.aim_at(aim, tables)
        return grounds


def _unjudged(asked: Asked) -> CheckReport:
    """Without a services.toml to judge by, its mistakes are all there is to say."""
    before, after = asked.told
    found = after.findings if after.there else (gone(asked.file or FILE_NAME),)
    known = {finding.identity for finding in before.findings} if before.there or not asked.file else set()
    return CheckReport(
        generated_at=asked.now,
        base=asked.base,
        head=asked.head,
        findings=tuple(replace(one, existing=one.identity in known) for one in found),
        stale=(),
        services=(),
        config_path=asked.file,
        errors=(LookError("", "Nothing else was judged: that takes a services.toml without mistakes."),),
        remarks=asked.remarks,
        policy=asked.policy,
    )


@dataclass
class _Check:
    known: Inspection
    asked: Asked
    base: Side
    head: Side
    foreseen: Grounds  # as drift will look after the merge
    errors: dict[str, LookError] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def report(self) -> CheckReport:
        changed = self._changed()
        found = [*self._introduced(changed), *self._told()]
        reached = self._reached()
        stale = self._stale(reached)
        notes = [*map(stale_finding, stale.values()), *self._variables(changed), *self._waiting(stale)]
        entries = acceptances_of(self.head.config.ignore, self.asked.now.date())
        left, accepted = divided([*found, *notes], [*self.asked.acceptances, *entries], self.asked.file or FILE_NAME)
        return CheckReport(
            generated_at=self.asked.now,
            base=self.asked.base,
            head=self.asked.head,
            findings=tuple(sorted(left, key=_order)),
            stale=tuple(stale),
            services=tuple(self.head.tables),
            config_path=self.asked.file,
            accepted=tuple(sorted(accepted, key=lambda one: _order(one.finding))),
            errors=tuple(self.errors.values()),
            remarks=(*self.asked.remarks, *self.remarks),
            policy=self.asked.policy,
        )

    def _changed(self) -> frozenset[str]:
        old, new = (tree.oid for tree in self.asked.trees)
        leaves = leaves_between(self.asked.trees[0].objects, old, new, self.known.leaves)
        return frozenset(path for path, _, _ in leaves)

    def _introduced(self, changed: frozenset[str]) -> Iterator[Finding]:
        """Each finding of the head, told apart by whether the base has it. Where the base could not be looked at,
        nobody can say that the branch brings it; then that is said as well, and it is no pass."""
        known: list[Finding] = []
        dark: set[str] = set()
        for what, ask in self._asks(self.base, changed):
            found = self._or_error(what, ask)
            known += found or ()
            dark |= {what} if found is None else set()
        before = Before(known, self.base.tables.keys() - self.head.tables.keys())
        for what, ask in self._asks(self.head, changed):
            for finding in self._or_error(what, ask) or ():
                new_service = finding.service not in self.base.tables
                old = what in dark or before.has(finding, new_service=new_service)
                shown = not old or self.asked.policy.everything
                yield replace(pointed(finding, self.head) if shown else finding, existing=old)

    def _asks(self, side: Side, changed: Collection[str]) -> Iterator[tuple[str, Callable[[], Iterable[Finding]]]]:
        """Of the base also the images of services that only the head describes: they may have been there before."""
        yield FILE_NAME, lambda: declared_in(side, self.asked.now.date())
        for name, table in {**self.head.tables, **side.tables}.items():
            if side is self.base:
                yield name, partial(self._image_before, table)
            else:
                yield name, partial(self._image, table)
        yield "Ownership", lambda: self.known.ownership.findings(side, changed)

    def _image(self, table: ServiceTable) -> Iterable[Finding]:
        seen, lost = self.head.seen(table), lost_in(self.base, self.head, table)
        found = self.known.faults.of(table, seen)
        if lost is not None:
            found = (*with_lost(found, self.known.faults.of_lost(table, seen, lost)),)
        return (*lost_sources(found, self.base, table), *lost_start(self.base, self.head, table, found))

    def _image_before(self, table: ServiceTable) -> Iterable[Finding]:
        """Also as the head describes the same image: what is only seen now was there before."""
        yield from self.known.faults.of(table, self.base.seen(table))
        better = self.head.tables.get(table.name)
        if better is not None and described_anew(table, better, self.base, self.head):
            yield from self.known.faults.of(better, self.head.grounds.seen(better, Key(better.name, self.base.commit)))

    def _told(self) -> Iterator[Finding]:
        fleet = self.asked.live.fleet if self.asked.live else None
        yield from self._or_error(FILE_NAME, lambda: removed_in(self.base, self.head, fleet)) or ()

    def _reached(self) -> dict[str, Reached]:
        found = {}
        for table in self.head.tables.values():
            ask = partial(reached_by, self.foreseen, self.base.commit, table, self.known.leaves)
            for reached in self._or_error(table.name, ask) or ():
                found[table.name] = reached
        return found

    def _stale(self, reached: dict[str, Reached]) -> dict[str, Reached]:
        """With a fleet: less those that serve the head's content already, a hotfix that is merged at last."""
        if self.asked.live is None or not reached or not self.asked.committed:
            return reached
        report = self.asked.live.drift(self.asked.head.commit, self.head.config)
        self._unseen(report)
        current = {one.name for one in report.services} - {
            one.name for one in report.services if one.verdict in (Verdict.STALE, Verdict.UNKNOWN)
        }
        return {name: one for name, one in reached.items() if name not in current}

    def _waiting(self, stale: dict[str, Reached]) -> Iterator[Finding]:
        if self.asked.live is not None:
            report = self.asked.live.drift(self.asked.base.commit, self.base.config)
            self._unseen(report)
            self.remarks += [
                Remark(f"What of {one.name} waits already could not be told: {one.reason}.", one.hint)
                for one in report.services
                if one.verdict is Verdict.UNKNOWN
            ]
            yield from waiting_findings(report, stale, self.asked.now)

    def _unseen(self, report: DriftReport) -> None:
        self.errors.update({f"{error.region} {error.message}": error for error in report.errors})

    def _variables(self, changed: Collection[str]) -> Iterator[Finding]:
        live = self.asked.live
        for table in self.head.tables.values():
            regions = self.head.config.regions_of(table)
            names = names_set_in(live.fleet, live.project, table, regions) if live else None
            ask = partial(new_variables, self.base, self.head, table, changed, names)
            yield from self._or_error(table.name, ask) or ()

    def _or_error(self, what: str, ask: Callable[[], Iterable[T]]) -> Sequence[T] | None:
        """All of it; None, and a note, where git lacks what would tell."""
        try:
            return [*ask()]
        except KeyError:
            self.errors.setdefault(
                what, LookError("", f"{what} could not be judged: {NOT_HERE}. Fetch it: {EVERYTHING}")
            )
            return None


def _order(finding: Finding) -> tuple[int, bool, str, str, str, int]:
    """Gravest first; of equal ones what the branch introduces."""
    place = (finding.service or "", finding.path or "", finding.line or 0)
    return (-finding.severity.rank, finding.existing, finding.rule, *place)
