"""Firestore documents by REST, to look at: never more than is asked for, page by page, and with an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from deploytool.adapters.googleapi import GoogleApi, Json
from deploytool.adapters.leases.firestore_values import looked_value, moment_of, rows_of, strange
from deploytool.domain.check_documents import Document, Documents

ENDPOINT = "https://firestore.googleapis.com"
PAGE = 300
MOST_PAGES = 100
DEADLINE = 45.0  # seconds for one collection


def firestore_api(endpoint: str | None) -> GoogleApi:
    """Google's own, or an emulator at `endpoint`, which wants to hear that its owner asks."""
    return GoogleApi(endpoint or ENDPOINT, name="Firestore", local=endpoint is not None, token="owner")


class FirestoreDocuments:
    """The documents of one project. Every method raises CouldNotLook rather than to tell a part."""

    def __init__(
        self,
        api: GoogleApi,
        project: str,
        *,
        page: int = PAGE,
        deadline: float = DEADLINE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.api, self.project, self.page, self.deadline, self._clock = api, project, page, deadline, clock

    def document(self, database: str, path: str) -> Documents:
        """The one document; none when it does not exist."""
        name = f"{self._root(database)}/{path}"
        answer = self.api.read("POST", f"{self._path(database)}:batchGet", body={"documents": [name]})
        rows = rows_of(answer)
        if len(rows) != 1 or ("found" in rows[0]) == ("missing" in rows[0]):
            raise strange("it neither has the document nor misses it")
        found = (_document(rows[0]["found"], f"{self._root(database)}/{path}"),) if "found" in rows[0] else ()
        return Documents(found, moment_of(rows[0].get("readTime")))

    def collection(self, database: str, path: str, *, contents: bool) -> Documents:
        """All documents of a collection; without `contents`, only when they were created."""
        above, _, collection = path.rpartition("/")
        parent = "".join(f"/{quote(part, safe='')}" for part in above.split("/") if part)
        url, folder = f"{self._path(database)}{parent}:runQuery", f"{self._root(database)}/{path}"
        found: list[Document] = []
        last, now, end = "", None, self._clock() + self.deadline
        for _ in range(MOST_PAGES):
            rows = rows_of(
                self.api.read("POST", url, body={"structuredQuery": self._query(collection, contents, last)})
            )
            if not any("readTime" in row for row in rows):
                raise strange("it does not say what time it is")
            now = max(moment_of(row.get("readTime")) for row in rows if "readTime" in row)
            page = [row["document"] for row in rows if "document" in row]
            found += [_document(one, folder) for one in page]
            if len(page) < self.page:
                return Documents(tuple(found), now)
            if (name := str(page[-1]["name"])) <= last:
                raise strange("it gives the same page again and again")
            if self._clock() > end:
                raise strange(f"not all pages came within {self.deadline:g} s")
            last = name
        raise strange(f"there are more than {MOST_PAGES * self.page} documents")

    def _query(self, collection: str, contents: bool, last: str) -> Json:
        """The next page, in the order of names. `last` is the last name of the page before."""
        only = {} if contents else {"select": {"fields": [{"fieldPath": "__name__"}]}}
        after = {"startAt": {"values": [{"referenceValue": last}], "before": False}} if last else {}
        order = [{"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}]
        return {"from": [{"collectionId": collection}], "orderBy": order, "limit": self.page, **only, **after}

    def _root(self, database: str) -> str:
        return f"projects/{self.project}/databases/{database}/documents"

    def _path(self, database: str) -> str:
        return f"/v1/projects/{quote(self.project, safe=':')}/databases/{quote(database, safe='()')}/documents"


def _document(said: Any, expected: str) -> Document:
    """`expected` is its full name, or that of the collection in which it lies."""
    name = said.get("name") if isinstance(said, dict) else None
    if not isinstance(name, str) or (name != expected and name.rpartition("/")[0] != expected):
        raise strange("a document has another name than was asked for")
    fields = said.get("fields", {})
    if not isinstance(fields, dict):
        raise strange("what should be fields are none")
    try:
        values = {key: looked_value(value) for key, value in fields.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        raise strange(f"a field could not be understood ({type(problem).__name__})") from problem
    return Document(name.rpartition("/")[2], _created(said), values)


def _created(said: Json) -> datetime:
    return moment_of(said.get("createTime"))
