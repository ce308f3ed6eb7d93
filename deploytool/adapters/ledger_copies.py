"""Copies of releases in a Cloud Storage bucket: one object for each, written only over the version that was seen.

A copy that was read is kept by the full name of its object and its generation; a list says which generation is there.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploytool.adapters.cloudrun.parallel import answers_of
from deploytool.adapters.googleapi import GoogleApi, Json, NoAnswer, Refused
from deploytool.adapters.ledger_kept import Kept
from deploytool.domain.model import Place
from deploytool.domain.release import Event
from deploytool.domain.release_copy import events_from, json_of
from deploytool.errors import CouldNotLook

NEWEST = 200  # releases of each service that are read
MOST_BYTES = 16 * 1024 * 1024  # of one release
MOST_PAGES = 100  # of a list, with a thousand names on each
AT_ONCE = 8
READING = 120.0  # seconds for all copies that a list names
WRITE = 5.0  # seconds for one answer while a release is under way
RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
DAMAGE = (ValueError, TypeError, LookupError, RecursionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Copy:
    """One version of a copy; generation "0" is that there is none."""

    generation: str
    events: tuple[Event, ...]


NONE = Copy("0", ())


@dataclass(frozen=True, slots=True)
class Listed:
    place: Place
    release: str
    generation: str
    size: int


class BucketCopies:
    """The copies of releases of these services, below gs://bucket/prefix."""

    def __init__(self, api: GoogleApi, url: str, places: Collection[Place], cache: Path | None = None) -> None:
        self._api, self._places = api, frozenset(places)
        bucket, _, prefix = url.removeprefix("gs://").partition("/")
        self._bucket = bucket
        self._top = "/".join(filter(None, (*prefix.split("/"), "releases"))) + "/"
        self._kept = Kept(None if cache is None else cache / "ledger" / "releases-1.sqlite")
        self.where = f"gs://{bucket}/{self._top}"
        self.key = f"{api.endpoint} {self.where}"  # an emulator may have a bucket of the same name

    def all(self) -> dict[str, tuple[Event, ...]]:
        """The newest releases of each service. Raises CouldNotLook rather than to tell a part."""
        listed = self._newest()
        answers = answers_of([partial(self._content, one) for one in listed], at_once=AT_ONCE, seconds=READING)
        for answer in answers:
            if isinstance(answer, TimeoutError):
                raise CouldNotLook(f"{self.where} could not be read in time.", hint="Run it again in a minute.")
            if isinstance(answer, Exception):
                raise answer
        return {one.release: copy.events for one, copy in zip(listed, answers, strict=True) if isinstance(copy, Copy)}

    def now(self, place: Place, release: str, *, timeout: float | None = None) -> Copy:
        """The copy as it is in the bucket at this moment."""
        try:
            row = self._json("GET", self._path(place, release), timeout=timeout)
        except Refused as refused:
            if refused.code != 404:
                raise
            return NONE
        return self._read(self._listed(place, release, row), timeout=timeout)

    def last(self, place: Place, release: str) -> Copy:
        """The copy as it was last seen from here; NONE when it never was."""
        found = self._kept.get(self._key(place, release))
        return NONE if found is None else self._remembered(place, release, *found)

    def put(self, place: Place, release: str, events: Sequence[Event], over: str, *, timeout: float) -> bool:
        """Put the copy in the place of generation `over`; False when another one is there."""
        content = json.dumps(json_of(events), separators=(",", ":"))
        path = f"/upload/storage/v1/b/{quote(self._bucket, safe='')}/o"
        asked = {"uploadType": "media", "name": self._name(place, release), "ifGenerationMatch": over}
        try:
            row = self._json("POST", path, asked, content.encode(), timeout)
        except Refused as refused:
            if refused.code in (409, 412):
                return False
            raise
        generation = str(row.get("generation", ""))
        if generation.isdigit():
            self._kept.put(self._key(place, release), generation, content)
        return True

    def _newest(self) -> list[Listed]:
        by: dict[Place, list[Listed]] = {}
        for one in self._list():
            if one is not None:
                by.setdefault(one.place, []).append(one)
        newest: list[Listed] = []
        for found in by.values():
            newest += sorted(found, key=lambda one: one.release)[-NEWEST:]
        return newest

    def _list(self) -> Iterator[Listed | None]:
        """One list for each project and region: a list has a thousand names at once."""
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/o"
        for project, region in sorted({(place.project, place.region) for place in self._places}):
            asked = {"prefix": f"{self._top}{project}/{region}/", "maxResults": "1000"}
            asked["fields"] = "items(name,generation,size),nextPageToken"
            for _ in range(MOST_PAGES):
                said = self._page(path, asked)
                items = said.get("items", [])
                if not isinstance(items, list):
                    raise self._strange("its list is none")
                yield from map(self._item, items)
                asked["pageToken"] = str(said.get("nextPageToken", ""))
                if not asked["pageToken"]:
                    break
            else:
                raise self._strange("its list does not end")

    def _page(self, path: str, asked: dict[str, str]) -> Json:
        try:
            return self._api.get(path, asked)
        except Refused as refused:
            if refused.code == 404 and self._api.local:
                return {}  # an address of our own makes a bucket when it is first written to
            raise

    def _item(self, row: Any) -> Listed | None:
        """None for services that nobody asked for, and for what stands for a folder."""
        name = row.get("name") if isinstance(row, dict) else None
        if not isinstance(name, str) or not name.startswith(self._top):
            raise self._strange("its list names what was not asked for")
        project, region, service, *rest = [*name.removeprefix(self._top).split("/"), "", "", ""]
        place = Place(project, region, service)
        file = "/".join(rest).rstrip("/")
        if place not in self._places or name.endswith("/"):
            return None
        release = file.removesuffix(".json")
        if release == file or not RELEASE.fullmatch(release):
            raise self._unreadable(name, "it is no release")
        return self._listed(place, release, row)

    def _listed(self, place: Place, release: str, row: Json) -> Listed:
        generation, size = str(row.get("generation", "")), str(row.get("size", ""))
        if not generation.isdecimal() or not size.isdecimal():
            raise self._strange(f"it does not say which version of {self._name(place, release)} it has")
        return Listed(place, release, generation, int(size[:19]))

    def _content(self, listed: Listed) -> Copy:
        known = self.last(listed.place, listed.release)
        return known if known.generation == listed.generation else self._read(listed)

    def _read(self, listed: Listed, *, timeout: float | None = None) -> Copy:
        name = self._name(listed.place, listed.release)
        if listed.size > MOST_BYTES:
            raise self._unreadable(name, f"it has {listed.size} bytes")
        path, asked = self._path(listed.place, listed.release), {"alt": "media"}
        if timeout is None:
            answer = self._api.read("GET", path, params=asked)
        else:
            answer = self._api.call("GET", path, params=asked, timeout=timeout)
        generation = answer.headers.get("x-goog-generation", "")
        if not generation.isdecimal():
            raise self._strange("it does not say which generation it is of")
        try:
            if len(answer.content) > MOST_BYTES:
                raise ValueError(f"it has {len(answer.content)} bytes")
            text = answer.content.decode()
            copy = Copy(generation, events_from(json.loads(text), listed.place, listed.release))
        except DAMAGE as problem:
            raise self._unreadable(name, _why(problem)) from problem
        self._kept.put(self._key(listed.place, listed.release), generation, text)
        return copy

    def _remembered(self, place: Place, release: str, generation: str, text: str) -> Copy:
        """What is damaged in the cache is read again."""
        try:
            return Copy(generation, events_from(json.loads(text), place, release))
        except DAMAGE:
            return NONE

    def _json(
        self,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
        content: bytes | None = None,
        timeout: float | None = None,
    ) -> Json:
        if method == "GET" and timeout is None:
            return self._api.get(path, params)
        headers = {"content-type": "application/json"} if content is not None else None
        answer = self._api.call(method, path, params=params, content=content, headers=headers, timeout=timeout)
        try:
            return answer.json
        except (ValueError, RecursionError) as problem:
            raise self._strange("it is no JSON object") from problem

    def _name(self, place: Place, release: str) -> str:
        return f"{self._top}{place.project}/{place.region}/{place.name}/{release}.json"

    def _key(self, place: Place, release: str) -> str:
        return f"{self._api.endpoint} gs://{self._bucket}/{self._name(place, release)}"

    def _path(self, place: Place, release: str) -> str:
        return f"/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(self._name(place, release), safe='')}"

    def _unreadable(self, name: str, why: str) -> CouldNotLook:
        where = f"gs://{self._bucket}/{name}"
        return CouldNotLook(
            f"The copied release {where} cannot be understood: {why}.",
            hint=f"Look at it, put a good copy back, or move it away: gcloud storage mv {shlex.quote(where)} gs://…",
        )

    def _strange(self, what: str) -> CouldNotLook:
        return NoAnswer(
            f"The answer of Cloud Storage cannot be used: {what}.", hint="Is a proxy in between?", acted=True
        )


def _why(problem: Exception) -> str:
    """Our own words; those of a parser may quote what it read."""
    ours = type(problem) is ValueError and "\n" not in str(problem)
    return str(problem) if ours else f"it is no record of a release ({type(problem).__name__})"
