"""What rows, documents, ages and programs say: tables of every case, and what cannot be told is never a pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.check import Answer
from deploytool.domain.check_age import judged_age
from deploytool.domain.check_documents import Document, Documents, DocumentsExpectation, counted_in, judged_documents
from deploytool.domain.check_program import Ended, judged_end
from deploytool.domain.check_rows import Bound, Column, Rows, judged_row, judged_total, moment_in

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.COULD_NOT_TELL
NOW = datetime(2026, 2, 5, 0, 45, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("least", "most", "total", "answer", "said"),
    [
        (None, 0, 0, PASS, "0 rows"),
        (None, 0, 1, FAIL, "1 row, at most 0 expected"),
        (1, None, 0, FAIL, "0 rows, at least 1 expected"),
        (1, None, 1, PASS, "1 row"),
        (2, 3, 3, PASS, "3 rows"),
        (2, 3, 4, FAIL, "4 rows, at most 3 expected"),
    ],
)
def test_numbers_of_rows(least, most, total, answer, said) -> None:
    assert judged_total(least, most, total) == (answer, said)


def row(value, kind="FLOAT", *, total=1, repeated=False) -> Rows:
    return Rows((Column("Share", kind, repeated),), ((value,),) * min(total, 2), total)


@pytest.mark.parametrize("kind", ["INTEGER", "INT64", "FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"])
def test_numbers_of_every_type(kind: str) -> None:
    bound = {"share": Bound(0, 10)}
    assert judged_row(bound, row("5", kind)) == (PASS, "'share' is 5")
    assert judged_row(bound, row("11", kind)) == (FAIL, "'share' is 11, 0 to 10 expected")
    assert judged_row(bound, row(None, kind)) == (FAIL, "'share' is NULL, 0 to 10 expected")


@pytest.mark.parametrize(
    ("value", "bound", "answer"),
    [
        ("0.1", Bound(0.1, 0.1), PASS),
        ("0.10000000000000000001", Bound(None, 0.1), FAIL),
        ("9007199254740993", Bound(None, 9007199254740992), FAIL),
        ("1e-3", Bound(0, None), PASS),
        ("-0.0", Bound(0, None), PASS),
        ("Infinity", Bound(0, None), PASS),
        ("Infinity", Bound(None, 5), FAIL),
        ("-Infinity", Bound(None, 5), PASS),
        ("NaN", Bound(0, None), FAIL),
        ("NaN", Bound(None, 0), FAIL),
        ("sNaN", Bound(0, None), UNKNOWN),
        ("1_000", Bound(0, None), UNKNOWN),
        ("", Bound(0, None), UNKNOWN),
        (5, Bound(0, None), UNKNOWN),
        ("9" * 200, Bound(0, None), UNKNOWN),
    ],
)
def test_values_at_the_edges(value, bound, answer) -> None:
    assert judged_row({"share": bound}, row(value))[0] is answer


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        (row("1", total=0), FAIL),
        (row("1", total=2), FAIL),
        (row("true", "BOOLEAN"), UNKNOWN),
        (row("5", "STRING"), UNKNOWN),
        (row(["5"], "INTEGER", repeated=True), UNKNOWN),
        (Rows((Column("other", "INTEGER"),), (("1",),), 1), UNKNOWN),
        (Rows((Column("share", "INTEGER"), Column("SHARE", "INTEGER")), (("1", "2"),), 1), UNKNOWN),
    ],
)
def test_rows_that_are_no_answer(rows, answer) -> None:
    got, said = judged_row({"share": Bound(0, None)}, rows)
    assert got is answer
    assert said


def test_only_named_columns_are_repeated() -> None:
    rows = Rows((Column("share", "INTEGER"), Column("secret", "STRING")), (("7", "sesame"),), 1)
    assert "sesame" not in judged_row({"share": Bound(None, 5)}, rows)[1]


def test_the_worst_value_is_told() -> None:
    rows = Rows((Column("a", "INTEGER"), Column("b", "STRING"), Column("c", "INTEGER")), (("1", "x", "9"),), 1)
    bound = Bound(None, 5)
    assert judged_row({"a": bound, "b": bound, "c": bound}, rows) == (FAIL, "'c' is 9, at most 5 expected")
    assert judged_row({"a": bound, "b": bound}, rows)[0] is UNKNOWN


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(), st.integers())
def test_bounds_are_exact(value: Decimal, one: int, other: int) -> None:
    least, most = sorted((one % 10**15, other % 10**15))
    got, _ = judged_row({"share": Bound(least, most)}, row(str(value)))
    assert (got is PASS) == (least <= value <= most) or len(str(value)) > 100


def stamp(at: datetime) -> str:
    return str((at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (row(stamp(NOW), "TIMESTAMP"), NOW),
        (row("1.770252300E9", "TIMESTAMP"), NOW),
        (row(None, "TIMESTAMP"), FAIL),
        (row("", "TIMESTAMP", total=0), FAIL),
        (row(stamp(NOW), "TIMESTAMP", total=2), UNKNOWN),
        (row("2026-02-05T00:45:00", "DATETIME"), UNKNOWN),
        (row("2026-02-05", "DATE"), UNKNOWN),
        (row([stamp(NOW)], "TIMESTAMP", repeated=True), UNKNOWN),
        (row("soon", "TIMESTAMP"), UNKNOWN),
        (row("NaN", "TIMESTAMP"), UNKNOWN),
        (row("9" * 30, "TIMESTAMP"), UNKNOWN),
        (Rows((Column("a", "TIMESTAMP"), Column("b", "TIMESTAMP")), (("1", "2"),), 1), UNKNOWN),
        (Rows((), (), 0), UNKNOWN),
    ],
)
def test_one_moment(rows, found) -> None:
    got = moment_in(rows)
    assert (got if isinstance(got, datetime) else got[0]) == found


@pytest.mark.parametrize(
    ("ago", "answer", "said"),
    [
        (timedelta(minutes=59), PASS, "it is 59m old"),
        (HOUR, PASS, "it is 1h old"),
        (HOUR + timedelta(seconds=1), FAIL, "it is 1h old, at most 1h expected"),
        (-timedelta(minutes=5), PASS, "it is 0s old"),
        (-timedelta(minutes=6), UNKNOWN, "it is 6m in the future: a clock is wrong"),
    ],
)
def test_ages(ago, answer, said) -> None:
    assert judged_age("it", NOW - ago, NOW, HOUR, "1h") == (answer, said)


def doc(name: str = "a", ago: timedelta = timedelta(), **fields) -> Document:
    return Document(name, NOW - ago, fields)


def judged(expected: DocumentsExpectation, *found: Document, one: bool = True):
    return judged_documents(expected, Documents(tuple(found), NOW), one=one)


FIELDS = DocumentsExpectation(fields={"_triggered": True, "at": "2026-02-05T01:45:00+01:00", "map": {"n": 1}})
COUNTS = DocumentsExpectation(counts={"_count": "[!_]*"})
AGE = DocumentsExpectation(max_age=timedelta(minutes=5), written="5m")


def test_fields_are_equal_whatever_their_type() -> None:
    good = {"_triggered": True, "at": NOW, "map": {"n": 1.0, "more": 2}, "else": "sesame"}
    assert judged(FIELDS, doc(**good)) == (PASS, "agrees")
    assert judged(FIELDS, doc(**{**good, "_triggered": 1})) == (FAIL, "field '_triggered' is a number, expected true")
    assert judged(FIELDS, doc(**{**good, "at": NOW + HOUR}))[0] is FAIL
    assert judged(FIELDS, doc(**{**good, "map": {}})) == (FAIL, "there is no field 'map.n'")
    assert judged(FIELDS) == (FAIL, "does not exist")


def test_a_counter_agrees_with_what_it_counts() -> None:
    done = {"x": {"ok": True}, "y": "sesame", "_meta": 1}
    assert judged(COUNTS, doc(**done, _count=2)) == (PASS, "agrees")
    assert judged(COUNTS, doc(**done, _count=2.0))[0] is PASS
    assert judged(COUNTS, doc(**done, _count=3)) == (FAIL, "field '_count' is 3, and 2 fields match '[!_]*'")
    assert judged(COUNTS, doc(**done)) == (FAIL, "there is no field '_count'")
    assert judged(COUNTS, doc(**done, _count="2")) == (FAIL, "field '_count' is a text, a number expected")
    assert judged(COUNTS, doc(**done, _count=True))[0] is FAIL
    assert counted_in({"n": 1, "a": 2}, "n", "*") == 1


def test_a_pattern_takes_no_time_whatever_the_names_are() -> None:
    names = {"a" * 1500 + str(n): 1 for n in range(20)}
    assert counted_in(names, "n", "*a" * 30 + "b") == 0


def test_each_document_of_a_collection() -> None:
    good, bad = {"x": 1, "_count": 1}, {"x": 1, "_count": 2}
    assert judged(COUNTS, doc("a", **good), doc("b", **good), one=False) == (PASS, "2 documents, each agrees")
    got = judged(COUNTS, doc("a", **good), doc("b", **bad), doc("c", **bad), one=False)
    assert got == (FAIL, "'b': field '_count' is 2, and 1 fields match '[!_]*' (and 1 more of 3)")
    assert judged(COUNTS, one=False) == (FAIL, "holds no document")


def test_no_document_is_too_old() -> None:
    young, old = doc("young", timedelta(minutes=1)), doc("old", timedelta(minutes=12))
    assert judged(AGE, one=False) == (PASS, "holds no document")
    assert judged(AGE, young, one=False) == (PASS, "1 document, the oldest 1m old")
    assert judged(AGE, young, old, one=False) == (FAIL, "'old' is 12m old, at most 5m expected (1 of 2)")
    assert judged(AGE, young, doc("odd", -HOUR), one=False)[0] is UNKNOWN
    assert judged(AGE, old, doc("odd", -HOUR), one=False)[0] is FAIL
    assert judged(AGE) == (FAIL, "does not exist")
    assert judged(AGE, young) == (PASS, "is 1m old")


@pytest.mark.parametrize(
    ("ended", "answer", "said"),
    [
        (Ended(0, "all good"), PASS, "all good"),
        (Ended(0), PASS, "ends with 0"),
        (Ended(1, "3 missing"), FAIL, "ends with 1: 3 missing"),
        (Ended(2, "usage"), UNKNOWN, "ends with 2: usage"),
        (Ended(-9), UNKNOWN, "was ended by signal 9"),
        (Ended(None, "half", "did not end"), UNKNOWN, "did not end: half"),
    ],
)
def test_how_programs_end(ended, answer, said) -> None:
    assert judged_end(ended) == (answer, said)


@given(st.integers(-300, 300))
def test_only_0_passes_and_only_1_fails(code: int) -> None:
    assert judged_end(Ended(code))[0] is {0: PASS, 1: FAIL}.get(code, UNKNOWN)
