"""A BigQuery on 127.0.0.1, in the shapes of its REST API: dry runs, queries that take a while, cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.doubles import Asked, Double, double, error

PROJECT = "nba-props-platform"


@dataclass
class Query:
    """What one text is, and answers."""

    columns: tuple[tuple[str, str], ...] = (("c", "INTEGER"),)
    rows: tuple[tuple[Any, ...], ...] = ()
    kind: str = "SELECT"
    size: int = 1000
    looks: int = 0  # times that it is asked for before it has ended
    total: int | None = None  # when it is more than the rows
    modes: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeBigQuery:
    queries: dict[str, Query] = field(default_factory=dict)
    running: dict[str, tuple[Query, int]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    double: Double | None = None

    @property
    def url(self) -> str:
        assert self.double
        return self.double.url

    def __call__(self, asked: Asked) -> Any:
        path = asked.path.removeprefix(f"/bigquery/v2/projects/{PROJECT}/")
        if asked.method == "POST" and path == "jobs":
            return self._dry(asked.body["configuration"])
        if asked.method == "POST" and path == "queries":
            return self._run(asked.body)
        if asked.method == "POST" and path.startswith("jobs/") and path.endswith("/cancel"):
            assert asked.query["location"] == "us-west2"
            self.cancelled.append(path.split("/")[1])
            return {"kind": "bigquery#jobCancelResponse"}
        if asked.method == "GET" and path.startswith("queries/"):
            assert asked.query["location"] == "us-west2"
            return self._looked(path.split("/")[1], int(asked.query["maxResults"]))
        return error(404, "NOT_FOUND", "Not found")

    def _dry(self, configuration: dict[str, Any]) -> Any:
        assert configuration["dryRun"] is True
        assert configuration["query"]["useLegacySql"] is False
        query = self.queries.get(configuration["query"]["query"])
        if query is None:
            return error(400, "INVALID_ARGUMENT", "Syntax error: Unexpected identifier at [1:1]")
        said = {"statementType": query.kind, "totalBytesProcessed": str(query.size)}
        return {"kind": "bigquery#job", "status": {"state": "DONE"}, "statistics": {"query": said}}

    def _run(self, body: dict[str, Any]) -> Any:
        query = self.queries[body["query"]]
        self.ran.append(body["query"])
        if int(body["maximumBytesBilled"]) < query.size:
            return error(400, "INVALID_ARGUMENT", "Query exceeded limit for bytes billed")
        job = body["requestId"]
        self.running[job] = (query, query.looks)
        return self._looked(job, body["maxResults"])

    def _looked(self, job: str, most: int) -> Any:
        query, looks = self.running[job]
        self.running[job] = (query, looks - 1)
        reference = {"projectId": PROJECT, "jobId": job, "location": "us-west2"}
        if looks > 0:
            return {"kind": "bigquery#queryResponse", "jobReference": reference, "jobComplete": False}
        fields = [{"name": n, "type": t, "mode": query.modes.get(n, "NULLABLE")} for n, t in query.columns]
        rows = [{"f": [{"v": value} for value in row]} for row in query.rows[:most]]
        return {
            "kind": "bigquery#queryResponse",
            "schema": {"fields": fields},
            "jobReference": reference,
            "totalRows": str(len(query.rows) if query.total is None else query.total),
            **({"rows": rows} if rows else {}),
            "totalBytesProcessed": str(query.size),
            "jobComplete": True,
            "cacheHit": False,
        }


@contextmanager
def bigquery_of(**queries: Query) -> Iterator[FakeBigQuery]:
    """`SELECT name` for each query of that name."""
    fake = FakeBigQuery({f"SELECT {name}": query for name, query in queries.items()})
    with double(fake) as made:
        fake.double = made
        yield fake
