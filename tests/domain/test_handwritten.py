"""Pages that people write by hand: which tables and claims are read from them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.handwritten import MOST_ROWS, MOST_TEXT, Column, cells_of, plain, written_in

PAGE = """# Handoff

| # | purpose | command |
|---|---|---|
| 1 | look | `a \\| b` |

Now:

| Service | Revision | Commit | Deployed |
|---|:-:|---|--:|
| api | 00192-nn7 | 4def1124 | 2026-02-04 16:24 (UTC-8) |
| `web` | **00125-872** | [`4def1124`](https://example.test/x) | - |

- claim: 35cff5c8 in web, api and `jobs`.
> claim: shared/lock.py in api
"""


def test_the_table_of_services_is_found_and_no_other() -> None:
    found = written_in(PAGE)
    assert found.tables == 1
    assert [(row.line, row.service) for row in found.rows] == [(11, "api"), (12, "web")]
    assert found.rows[0].cells[Column.DEPLOYED] == "2026-02-04 16:24 (UTC-8)"
    assert dict(found.rows[1].cells) == {
        Column.SERVICE: "web",
        Column.REVISION: "00125-872",
        Column.COMMIT: "4def1124",
    }


def test_claims_name_services_and_keep_their_line() -> None:
    found = written_in(PAGE)
    assert [(claim.said, claim.services, claim.line) for claim in found.claims] == [
        ("35cff5c8", ("web", "api", "jobs"), 14),
        ("shared/lock.py", ("api",), 15),
    ]


def test_a_column_can_claim() -> None:
    (claim,) = written_in("service|contains\n-|-\napi|shared/lock.py\nweb|\n").claims
    assert (claim.said, claim.services, claim.line) == ("shared/lock.py", ("api",), 3)


@pytest.mark.parametrize(
    "titles",
    ["Commit|Service", "| deployed at | NAME |", "|**Git SHA**|`service`|x|", "| service | when | where | sha |"],
)
def test_titles_in_any_order_case_and_subset(titles: str) -> None:
    ruler = "|".join("-" for _ in cells_of(titles))
    assert written_in(f"{titles}\n{ruler}\n{ruler.replace('-', 'x')}\n").tables == 1


@pytest.mark.parametrize(
    "page",
    [
        "| Service | Revision |\n| api | 1 |\n",  # no ruler
        "| Service | Owner |\n|---|---|\n| api | Ann |\n",  # nothing that can be judged
        "| Commit | Deployed |\n|---|---|\n| 4def1124 | now |\n",  # of which service?
        "Service: api\n---\n",
    ],
)
def test_what_is_no_table_of_services(page: str) -> None:
    assert written_in(page) == written_in("")


def test_marks_links_and_breaks_are_not_part_of_a_cell() -> None:
    assert plain("**[`a`](http://x)**<br>b \\| c") == "a b | c"
    assert cells_of("| a \\| b | c |") == ["a \\| b", "c"]
    assert len(plain("x" * 5_000)) == 300


def test_a_row_may_be_short_or_long() -> None:
    rows = written_in("|Service|Commit|\n|-|-|\n|api|\n|web|1234567|more|\n|||\n").rows
    assert [dict(row.cells) for row in rows] == [
        {Column.SERVICE: "api"},
        {Column.SERVICE: "web", Column.COMMIT: "1234567"},
    ]


def test_bombs_are_cut_and_it_is_said() -> None:
    began = time.process_time()
    many = written_in("|Service|Commit|\n|-|-|\n" + "|api|4def1124|\n" * 10_000)
    assert len(many.rows) == MOST_ROWS
    assert many.cut == ("Only the first 1,000 of 10,000 rows were judged.",)
    for bomb in (
        "x" * 10_000_000,
        "|" * 2_000_000,
        "[](" * 700_000,
        "claim: " * 300_000,
        "|Service|Commit|\n" * 100_000,
    ):
        assert written_in(bomb).cut[:1] == ((f"Only the first {MOST_TEXT:,} characters of the page were read.",))
    assert len(written_in("claim: x in api\n" * 1_000).claims) == 50
    assert time.process_time() - began < 5


@given(st.text(alphabet="|-:\\`*_[]() \nServicommt", max_size=400))
def test_any_page_gets_an_answer(page: str) -> None:
    found = written_in(page)
    assert all(1 <= row.line <= page.count("\n") + 1 for row in found.rows)
