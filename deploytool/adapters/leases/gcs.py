"""Leases in a Cloud Storage bucket: one object for each key, written only over the generation that was read.

A generation names one version and no other, and that is all that is promised about it; so the counter is in the body,
and the object is never deleted: a free lease is an object that says so.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from deploytool.adapters.googleapi import Answer, GoogleApi, NoAnswer, Refused
from deploytool.adapters.leases.compared import Seen, changed
from deploytool.adapters.leases.store import Turn, unreadable
from deploytool.domain.lease_book import Book
from deploytool.domain.lease_json import book_from, json_of
from deploytool.errors import CouldNotLook

ENDPOINT = "https://storage.googleapis.com"
PREFIX = "deploytool/leases/"


class GcsShelf:
    grain = 1.0  # the Date of an answer has whole seconds
    name = "Cloud Storage"

    def __init__(self, api: GoogleApi, bucket: str) -> None:
        self._api, self._bucket = api, bucket

    def change(self, key: str, turn: Turn) -> Book:
        return changed(self, key, turn)

    def books(self) -> tuple[list[Book], datetime]:
        names, now = self._names()
        seen = [self._seen(name, Book("")) for name in names]
        return [one.book for one in seen if one.version != "0"], max([now, *(one.now for one in seen)])

    def read(self, key: str) -> Seen[Book]:
        return self._seen(_name_of(key), Book(key))

    def write(self, book: Book, version: str) -> bool:
        try:
            self._api.call(
                "POST",
                f"/upload/storage/v1/b/{quote(self._bucket, safe='')}/o",
                params={"uploadType": "media", "name": _name_of(book.key), "ifGenerationMatch": version},
                content=json.dumps(json_of(book), indent=1).encode(),
                headers={"content-type": "application/json"},
            )
        except Refused as refused:
            if refused.code in (409, 412):
                return False
            raise
        return True

    def _seen(self, name: str, absent: Book) -> Seen[Book]:
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(name, safe='')}"
        try:
            answer = self._api.read("GET", path, params={"alt": "media"})
        except Refused as refused:
            if refused.code != 404:
                raise
            return Seen(absent, "0", _date(refused.headers.get("date", "")))
        generation = answer.headers.get("x-goog-generation", "")
        if not generation.isdigit():
            raise _strange("it does not say which generation it is of")
        return Seen(self._book(name, absent.key, answer), generation, _date(answer.headers.get("date", "")))

    def _book(self, name: str, key: str, answer: Answer) -> Book:
        try:
            book = book_from(answer.json)
            if _name_of(book.key) != name:
                raise ValueError("it is of another key")
        except (ValueError, RecursionError) as problem:
            where = f"gs://{self._bucket}/{name}"
            hint = f"Make sure that nobody is releasing, then remove it: gcloud storage rm '{where}'"
            raise unreadable(where, problem, hint) from problem
        return book

    def _names(self) -> tuple[list[str], datetime]:
        names: list[str] = []
        page = ""
        while True:
            params = {"prefix": PREFIX, "fields": "items(name),nextPageToken", **({"pageToken": page} if page else {})}
            try:
                answer = self._api.read("GET", f"/storage/v1/b/{quote(self._bucket, safe='')}/o", params=params)
            except Refused as refused:
                if refused.code != 404 or not self._api.local:
                    raise  # an address of our own makes a bucket when it is first written to
                return [], _date(refused.headers.get("date", ""))
            try:
                said = answer.json
                names += [str(item["name"]) for item in said.get("items", [])]
                page = str(said.get("nextPageToken", ""))
            except (ValueError, LookupError, TypeError) as problem:
                raise _strange(f"{type(problem).__name__} in a list") from problem
            if not page:
                return names, _date(answer.headers.get("date", ""))


def _name_of(key: str) -> str:
    return f"{PREFIX}{key}.json"


def _date(said: str) -> datetime:
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except (ValueError, TypeError) as problem:
        raise _strange("it does not say what time it is") from problem


def _strange(what: str) -> CouldNotLook:
    return NoAnswer(f"The answer of Cloud Storage cannot be used: {what}.", hint="Is a proxy in between?", acted=False)


def gcs_shelf(address: str | None, bucket: str) -> GcsShelf:
    """At Google's, or at an address of our own."""
    return GcsShelf(GoogleApi(address or ENDPOINT, name="Cloud Storage", local=address is not None), bucket)
