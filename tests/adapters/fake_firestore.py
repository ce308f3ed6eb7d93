"""A Firestore on 127.0.0.1, to be read: `batchGet` of a document, `runQuery` of a collection in the order of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.adapters.doubles import Asked, Double, double, error

PROJECT = "nba-props-platform"
ROOT = f"projects/{PROJECT}/databases/(default)/documents"


def stamp(at: datetime) -> str:
    """Nanoseconds, as Google writes them."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


@dataclass
class FakeFirestore:
    documents: dict[str, tuple[dict[str, Any], datetime]] = field(default_factory=dict)  # path: fields, created
    now: datetime | None = None
    double: Double | None = None

    @property
    def url(self) -> str:
        assert self.double
        return self.double.url

    def __call__(self, asked: Asked) -> Any:
        assert asked.headers["authorization"] == "Bearer owner"
        base = f"/v1/{ROOT}"
        if asked.path == f"{base}:batchGet":
            return [self._got(name) for name in asked.body["documents"]]
        if asked.path.startswith(base) and asked.path.endswith(":runQuery"):
            return self._queried(asked.path[len(base) : -len(":runQuery")], asked.body["structuredQuery"])
        return error(404, "NOT_FOUND")

    @property
    def _read_time(self) -> str:
        return stamp(self.now or datetime.now(UTC))

    def _got(self, name: str) -> Any:
        path = name.removeprefix(f"{ROOT}/")
        if path not in self.documents:
            return {"missing": name, "readTime": self._read_time}
        return {"found": self._document(path, contents=True), "readTime": self._read_time}

    def _queried(self, parent: str, query: dict[str, Any]) -> Any:
        (source,) = query["from"]
        folder = f"{parent}/{source['collectionId']}/".lstrip("/")
        last = query.get("startAt", {}).get("values", [{}])[0].get("referenceValue", "").removeprefix(f"{ROOT}/")
        paths = sorted(path for path in self.documents if path.startswith(folder) and "/" not in path[len(folder) :])
        page = [path for path in paths if path > last][: query["limit"]]
        rows = [{"document": self._document(path, "select" not in query), "readTime": self._read_time} for path in page]
        return rows or [{"readTime": self._read_time}]

    def _document(self, path: str, contents: bool) -> Any:
        fields, created = self.documents[path]
        said = {"name": f"{ROOT}/{path}", "createTime": stamp(created), "updateTime": stamp(created)}
        return {**said, "fields": fields} if contents and fields else said


@contextmanager
def firestore_of(
    documents: dict[str, tuple[dict[str, Any], datetime]], now: datetime | None = None
) -> Iterator[FakeFirestore]:
    fake = FakeFirestore(documents, now)
    with double(fake) as made:
        fake.double = made
        yield fake
