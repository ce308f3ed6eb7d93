"""`handoff` as Markdown: a page that is written into a repository, and that `handoff --check` can read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from deploytool.domain.handoff_report import HandoffReport, reaching_of
from deploytool.domain.release import Kind, Release
from deploytool.domain.report import ServiceDrift, ServingRow, Verdict
from deploytool.render.age import age, clock_time
from deploytool.render.lock_views import length, why_of
from deploytool.render.markdown_items import commit_said, file_items
from deploytool.render.markdown_room import joined
from deploytool.render.markdown_text import MARKS, code, prose, table
from deploytool.render.release_wording import took
from deploytool.render.sheet import View, words
from deploytool.render.wording import counted, has_regions, revision_of, short, summary_of, unmanaged_of

MOST_COMMITS, MOST_FILES, MOST_RELEASES = 5, 5, 20
TITLES = {
    Verdict.STALE: "Stale, and why",
    Verdict.MISROUTED: "Traffic that goes elsewhere",
    Verdict.MISSING: "Not there",
    Verdict.UNKNOWN: "Could not be judged",
}
NOT_TOLD = "**Could not be told**: see above."


def handoff_lines(report: HandoffReport, view: View) -> list[Text]:
    """On a terminal the page stands as it is written."""
    text = joined(handoff_blocks(report, view.now, view.verbose))
    return [words(line) for line in text.splitlines()]


def handoff_blocks(report: HandoffReport, now: datetime, _verbose: bool = False) -> list[str]:
    drift = report.drift
    return [
        f"# Handoff of {clock_time(report.generated_at)}",
        _blind(report),
        f"{prose(summary_of(drift))}.",
        "## What serves",
        _serving(drift.services),
        *(block for verdict in TITLES for block in _judged(drift.services, verdict, now)),
        *_releases(report),
        *_open(report, now),
        *_locks(report),
        *_next(report),
        f"- {prose(unmanaged_of(drift.unmanaged))}" if drift.unmanaged else "",
    ]


def _blind(report: HandoffReport) -> str:
    if not report.blind:
        return ""
    lines = [f"- {f'{code(error.region)}: ' if error.region else ''}{prose(error.message)}" for error in report.blind]
    return "\n".join(
        ["**Not everything could be looked at.** What is missing here is not fine, it is unknown:", "", *lines]
    )


def _serving(services: Sequence[ServiceDrift]) -> str:
    regions = has_regions(service.region for service in services)
    split = any(len(service.revisions) > 1 for service in services)
    titles = [
        "Service",
        *(["Region"] if regions else []),
        "Revision",
        "Commit",
        "Deployed",
        *(["Traffic"] if split else []),
    ]
    rows = [
        [
            code(service.name, cell=True),
            *([code(service.region, cell=True)] if regions else []),
            *_revision(service, row),
            *([f"{row.percent}%" if row else ""] if split else []),
        ]
        for service in services
        for row in service.revisions or (None,)
    ]
    return table(titles, rows) if rows else "Nothing is in services.toml."


def _revision(service: ServiceDrift, row: ServingRow | None) -> list[str]:
    if row is None:
        return ["none", "", ""]
    commit = code(short(row.commit), cell=True) if row.commit else "unknown"
    return [code(revision_of(service.name, row), cell=True), commit, clock_time(row.deployed_at) or "unknown"]


def _judged(services: Sequence[ServiceDrift], verdict: Verdict, now: datetime) -> list[str]:
    found = [service for service in services if service.verdict is verdict]
    if not found:
        return []
    regions = has_regions(service.region for service in services)
    lines = [line for service in found for line in _service(service, regions, now)]
    return [f"## {TITLES[verdict]}", "\n".join(lines)]


def _service(service: ServiceDrift, regions: bool, now: datetime) -> list[str]:
    where = f" in {code(service.region)}" if regions else ""
    lines = [f"- {MARKS[service.verdict]} {code(service.name)}{where}: {prose(service.reason)}"]
    commits = reaching_of(service)
    for commit in commits[:MOST_COMMITS]:
        lines.append(f"  - {commit_said(commit, now)}")
        files = [file for file in commit.files if file.relevance.reaches]
        lines += [f"    {line}" for line in file_items(files, MOST_FILES)]
    if len(commits) > MOST_COMMITS:
        lines.append(f"  - and {counted(len(commits) - MOST_COMMITS, 'more commit')} that reach it")
    return lines


def _releases(report: HandoffReport) -> list[str]:
    title = f"## Failed or put back since {clock_time(report.since)}"
    if report.ended is None:
        return [title, NOT_TOLD]
    if not report.ended:
        return [title, "Nothing."]
    lines = [_release(release) for release in report.ended[:MOST_RELEASES]]
    more = len(report.ended) - MOST_RELEASES
    return [title, "\n".join([*lines, *([f"- and {counted(more, 'more release')}"] if more > 0 else [])])]


def _release(release: Release) -> str:
    what = "rollback" if release.kind is Kind.ROLLBACK else "deploy"
    lasted = took((release.ended_at - release.started_at).total_seconds()) if release.ended_at else ""
    parts = [
        f"{code(release.place.name)} in {code(release.place.region)}: {what} to {code(short(release.commit))}",
        f"by {code(release.by)}" if release.by else "",
        f"{release.outcome} at {clock_time(release.ended_at)} after {lasted}",
    ]
    why = f": {prose(release.reason)}" if release.reason else ""
    return f"- {', '.join(part for part in parts if part)}{why} ({code(release.id)})"


def _open(report: HandoffReport, now: datetime) -> list[str]:
    if not report.opened:
        return []
    lines = [
        f"- {code(release.place.name)} in {code(release.place.region)}: "
        f"{release.kind}, begun {age(release.started_at, now)} ago, {standing} ({code(release.id)})"
        for release, standing in report.opened[:MOST_RELEASES]
    ]
    more = len(report.opened) - MOST_RELEASES
    return ["## Without an end", "\n".join([*lines, *([f"- and {counted(more, 'more release')}"] if more > 0 else [])])]


def _locks(report: HandoffReport) -> list[str]:
    if report.held is None:
        return ["## Locked", NOT_TOLD]
    if not report.held:
        return ["## Locked", "Nobody is releasing."]
    lines = [
        f"- {code(one.service)} in {code(one.region)}: {code(one.lease.holder.who)} for {length(one.age)}, "
        f"lapses in {length(one.seconds_left)} ({code(why_of(one))})"
        for one in report.held
    ]
    return ["## Locked", "\n".join(lines)]


def _next(report: HandoffReport) -> list[str]:
    steps = report.steps
    if not steps:
        return ["## What to type next", "Nothing waits. Look again: `deploytool drift`"]
    return ["## What to type next", "\n".join(f"- {code(step.command)} ({prose(step.why)})" for step in steps)]
