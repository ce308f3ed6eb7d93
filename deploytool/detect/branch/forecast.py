"""What the merge makes stale, and what waits already: DT401 and DT402."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from deploytool.config import ServiceTable
from deploytool.detect.compare import differing_files
from deploytool.detect.grounds import Grounds, Key
from deploytool.domain.ages import age_of
from deploytool.domain.difference import LeafMemo
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.report import DriftReport, FileChange, ServiceDrift, Verdict

MOST_FILES = 20


@dataclass(frozen=True, slots=True)
class Reached:
    """A service that the merge makes stale, with the files that do."""

    service: str
    files: tuple[FileChange, ...]


def reached_by(grounds: Grounds, base: str, table: ServiceTable, memo: LeafMemo) -> Iterator[Reached]:
    """Nothing when no change reaches the service. `grounds` look at the head, whose services.toml decides then.

    Raises KeyError for what is not in this clone.
    """
    question = grounds.question(table, Key(table.name, base))
    files = differing_files(grounds.trees, question.pair, memo)
    if not files:
        return
    judge = grounds.judge(question, differs=True)
    reaching = tuple(change for change in map(judge.change, files) if change.relevance.reaches)
    if reaching:
        yield Reached(table.name, reaching)


def stale_finding(reached: Reached) -> Finding:
    first = max(reached.files, key=lambda change: (len(change.chain) > 0, -len(change.chain)))
    more = f" and {len(reached.files) - 1} more" if len(reached.files) > 1 else ""
    return Finding(
        "DT401",
        Severity.NOTE,
        f"The merge makes {reached.service} stale: {first.path}{more} ({first.relevance}).",
        hint=f"After the merge: deploytool deploy {reached.service}",
        service=reached.service,
        path=first.path,
        detail={
            "files": [_file(change) for change in reached.files[:MOST_FILES]],
            "count": len(reached.files),
        },
    )


def _file(change: FileChange) -> dict[str, object]:
    return {"path": change.path, "relevance": change.relevance.value, "chain": [*change.chain], "note": change.note}


def waiting_findings(report: DriftReport, merged: Mapping[str, Reached], now: datetime) -> Iterator[Finding]:
    """`report` is drift against the base: what waits for a release before this merge does."""
    by_name: dict[str, list[ServiceDrift]] = {}
    for service in report.services:
        if service.verdict is Verdict.STALE:
            by_name.setdefault(service.name, []).append(service)
    for name, services in by_name.items():
        yield _waiting(name, services, merges=name in merged, now=now)


def _waiting(name: str, services: list[ServiceDrift], *, merges: bool, now: datetime) -> Finding:
    worst = max(services, key=lambda one: len(one.commits))
    waiting = [commit for commit in worst.commits if commit.undeployed and commit.relevance.reaches]
    people = sorted({commit.author for commit in waiting})
    since = min((one.stale_since for one in services if one.stale_since), default=None)
    age = f" for {age_of(since, now)}" if since else ""
    plus = "+" if worst.at_least else ""
    carried = f"{_count(len(waiting), 'commit', plus)} of {_count(len(people), 'person', '')}"
    what = f"deploying this merge carries {carried} to production with it" if merges else f"{carried} wait"
    return Finding(
        "DT402",
        Severity.NOTE,
        f"{name} has been stale{age} already: {what}.",
        hint=f"See them: deploytool drift {name} --verbose",
        service=name,
        detail={
            "since": since.isoformat() if since else None,
            "commits": [commit.sha for commit in waiting[:MOST_FILES]],
            "count": len(waiting),
            "people": len(people),
            "merged": merges,
        },
    )


def _count(number: int, noun: str, plus: str) -> str:
    many = "people" if noun == "person" else f"{noun}s"
    return f"{number}{plus} {noun if number == 1 else many}"
