"""Leases in a Firestore collection: one document for each key, committed only over the version that was read."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from deploytool.adapters.googleapi import GoogleApi, Refused
from deploytool.adapters.leases.compared import Seen, changed
from deploytool.adapters.leases.firestore_values import fields_of, moment_of, rows_of, strange, value_from
from deploytool.adapters.leases.store import Turn, unreadable
from deploytool.domain.lease_book import Book
from deploytool.domain.lease_json import book_from, json_of

ENDPOINT = "https://firestore.googleapis.com"
LOST_RACES = frozenset({"ABORTED", "ALREADY_EXISTS", "FAILED_PRECONDITION", "NOT_FOUND"})


class FirestoreShelf:
    grain = 0.0
    name = "Firestore"

    def __init__(self, api: GoogleApi, project: str, database: str, collection: str) -> None:
        self._api = api
        self._root = f"projects/{project}/databases/{database}/documents"
        self._path = f"/v1/projects/{quote(project, safe=':')}/databases/{quote(database, safe='()')}/documents"
        self._above, _, self._collection = collection.strip("/").rpartition("/")
        self._folder = f"{self._root}/{collection.strip('/')}"

    def change(self, key: str, turn: Turn) -> Book:
        return changed(self, key, turn)

    def books(self) -> tuple[list[Book], datetime]:
        above = "".join(f"/{quote(part, safe='')}" for part in self._above.split("/") if part)
        query = {"structuredQuery": {"from": [{"collectionId": self._collection}]}}
        rows = rows_of(self._api.read("POST", f"{self._path}{above}:runQuery", body=query))
        seen = [self._seen(row, "document" in row, None) for row in rows if "readTime" in row]
        if not seen:
            raise strange("it does not say what time it is")
        return [one.book for one in seen if one.version is not None], max(one.now for one in seen)

    def read(self, key: str) -> Seen[Book]:
        name = self._name_of(key)
        rows = rows_of(self._api.read("POST", f"{self._path}:batchGet", body={"documents": [name]}))
        if len(rows) != 1 or ("found" in rows[0]) == ("missing" in rows[0]):
            raise strange("it neither has the document nor misses it")
        return self._seen(rows[0], "found" in rows[0], key)

    def write(self, book: Book, version: str | None) -> bool:
        """`version` is the time of the document's last update."""
        update = {"name": self._name_of(book.key), "fields": fields_of(json_of(book))}
        unless = {"exists": False} if version is None else {"updateTime": version}
        try:
            self._api.send("POST", f"{self._path}:commit", {"writes": [{"update": update, "currentDocument": unless}]})
        except Refused as refused:
            if refused.status in LOST_RACES or refused.code == 409:
                return False
            raise
        return True

    def _seen(self, row: dict[str, Any], there: bool, key: str | None) -> Seen[Book]:
        now = moment_of(row.get("readTime"))
        if not there:
            return Seen(Book(key or ""), None, now)
        document = row.get("found") or row.get("document") or {}
        name = str(document.get("name", ""))
        try:
            book = book_from(value_from({"mapValue": document}))
            if self._name_of(book.key) != name:
                raise ValueError("it is of another key")
            version = str(document["updateTime"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
            hint = "Make sure that nobody is releasing, then delete the document in the console."
            raise unreadable(name.removeprefix(f"{self._root}/"), problem, hint) from problem
        return Seen(book, version, now)

    def _name_of(self, key: str) -> str:
        return f"{self._folder}/{quote(key, safe='')}"


def firestore_shelf(address: str | None, project: str, database: str, collection: str) -> FirestoreShelf:
    """At Google's, or at the address of an emulator, which wants to hear that its owner asks."""
    api = GoogleApi(address or ENDPOINT, name="Firestore", local=address is not None, token="owner")
    return FirestoreShelf(api, project, database, collection)
