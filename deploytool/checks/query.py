"""Rows of a BigQuery query: how many there are, or whether the values of the only one are within bounds."""

from __future__ import annotations

from deploytool.checks.asked import Asking, Told
from deploytool.config.checks import QueryCheck
from deploytool.domain.check import Answer
from deploytool.domain.check_rows import Bound, judged_row, judged_total


def told(check: QueryCheck, asking: Asking) -> Told:
    rows = asking.neighbours.queries.rows(
        check.query, most=2 if check.row else 1, max_bytes=check.max_bytes, seconds=check.timeout.seconds
    )
    counted = check.min_rows is not None or check.max_rows is not None
    answer, said = judged_total(check.min_rows, check.max_rows, rows.total) if counted else (Answer.PASS, "")
    if answer is not Answer.PASS or check.row is None:
        return answer, said
    bounds = {name: Bound(bound.min, bound.max) for name, bound in check.row.items()}
    return judged_row(bounds, rows)
