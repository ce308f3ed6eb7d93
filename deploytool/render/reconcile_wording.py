"""What the readers for people say of `reconcile` alike. Nothing here is made harmless yet."""

from __future__ import annotations

from deploytool.domain.reconcile import Item, MendKind
from deploytool.domain.reconcile_report import ReconcileReport, Word
from deploytool.render.age import clock_time
from deploytool.render.wording import counted


def way_of(item: Item) -> tuple[str, str]:
    """A label and how to get rid of the item: by us, by us when a person says so, or by a person."""
    if item.mend is None:
        return "person", item.finding.hint
    if item.mend.kind is MendKind.ADOPT:
        return "person", item.finding.hint
    return "--fix", item.mend.said


def summary_of(report: ReconcileReport) -> str:
    remain = _remain(report)
    if not report.mended:
        return remain
    done = sum(one.word is Word.DONE for one in report.mended)
    went = f"{done} of {counted(len(report.mended), 'item')} mended"
    if report.items or report.errors:
        return f"{went}. A second look: {remain[:1].lower()}{remain[1:]}"
    return f"{went}. All fixed: a second look finds nothing"


def _remain(report: ReconcileReport) -> str:
    services = counted(len(report.services), "service")
    if not report.items:
        if report.errors:
            return f"Nothing was found, and not everything could be looked at ({services})"
        return f"Nothing to reconcile: {services}, releases since {clock_time(report.since)}"
    ours = sum(way_of(item)[0] == "--fix" for item in report.items)
    people = len(report.items) - ours
    parts = [f"{ours} can be mended with --fix"] if ours else []
    parts += [f"{people} {'needs' if people == 1 else 'need'} a person"] if people else []
    things = counted(len(report.items), "thing")
    return f"{things} {'does' if len(report.items) == 1 else 'do'} not agree: {', '.join(parts)}"
