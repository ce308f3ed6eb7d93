"""The answer to one path or commit that was asked about, on a terminal: a sentence first, then what proves it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from deploytool.domain.proof import CommitProof, Importer, PathProof
from deploytool.domain.report import FileChange
from deploytool.render.chains import tree_lines
from deploytool.render.history import FILE_INDENT, commit_lines, more_files
from deploytool.render.proof_wording import (
    MOST_IMPORTERS,
    MOST_OF_A_FOLDER,
    Quoted,
    Sentence,
    commit_said,
    counts_of,
    importers_said,
    path_said,
    place_of,
)
from deploytool.render.sheet import View, hanging, indented, joined, words
from deploytool.render.wording import reaching_first


def path_answer(proof: PathProof, view: View) -> list[Text]:
    lines = _sentence(path_said(proof), view)
    if proof.change.note:
        lines += hanging(words(FILE_INDENT), words(proof.change.note, "dim"), view.width)
    if proof.files:
        lines += [Text(), *_folder(proof.files, view)]
    elif len(proof.change.chain) > 1:
        lines += tree_lines([proof.change], view)
    if proof.twin is not None:
        lines += _sentence(("In use: ", Quoted(proof.twin.path)), view)
        lines += tree_lines([proof.twin], view)
    if not proof.files:
        lines += _importers(proof, view)
    return [*lines, *_last_change(proof, view), Text()]


def commit_answer(proof: CommitProof, view: View) -> list[Text]:
    lines = _sentence(commit_said(proof), view)
    within = [*commit_lines(proof.note, view.within), *tree_lines(proof.note.files, view.within)]
    return [*lines, *indented(within), Text()]


def _sentence(said: Sentence, view: View) -> list[Text]:
    parts = [words(part.text, "bold") if isinstance(part, Quoted) else words(part) for part in said]
    return hanging(Text(), joined(*parts), view.width)


def _folder(files: Sequence[FileChange], view: View) -> list[Text]:
    """How many of each word, then the files, those that reach the service first."""
    shown = reaching_first(files)
    lines = hanging(Text(), words(counts_of(files)), view.width)
    wide = max(len(file.relevance) for file in shown[:MOST_OF_A_FOLDER]) + 2
    for file in shown[:MOST_OF_A_FOLDER]:
        style = "" if file.relevance.reaches else "dim"
        lines += hanging(words(f"{FILE_INDENT}{file.relevance:<{wide}}", "dim"), words(file.path, style), view.width)
    return [*lines, *more_files(shown, MOST_OF_A_FOLDER)]


def _importers(proof: PathProof, view: View) -> list[Text]:
    lines: list[Text] = [Text()]
    for said, found in importers_said(proof):
        lines += [*hanging(Text(), words(said), view.width), *_importer_lines(found, view)]
    return lines if len(lines) > 1 else []


def _importer_lines(found: Sequence[Importer], view: View) -> list[Text]:
    lines: list[Text] = []
    for one in found[:MOST_IMPORTERS]:
        style = "" if one.reachable else "dim"
        lines += hanging(words(FILE_INDENT), words(place_of(one.path, one.line), style), view.width)
    if len(found) > MOST_IMPORTERS:
        lines.append(words(f"{FILE_INDENT}and {len(found) - MOST_IMPORTERS:,} more", "dim"))
    return lines


def _last_change(proof: PathProof, view: View) -> list[Text]:
    if proof.changed is None:
        return []
    return [Text(), words("Last changed by"), *indented(commit_lines(proof.changed, view.within))]
