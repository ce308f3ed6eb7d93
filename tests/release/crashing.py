"""A release in a process of its own that gets a signal at one point: real files, real HTTP, a real kill.

The process is forked from one that has loaded everything. What counts points, and sends the signal, is put around the
neighbours here, in the forked process; the program itself knows nothing of it.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import select
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tests.release.shop import Counter

FASTER = 5.0  # times: so much sooner is a second over for the release
PATIENCE = 40.0  # seconds until a process that should end is called stuck
LOOK = 0.025  # seconds between two looks from outside
LEASES = {"_begin": "take"}


@dataclass(frozen=True)
class Point:
    """The `number`th time that `what` happens after the line `line` of the ledger was written."""

    line: str  # "intent verify"; "" before the first one
    what: str  # "PATCH services/shop, unread"
    number: int = 1

    def __str__(self) -> str:
        return f"{self.line or 'start'}: {self.what} #{self.number}"

    @classmethod
    def of(cls, text: str) -> Point:
        """What `str` wrote."""
        line, _, rest = text.partition(": ")
        what, _, number = rest.rpartition(" #")
        return cls("" if line == "start" else line, what, int(number))


@dataclass(frozen=True)
class Shot:
    point: Point
    signal: signal.Signals


@dataclass
class Ran:
    """How a process ended, and what was seen from outside while it ran."""

    code: int  # as a shell says it; negative for a signal that ended it
    said: str
    points: tuple[Point, ...] = ()
    writes: tuple[dict[str, Any], ...] = ()  # requests that change something, as they were sent
    served: list[frozenset[str]] = field(default_factory=list)  # who had traffic, look by look
    session: int = 0
    stuck: bool = False


def warm() -> None:
    """Load everything a release needs; a fork then costs a hundredth of a start."""
    import google.cloud.run_v2  # noqa: F401
    import requests  # noqa: F401

    import deploytool

    for module in pkgutil.walk_packages(deploytool.__path__, "deploytool."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    importlib.import_module("deploytool.__main__")
    assert threading.active_count() == 1, "a process with threads cannot be forked"


def run(counter: Counter, argv: Sequence[str], shot: Shot | None = None, *, tag: str = "") -> Ran:
    """One command line in a forked process, looked at from outside until it ends."""
    trace, said = counter.folder / f"trace{tag}", counter.folder / f"said{tag}"
    words = ["--config", str(counter.config), "--repository", str(counter.shop.repository), *argv]
    child = os.fork()
    if child == 0:
        _live(counter, words, trace, said, shot)
    ran = Ran(0, "", session=child)
    deadline = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() > deadline:
            ran.stuck = True
            os.kill(child, signal.SIGKILL)
        ran.served.append(counter.served())
        time.sleep(LOOK)
    ran.code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    ran.said = said.read_text("utf-8", "replace")
    _read_trace(ran, trace)
    return ran


def _read_trace(ran: Ran, trace: Path) -> None:
    lines = [json.loads(line) for line in trace.read_text().splitlines() if line.endswith("}")]
    ran.points = tuple(Point.of(line["point"]) for line in lines if "point" in line)
    ran.writes = tuple(line for line in lines if "method" in line)


def _live(counter: Counter, words: list[str], trace: Path, said: Path, shot: Shot | None) -> NoReturn:
    """The forked process, from the fork to its end."""
    code = 97
    try:
        os.setsid()
        _redirect(said)
        from deploytool import __main__ as entry

        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, entry._terminate)
        _surround(Gun(trace, shot, counter), counter)
        sys.argv = ["deploytool", *words]
        code = entry._flushed(entry.run(words))
    except BaseException as problem:
        os.write(2, f"ended with {problem!r}\n".encode())
    finally:
        os._exit(code)


def _redirect(said: Path) -> None:
    target = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, descriptor in ((nothing, 0), (target, 1), (target, 2)):
        os.dup2(source, descriptor)
    sys.stdin = os.fdopen(0, "r", encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


class Gun:
    """Counts the points that are passed, and shoots at one."""

    def __init__(self, trace: Path, shot: Shot | None, counter: Counter) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        self._shot, self._counter = shot, counter
        self._line = ""
        self._passed: Tally[str] = Tally()
        self._guard = threading.Lock()
        self.local = threading.local()

    def at(self, what: str) -> None:
        with self._guard:
            self._passed[what] += 1
            point = Point(self._line, what, self._passed[what])
            self._write({"point": str(point)})
        if self._shot is not None and self._shot.point == point:
            os.kill(os.getpid(), self._shot.signal)
            time.sleep(0)

    def begin(self, line: str) -> None:
        """From now on points are counted anew."""
        with self._guard:
            self._line, self._passed = line, Tally()

    def around(self, what: str, work: Callable[[], Any]) -> Any:
        self.at(f"{what}, before")
        done = work()
        self.at(f"{what}, after")
        return done

    def writes(self, request: Any) -> None:
        """A request that changes something, with who holds the lease while it is sent."""
        body = json.loads(request.body) if request.body else {}
        line = {"method": request.method, "url": request.url, "etag": body.get("etag", "")}
        self._write(line | {"lease": lease_of(self._counter.leases), "process": os.getpid()})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._trace, json.dumps(line).encode() + b"\n")


def lease_of(file: Path) -> dict[str, Any] | None:
    """Who holds the lease, read from the file itself."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        for (body,) in db.execute("SELECT body FROM books"):
            held: dict[str, Any] | None = json.loads(body)["held"]
            return held
    return None


def _surround(gun: Gun, counter: Counter) -> None:
    """Every neighbour that a release writes to or reads from, in this process."""
    _surround_http(gun, counter)
    _surround_ledger(gun)
    _surround_leases(gun)
    from deploytool.clock import RealTime

    sleep, monotonic = RealTime.sleep, RealTime.monotonic
    RealTime.sleep = lambda self, seconds: sleep(self, seconds / FASTER)  # type: ignore[method-assign]
    RealTime.monotonic = lambda self: monotonic(self) * FASTER  # type: ignore[method-assign]


def _surround_http(gun: Gun, counter: Counter) -> None:
    import http.client

    import requests

    send, answer = requests.Session.send, http.client.HTTPConnection.getresponse

    def sent(self: Any, request: Any, **named: Any) -> Any:
        if "entries:list" in request.url:
            counter.visit()
        gun.local.what = what = _name_of(request.method, request.url)
        gun.at(f"{what}, before")
        if request.method != "GET" and ":list" not in request.url:
            gun.writes(request)
        try:
            got = send(self, request, **named)
        finally:
            gun.local.what = ""
        gun.at(f"{what}, after")
        return got

    def answered(self: Any) -> Any:
        what = getattr(gun.local, "what", "")
        if what and self.sock is not None:
            select.select([self.sock], [], [], 5)  # the server has acted and answered, and nobody has read it
            gun.at(f"{what}, unread")
        return answer(self)

    requests.Session.send = sent  # type: ignore[method-assign]
    http.client.HTTPConnection.getresponse = answered  # type: ignore[method-assign]


def _name_of(method: str, url: str) -> str:
    """What is asked, without what differs from release to release."""
    path = url.partition("://")[2].partition("/")[2].partition("?")[0]
    if path.startswith("v2/projects/") and path.count("/") > 4:
        path = path.split("/", 5)[5]
    if "/revisions/" in path:
        path = path.partition("/revisions/")[0] + "/revisions/" + ("old" if "-0000" in path else "new")
    return f"{method} {path}"


def _surround_ledger(gun: Gun) -> None:
    from deploytool.adapters import ledger

    append, add = ledger.SqliteLedger.append, ledger._add

    def appended(self: Any, release: str, kind: Any, step: str, data: Any, *, fence: int) -> Any:
        line = " ".join(filter(None, (kind.value, step)))
        gun.local.writing = what = f"ledger {line}"
        done = gun.around(what, lambda: append(self, release, kind, step, data, fence=fence))
        gun.begin(line)
        return done

    def added(*given: Any) -> None:
        add(*given)
        gun.at(f"{gun.local.writing}, inside")

    ledger.SqliteLedger.append = appended  # type: ignore[method-assign]
    ledger._add = added


def _surround_leases(gun: Gun) -> None:
    from deploytool.adapters.leases.sqlite import SqliteShelf

    change = SqliteShelf.change

    def changed(self: Any, key: str, turn: Any) -> Any:
        caller = sys._getframe(1).f_code.co_name
        what = f"lease {LEASES.get(caller, caller)}"

        def turned(book: Any, now: Any) -> Any:
            found = turn(book, now)
            gun.at(f"{what}, inside")
            return found

        return gun.around(what, lambda: change(self, key, turned))

    SqliteShelf.change = changed  # type: ignore[method-assign]
