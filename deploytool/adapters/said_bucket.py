"""What was said to people, beside the copies of the ledger in a bucket: for the runners of a team.

One object for each thing that is watched, written only over the generation that was read; Cloud Storage's clock counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.googleapi import Answer, GoogleApi, NoAnswer, Refused
from deploytool.adapters.leases.compared import Seen, changed
from deploytool.domain.message import Said
from deploytool.domain.said_json import json_of, said_from

WRITE = 5.0  # seconds for one answer
READ = Patience(total=8.0, call=5.0, attempts=3)
LONGEST = 15.0  # seconds for a change, however many others write
MOST_BYTES = 64 * 1024


class BucketNotebook:
    """A Notebook below gs://bucket/prefix."""

    name = "Cloud Storage"

    def __init__(self, api: GoogleApi, url: str) -> None:
        bucket, _, prefix = url.removeprefix("gs://").partition("/")
        self._api, self._bucket = api, bucket
        self._top = "/".join(filter(None, (*prefix.split("/"), "said"))) + "/"

    def change(self, key: str, turn: Callable[[Said, datetime], Said]) -> Said:
        return changed(self, key, turn, patience=LONGEST)

    def read(self, key: str) -> Seen[Said]:
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(self._name(key), safe='')}"
        try:
            answer = self._api.read("GET", path, params={"alt": "media"})
        except Refused as refused:
            if refused.code != 404:
                raise
            return Seen(Said(key), "0", _date(refused.headers.get("date", "")))
        generation = answer.headers.get("x-goog-generation", "")
        if not generation.isdecimal():
            raise _strange("it does not say which generation it is of")
        return Seen(_said(answer, key), generation, _date(answer.headers.get("date", "")))

    def write(self, book: Said, version: str) -> bool:
        try:
            self._api.call(
                "POST",
                f"/upload/storage/v1/b/{quote(self._bucket, safe='')}/o",
                params={"uploadType": "media", "name": self._name(book.key), "ifGenerationMatch": version},
                content=json.dumps(json_of(book)).encode(),
                headers={"content-type": "application/json"},
                timeout=WRITE,
            )
        except Refused as refused:
            if refused.code in (409, 412):
                return False
            raise
        return True

    def _name(self, key: str) -> str:
        return f"{self._top}{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}.json"


def _said(answer: Answer, key: str) -> Said:
    """What cannot be understood may have been anything."""
    try:
        if len(answer.content) > MOST_BYTES:
            raise ValueError
        return said_from(answer.json, key)
    except (ValueError, TypeError, RecursionError):
        return Said(key, doubt=True)


def _date(said: str) -> datetime:
    try:
        return parsedate_to_datetime(said).astimezone(UTC)
    except (ValueError, TypeError) as problem:
        raise _strange("it does not say what time it is") from problem


def _strange(what: str) -> NoAnswer:
    return NoAnswer(f"The answer of Cloud Storage cannot be used: {what}.", hint="Is a proxy in between?", acted=False)
