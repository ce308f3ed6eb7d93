"""What a revision logged: Cloud Logging's `entries:list`, read page by page and never without an end.

Where lines are only counted, their text is not asked for: it may hold secrets. `lines` reads it, with secrets masked.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from deploytool.adapters import log_lines
from deploytool.adapters.googleapi import Answer, GoogleApi, Json
from deploytool.adapters.log_quota import Quota
from deploytool.domain import logfilter
from deploytool.domain.check import Counted
from deploytool.domain.judge import RequestStats, p95_of
from deploytool.domain.logline import LogLine
from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook

ENDPOINT = "https://logging.googleapis.com"
PATH = "/v2/entries:list"
MOST_PAGES = 200
PAGE = 1000  # the API's own limit
DEADLINE = 45.0  # seconds for one question
MOST_REQUESTS = 20_000
LATENCY = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?s", re.ASCII)
COUNTED = "entries(insertId,timestamp),nextPageToken"
MEASURED = "entries(timestamp,resource/labels,httpRequest(status,latency)),nextPageToken"
TOO_FEW_TIMES = 10  # with less than 9 in 10 latencies the 95th percentile cannot be told


def logging_api(endpoint: str | None) -> GoogleApi:
    """Google's own, or the embedded server at `endpoint`."""
    return GoogleApi(endpoint or ENDPOINT, name="Cloud Logging", local=endpoint is not None)


class Logs:
    """The log lines of one project."""

    def __init__(
        self, api: GoogleApi, project: str, *, deadline: float = DEADLINE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.api, self.project, self.deadline, self._clock = api, project, deadline, clock
        self._quota = None if api.local else Quota(clock=clock)
        self.ahead: float | None = None  # seconds by which this machine's clock is ahead of Cloud Logging's

    def lines(self, filter: str, newest_first: bool, most: int, *, deadline: float | None = None) -> Iterator[LogLine]:
        """At most `most` lines with their text, as they come. Raises CouldNotLook, also after some of them."""
        for entry in self.entries(filter, newest_first, most, fields=log_lines.SHOWN, deadline=deadline):
            line = log_lines.line_of(entry)
            if line is None:
                raise _not_understood("a line has no time")
            yield line

    def entries(
        self, filter: str, newest_first: bool, most: int, *, fields: str = "", deadline: float | None = None
    ) -> Iterator[Json]:
        """At most `most` entries. Raises CouldNotLook rather than to end early for any other reason."""
        seconds = deadline or self.deadline
        end, token, left, seen = self._clock() + seconds, "", most, set[str]()
        if left <= 0:
            return
        question = self._question(filter, newest_first, left, token)
        coming: Callable[[], Json] = partial(self._page, question, _mask(fields), end)
        for number in range(1, MOST_PAGES + 1):
            found, token = _page_of(coming())
            asked, left = left, left - len(found)
            why = self._stuck(token, seen, number, end, seconds) if token and left > 0 else ""
            if token and left > 0 and not why:  # asked for while the lines of this page are looked at
                question = self._question(filter, newest_first, left, token)
                coming = _begun(partial(self._page, question, _mask(fields), end))
            yield from found[:asked]
            if why:
                raise _not_understood(why)
            if not token or left <= 0:
                return

    def _stuck(self, token: str, seen: set[str], number: int, end: float, seconds: float) -> str:
        """Why no further page can be asked for; "" when it can."""
        if token in seen:
            return "it gives the same page again and again"
        seen.add(token)
        if self._clock() > end:
            return f"not all pages came within {seconds:g} s"
        return f"there are more than {MOST_PAGES} pages" if number == MOST_PAGES else ""

    def _page(self, question: Json, params: dict[str, str] | None, end: float) -> Json:
        if self._quota is not None and not self._quota.turn(end):
            raise CouldNotLook(
                "Cloud Logging answers 60 questions a minute, and this one needs more.",
                hint="Ask for less, such as a shorter time or fewer services, or wait a minute.",
            )
        answer = self.api.read("POST", PATH, params=params, body=question)
        self.ahead = _ahead(answer, self.ahead)
        return self.api.understood(answer)

    def count(self, filter: str, most: int) -> Counted:
        """The number of lines, or that there are at least `most`. Raises CouldNotLook."""
        found = sum(1 for _ in self.entries(filter, True, most, fields=COUNTED))
        return Counted(found, complete=found < most)

    def newest(self, filter: str) -> datetime | None:
        """When the newest line was written; None when there is none. Raises CouldNotLook."""
        return next((_time_of(line) for line in self.entries(filter, True, 1, fields=COUNTED)), None)

    def requests_of(
        self,
        place: Place,
        revisions: Iterable[str],
        since: datetime,
        until: datetime | None = None,
        *,
        most: int = MOST_REQUESTS,
    ) -> dict[str, RequestStats]:
        """For each revision what it answered; of more than `most` requests, the newest. Raises CouldNotLook."""
        return {name: self._stats(place, name, since, until, most) for name in dict.fromkeys(revisions)}

    def _stats(self, place: Place, revision: str, since: datetime, until: datetime | None, most: int) -> RequestStats:
        question = logfilter.requests_of(place, revision, since, until)
        lines = list(self.entries(question, True, most + 1, fields=MEASURED))
        sampled, lines = len(lines) > most, lines[:most]
        if sampled:  # complaints are counted over the same time
            since = max(since, _time_of(lines[-1]))
        errors = self.count(logfilter.errors_of(place, revision, since, until), most).found
        return _measured(lines, revision, errors, sampled)

    def _question(self, filter: str, newest_first: bool, left: int, token: str) -> Json:
        return {
            "resourceNames": [f"projects/{self.project}"],
            "filter": filter,
            "orderBy": f"timestamp {'desc' if newest_first else 'asc'}",
            "pageSize": min(PAGE, left),
            **({"pageToken": token} if token else {}),
        }


def _begun(call: Callable[[], Json]) -> Callable[[], Json]:
    """The call, begun on a thread that ends with the program; what is returned waits for its answer."""
    got: list[Json | BaseException] = []

    def work() -> None:
        try:
            got.append(call())
        except BaseException as error:
            got.append(error)

    thread = threading.Thread(target=work, name="log page", daemon=True)
    thread.start()

    def answer() -> Json:
        thread.join()
        if isinstance(got[0], BaseException):
            raise got[0]
        return got[0]

    return answer


def _ahead(answer: Answer, before: float | None) -> float | None:
    """By how much this machine's clock is ahead of who answered."""
    from email.utils import parsedate_to_datetime

    try:
        return time.time() - parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        return before


def _mask(fields: str) -> dict[str, str] | None:
    """Google's partial answers; a server that does not know them answers in full."""
    return {"fields": fields} if fields else None


def _page_of(page: Json) -> tuple[list[Json], str]:
    found, token = page.get("entries", []), page.get("nextPageToken", "")
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise _not_understood("what should be a list of lines is none")
    if not isinstance(token, str):
        raise _not_understood("what should be a page token is none")
    return found, token


def _measured(lines: list[Json], revision: str, errors: int, sampled: bool) -> RequestStats:
    answers = [answer for line in lines if (answer := _answer_of(line, revision)) is not None]
    seconds = [time for _, time in answers if time is not None]
    enough = len(seconds) * TOO_FEW_TIMES >= len(answers) * (TOO_FEW_TIMES - 1)
    return RequestStats(
        requests=len(answers),
        server_errors=sum(status >= 500 for status, _ in answers),
        p95_seconds=p95_of(seconds) if enough else None,
        errors=errors,
        sampled=sampled,
        doubts=len(lines) - len(answers),
        latencies=tuple(seconds) if enough else (),
    )


def _answer_of(line: Json, revision: str) -> tuple[int, float | None] | None:
    """Status and seconds (None where the line has none) of a request line; None when it cannot be understood."""
    request, status = line.get("httpRequest"), _at(line, "httpRequest", "status")
    if not isinstance(request, dict) or _at(line, "resource", "labels", "revision_name") != revision:
        return None
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        return None
    if "latency" not in request:
        return status, None
    said = request["latency"]
    if not isinstance(said, str) or not LATENCY.fullmatch(said):
        return None
    seconds = float(said[:-1])
    return (status, seconds) if math.isfinite(seconds) else None


def _time_of(line: Json) -> datetime:
    found = log_lines.moment_of(line.get("timestamp"))
    if found is None:
        raise _not_understood("a line has no time")
    return found


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _not_understood(why: str) -> CouldNotLook:
    return CouldNotLook(
        f"The answer of Cloud Logging could not be used: {why}.",
        hint="Run it again in a minute; ask for less, such as a shorter time, when it stays so.",
    )
