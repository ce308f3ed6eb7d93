"""Are the rows of a query as they should be? A value is repeated only when the check names its column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from deploytool.domain.check import Answer
from deploytool.domain.expected import shown

# Source: the types of BigQuery, by their old and their new names.
NUMBERS = frozenset({"INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC", "DECIMAL", "BIGDECIMAL"})
LONGEST = 100  # characters of a number
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRITE_TIMESTAMP = "make it one with TIMESTAMP(…)"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str  # "INTEGER", "TIMESTAMP" …
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """The first rows, and how many there are. A value is the text that BigQuery writes, or None for NULL."""

    columns: tuple[Column, ...]
    first: tuple[tuple[Any, ...], ...]
    total: int


@dataclass(frozen=True, slots=True)
class Bound:
    """Both ends are good."""

    least: float | None = None
    most: float | None = None


def judged_total(least: int | None, most: int | None, total: int) -> tuple[Answer, str]:
    said = f"{total} {'row' if total == 1 else 'rows'}"
    if most is not None and total > most:
        return Answer.FAIL, f"{said}, at most {most} expected"
    if least is not None and total < least:
        return Answer.FAIL, f"{said}, at least {least} expected"
    return Answer.PASS, said


def judged_row(bounds: Mapping[str, Bound], rows: Rows) -> tuple[Answer, str]:
    """The only row, each named value within its bounds. The worst one is told."""
    if rows.total != 1 or len(rows.first) != 1:
        return Answer.FAIL, f"{rows.total} rows, exactly one expected"
    told = [_judged_value(name, bound, rows) for name, bound in bounds.items()]
    for answer in (Answer.FAIL, Answer.COULD_NOT_TELL):
        bad = [said for one, said in told if one is answer]
        if bad:
            return answer, "; ".join(bad[:3]) + (f" (and {len(bad) - 3} more)" if len(bad) > 3 else "")
    return Answer.PASS, ", ".join(said for _, said in told[:5])


def moment_in(rows: Rows) -> datetime | tuple[Answer, str]:
    """The only value of a query, as a moment; else what to say."""
    if len(rows.columns) != 1 or rows.total > 1:
        said = f"{rows.total} rows of {len(rows.columns)} columns, one value expected"
        return Answer.COULD_NOT_TELL, said
    (column,) = rows.columns
    if column.repeated or column.type != "TIMESTAMP":
        kind = "a list" if column.repeated else f"a {column.type}"
        return Answer.COULD_NOT_TELL, f"the value is {kind}, not a TIMESTAMP: {WRITE_TIMESTAMP}"
    if not rows.total or not rows.first or rows.first[0][0] is None:
        return Answer.FAIL, "there is none: the query answers NULL" if rows.total else "there is none: no row"
    found = _moment_of(rows.first[0][0])
    return found if found is not None else (Answer.COULD_NOT_TELL, "the timestamp could not be understood")


def _judged_value(name: str, bound: Bound, rows: Rows) -> tuple[Answer, str]:
    at = _index_of(name, rows.columns)
    if at is None:
        return Answer.COULD_NOT_TELL, f"the answer has no column {shown(name)}"
    column, value = rows.columns[at], rows.first[0][at]
    if column.repeated or column.type not in NUMBERS:
        return (
            Answer.COULD_NOT_TELL,
            f"{shown(name)} is {'a list' if column.repeated else f'a {column.type}'}, no number",
        )
    if value is None:
        return Answer.FAIL, f"{shown(name)} is NULL, {_said(bound)} expected"
    number = _number_of(value)
    if number is None:
        return Answer.COULD_NOT_TELL, f"{shown(name)} could not be understood as a number"
    if number.is_nan():
        return Answer.FAIL, f"{shown(name)} is not a number (NaN), {_said(bound)} expected"
    good = (bound.least is None or number >= _exact(bound.least)) and (
        bound.most is None or number <= _exact(bound.most)
    )
    said = f"{shown(name)} is {_short(number)}"
    return (Answer.PASS, said) if good else (Answer.FAIL, f"{said}, {_said(bound)} expected")


def _index_of(name: str, columns: Sequence[Column]) -> int | None:
    """As BigQuery names columns: upper and lower case are the same."""
    found = [at for at, column in enumerate(columns) if column.name.lower() == name.lower()]
    return found[0] if len(found) == 1 else None


def _number_of(value: Any) -> Decimal | None:
    if not isinstance(value, str) or len(value) > LONGEST or "_" in value:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return None if number.is_snan() else number


def _moment_of(value: Any) -> datetime | None:
    """Microseconds since 1970, which is what is asked for; with a point or an exponent, seconds."""
    number = _number_of(value)
    if number is None or not number.is_finite():
        return None
    whole = isinstance(value, str) and value.lstrip("-").isdigit()
    try:
        return EPOCH + timedelta(microseconds=int(number if whole else number * 1_000_000))
    except OverflowError:
        return None


def _exact(bound: float) -> Decimal:
    """0.1 as it was written, not as a computer keeps it."""
    return Decimal(repr(bound))


def _short(number: Decimal) -> str:
    text = f"{number:f}" if number.is_finite() and -20 < number.adjusted() < 20 else str(number)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _said(bound: Bound) -> str:
    if bound.least is None:
        return f"at most {bound.most:g}"
    return f"at least {bound.least:g}" if bound.most is None else f"{bound.least:g} to {bound.most:g}"
