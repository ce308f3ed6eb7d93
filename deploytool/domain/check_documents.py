"""Are Firestore documents as they should be? Of their contents only fields that the check names are repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from deploytool.domain.ages import age_of
from deploytool.domain.check import Answer
from deploytool.domain.check_age import SKEW
from deploytool.domain.expected import differences, shown, type_of

WITHOUT = "there is no field"


@dataclass(frozen=True, slots=True)
class Document:
    id: str  # the last part of its name
    created_at: datetime
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)  # JSON values, and moments


@dataclass(frozen=True, slots=True)
class Documents:
    """`read_at` is the time by Firestore's clock."""

    found: tuple[Document, ...]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentsExpectation:
    """`written` is `max_age` as services.toml has it."""

    fields: Mapping[str, Any] | None = None
    counts: Mapping[str, str] | None = None
    max_age: timedelta | None = None
    written: str = ""

    @property
    def of_contents(self) -> bool:
        return bool(self.fields or self.counts)


def judged_documents(expected: DocumentsExpectation, documents: Documents, *, one: bool) -> tuple[Answer, str]:
    """`one`: a document was asked for, and it must be there; of a collection, each of its documents is judged.

    A collection without documents is no older than anything; but nothing in it agrees with anything either.
    """
    found = documents.found
    if not found and (one or expected.of_contents):
        return Answer.FAIL, "does not exist" if one else "holds no document"
    wrong = [(document, said) for document in found if (said := next(_wrong(expected, document.fields), None))]
    if wrong:
        more = f" (and {len(wrong) - 1} more of {len(found)})" if len(wrong) > 1 else ""
        return Answer.FAIL, wrong[0][1] if one else f"{shown(wrong[0][0].id)}: {wrong[0][1]}{more}"
    if expected.max_age is not None:
        return _judged_ages(found, documents.read_at, expected.max_age, expected.written, one)
    return Answer.PASS, "agrees" if one else f"{_counted(found)}, each agrees"


def counted_in(fields: Mapping[str, Any], counter: str, pattern: str) -> int:
    """How many fields match the pattern; the counter itself is never one of them."""
    return sum(name != counter and fnmatchcase(name, pattern) for name in fields)


def _wrong(expected: DocumentsExpectation, fields: Mapping[str, Any]) -> Iterator[str]:
    yield from differences(expected.fields or {}, fields, without=WITHOUT)
    for counter, pattern in (expected.counts or {}).items():
        value, number = fields.get(counter), counted_in(fields, counter, pattern)
        if counter not in fields:
            yield f"{WITHOUT} {shown(counter)}"
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield f"field {shown(counter)} is {type_of(value)}, a number expected"
        elif value != number:
            yield f"field {shown(counter)} is {value}, and {number} fields match {shown(pattern)}"


def _judged_ages(
    found: Sequence[Document], now: datetime, most: timedelta, written: str, one: bool
) -> tuple[Answer, str]:
    if not found:
        return Answer.PASS, "holds no document"
    newest, oldest = (pick(found, key=lambda document: document.created_at) for pick in (max, min))
    old = [document for document in found if now - document.created_at > most]
    age = age_of(oldest.created_at, now)
    if old:
        many = "" if len(found) == 1 else f" ({len(old)} of {len(found)})"
        return Answer.FAIL, f"{'' if one else f'{shown(oldest.id)} '}is {age} old, at most {written} expected{many}"
    if newest.created_at - now > SKEW:
        return Answer.COULD_NOT_TELL, f"{shown(newest.id)} was created in the future: a clock is wrong"
    return Answer.PASS, f"is {age} old" if one else f"{_counted(found)}, the oldest {age} old"


def _counted(found: Sequence[Document]) -> str:
    return f"{len(found)} {'document' if len(found) == 1 else 'documents'}"
