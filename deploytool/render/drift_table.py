"""`drift` as a table: what serves, the verdict in a word, and why; the summary last, where the eye ends up."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from deploytool.domain.report import DriftReport, LookError, Remark, ServiceDrift, Unmanaged, Verdict
from deploytool.render.drift_detail import detail_lines
from deploytool.render.sheet import Column, Row, View, hanging, indented, joined, lay_out, words
from deploytool.render.wording import has_regions, serves_of, summary_of, unmanaged_of

# Verdict: symbol, the same without Unicode, colour. The word always stands beside them.
MARKS = {
    Verdict.CURRENT: ("✓", "+", "green"),
    Verdict.STALE: ("✗", "x", "bold red"),
    Verdict.MISROUTED: ("≠", "!", "bold magenta"),
    Verdict.MISSING: ("∅", "-", "bold red"),
    Verdict.UNKNOWN: ("?", "?", "bold yellow"),
}


def drift_lines(report: DriftReport, view: View) -> list[Text]:
    regions = has_regions(service.region for service in report.services)
    columns = [Column("Service"), *([Column("Region")] if regions else []), Column("Verdict"), Column("Serves")]
    rows = [_row(service, regions, view) for service in report.services]
    lines = lay_out(columns, "Why", rows, view.width) if rows else []
    if lines and lines[-1].plain:
        lines.append(Text())
    beside = side_lines(report.errors, report.unmanaged, report.remarks, view.width)
    if beside:
        lines += [*beside, Text()]
    lines += hanging(Text(), words(summary_of(report), "bold"), view.width)
    if not view.verbose and any(service.commits or service.files or service.hint for service in report.services):
        lines += hanging(Text(), words("Commits, files and hints: deploytool drift --verbose", "dim"), view.width)
    return lines


def side_lines(
    errors: Sequence[LookError], unmanaged: Sequence[Unmanaged], remarks: Sequence[Remark], width: int | None
) -> list[Text]:
    """What is said beside the rows: what could not be looked at first."""
    lines: list[Text] = []
    for error in errors:
        where = f" at {error.region}" if error.region else ""
        lines += hanging(Text(), joined(words(f"could not look{where}: ", "bold yellow"), words(error.message)), width)
    if unmanaged:
        lines += hanging(Text(), words(unmanaged_of(unmanaged)), width)
    for remark in remarks:
        lines += hanging(words("remark: ", "bold"), words(remark.message), width)
        if remark.hint:
            lines += hanging(words("  hint: ", "bold"), words(remark.hint), width)
    return lines


def _row(service: ServiceDrift, regions: bool, view: View) -> Row:
    symbol, plain, colour = MARKS[service.verdict]
    serves = Text("\n").join(words(f"{commit:<8} {share:>4}") for commit, share in serves_of(service))
    return Row(
        cells=(
            words(service.name, "" if service.verdict is Verdict.CURRENT else "bold"),
            *([words(service.region)] if regions else []),
            words(f"{symbol if view.symbols else plain} {service.verdict}", colour),
            serves if service.revisions else words("nothing", "dim"),
        ),
        note=words(service.reason, "dim" if service.verdict is Verdict.CURRENT else ""),
        below=tuple(_details(service, view)) if view.verbose else (),
    )


def _details(service: ServiceDrift, view: View) -> list[Text]:
    lines = detail_lines(service, view.within)
    return [*indented(lines), Text()] if lines else []
