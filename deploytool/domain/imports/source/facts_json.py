"""Facts as compact text and back: lists without keys, in the order of the fields."""

from __future__ import annotations

import json
from typing import Any

from deploytool.domain.imports.facts import Anchor, Dynamic, Facts, Import, Origin, PathEdit, Subject, When

WHENS = list(When)
SUBJECTS = list(Subject)
ORIGINS = list(Origin)


def text_of(facts: Facts) -> str:
    """One line of ASCII; equal facts give equal text."""
    row = [
        [[i.module, i.level, i.line, WHENS.index(i.when) * 2 + i.guarded, *i.names] for i in facts.imports],
        [_dynamic(each) for each in facts.dynamics],
        [_edit(each) for each in facts.edits],
        facts.exports,
        facts.strings,
        facts.words,
        facts.alters,
        [[] if each is None else [ORIGINS.index(each.origin), each.path] for each in facts.moves],
        int(facts.lists),
        facts.error,
        facts.error_line,
    ]
    while row and row[-1] in (0, "", [], ()):  # what Facts begins with need not be said
        row.pop()
    return json.dumps(row, separators=(",", ":"))


def facts_from(text: str) -> Facts:
    """The facts that `text_of` wrote. Raises ValueError, TypeError, LookupError for anything else."""
    row: list[Any] = json.loads(text)
    imports, dynamics, edits, exports, strings, words, alters, moves, lists, error, line = row + _EMPTY[len(row) :]
    return Facts(
        tuple(
            [
                Import(each[0], tuple(each[4:]), each[1], each[2], WHENS[each[3] >> 1], each[3] & 1 == 1)
                for each in imports
            ]
        ),
        tuple([_dynamic_from(each) for each in dynamics]),
        tuple([_edit_from(each) for each in edits]),
        None if exports is None else tuple(exports),
        tuple(strings),
        tuple(words),
        tuple(alters),
        tuple([Anchor(ORIGINS[each[0]], each[1]) if each else None for each in moves]),
        lists == 1,
        error,
        line,
    )


_EMPTY: list[Any] = [[], [], [], [], [], [], [], [], 0, "", 0]


def _dynamic(each: Dynamic) -> list[object]:
    when = WHENS.index(each.when) * 2 + each.guarded
    bounds = int(each.bounded) + 2 * each.open
    return [each.line, SUBJECTS.index(each.subject), bounds, each.why, when, each.altered, *each.patterns]


def _dynamic_from(row: list[Any]) -> Dynamic:
    line, subject, bounds, why, when, altered, *patterns = row
    kind, during = SUBJECTS[subject], WHENS[when >> 1]
    return Dynamic(line, kind, tuple(patterns), bounds & 1 == 1, why, during, when & 1 == 1, bounds & 2 == 2, altered)


def _edit(each: PathEdit) -> list[object]:
    folder = [] if each.folder is None else [ORIGINS.index(each.folder.origin), each.folder.path]
    return [each.line, WHENS.index(each.when), each.why, *folder]


def _edit_from(row: list[Any]) -> PathEdit:
    line, when, why, *folder = row
    return PathEdit(line, Anchor(ORIGINS[folder[0]], folder[1]) if folder else None, why, WHENS[when])
