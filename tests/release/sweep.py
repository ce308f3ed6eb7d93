"""The crash sweep: a release is hit at every point, ended by a second command, and judged. See bin/crashes."""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
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
from tests.release.shop import Counter, Shop, counter, opened

STEPS = ((100,), (5, 50, 100))
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
THEN = ("resume", "abort")
ATTEMPTS = 3
ALIKE = 3  # so many times the same question in a row is hit: the first ones and the last


@dataclass(frozen=True)
class Case:
    """One release, what hits it where, and what is typed afterwards; `again` is where that is hit in its turn."""

    steps: tuple[int, ...]
    signal: signal.Signals
    point: Point
    then: str
    again: Point | None = None

    def __str__(self) -> str:
        steps = ",".join(map(str, self.steps))
        again = f" --again '{self.again}'" if self.again else ""
        return f"--steps {steps} --signal {self.signal.name[3:]} --then {self.then} --point '{self.point}'{again}"

    @property
    def first(self) -> Shot:
        """What is hit in its turn goes on with a release that was killed."""
        return Shot(self.point, signal.SIGKILL if self.again else self.signal)


@dataclass(frozen=True)
class Result:
    """`missed`: the point was not passed this time, so that the release went through."""

    case: Case
    breaks: tuple[str, ...]
    missed: bool = False


def points_of(shop: Shop, steps: tuple[int, ...]) -> tuple[Point, ...]:
    """Every point that an undisturbed release passes."""
    here = counter(shop, f"points-{len(steps)}", steps)
    before = outside.look(here)
    ran = crashing.run(here, ["deploy", "shop", "--yes"])
    found = outside.broken(here, before, ran, wanted="deploy", last=True)
    assert not found, f"an undisturbed release: {found}\n{ran.said}"
    here.close()
    return _unlike(ran.points)


def _unlike(points: Sequence[Point]) -> tuple[Point, ...]:
    """Of many looks in a row the first two and the last."""
    most = {(point.line, point.what): point.number for point in points}
    return tuple(point for point in points if point.number < ALIKE or point.number == most[point.line, point.what])


def once(shop: Shop, steps: tuple[int, ...]) -> Iterator[Case]:
    for point in points_of(shop, steps):
        yield from (Case(steps, hit, point, then) for hit in SIGNALS for then in THEN)


def twice(shop: Shop, steps: tuple[int, ...]) -> Iterator[Case]:
    """Killed before a line was written or before an answer to a change was read; then the way on is hit as well."""
    left = (("ledger", "before"), ("PATCH ", "unread"))
    states = (point for point in points_of(shop, steps) if (point.what[:6], point.what[-6:]) in left)
    for number, point in enumerate(states):
        for then in THEN:
            here = counter(shop, f"again-{len(steps)}-{number}-{then}", steps)
            crashing.run(here, ["deploy", "shop", "--yes"], Shot(point, signal.SIGKILL))
            ran = crashing.run(here, ["deploy", "shop", f"--{then}", "--yes"])
            here.close()
            yield from (Case(steps, hit, point, then, again) for hit in SIGNALS for again in _unlike(ran.points))


def tried(shop: Shop, case: Case, number: str) -> Result:
    """What came of it; a point that was not passed is tried again, since a busy machine may look less often."""
    for attempt in range(ATTEMPTS):
        result = _tried(shop, case, f"{number}-{attempt}")
        if not result.missed:
            break
    return result


def _tried(shop: Shop, case: Case, number: str) -> Result:
    """Hit it, judge; go on or give up, judge; and twice more, which must change nothing."""
    here = counter(shop, number, case.steps)
    try:
        before = outside.look(here)
        found, hit = _typed(here, before, "deploy", case.first)
        if case.again:
            more, hit = _typed(here, before, case.then, Shot(case.again, case.signal))
            found += more
        for wanted in (case.then, "abort", "resume"):
            found += _typed(here, before, wanted)[0]
        return Result(case, tuple(found), not hit)
    finally:
        here.close()


def _typed(here: Counter, before: outside.Scene, wanted: str, shot: Shot | None = None) -> tuple[list[str], bool]:
    """What is broken after one command, and whether it was hit."""
    records = outside.ledger_of(here.ledger)
    open_ = bool(records) and records[-1].kind != "ended"
    option = [] if wanted == "deploy" else [f"--{wanted}"]
    ran = crashing.run(here, ["deploy", "shop", *option, "--yes"], shot)
    hit = shot is not None and shot.point in ran.points
    sent = int(shot.signal) if shot and hit else 0
    meant = wanted if open_ or wanted == "deploy" else "nothing"
    found = outside.broken(here, before, ran, wanted=meant, sent=sent, last=shot is None)
    return [f"{wanted}: {one}" for one in found], hit


@contextmanager
def shop_in(folder: Path) -> Iterator[Shop]:
    """A shop, with everything that is looked up in the environment in a folder of its own."""
    was = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("DEPLOYTOOL_", "CLOUD_RUN_"))]:
        del os.environ[name]
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
    strategies = [tuple(map(int, given.steps.split(",")))] if given.steps else STEPS
    if given.point:
        point, again = Point.of(given.point), Point.of(given.again) if given.again else None
        cases = [Case(steps, hit, point, then, again) for steps in strategies for hit in SIGNALS for then in THEN]
    else:
        with tempfile.TemporaryDirectory(prefix="crashes-") as folder, shop_in(Path(folder)) as shop:
            cases = [case for steps in strategies for case in (twice if given.twice else once)(shop, steps)]
    signals = [f"SIG{given.signal}"] if given.signal else [one.name for one in SIGNALS]
    cases = [case for case in cases if case.signal.name in signals and given.then in (None, case.then)]
    return random.Random(given.seed).sample(cases, min(given.sample or len(cases), len(cases)))


def again_of(text: str) -> list[Case]:
    lines = [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("bin/crashes ")]
    return [case for line in lines for case in cases_of(arguments(line))]


def arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/crashes", description=__doc__)
    parser.add_argument("--steps", help="only this strategy: 100, or 5,50,100")
    parser.add_argument("--signal", choices=["KILL", "INT", "TERM"], help="only this signal")
    parser.add_argument("--then", choices=THEN, help="only this way on")
    parser.add_argument("--point", help="only this point, as a line of a break names it")
    parser.add_argument("--again", metavar="POINT", help="with --point: where the way on is hit")
    parser.add_argument("--twice", action="store_true", help="hit the ways on of releases that were killed")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many of all, by chance")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of that chance (0)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="releases at the same time (2)")
    parser.add_argument("--lines", type=Path, metavar="FILE", help="what an earlier sweep said was broken")
    return parser.parse_args(words)


def main() -> int:
    given = arguments(sys.argv[1:])
    crashing.warm()
    began = time.monotonic()
    cases = again_of(given.lines.read_text()) if given.lines else cases_of(given)
    print(f"{len(cases)} releases to hit", flush=True)
    return _told(all_tried(cases, given.workers), began)


def _told(results: Iterator[Result], began: float) -> int:
    """Breaks as they are found, with the line that shows them again; then the table."""
    runs, broke, missed = Tally[Any](), Tally[Any](), Tally[Any]()
    points: dict[Any, set[object]] = {}
    for result in results:
        row = (",".join(map(str, result.case.steps)), result.case.signal.name)
        runs[row] += 1
        missed[row] += result.missed
        points.setdefault(row, set()).add((result.case.point, result.case.again))
        if result.breaks:
            broke[row] += 1
            print("\n".join((f"\nbin/crashes {result.case}", *(f"  {one}" for one in result.breaks))), flush=True)
    print(f"\n{'strategy':<12}{'signal':<10}{'points':>8}{'runs':>8}{'missed':>8}{'breaks':>8}")
    for row in sorted(runs):
        numbers = (len(points[row]), runs[row], missed[row], broke[row])
        print(f"{row[0]:<12}{row[1]:<10}" + "".join(f"{number:>8}" for number in numbers))
    print(f"{sum(runs.values())} releases, {sum(broke.values())} breaks, {time.monotonic() - began:.0f} s")
    return 1 if sum(broke.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
