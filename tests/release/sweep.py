"""The crash sweep: a release is hit at every point, ended by a second command, and judged. See bin/crashes."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tests.release import crashing, outside
from tests.release.crashing import Point, Shot
from tests.release.shop import Shop, counter, opened

STEPS = ((100,), (5, 50, 100))
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
THEN = ("resume", "abort")
ALIKE = 3  # so many times the same question in a row is hit: the first ones and the last


@dataclass(frozen=True)
class Case:
    """One release, what hits it where, and what is typed afterwards."""

    steps: tuple[int, ...]
    signal: signal.Signals
    point: Point
    then: str

    def __str__(self) -> str:
        steps = ",".join(map(str, self.steps))
        return f"--steps {steps} --signal {self.signal.name[3:]} --then {self.then} --point '{self.point}'"


@dataclass(frozen=True)
class Result:
    """`missed`: the point was not passed this time, so that the release went through."""

    case: Case
    breaks: tuple[str, ...]
    missed: bool = False


def points_of(shop: Shop, steps: tuple[int, ...], number: str) -> tuple[Point, ...]:
    """Every point that an undisturbed release passes; of many looks in a row the first two and the last."""
    here = counter(shop, number, steps)
    before = outside.look(here)
    ran = crashing.run(here, ["deploy", "shop", "--yes"])
    found = outside.broken(here, before, ran, wanted="deploy", last=True)
    assert not found, f"an undisturbed release: {found}\n{ran.said}"
    here.close()
    most = Tally({(point.line, point.what): point.number for point in ran.points})
    return tuple(point for point in ran.points if point.number < ALIKE or point.number == most[point.line, point.what])


def tried(shop: Shop, case: Case, number: str) -> Result:
    """Hit it, judge; go on or give up, judge; and once more, which must change nothing."""
    here = counter(shop, number, case.steps)
    try:
        before = outside.look(here)
        first = crashing.run(here, ["deploy", "shop", "--yes"], Shot(case.point, case.signal))
        hit = first.points[-1:] == (case.point,) if case.signal == signal.SIGKILL else case.point in first.points
        sent = int(case.signal) if hit else 0
        found = [f"at once: {one}" for one in outside.broken(here, before, first, wanted="deploy", sent=sent)]
        for option in (case.then, "abort", "resume"):
            found += _followed(here, before, option)
        return Result(case, tuple(found), not hit)
    finally:
        here.close()


def _followed(here: Any, before: outside.Scene, option: str) -> list[str]:
    records = outside.ledger_of(here.ledger)
    open_ = bool(records) and records[-1].kind != "ended"
    ran = crashing.run(here, ["deploy", "shop", f"--{option}", "--yes"])
    wanted = option if open_ else "nothing"
    return [f"after --{option}: {one}" for one in outside.broken(here, before, ran, wanted=wanted, last=True)]


@contextmanager
def shop_in(folder: Path) -> Iterator[Shop]:
    """A shop with everything that is looked up in the environment, in a folder of its own."""
    was = dict(os.environ)
    os.environ.update(XDG_CACHE_HOME=str(folder / "cache"), PYDANTIC_DISABLE_PLUGINS="1")
    try:
        with opened(folder) as shop:
            os.environ["CLOUD_RUN_EMULATOR_HOST"] = f"127.0.0.1:{shop.address.port}"
            yield shop
    finally:
        os.environ.clear()
        os.environ.update(was)


def all_tried(cases: Sequence[Case], workers: int) -> Iterator[Result]:
    """In so many processes at a time, each with a shop of its own."""
    results, theirs = os.pipe()
    for worker in range(workers):
        if os.fork() == 0:
            os.close(results)
            _work(cases, worker, workers, theirs)
    os.close(theirs)
    with os.fdopen(results, encoding="utf-8") as lines:
        for line in lines:
            number, breaks, missed = json.loads(line)
            yield Result(cases[number], tuple(breaks), missed)
    for _ in range(workers):
        _, status = os.wait()
        if status:
            raise AssertionError("a worker of the sweep did not come to its end")


def _work(cases: Sequence[Case], worker: int, workers: int, theirs: int) -> NoReturn:
    code = 1
    try:
        with tempfile.TemporaryDirectory(prefix="crashes-") as folder, shop_in(Path(folder)) as shop:
            for number in range(worker, len(cases), workers):
                result = tried(shop, cases[number], f"{worker}-{number}")
                os.write(theirs, json.dumps([number, result.breaks, result.missed]).encode() + b"\n")
        code = 0
    except BaseException as problem:
        print(f"worker {worker}: {problem!r}", file=sys.stderr)
    finally:
        os._exit(code)


def cases_of(given: argparse.Namespace) -> list[Case]:
    steps = [tuple(map(int, given.steps.split(",")))] if given.steps else STEPS
    signals = [signal.Signals[f"SIG{given.signal}"]] if given.signal else SIGNALS
    then = [given.then] if given.then else THEN
    points: dict[tuple[int, ...], Sequence[Point]] = {one: [Point.of(given.point)] for one in steps if given.point}
    if not points:
        with tempfile.TemporaryDirectory(prefix="crashes-") as folder, shop_in(Path(folder)) as shop:
            points = {one: points_of(shop, one, f"points-{number}") for number, one in enumerate(steps)}
    return [Case(s, n, point, t) for s in steps for n in signals for point in points[s] for t in then]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/crashes", description=__doc__)
    parser.add_argument("--steps", help="only this strategy: 100, or 5,50,100")
    parser.add_argument("--signal", choices=["KILL", "INT", "TERM"], help="only this signal")
    parser.add_argument("--then", choices=THEN, help="only this way on")
    parser.add_argument("--point", help="only this point, as a line of a break names it")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each Nth case")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="at the same time (2)")
    given = parser.parse_args()
    crashing.warm()
    began = time.monotonic()
    cases = cases_of(given)[:: given.every]
    print(f"{len(cases)} releases to hit", flush=True)
    return _told(all_tried(cases, given.workers), began)


def _told(results: Iterator[Result], began: float) -> int:
    """Breaks as they are found, with the line that shows them again; then the table."""
    runs, broke, missed = Tally[Any](), Tally[Any](), Tally[Any]()
    points: dict[Any, set[Point]] = {}
    for result in results:
        row = (",".join(map(str, result.case.steps)), result.case.signal.name)
        runs[row] += 1
        missed[row] += result.missed
        points.setdefault(row, set()).add(result.case.point)
        if result.breaks:
            broke[row] += 1
            print("\n".join((f"\nbin/crashes {result.case}", *(f"  {one}" for one in result.breaks))), flush=True)
    print(f"\n{'strategy':<12}{'signal':<10}{'points':>8}{'runs':>8}{'missed':>8}{'breaks':>8}")
    for row in runs:
        numbers = (len(points[row]), runs[row], missed[row], broke[row])
        print(f"{row[0]:<12}{row[1]:<10}" + "".join(f"{number:>8}" for number in numbers))
    print(f"{sum(runs.values())} releases, {sum(broke.values())} breaks, {time.monotonic() - began:.0f} s")
    return 1 if sum(broke.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
