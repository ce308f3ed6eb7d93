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
    imports, dynamics, edits, exports, strings, lists, error, line = row + _EMPTY[len(row) :]
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
        lists == 1,
        error,
        line,
    )


_EMPTY: list[Any] = [[], [], [], [], [], 0, "", 0]


def _dynamic(each: Dynamic) -> list[object]:
    when = WHENS.index(each.when) * 2 + each.guarded
    return [each.line, SUBJECTS.index(each.subject), int(each.bounded), each.why, when, *each.patterns]


def _dynamic_from(row: list[Any]) -> Dynamic:
    line, subject, bounded, why, when, *patterns = row
    return Dynamic(line, SUBJECTS[subject], tuple(patterns), bounded == 1, why, WHENS[when >> 1], when & 1 == 1)


def _edit(each: PathEdit) -> list[object]:
    folder = [] if each.folder is None else [ORIGINS.index(each.folder.origin), each.folder.path]
    return [each.line, WHENS.index(each.when), each.why, *folder]


def _edit_from(row: list[Any]) -> PathEdit:
    line, when, why, *folder = row
    return PathEdit(line, Anchor(ORIGINS[folder[0]], folder[1]) if folder else None, why, WHENS[when])
