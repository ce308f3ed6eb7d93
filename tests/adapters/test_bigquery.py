"""Queries only read, cost no more than they may, and have an end."""

from __future__ import annotations

import time

import pytest

from deploytool.adapters.bigquery import Queries
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.googleapi import GoogleApi
from deploytool.domain.check_rows import Column
from deploytool.errors import CouldNotLook
from tests.adapters.doubles import BROKEN, broken
from tests.adapters.fake_bigquery import PROJECT, FakeBigQuery, Query, bigquery_of

GIB = 1024**3


def queries_at(url: str, **more: float) -> Queries:
    api = GoogleApi(url, name="BigQuery", local=True, patience=Patience(2.0, 1.0, 3, 0.01))
    return Queries(api, PROJECT, call=0.2, **more)


def asked(fake: FakeBigQuery, name: str = "a", most: int = 2, seconds: float = 5.0):
    return queries_at(fake.url).rows(f"SELECT {name}", most=most, max_bytes=GIB, seconds=seconds)


def test_rows_are_counted_and_the_first_are_there() -> None:
    three = Query((("name", "STRING"), ("c", "INTEGER")), (("x", "1"), ("y", "2"), (None, "3")))
    with bigquery_of(a=three) as fake:
        rows = asked(fake)
    assert (rows.total, rows.first) == (3, (("x", "1"), ("y", "2")))
    assert rows.columns == (Column("name", "STRING"), Column("c", "INTEGER"))


def test_no_rows() -> None:
    with bigquery_of(a=Query()) as fake:
        assert asked(fake).total == 0


@pytest.mark.parametrize(
    "kind", ["INSERT", "DELETE", "SCRIPT", "CREATE_TABLE_AS_SELECT", "EXPORT_DATA", "CALL", "ASSERT"]
)
def test_what_is_no_select_is_never_run(kind: str) -> None:
    with bigquery_of(a=Query(kind=kind)) as fake:
        with pytest.raises(CouldNotLook, match=f"it is a {kind}, and a check only reads"):
            asked(fake)
        assert fake.ran == []


def test_what_costs_too_much_is_never_run() -> None:
    with bigquery_of(a=Query(size=GIB + 1), b=Query(size=GIB)) as fake:
        with pytest.raises(CouldNotLook, match="would read 1 GiB, and 1 GiB is the most"):
            asked(fake)
        assert fake.ran == []
        asked(fake, "b")
        assert fake.double.asked[-1].body["maximumBytesBilled"] == str(GIB)


def test_a_query_that_takes_a_while_is_waited_for() -> None:
    with bigquery_of(a=Query(rows=(("1",),), looks=3)) as fake:
        assert asked(fake).first == (("1",),)
        assert fake.cancelled == []


def test_a_query_without_an_end_is_cancelled() -> None:
    with bigquery_of(a=Query(looks=10**9)) as fake:
        began = time.monotonic()
        with pytest.raises(CouldNotLook, match=r"did not end within 0\.5 s and was cancelled"):
            asked(fake, seconds=0.5)
        assert time.monotonic() - began < 3
        assert len(fake.cancelled) == 1


def test_a_mistake_in_the_query_is_told() -> None:
    with bigquery_of() as fake, pytest.raises(CouldNotLook, match="Syntax error"):
        asked(fake)


@pytest.mark.parametrize(
    "change",
    [
        {"totalRows": None},
        {"totalRows": "-1"},
        {"totalRows": "many"},
        {"totalRows": 5},  # and one row short of any
        {"schema": None},
        {"schema": {"fields": [{"name": "c"}]}},
        {"rows": [{"f": []}], "totalRows": "1"},
        {"rows": [{}], "totalRows": "1"},
        {"rows": [{"f": [{"v": 1}]}] * 3, "totalRows": "1"},
        {"errors": [{"reason": "quotaExceeded"}]},
        {"jobComplete": None},
        {"jobComplete": False, "jobReference": {}},
    ],
)
def test_half_an_answer_is_none(change: dict) -> None:
    with bigquery_of(a=Query()) as fake:
        whole = fake._looked
        fake._looked = lambda job, most: {**whole(job, most), **change}
        with pytest.raises(CouldNotLook):
            asked(fake)


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_neighbour_is_never_an_answer(how: str) -> None:
    with broken(how) as url, pytest.raises(CouldNotLook):
        queries_at(url).rows("SELECT a", most=1, max_bytes=GIB, seconds=1)


@pytest.mark.parametrize("how", [how for how in BROKEN if BROKEN[how]])
def test_a_neighbour_that_breaks_after_the_dry_run(how: str) -> None:
    with bigquery_of(a=Query()) as fake:
        fake._run = lambda body: BROKEN[how](None)
        with pytest.raises(CouldNotLook):
            asked(fake, seconds=1)
