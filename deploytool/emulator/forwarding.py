"""A request to a service: which revision takes it, what its program answers, and what is noted about it."""

from __future__ import annotations

import asyncio
import http.client
import time
from dataclasses import dataclass
from typing import Any

from deploytool.emulator import lapses, traffic
from deploytool.emulator.errors import ApiError
from deploytool.emulator.images import NotRunnable
from deploytool.emulator.journal import Journal
from deploytool.emulator.log_entries import Served
from deploytool.emulator.names import short
from deploytool.emulator.programs import Programs
from deploytool.emulator.settling import serving
from deploytool.emulator.world import World

ANSWER_WAIT = 60.0  # seconds a program has for one answer
MAX_ANSWER = 32 * 1024 * 1024  # Cloud Run's own limit for HTTP/1 answers
# Of one connection only, or wrong after the body was read whole.
HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length", "proxy-connection"}
)
STRIDE = 61  # no divisor of 100, and near the golden ratio: a hundred draws meet every percent once, well spread


@dataclass(frozen=True)
class Asked:
    """A request as the program gets it, and the address under which it is noted."""

    method: str
    target: str  # path and query, percent-encoded
    url: str  # as a visitor wrote it, without the query
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def user_agent(self) -> str:
        return next((value for key, value in self.headers if key.lower() == "user-agent"), "")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def chosen(service: dict[str, Any], label: str | None, draw: float) -> str | None:
    """The short name of the revision that takes a request; `draw` in [0, 1) decides a split."""
    latest = service.get("latestReadyRevision")
    latest = short(latest) if latest else None
    if label is not None:
        return traffic.tagged(service.get("trafficStatuses") or [], label, latest)
    point = draw * 100
    for revision, percent in serving(service).items():
        point -= percent
        if point < 0:
            return revision
    return None


def nth_draw(number: int) -> float:
    """Not chance: of any hundred requests in a row, a split of 10 % gets ten."""
    return number * STRIDE % 100 / 100


class Forwarding:
    """All services of one world, with the programs behind them."""

    def __init__(self, world: World, programs: Programs, journal: Journal) -> None:
        self._world = world
        self._programs = programs
        self._journal = journal
        self._turns: dict[str, int] = {}

    def revision_for(self, service: str, tag: str | None) -> dict[str, Any]:
        """The revision that takes the next request to a service, or to a tag of it; 503 when none can."""
        turn = self._turns.get(service, 0)
        revision = chosen(self._world.get("services", service), tag, nth_draw(turn))
        if tag is None:
            self._turns[service] = turn + 1
        if revision is None:
            what = "Service" if tag is None else f"Tag '{tag}' of service"
            raise ApiError(503, "UNAVAILABLE", f"{what} '{short(service)}' has no revision that can serve.")
        return self._world.get("revisions", f"{service}/revisions/{revision}")

    def check(self, service: str) -> None:
        """404 when there is no such service."""
        self._world.get("services", service)

    async def answer(self, revision: dict[str, Any], asked: Asked) -> Reply:
        """What the revision's program answers; 503 when it does not. Either is noted in the log."""
        began = time.perf_counter()
        name = short(revision["name"])
        if not lapses.is_alive(self._world.store, revision["name"]):
            raise self._unavailable(revision, asked, began, f"Revision '{name}' has died.")
        try:
            async with self._programs.at(revision) as port:
                reply = await asyncio.to_thread(_asked, port, asked)
        except NotRunnable as problem:
            raise self._unavailable(revision, asked, began, f"Revision '{name}' cannot answer: {problem}") from None
        except (OSError, ValueError, http.client.HTTPException) as problem:
            text = f"Revision '{name}' did not answer ({type(problem).__name__})."
            raise self._unavailable(revision, asked, began, text) from problem
        self._note(revision, asked, began, reply.status, size=len(reply.body))
        return reply

    def _unavailable(self, revision: dict[str, Any], asked: Asked, began: float, text: str) -> ApiError:
        self._note(revision, asked, began, 503, problem=text)
        return ApiError(503, "UNAVAILABLE", text)

    def _note(
        self, revision: dict[str, Any], asked: Asked, began: float, status: int, size: int = 0, problem: str = ""
    ) -> None:
        seconds, sent = time.perf_counter() - began, len(asked.body)
        served = Served(asked.method, asked.url, status, seconds, asked.user_agent, sent, size, problem)
        self._journal.request(revision, served)


def _asked(port: int, asked: Asked) -> Reply:
    """One bounded request to a program; raises OSError, ValueError or HTTPException."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WAIT)
    try:
        connection.putrequest(asked.method, asked.target, skip_host=True, skip_accept_encoding=True)
        for key, value in asked.headers:
            if key not in HOP:
                connection.putheader(key, value)
        connection.putheader("content-length", str(len(asked.body)))
        connection.endheaders(asked.body or None)
        answer = connection.getresponse()
        content = answer.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            raise http.client.HTTPException("answer too long")
        return Reply(answer.status, [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP], content)
    finally:
        connection.close()
