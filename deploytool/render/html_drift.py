"""What the page of `drift` shows: a row for each service, the worst first, with what waits folded under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from deploytool.domain.report import DriftReport, FileChange, ServiceDrift, Verdict
from deploytool.render.forest import forest_of, note_of
from deploytool.render.html_timeline import timeline_of
from deploytool.render.standing import standing
from deploytool.render.wording import (
    MOST_COMMITS,
    MOST_FILES,
    SUMMARY_ORDER,
    counted,
    has_regions,
    reaching_first,
    serves_of,
    short,
    unexplained_of,
)

MOST_PATHS = 8  # of one commit


def drift_page(report: DriftReport, now: datetime) -> Mapping[str, Any]:
    groups = [(verdict, [one for one in report.services if one.verdict is verdict]) for verdict in SUMMARY_ORDER]
    return {
        "headline": _headline(report),
        "target": _target(report),
        "groups": [(verdict, [_row(one, now) for one in found]) for verdict, found in groups if found],
        "regions": has_regions(service.region for service in report.services),
        "timeline": timeline_of(report.services, now),
        "note_of": note_of,
    }


def _target(report: DriftReport) -> str:
    """The target as a person calls it; of a bare commit, eight digits are enough."""
    return short(report.target_commit) if report.target_commit.startswith(report.target_ref) else report.target_ref


def _headline(report: DriftReport) -> str:
    """`4 of 6 services do not run what main says; 1 could not be judged`."""
    counts, all_ = report.counts, len(report.services)
    target = _target(report)
    if not all_:
        return "No service was judged"
    wrong = all_ - counts[Verdict.CURRENT] - counts[Verdict.UNKNOWN]
    if not wrong and not counts[Verdict.UNKNOWN]:
        found = "The service runs" if all_ == 1 else f"All {all_:,} services run"
        return f"{found} what {target} says"
    unsure = f"{counts[Verdict.UNKNOWN]:,} could not be judged" if counts[Verdict.UNKNOWN] else ""
    verb = "does" if wrong == 1 else "do"
    found = f"{wrong:,} of {counted(all_, 'service')} {verb} not run what {target} says" if wrong else ""
    return "; ".join(part for part in (found, unsure if wrong else f"{unsure}, of {counted(all_, 'service')}") if part)


def _row(service: ServiceDrift, now: datetime) -> Mapping[str, Any]:
    said = standing(service, now, shares=True)
    differing = reaching_first(service.files)[:MOST_FILES]
    why, unexplained = unexplained_of(service)
    return {
        "service": service,
        "serves": serves_of(service),
        "fold": _fold(service),
        "standing": [(label, texts) for label, texts in _grouped(said).items() if label != "hint"],
        "files": [*forest_of(differing).values()],
        "more_files": _more(len(service.files) - len(differing), "file"),
        "commits": [(commit, _paths(commit.files)) for commit in service.commits[:MOST_COMMITS]],
        "more_commits": _more(len(service.commits) - MOST_COMMITS, "commit"),
        "unexplained": (why, _paths(unexplained)) if unexplained else None,
    }


def _grouped(said: Sequence[tuple[str, str]]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for label, text in said:
        found.setdefault(label, []).append(text)
    return found


def _fold(service: ServiceDrift) -> str:
    """What stands behind the fold: `3 commits, 2 files differ`; "" when that is nothing."""
    parts = [counted(len(service.commits), "commit")] if service.commits else []
    if service.files:
        parts.append(f"{counted(len(service.files), 'file')} {'differs' if len(service.files) == 1 else 'differ'}")
    if parts or service.conflicts:
        return ", ".join(parts) or "what serves"
    return "what serves" if service.revisions and service.verdict is not Verdict.CURRENT else ""


def _paths(files: Sequence[FileChange]) -> tuple[list[str], str]:
    """Paths, and how many were left out."""
    shown = reaching_first(files)[:MOST_PATHS]
    return [file.path for file in shown], _more(len(files) - len(shown), "file")


def _more(count: int, noun: str) -> str:
    return counted(count, f"more {noun}") if count > 0 else ""
