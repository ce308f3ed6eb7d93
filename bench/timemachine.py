"""History once more, as if `check` had stood before every merge: what it would have failed, and how long it takes.

For each commit of a range against its first parent. With --forecast, what it foresaw is compared with what `drift`
says after the merge, with every service deployed at the parent. Run by hand:
`python -m bench.timemachine --config FILE --range FROM..TO`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from bench.check import Greps
from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable, load
from deploytool.detect.branch.check import Asked, Inspection
from deploytool.detect.branch.told import Told
from deploytool.detect.coverage import claim_of
from deploytool.detect.drift import Detection
from deploytool.domain.check_report import CheckReport, Compared
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.links import resolve
from deploytool.domain.model import ConditionState, Fleet, Kind, Place, Revision, Service, TrafficTarget
from deploytool.domain.report import Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Machine:
    def __init__(self, repository: Repository, config: Config) -> None:
        self.repository, self.config = repository, config
        self.inspection = Inspection(repository)
        self.told = Told(config)

    def check(self, base: str, head: str) -> CheckReport:
        trees = self.repository.trees([base, head])
        asked = Asked(
            base=Compared(base, base),
            head=Compared(head, head),
            trees=(trees[base], trees[head]),
            told=(self.told, self.told),
            file=None,
            now=NOW,
        )
        return self.inspection.check(asked)

    def drifted(self, base: str, head: str) -> set[str]:
        """The stale services when every one of them serves `base` and `head` is the target."""
        tables = [table for table in self.config.services.values() if self._is_there(table, base, head)]
        detection = Detection(self.config, tables, self.repository, None).aim("head", head)
        report = detection.report(self._fleet(base), lambda place: (), NOW)
        return {one.name for one in report.services if one.verdict is Verdict.STALE}

    def _is_there(self, table: ServiceTable, *commits: str) -> bool:
        """`drift` ends the run at a path that is on neither side."""
        trees = self.repository.trees(commits)
        named = [path for _, path in claim_of(table).named]
        return all(any(resolve(trees[commit], path) is not None for commit in commits) for path in named)

    def _fleet(self, commit: str) -> Fleet:
        project, region = self.config.project.project, self.config.project.regions[0]
        return Fleet(tuple(_serving(Place(project, region, name), commit) for name in self.config.services))


def _serving(place: Place, commit: str) -> Service:
    name = f"{place.name}-00001-abc"
    revision = Revision(name, labels={"commit-sha": commit}, ready=ConditionState.SUCCEEDED)
    row = (TrafficTarget(None, 100, latest=True),)
    return Service(
        place, Kind.SERVICE, revision, generation=1, observed_generation=1, ready=ConditionState.SUCCEEDED,
        latest_created=name, latest_ready=name, desired=row, effective=row,
    )  # fmt: skip


def introduced(report: CheckReport, severity: Severity) -> list[Finding]:
    return [one for one in report.findings if one.severity is severity and not one.existing]


def told(commit: str, subject: str, findings: Iterable[Finding]) -> Iterator[str]:
    yield f"{commit[:9]} {subject[:90]}"
    for one in findings:
        yield f"    {one.rule} {one.service}: {one.path}:{one.line}: {one.message[:150]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--range", action="append", required=True, metavar="FROM..TO")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--forecast", type=int, default=0, metavar="N", help="compare N of the commits with drift")
    options = parser.parse_args()
    config = load(options.config)
    repository = Repository(config.repository, cache=options.cache)
    for span in options.range:
        _one(repository, config, span, options.forecast)


def _one(repository: Repository, config: Config, span: str, forecasts: int) -> None:
    said = repository.git.run(["rev-list", "--first-parent", "--reverse", span])
    commits = said.decode().split()
    pairs = list(pairwise(commits))
    subjects = repository.commits(commits)
    machine = Machine(repository, config)
    seconds, rules = [], Counter[str]()
    failed = 0
    for base, head in pairs:
        started = time.perf_counter()
        report = machine.check(base, head)
        seconds.append(time.perf_counter() - started)
        errors = introduced(report, Severity.ERROR)
        rules.update(f"{one.rule} {one.severity}" for one in report.findings if not one.existing)
        failed += bool(errors)
        if errors:
            print("\n".join(told(head, subjects[head].subject, errors)), flush=True)
        if report.errors:
            print(head, report.errors)
    print(f"{span}: {len(pairs)} commits, {failed} failed; {dict(sorted(rules.items()))}")
    print(f"first pass {_times(seconds)}")
    again = Machine(repository, config)
    print(f"again, another process's memory {_times(list(_timed(again, pairs)))}")
    print(f"again, the same memory {_times(list(_timed(again, pairs)))}")
    _grepped(machine, pairs)
    if forecasts:
        _compared(machine, pairs, forecasts)


def _grepped(machine: Machine, pairs: Sequence[tuple[str, str]]) -> None:
    """What greps over the Dockerfiles would have failed, at the commit that brings it."""
    greps, found = Greps(), []
    for base, head in pairs:
        trees = machine.repository.trees([base, head])
        for table in machine.config.services.values():
            if greps.lacking(table, trees[head]) - greps.lacking(table, trees[base]):
                found.append(f"{head[:9]} {table.name}")
    print(f"greps over the Dockerfiles fail {len({one[:9] for one in found})} of {len(pairs)} commits: {found}")


def _timed(machine: Machine, pairs: Sequence[tuple[str, str]]) -> Iterator[float]:
    for base, head in pairs:
        started = time.perf_counter()
        machine.check(base, head)
        yield time.perf_counter() - started


def _times(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    median, mean = statistics.median(ordered), statistics.mean(ordered)
    return (
        f"ms: median {1000 * median:.1f}, mean {1000 * mean:.1f}, p95 {1000 * p95:.1f}, most {1000 * ordered[-1]:.0f}"
    )


def _compared(machine: Machine, pairs: Sequence[tuple[str, str]], count: int) -> None:
    step = max(1, len(pairs) // count)
    equal = differ = stale = 0
    for base, head in pairs[::step][:count]:
        foreseen, fact = set(machine.check(base, head).stale), machine.drifted(base, head)
        stale += len(fact)
        equal, differ = equal + (foreseen == fact), differ + (foreseen != fact)
        if foreseen != fact:
            print(f"{head[:9]} foreseen {sorted(foreseen)}, fact {sorted(fact)}")
    print(f"forecast: {equal} of {equal + differ} commits equal drift ({stale} stale services in them)")


if __name__ == "__main__":
    main()
