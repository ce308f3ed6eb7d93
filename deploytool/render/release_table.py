"""How releases ended, for people: just now (`deploy`, `rollback`), or as the ledger has it (`releases`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from deploytool.domain.ledger_report import LedgerReport, next_command_of
from deploytool.domain.release import Event, EventKind, Release, StepRecord
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow
from deploytool.domain.traffic_plan import said
from deploytool.render.age import clock_time
from deploytool.render.plan_table import plan_lines
from deploytool.render.release_wording import ending_of, endings_of, evidence_of, released, took, what_of
from deploytool.render.sheet import Column, Row, View, hanging, indented, joined, labelled, lay_out, words
from deploytool.render.wording import counted, has_regions

# Ending: symbol, the same without Unicode, colour. The word always stands beside them.
MARKS = {
    "succeeded": ("✓", "+", "green"),
    "rolled-back": ("✗", "x", "bold red"),
    "aborted": ("✗", "x", "bold yellow"),
    "failed-safe": ("✗", "x", "bold red"),
    "needs-human": ("✗", "x", "bold red"),
    "refused": ("✗", "x", "bold yellow"),
    "locked": ("✗", "x", "bold yellow"),
}
OPEN = ("?", "?", "bold yellow")


def release_lines(report: PlanReport | ReleaseReport | LedgerReport, view: View) -> list[Text]:
    match report:
        case PlanReport():
            return plan_lines(report, view)
        case ReleaseReport():
            return _ended_lines(report, view)
    lines = _one_lines(report, view) if report.one else _list_lines(report, view)
    return lines + _verified_lines(report, view)


def _ended_lines(report: ReleaseReport, view: View) -> list[Text]:
    if not report.rows:
        return [words("Nothing to release.", "bold")]
    regions = has_regions(row.place.region for row in report.rows)
    columns = [Column("Service"), *([Column("Region")] if regions else []), Column("Release"), Column("What")]
    columns += [Column("Took", right=True, optional=True), Column("Outcome")]
    rows = [
        Row(
            cells=(
                words(row.place.name, "bold"),
                *([words(row.place.region)] if regions else []),
                words(row.id or "not begun", "" if row.id else "dim"),
                words(what_of(row.kind, row.commit, row.revision)),
                words(took(row.seconds) if row.seconds else ""),
                _marked(ending_of(row), view),
            ),
            note=words(row.reason),
            below=tuple(indented(_below(row, view.within))),
        )
        for row in report.rows
    ]
    summary = words(endings_of(ending_of(row) for row in report.rows), "bold")
    return [*lay_out(columns, "Why", rows, view.width), Text(), *hanging(Text(), summary, view.width)]


def _below(row: ReleaseRow, view: View) -> list[Text]:
    """What serves now, and what to type next."""
    before, after = said(row.before), said(row.after)
    serves = after if before == after else f"{before}{view.arrow}{after}"
    told = [("serves", serves)] if row.before or row.after else []
    told += [("next", row.next_command)] if row.next_command else []
    return labelled([(label, words(text)) for label, text in told], view.width)


def _list_lines(report: LedgerReport, view: View) -> list[Text]:
    if not report.releases:
        return [] if report.verified is not None else [words("No release in the ledger.", "bold")]
    regions = has_regions(release.place.region for release in report.releases)
    columns = [Column("Service"), *([Column("Region")] if regions else []), Column("Id"), Column("What")]
    columns += [Column("By", optional=True), Column("Started", optional=True)]
    columns.append(Column("Took", right=True, optional=True))
    rows = [_row(release, report, regions, view) for release in report.releases]
    lines = lay_out([*columns, Column("Outcome")], "Why", rows, view.width)
    lines.append(Text())
    if report.left_out:
        text = f"{counted(report.left_out, 'older release')} not shown: --last {len(rows) + report.left_out}"
        lines += hanging(Text(), words(text, "dim"), view.width)
    return lines + hanging(Text(), words("One with its steps: deploytool releases show ID", "dim"), view.width)


def _row(release: Release, report: LedgerReport, regions: bool, view: View) -> Row:
    return Row(
        cells=(
            words(release.place.name, "bold"),  # this column gives way: an id must stay whole to be copied
            *([words(release.place.region)] if regions else []),
            words(release.id),
            words(released(release)),
            words(release.by),
            words(clock_time(release.started_at)),
            words(_took(release)),
            _marked(str(report.word_of(release)), view),
        ),
        note=words(release.reason),
    )


def _one_lines(report: LedgerReport, view: View) -> list[Text]:
    [release] = report.releases
    word = report.word_of(release)
    title = joined(words(f"{release.id}  ", "bold"), words(f"{release.place.name}  "), _marked(str(word), view))
    told = [
        ("what", released(release)),
        ("where", f"{release.place.region}, project {release.place.project}"),
        ("commit", release.commit),
        ("revision", release.revision),
        ("by", release.by),
        ("started", f"{release.started_at:%Y-%m-%d %H:%M:%SZ}"),
        ("took", _took(release)),
        ("outcome", str(word)),
        ("why", release.reason),
    ]
    lines = [*hanging(Text(), title, view.width), *_labels(told, view.within), Text()]
    for step in _told_of(release):
        lines += [*_step_lines(step, view), *indented(indented(_evidence(step, view.within.within)))]
    command = next_command_of(release, word)
    return [*lines, Text(), *hanging(words("next: ", "bold"), words(command), view.width)]


def _told_of(release: Release) -> list[StepRecord | Event]:
    """Steps in the order in which they began, and what was noted between them."""
    noted = [event for event in release.events if event.kind is EventKind.NOTED]
    both: list[StepRecord | Event] = [*release.steps, *noted]
    return sorted(both, key=lambda told: told.at if isinstance(told, Event) else told.started_at)


def _step_lines(told: StepRecord | Event, view: View) -> list[Text]:
    if isinstance(told, Event):
        return hanging(words(f"{told.at:%H:%M:%S}  ", "dim"), words(told.step or "noted", "dim"), view.width)
    result = {True: "done", False: "failed", None: "not known how it ended"}[told.ok]
    length = f" in {took((told.ended_at - told.started_at).total_seconds())}" if told.ended_at else ""
    colour = {True: "green", False: "bold red", None: "bold yellow"}[told.ok]
    body = joined(words(f"{told.name}: "), words(f"{result}{length}", colour))
    return hanging(words(f"{told.started_at:%H:%M:%S}  ", "dim"), body, view.width)


def _evidence(told: StepRecord | Event, view: View) -> list[Text]:
    data: Mapping[str, Any] = told.data if isinstance(told, Event) else told.evidence
    return labelled([(label, words(text)) for label, text in evidence_of(data)], view.width)


def _labels(told: list[tuple[str, str]], view: View) -> list[Text]:
    return indented(labelled([(label, words(text)) for label, text in told if text], view.width))


def _verified_lines(report: LedgerReport, view: View) -> list[Text]:
    if report.verified is None:
        return []
    if report.verified:
        return hanging(Text(), words(f"The chain of {counted(report.events, 'event')} holds.", "bold"), view.width)
    lines = [line for text in report.breaks for line in hanging(words("- "), words(text), view.width)]
    summary = f"The chain of {counted(report.events, 'event')} does not hold in {counted(len(report.breaks), 'place')}."
    return [*lines, Text(), *hanging(Text(), words(summary, "bold red"), view.width)]


def _marked(word: str, view: View) -> Text:
    symbol, plain, colour = MARKS.get(word, OPEN)
    return words(f"{symbol if view.symbols else plain} {word}", colour)


def _took(release: Release) -> str:
    return took((release.ended_at - release.started_at).total_seconds()) if release.ended_at else ""
