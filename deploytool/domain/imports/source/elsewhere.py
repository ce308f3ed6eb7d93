"""What a file does that changes the meaning of others: names of theirs that it changes, and the working folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from deploytool.domain.imports.facts import Anchor
from deploytool.domain.imports.source.bindings import GROWING
from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.paths import anchor_of
from deploytool.domain.imports.source.survey import Survey

MOVING = {"os.chdir", "contextlib.chdir"}
ANY = "*"
OWN = ("self", "cls")
_WORD = re.compile(r"[^\W\d]\w{0,59}")


def words_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Constants that are one plain word, sorted."""
    return tuple(sorted({text for text in texts if text.isidentifier() and _WORD.fullmatch(text)}))


def alters_of(survey: Survey) -> tuple[str, ...]:
    """The last parts of names that are not of this file and that it sets, or puts something into."""
    return tuple(sorted(set(_altered(survey))))


def _altered(survey: Survey) -> Iterator[str]:
    for statement, _ in survey.assigns:
        more = isinstance(statement, ast.AugAssign)
        for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
            inner = target.value if isinstance(target, ast.Subscript) else target
            if inner is not target or more or isinstance(inner, ast.Attribute):
                yield from _foreign(inner, survey)
    for call, _ in survey.calls:
        func = call.func
        if isinstance(func, ast.Attribute) and func.attr in GROWING:
            yield from _foreign(func.value, survey)
        elif isinstance(func, ast.Name) and func.id == "setattr" and len(call.args) == 3:
            name = call.args[1]
            if not (isinstance(call.args[0], ast.Name) and call.args[0].id in OWN):
                yield str(name.value) if isinstance(name, ast.Constant) else ANY
        for each in call.args:  # whoever is given a list may add to it
            if isinstance(each, ast.Attribute | ast.Name):
                yield from (name for name in _foreign(each, survey) if name.isupper())


def _foreign(node: ast.expr, survey: Survey) -> Iterator[str]:
    """`module.NAME`, or NAME when it was imported."""
    if isinstance(node, ast.Attribute):
        if not (isinstance(node.value, ast.Name) and node.value.id in OWN):
            yield node.attr
    elif isinstance(node, ast.Name):
        for name in survey.aliases.get(node.id, ()):
            yield name.rpartition(".")[2]


def moves_of(survey: Survey, evaluator: Evaluator) -> tuple[Anchor | None, ...]:
    """Where it changes the working folder to; None when that cannot be told."""
    if "chdir" not in survey.words and "fchdir" not in survey.words:
        return ()
    found: dict[Anchor | None, None] = {}
    for call, _ in survey.calls:
        if call.args and evaluator.dotted(call.func) & MOVING:
            texts = evaluator.value(call.args[0]).texts
            found.update(dict.fromkeys([anchor_of(each.text) for each in sorted(texts)] or [None]))
        elif evaluator.dotted(call.func) & {"os.fchdir"}:
            found[None] = None
    return tuple(found)
