"""Objects of buckets with true preconditions: what two writers at once both believe, only one gets.

One thread serves all requests, and nothing waits between a check and its write.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploytool.emulator.errors import ApiError
from deploytool.emulator.stamps import stamp
from deploytool.emulator.store import Row, Store

Resource = dict[str, Any]
OBJECTS, BUCKETS, LISTED = "objects", "buckets", "buckets-listed"
BACKWARDS = 7_000_000  # microseconds; every third generation lies that far back, as nobody promised that they grow
MUTABLE = ("metadata", "contentType", "cacheControl", "contentDisposition", "contentEncoding", "contentLanguage")


class StorageError(ApiError):
    """One refused request, in the shape that the JSON API of Cloud Storage gives to errors."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(code, reason, message)

    def body(self) -> dict[str, Any]:
        one = {"message": self.message, "domain": "global", "reason": self.status}
        if self.code == 412:
            one |= {"locationType": "header", "location": "If-Match"}
        return {"error": {"code": self.code, "message": self.message, "errors": [one]}}


class NotModified(StorageError):
    """The reader has this already: an answer without a body."""

    def __init__(self) -> None:
        super().__init__(304, "notModified", "Not Modified")


@dataclass(frozen=True)
class Conditions:
    """Preconditions of a request; None is not asked for, generation 0 is "there is no such object"."""

    generation: int | None = None
    not_generation: int | None = None
    metageneration: int | None = None
    not_metageneration: int | None = None

    def hold_for(self, found: Resource | None) -> bool:
        """Do they allow a write over `found`?"""
        generation = int(found["generation"]) if found else 0
        metageneration = int(found["metageneration"]) if found else None
        return (
            self.generation in {None, generation}
            and (self.not_generation is None or self.not_generation != generation)
            and self.metageneration in {None, metageneration}
            and (self.not_metageneration is None or self.not_metageneration != metageneration)
        )


NO_CONDITIONS = Conditions()


class Objects:
    """Metadata in the store, content in `storage/` of the state folder, one file per generation."""

    def __init__(self, store: Store, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self.folder = folder
        self.clock = clock
        self._given: set[int] = set()

    # buckets

    def bucket(self, bucket: str) -> Resource:
        """404 when there is none."""
        row = self.store.get(f"b/{bucket}")
        if row is None:
            raise StorageError(404, "notFound", "The specified bucket does not exist.")
        return row.body

    def list_buckets(self, names: list[str]) -> None:
        """From now on exactly these exist: a write to another one does not make it."""
        with self.store.writing():
            for row in list(self.store.all_of(BUCKETS)):
                if row.name.removeprefix("b/") not in names:
                    self.store.delete(row.name)
            for name in names:
                self._make_bucket(name)
            self.store.put(Row(LISTED, LISTED, "", {"buckets": sorted(names)}))

    def _wanted_bucket(self, bucket: str) -> None:
        """A bucket comes into being with its first object, unless it is said which ones there are."""
        if self.store.get(LISTED):
            self.bucket(bucket)
        else:
            self._make_bucket(bucket)

    def _make_bucket(self, bucket: str) -> None:
        if self.store.get(f"b/{bucket}"):
            return
        now = self._now()
        head = {"kind": "storage#bucket", "id": bucket, "name": bucket, "location": "US", "metageneration": "1"}
        body = head | {"storageClass": "STANDARD", "timeCreated": now, "updated": now, "etag": "CAE="}
        self.store.put(Row(f"b/{bucket}", BUCKETS, "", body))

    # objects

    def find(self, bucket: str, name: str) -> Resource | None:
        row = self.store.get(_key(bucket, name))
        return row.body if row else None

    def get(
        self, bucket: str, name: str, how: Conditions = NO_CONDITIONS, generation: int | None = None
    ) -> tuple[Resource, bytes]:
        """Metadata and content; 404, 412, or NotModified."""
        row = self._row(bucket, name, generation)
        _check_read(how, row.body)
        return row.body, (self.folder / row.hidden["file"]).read_bytes()

    def write(
        self, bucket: str, name: str, content: bytes, sent: Resource, how: Conditions = NO_CONDITIONS
    ) -> Resource:
        """The metadata of the new generation; 412 when the conditions do not hold for the old one."""
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        if sent.get("md5Hash") not in {None, digest}:
            raise StorageError(400, "invalid", "The MD5 hash of the content is not the one that was sent.")
        old = self.store.get(_key(bucket, name))
        if not how.hold_for(old.body if old else None):
            raise _unmet()
        file = uuid.uuid4().hex
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / file).write_bytes(content)
        try:
            with self.store.writing():
                self._wanted_bucket(bucket)
                body = self._metadata(bucket, name, sent, {"size": str(len(content)), "md5Hash": digest})
                self.store.put(Row(_key(bucket, name), OBJECTS, f"b/{bucket}/o", body, {"file": file}))
        except ApiError:
            (self.folder / file).unlink()
            raise
        self._forget(old)
        return body

    def patch(self, bucket: str, name: str, sent: Resource, how: Conditions = NO_CONDITIONS) -> Resource:
        """The same generation with other metadata: one metageneration on."""
        row = self._row(bucket, name)
        if not how.hold_for(row.body):
            raise _unmet()
        changed = {key: sent[key] for key in MUTABLE if key in sent}
        body = row.body | changed | {"updated": self._now()}
        body["metageneration"] = str(int(row.body["metageneration"]) + 1)
        body["etag"] = _etag(body)
        self.store.put(Row(row.name, row.kind, row.parent, body, row.hidden))
        return body

    def delete(self, bucket: str, name: str, how: Conditions = NO_CONDITIONS, generation: int | None = None) -> None:
        row = self._row(bucket, name, generation)
        if not how.hold_for(row.body):
            raise _unmet()
        self.store.delete(row.name)
        self._forget(row)

    def names(self, bucket: str, prefix: str) -> list[Resource]:
        """Metadata of all objects whose name begins so, by name.

        404 when it is said which buckets there are and this is none; else one that nobody wrote to is empty.
        """
        if self.store.get(LISTED):
            self.bucket(bucket)
        rows = self.store.children(OBJECTS, f"b/{bucket}/o")
        return [row.body for row in rows if row.body["name"].startswith(prefix)]

    def clear(self) -> None:
        """After the store was cleared: content that nothing names any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _row(self, bucket: str, name: str, generation: int | None = None) -> Row:
        self.bucket(bucket)
        row = self.store.get(_key(bucket, name))
        if row is None or generation not in {None, int(row.body["generation"])}:
            raise StorageError(404, "notFound", f"No such object: {bucket}/{name}")
        return row

    def _forget(self, row: Row | None) -> None:
        if row is not None:
            (self.folder / row.hidden["file"]).unlink(missing_ok=True)

    def _metadata(self, bucket: str, name: str, sent: Resource, own: Resource) -> Resource:
        now, generation = self._now(), self._generation()
        body: Resource = {"kind": "storage#object", "id": f"{bucket}/{name}/{generation}", "name": name}
        body |= {"bucket": bucket, "generation": generation, "metageneration": "1", "storageClass": "STANDARD"}
        body |= {"contentType": "application/octet-stream"} | {key: sent[key] for key in MUTABLE if sent.get(key)}
        body |= own | {"timeCreated": now, "updated": now}
        return body | {"etag": _etag(body)}

    def _generation(self) -> str:
        """Microseconds of this world's clock, never twice the same; every third one lies in the past."""
        if not self._given:
            self._given = {int(row.body["generation"]) for row in self.store.all_of(OBJECTS)} | {0}
        wanted = int(self.clock() * 1_000_000) - (BACKWARDS if len(self._given) % 3 == 0 else 0)
        while wanted in self._given:
            wanted += 1
        self._given.add(wanted)
        return str(wanted)

    def _now(self) -> str:
        return stamp(datetime.fromtimestamp(self.clock(), UTC))


def _key(bucket: str, name: str) -> str:
    return f"b/{bucket}/o/{name}"


def _etag(body: Resource) -> str:
    raw = json.dumps([body["generation"], body["metageneration"]]).encode()
    return base64.b64encode(hashlib.sha256(raw).digest()[:9]).decode()


def _unmet() -> StorageError:
    return StorageError(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


def _check_read(how: Conditions, found: Resource) -> None:
    """A reader that has this version already is told so with 304, not with 412."""
    if how.not_generation == int(found["generation"]) or how.not_metageneration == int(found["metageneration"]):
        raise NotModified
    if not how.hold_for(found):
        raise _unmet()
