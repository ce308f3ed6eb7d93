"""`deploytool logs`: what a service or a job logged, in the order of time; and what it goes on to log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from deploytool.commands.since import moment_of, severity_of, skew_remarks
from deploytool.config import ServiceTable
from deploytool.detect.deployed import Deployed, deployed_in
from deploytool.domain import logfilter
from deploytool.domain.logline import Source
from deploytool.domain.logs_report import LogsReport
from deploytool.domain.model import Kind, Place
from deploytool.domain.report import Remark
from deploytool.errors import CouldNotLook, ExitCode, UsageError
from deploytool.render.outputs import Output

if TYPE_CHECKING:
    from deploytool.app import App

MOST = 100_000  # lines that --limit can ask for


@dataclass(frozen=True, slots=True)
class Wish:
    service: str
    grep: str | None = None
    severity: str | None = None
    since: str = "24h"
    until: str | None = None
    revision: str | None = None
    limit: int = 100
    follow: bool = False


def run(app: App, wish: Wish, outputs: Sequence[Output]) -> ExitCode:
    """0 when it could look, also for no lines. Raises CouldNotLook; whoever follows is stopped by a signal."""
    if wish.follow and (wish.until is not None or len(outputs) != 1 or outputs[0].file is not None):
        raise UsageError("What is followed has no end.", hint="Leave out --until and files, or leave out --follow.")
    parts = _parts(wish)
    table = app.config.select([wish.service])[0]
    sources, remarks = _sources(app, table, wish)
    report = _report(app, table, sources, parts, wish, remarks)
    if not wish.follow:
        app.say(report, outputs)
        return ExitCode.CLEAN
    from deploytool.commands.following import follow

    follow(app, report, lambda since: _question([replace(one, since=since) for one in sources], parts), outputs[0])
    return ExitCode.CLEAN


def _report(
    app: App,
    table: ServiceTable,
    sources: Sequence[Source],
    parts: Sequence[str],
    wish: Wish,
    remarks: Sequence[Remark],
) -> LogsReport:
    question = _question(sources, parts)
    lines = list(app.log_reader.lines(question, True, wish.limit + 1))
    counted = wish.since != "deploy"
    return LogsReport(
        generated_at=app.now(),
        service=table.name,
        kind=table.kind,
        regions=tuple(one.place.region for one in sources),
        since=min(one.since for one in sources if one.since is not None),
        until=sources[0].until,
        filter=question,
        lines=tuple(sorted(lines[: wish.limit], key=lambda line: (line.at, line.stamp))),
        whole=len(lines) <= wish.limit,
        remarks=(*remarks, *skew_remarks(app.log_reader.ahead, counted=counted)),
    )


def _question(sources: Sequence[Source], parts: Sequence[str]) -> str:
    return logfilter.lines_from(sources, *parts)


def _parts(wish: Wish) -> list[str]:
    parts = []
    if wish.severity is not None:
        parts.append(logfilter.at_least(severity_of(wish.severity)))
    if wish.grep is not None:
        try:
            parts.append(logfilter.part_of(wish.grep))
        except logfilter.BadFilter as problem:
            raise UsageError(
                f"--grep {wish.grep} cannot be asked: {problem}.", hint="Quote it: --grep '\"TEXT\"'"
            ) from None
    return parts


def _sources(app: App, table: ServiceTable, wish: Wish) -> tuple[list[Source], list[Remark]]:
    """Each region with its own beginning. Raises CouldNotLook when one of them cannot be told."""
    now = app.now()
    since, until = moment_of(wish.since, now, "--since"), None
    if wish.until is not None:
        until = moment_of(wish.until, now, "--until")
    job = table.kind is Kind.JOB
    if job and wish.revision is not None:
        raise UsageError(f"{table.name} is a job: its lines name no revision.", hint="Leave out --revision.")
    places = [Place(app.config.project.project, region, table.name) for region in app.config.regions_of(table)]
    if since is None:
        starts, remarks = _starts(deployed_in(app.config, [table], app.fleet_reader().fleet(dated=True)))
    else:
        starts, remarks = dict.fromkeys(places, since), []
    if until is not None and min(starts.values()) >= until:
        raise UsageError("--since is not before --until.", hint="Give --since an earlier time.")
    revision = None if wish.revision is None else _full_name(table.name, wish.revision)
    return [Source(place, job, revision, start, until) for place, start in starts.items()], remarks


def _starts(found: Sequence[Deployed]) -> tuple[dict[Place, datetime], list[Remark]]:
    """The deploy of each region. Raises CouldNotLook when one cannot be told: its lines would be missing."""
    starts = {one.place: one.since for one in found if one.since is not None}
    lost = [one for one in found if one.since is None]
    if lost:
        why = "; ".join(f"{one.place.region}: {one.problem}" for one in lost)
        raise CouldNotLook(
            f"Since when {found[0].place.name} is deployed cannot be told: {why}",
            hint=lost[0].hint or "Give a time instead: --since 24h",
        )
    shown = ", ".join(f"{one.revision or 'the job'} of {one.place.region}" for one in found)
    return starts, [Remark(f"The deploy is dated by Cloud Run ({shown}); lines by whoever wrote them.")]


def _full_name(service: str, revision: str) -> str:
    """`00143-x2p` as people say it, or the whole name."""
    return revision if revision.startswith(f"{service}-") else f"{service}-{revision}"
