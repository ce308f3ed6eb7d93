"""`explain` on a terminal: the answer to what was asked, then what each service is made of and what changed in it."""

from __future__ import annotations

from rich.text import Text

from deploytool.domain.proof import MissingLevel, ProofReport, ServiceProof
from deploytool.domain.report import ServiceDrift, Verdict
from deploytool.render.answer_table import commit_answer, path_answer
from deploytool.render.chains import tree_lines
from deploytool.render.drift_table import MARKS, side_lines
from deploytool.render.history import history_lines
from deploytool.render.making_table import doubt_lines, making_lines, missing_lines, started_by
from deploytool.render.proof_wording import missing_of, missing_said, same_making, scopes_of, target_said
from deploytool.render.sheet import View, hanging, indented, joined, labelled, words
from deploytool.render.standing import standing
from deploytool.render.wording import has_regions

LABELS = 11  # as wide as the longest label, so that all sections stand in one column


def explain_lines(report: ProofReport, view: View) -> list[Text]:
    asked = report.path is not None or report.commit is not None
    lines = path_answer(report.path, view) if report.path else []
    lines += commit_answer(report.commit, view) if report.commit else []
    regions = has_regions(proof.drift.region for proof in report.services)
    for proof in report.services:
        first = report.services[0]
        twin = first if proof is not first and same_making(proof, first) else None
        target = target_said(report)
        lines += _title(proof.drift, regions, view)
        if asked:
            lines += [*_stands(proof, target, view), *_missing_told(proof, view)]
        else:
            lines += _whole(proof, twin, target, view)
        lines.append(Text())
    if not report.services:
        lines += [*hanging(Text(), words("No service was looked at.", "bold"), view.width), Text()]
    beside = side_lines(report.errors, (), report.remarks, view.width)
    lines += [*beside, Text()] if beside else []
    return [*lines, *_more(report.services[0].drift.name, asked, view)] if report.services else lines


def _title(drift: ServiceDrift, regions: bool, view: View) -> list[Text]:
    symbol, plain, colour = MARKS[drift.verdict]
    region = f" in {drift.region}" if regions else ""
    kind = "" if drift.kind == "service" else f" ({drift.kind})"
    mark = words(f"{symbol if view.symbols else plain} {drift.verdict}", colour)
    title = joined(words(drift.name, "bold"), f"{region}{kind}  ", mark)
    reason = words(drift.reason, "dim" if drift.verdict is Verdict.CURRENT else "")
    return [*hanging(Text(), title, view.width), *indented(hanging(Text(), reason, view.within.width)), Text()]


def _stands(proof: ServiceProof, target: str, view: View) -> list[Text]:
    """What should serve, what serves, and what it starts."""
    drift = proof.drift
    nothing = [] if drift.revisions else [("serves", "nothing")]
    serving = [*nothing, *standing(drift, view.now, shares=True)]
    said = [(label, words(text)) for label, text in [("target", target), *serving, ("precision", drift.precision)]]
    said += started_by(proof)
    said += [("scope", words(scopes_of(drift)))] if drift.scope else []
    return indented(labelled(said, view.within.width, LABELS))


def _missing_told(proof: ServiceProof, view: View) -> list[Text]:
    if not proof.missing_modules:
        return []
    style = "bold red" if missing_of(proof.missing_modules, MissingLevel.ERROR) else ""
    told = words(f"{missing_said(proof.missing_modules)} about modules that its image does not have", style)
    return indented(labelled([("missing", told)], view.within.width, LABELS))


def _whole(proof: ServiceProof, twin: ServiceProof | None, target: str, view: View) -> list[Text]:
    """Everything about one service; `twin` is its first region when it is made of the same there."""
    missing = [] if twin else missing_lines(proof, MissingLevel.ERROR, view)
    lines = [*missing, Text()] if missing else []
    lines += _stands(proof, target, view)
    if twin:
        same = ("made of", words(f"the same as in {twin.drift.region}"))
        lines += indented(labelled([same], view.within.width, LABELS))
    else:
        lines += indented(making_lines(proof, view.within, LABELS))
        for section in (missing_lines(proof, MissingLevel.WARNING, view), doubt_lines(proof, view)):
            lines += [Text(), *section] if section else []
    history = indented(history_lines(proof.drift, view.within, tree_lines))
    return [*lines, Text(), words("What changed", "bold"), *history] if history else lines


def _more(service: str, asked: bool, view: View) -> list[Text]:
    said = f"What it is made of: deploytool explain {service}"
    if not asked:
        said = f"Every file with its relevance: deploytool explain {service} --format json"
    return hanging(Text(), words(said, "dim"), view.width)
