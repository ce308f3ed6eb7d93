"""`explain` as Markdown: the answer to what was asked, then what each service is made of and what changed in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from deploytool.domain.proof import CommitProof, MissingLevel, PathProof, ProofReport, ServiceProof
from deploytool.render.markdown_items import beside, commit_said, file_items, file_said, history_items
from deploytool.render.markdown_text import MARKS, code, prose, table
from deploytool.render.proof_wording import (
    MOST_DOUBTS,
    MOST_IMPORTERS,
    MOST_MISSING,
    MOST_OF_A_FOLDER,
    MOST_PLACES,
    Sentence,
    counts_of,
    distributions_of,
    grouped,
    importers_said,
    missing_of,
    path_said,
    place_of,
    same_making,
    scopes_of,
    target_said,
)
from deploytool.render.proof_wording import commit_said as answer_about
from deploytool.render.standing import standing
from deploytool.render.wording import counted


def explain_blocks(report: ProofReport, now: datetime, _verbose: bool) -> list[str]:
    blocks = _path(report.path, now) if report.path else []
    blocks += _commit(report.commit, now) if report.commit else []
    for proof in report.services:
        drift = proof.drift
        blocks.append(f"### {code(drift.name)} in {code(drift.region)}: {MARKS[drift.verdict]} {drift.verdict}")
        blocks.append(prose(drift.reason))
        stands = _stands(proof, report, now)
        if report.path is not None or report.commit is not None:
            blocks.append("\n".join(stands))
        else:
            blocks += _whole(proof, report.services[0], stands, now)
    also = beside(report.errors, (), report.remarks)
    return [*blocks, f"Also:\n\n{also}" if also else ""]


def _whole(proof: ServiceProof, first: ServiceProof, stands: list[str], now: datetime) -> list[str]:
    """Everything about one service, unless it is made of the same as in its `first` region."""
    history = history_items(proof.drift, now)
    changed = "\n".join(["What changed:", "", *history]) if history else ""
    if proof is not first and same_making(proof, first):
        same = f"- made of: the same as in {code(first.drift.region)}"
        return ["\n".join([*stands, same]), changed]
    return [_missing(proof), "\n".join([*stands, *_making(proof)]), _doubts(proof), changed]


def _sentence(said: Sentence) -> str:
    return "".join(part if isinstance(part, str) else code(part.text) for part in said)


def _path(proof: PathProof, now: datetime) -> list[str]:
    lines = [f"- {proof.change.relevance}: {file_said(proof.change)}"]
    if proof.files:
        lines = [f"- {counts_of(proof.files)}"]
        lines += [f"  {line}" for line in file_items(proof.files, MOST_OF_A_FOLDER)]
    if proof.twin is not None:
        lines.append(f"- in use: {file_said(proof.twin)}")
    for said, found in [] if proof.files else importers_said(proof):
        lines += [f"- {said}", *(f"  - {code(place_of(one.path, one.line))}" for one in found[:MOST_IMPORTERS])]
        lines += [f"  - and {len(found) - MOST_IMPORTERS:,} more"] if len(found) > MOST_IMPORTERS else []
    if proof.changed is not None:
        lines.append(f"- last changed by {commit_said(proof.changed, now)}")
    return [_sentence(path_said(proof)), "\n".join(lines)]


def _commit(proof: CommitProof, now: datetime) -> list[str]:
    lines = [f"- {commit_said(proof.note, now)}", *(f"  {line}" for line in file_items(proof.note.files))]
    return [_sentence(answer_about(proof)), "\n".join(lines)]


def _stands(proof: ServiceProof, report: ProofReport, now: datetime) -> list[str]:
    """What should serve, what serves, and what it starts."""
    drift = proof.drift
    said = [("target", target_said(report)), *standing(drift, now, shares=True), ("scope", scopes_of(drift))]
    lines = [f"- {label}: {prose(text)}" for label, text in said if text.strip()]
    lines.append(f"- precision: {drift.precision}")
    if proof.command or proof.starts:
        lines.append(f"- starts: {_names([proof.command, *proof.starts])}")
    return lines


def _making(proof: ServiceProof) -> list[str]:
    lines = [f"- made of: {counts_of(proof.files)}"]
    known, nobody = distributions_of(proof.third_party)
    if known:
        lines.append(f"- third party: {counted(len(known), 'distribution')}: {_names(known)}")
    if nobody:
        lines.append(f"- no distribution is known for {_names(nobody)}")
    return [*lines, f"- copied into the image, not held by git: {_names(proof.outside)}"] if proof.outside else lines


def _names(names: Sequence[str]) -> str:
    return ", ".join(filter(None, map(code, names)))


def _missing(proof: ServiceProof) -> str:
    titles = ["Missing in the image", "Module", "Imported at", "Why", "Hint"]
    found = [(level, one) for level in MissingLevel for one in missing_of(proof.missing_modules, level)]
    rows = [
        [
            str(level),
            code(one.name, cell=True),
            _places(one.places, cell=True),
            prose(one.why, cell=True),
            code(one.hint, cell=True),
        ]
        for level, one in found[:MOST_MISSING]
    ]
    more = f"\n\nand {len(found) - MOST_MISSING:,} more" if len(found) > MOST_MISSING else ""
    return f"{table(titles, rows)}{more}" if rows else ""


def _places(places: Sequence[str], *, cell: bool = False) -> str:
    more = f" and {counted(len(places) - MOST_PLACES, 'more place')}" if len(places) > MOST_PLACES else ""
    return f"{', '.join(code(place, cell=cell) for place in places[:MOST_PLACES])}{more}"


def _doubts(proof: ServiceProof) -> str:
    groups = [*grouped(proof.doubts).items()]
    lines = []
    for why, places in groups[:MOST_DOUBTS]:
        lines.append(f"- {_places(places)}: {prose(why)}")
    lines += [f"- and {counted(len(groups) - MOST_DOUBTS, 'more doubt')}"] if len(groups) > MOST_DOUBTS else []
    return "\n".join(["What could not be told:", "", *lines]) if lines else ""
