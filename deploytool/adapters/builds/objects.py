"""The bucket that Cloud Build takes sources from and writes its logs to."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import md5, sha256
from typing import NamedTuple
from urllib.parse import quote

from deploytool.adapters.googleapi import MOST_ANSWER, Answer, GoogleApi, Json, NoAnswer, Refused
from deploytool.errors import BuildFailed

UPLOAD = 600.0  # seconds
DOWNLOAD = 60.0
TRIES = 4


class Stored(NamedTuple):
    """One object, and the very version of it."""

    bucket: str
    name: str
    generation: str
    sha256: bytes


class SourceBucket:
    def __init__(self, api: GoogleApi, bucket: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.api, self.bucket, self._sleep = api, bucket, sleep

    def put(self, content: bytes) -> Stored:
        """The archive under the name of its content, uploaded unless it is there. Raises BuildFailed, CouldNotLook."""
        digest = sha256(content)
        name = f"deploytool/source-{digest.hexdigest()}.tar.gz"
        for attempt in range(TRIES):
            found = self._found(name)
            try:
                row = found or self._uploaded(name, content)
            except (NoAnswer, Refused) as lost:
                there = isinstance(lost, Refused) and lost.code == 412  # somebody was quicker
                if not there and (not may_pass(lost) or attempt == TRIES - 1):
                    raise
                self._sleep(max(lost.wait if isinstance(lost, Refused) else 0.0, 0.2 * 2**attempt))
                continue
            self._same(row, name, content)
            return Stored(self.bucket, name, str(row.get("generation", "")), digest.digest())
        raise BuildFailed(
            f"gs://{self.bucket}/{name} is said to be there, and cannot be found.",
            hint="May you read objects of this bucket? It takes storage.objects.get.",
        )

    def read_from(self, bucket: str, name: str, offset: int) -> bytes:
        """What the object has from that byte on; nothing when it is not there, or cannot be read now."""
        try:
            got = self._read(bucket, name, offset, DOWNLOAD)
        except (NoAnswer, Refused):
            return b""
        return got.content if got.status == 206 else got.content[offset:]

    def _read(self, bucket: str, name: str, offset: int, seconds: float, most: int = MOST_ANSWER) -> Answer:
        return self.api.call(
            "GET",
            _path(bucket, name),
            params={"alt": "media"},
            headers={"range": f"bytes={offset}-"},
            timeout=seconds,
            most=most,
        )

    def _found(self, name: str) -> Json | None:
        try:
            return self.api.get(_path(self.bucket, name))
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    def _uploaded(self, name: str, content: bytes) -> Json:
        got = self.api.call(
            "POST",
            f"/upload/storage/v1/b/{quote(self.bucket, safe='')}/o",
            params={"uploadType": "media", "name": name, "ifGenerationMatch": "0"},
            content=content,
            headers={"content-type": "application/gzip"},
            timeout=UPLOAD,
        )
        try:
            return got.json
        except ValueError:
            return self.api.get(_path(self.bucket, name))

    def _same(self, row: Json, name: str, content: bytes) -> None:
        """The name promises the content; an object that somebody else put there does not keep the promise."""
        told = row.get("md5Hash")
        if told is not None and told == b64encode(md5(content, usedforsecurity=False).digest()).decode():
            return
        if told is None and self._read(self.bucket, name, 0, UPLOAD, len(content)).content == content:
            return
        raise BuildFailed(
            f"gs://{self.bucket}/{name} holds something else than the sources.",
            hint="Somebody wrote to it. Delete that object, see who may write to the bucket, then run it again.",
        )


def may_pass(error: NoAnswer | Refused) -> bool:
    """Can it help to look again? Yes after silence, and after a server that is busy or broken."""
    return isinstance(error, NoAnswer) or error.code in (408, 429) or error.code >= 500


def _path(bucket: str, name: str) -> str:
    return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"
