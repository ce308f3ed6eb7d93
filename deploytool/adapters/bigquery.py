"""BigQuery by REST: a query that only reads, for no more than it may cost, and with an end.

The dry run is a job that is never carried out: it says what kind of statement the text is, and how much it would read.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.googleapi import GoogleApi, Json
from deploytool.domain.check_rows import Column, Rows
from deploytool.errors import CouldNotLook

ENDPOINT = "https://bigquery.googleapis.com"
ONE_CALL = 10.0  # seconds that BigQuery is asked to wait before it says that a query still runs
PATIENCE = Patience(total=30.0, call=ONE_CALL + 10)
MICROSECONDS = {"useInt64Timestamp": True}


def bigquery_api(endpoint: str | None) -> GoogleApi:
    """Google's own, or a stand-in at `endpoint`."""
    return GoogleApi(endpoint or ENDPOINT, name="BigQuery", local=endpoint is not None, patience=PATIENCE)


class Queries:
    """The queries of one project, which pays for them."""

    def __init__(
        self, api: GoogleApi, project: str, *, call: float = ONE_CALL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.api, self.project, self.call, self._clock = api, project, call, clock
        self._path = f"/bigquery/v2/projects/{quote(project, safe=':')}"

    def rows(self, query: str, *, most: int, max_bytes: int, seconds: float) -> Rows:
        """The first `most` rows, and how many there are. Raises CouldNotLook, as for what would write or cost more."""
        end = self._clock() + seconds
        self._must_only_read(query, max_bytes)
        asked = {
            "query": query,
            "useLegacySql": False,
            "maximumBytesBilled": str(max_bytes),
            "maxResults": most,
            "timeoutMs": self._wait(end),
            "jobTimeoutMs": str(round(seconds * 1000)),  # when nobody is left to cancel it
            "formatOptions": MICROSECONDS,
            "requestId": str(uuid.uuid4()),  # asked again, it is still the same query
        }
        answer = self.api.ask(f"{self._path}/queries", asked)
        while answer.get("jobComplete") is not True:
            answer = self._later(_job_of(answer), most, end, seconds)
        return _rows_of(answer)

    def _must_only_read(self, query: str, max_bytes: int) -> None:
        job = {"configuration": {"dryRun": True, "query": {"query": query, "useLegacySql": False}}}
        planned = _at(self.api.ask(f"{self._path}/jobs", job), "statistics", "query")
        kind, size = _at(planned, "statementType"), _number(_at(planned, "totalBytesProcessed"))
        if not isinstance(kind, str) or size is None:
            raise _not_understood("the dry run does not say what the query would do")
        if kind != "SELECT":
            raise CouldNotLook(
                f"The query was not run: it is a {kind[:40]}, and a check only reads.",
                hint="Write one SELECT, without a script around it.",
            )
        if size > max_bytes:
            raise CouldNotLook(
                f"The query was not run: it would read {_size(size)}, and {_size(max_bytes)} is the most.",
                hint="Ask for fewer columns or partitions, or raise max_bytes of the check.",
            )

    def _later(self, job: tuple[str, str], most: int, end: float, seconds: float) -> Json:
        """The same query a while later. After the end it is cancelled, and that is an answer."""
        name, location = job
        where = {"location": location} if location else {}
        path = f"{self._path}/queries/{quote(name, safe='')}"
        if self._clock() >= end:
            with suppress(CouldNotLook):  # it ends by itself as well
                self.api.send("POST", f"{self._path}/jobs/{quote(name, safe='')}/cancel", params=where)
            raise CouldNotLook(
                f"The query did not end within {seconds:g} s and was cancelled.",
                hint="Ask for less, or raise `timeout` of the check.",
            )
        asked = {"timeoutMs": self._wait(end), "maxResults": most, "formatOptions.useInt64Timestamp": "true"}
        answer = self.api.get(path, {**asked, **where})
        if answer.get("jobComplete") is not True:
            answer.setdefault("jobReference", {"jobId": name, "location": location})
        return answer

    def _wait(self, end: float) -> int:
        """Milliseconds that BigQuery may wait: at least some, so that nobody asks again and again."""
        return round(1000 * max(0.2, min(self.call, end - self._clock())))


def _job_of(answer: Json) -> tuple[str, str]:
    job, location = _at(answer, "jobReference", "jobId"), _at(answer, "jobReference", "location")
    if answer.get("jobComplete") is not False or not isinstance(job, str) or not job:
        raise _not_understood("it does not say whether the query has ended")
    return job, location if isinstance(location, str) else ""


def _rows_of(answer: Json) -> Rows:
    total, columns, rows = _number(answer.get("totalRows")), _at(answer, "schema", "fields"), answer.get("rows", [])
    if answer.get("errors"):
        raise _not_understood("the query ended with errors")
    if total is None or not isinstance(columns, list) or not isinstance(rows, list) or (total and not rows):
        raise _not_understood("rows or columns are missing")
    named = tuple(_column(one) for one in columns)
    first = tuple(_row(row, len(named)) for row in rows)
    if len(first) > total:
        raise _not_understood("it has more rows than it says")
    return Rows(named, first, total)


def _column(field: Any) -> Column:
    name, kind, mode = (_at(field, key) for key in ("name", "type", "mode"))
    if not isinstance(name, str) or not isinstance(kind, str):
        raise _not_understood("a column has no name or no type")
    return Column(name, kind, repeated=mode == "REPEATED")


def _row(row: Any, width: int) -> tuple[Any, ...]:
    cells = _at(row, "f")
    if not isinstance(cells, list) or len(cells) != width or not all(isinstance(one, dict) for one in cells):
        raise _not_understood("a row does not have the columns")
    return tuple(one.get("v") for one in cells)


def _number(value: Any) -> int | None:
    """A count as Google's JSON writes it: a number, or its digits as a text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20 else None


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _size(number: int) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if number < 1024 or unit == "TiB":
            return f"{number:.4g} {unit}"
        number /= 1024  # type: ignore[assignment]
    raise AssertionError("the last unit takes what is left")


def _not_understood(why: str) -> CouldNotLook:
    return CouldNotLook(f"The answer of BigQuery could not be used: {why}.", hint="Run the query by hand: bq query")
