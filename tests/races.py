"""Eight writers who want the same lease, stopped and continued at random: may two of them ever write?

    python -m tests.races sqlite --rounds 500        # or firestore, gcs, embedded; --ttl SECONDS
    python -m tests.races sqlite --takeover 5        # how long until the lease of a killed process is somebody else's

Each writer takes the lease, then writes lines; before each it asks its keeper. A line says when the keeper was asked.
A line that was asked for after somebody else's later hold had begun is a breach: the keeper said yes to a stale writer.
A process may also be stopped between the answer and the write; then only the fencing number, which the file checks as
Cloud Run checks an etag, keeps it from writing. Those are counted as fenced.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploytool.errors import CouldNotLook, LeaseHeld, LeaseLost
from deploytool.release.keeping import hold, steady
from tests.lease_backends import Backend, backend, holder

FORK = multiprocessing.get_context("fork")
WRITERS = 8


@dataclass
class Tally:
    rounds: int = 0
    holds: int = 0
    written: int = 0
    refused: int = 0  # the keeper said no
    fenced: int = 0
    breaches: list[str] = field(default_factory=list)
    longest_wait: float = 0.0


def race(place: Backend, rounds: int, ttl: float, seconds: float, seed: int = 0) -> Tally:
    chance, tally = random.Random(seed), Tally()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            file = Path(folder) / f"{number}.lines"
            file.touch()
            _round(place, f"p/r/{number % 7}", file, ttl, seconds, chance)
            _judge(file, tally)
    return tally


def _round(place: Backend, key: str, file: Path, ttl: float, seconds: float, chance: random.Random) -> None:
    end = time.monotonic() + seconds
    writers = [FORK.Process(target=_write, args=(place, key, file, ttl, end, chance.random())) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, chance.uniform(0.01, ttl / 4)))
        stopped = chance.sample([one for one in writers if one.is_alive()] or writers, k=1)
        if chance.random() < 0.7:
            stopped = [one for one in writers if one.pid == _last_holder(file)] or stopped
        _stop_a_while(stopped[0], chance.uniform(0.1, 1.6) * ttl)
    for writer in writers:
        writer.join(30)
        assert writer.exitcode == 0, f"a writer ended with {writer.exitcode}"


def _stop_a_while(writer: multiprocessing.process.BaseProcess, seconds: float) -> None:
    if not writer.is_alive() or writer.pid is None:
        return
    os.kill(writer.pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(writer.pid, signal.SIGCONT)


def _last_holder(file: Path) -> int:
    lines = file.read_text().splitlines()
    return int(json.loads(lines[-1])["pid"]) if lines else 0


def _write(place: Backend, key: str, file: Path, ttl: float, end: float, seed: float) -> None:
    chance, store = random.Random(seed), place.store()
    while time.monotonic() < end:
        asked = steady()
        try:
            with hold(store, key, holder(process=os.getpid()), ttl, wait=max(0.0, end - time.monotonic())) as keeper:
                _append(file, "took", keeper.number, asked, steady())
                for _ in range(chance.randint(3, 40)):
                    time.sleep(chance.uniform(0.0, ttl / 10))
                    asked = steady()
                    keeper.check()
                    _append(file, "wrote", keeper.number, asked, steady())
        except LeaseLost:
            _append(file, "refused", 0, asked, steady())
        except (LeaseHeld, CouldNotLook):
            continue


def _append(file: Path, what: str, number: int, asked: float, at: float) -> None:
    with file.open("r+") as lines:
        fcntl.flock(lines, fcntl.LOCK_EX)
        newest = max((json.loads(line)["number"] for line in lines), default=0)
        if what == "wrote" and number < newest:
            what = "fenced"
        line = {"what": what, "number": number, "pid": os.getpid(), "asked": asked, "at": at}
        lines.write(json.dumps(line) + "\n")


def _judge(file: Path, tally: Tally) -> None:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    took = {line["number"]: line for line in lines if line["what"] == "took"}
    tally.rounds += 1
    tally.holds += len(took)
    tally.longest_wait = max([tally.longest_wait, *(one["at"] - one["asked"] for one in took.values())])
    for line in lines:
        tally.written += line["what"] == "wrote"
        tally.refused += line["what"] == "refused"
        tally.fenced += line["what"] == "fenced"
        if line["what"] in ("wrote", "fenced"):
            later = [one for number, one in took.items() if number > line["number"] and one["at"] < line["asked"]]
            if later:
                tally.breaches.append(f"{line} although {later[0]}")
    numbers = [line["number"] for line in lines if line["what"] == "wrote"]
    if numbers != sorted(numbers):
        tally.breaches.append(f"written out of turn: {numbers}")


def takeover(place: Backend, ttl: float) -> float:
    """Seconds from the kill of a holder until somebody who waits has the lease."""
    key, ready = f"p/r/killed-{time.monotonic_ns()}", FORK.Event()
    victim = FORK.Process(target=_hold_on, args=(place, key, ttl, ready))
    victim.start()
    assert ready.wait(20)
    time.sleep(ttl * 0.6)  # so that it has been renewed
    begun = steady()
    victim.kill()
    victim.join()
    with hold(place.store(), key, holder(process=2), ttl, wait=ttl + 10):
        return steady() - begun


def _hold_on(place: Backend, key: str, ttl: float, ready) -> None:  # type: ignore[no-untyped-def]
    with hold(place.store(), key, holder(), ttl):
        ready.set()
        time.sleep(60)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("backend", choices=["sqlite", "firestore", "gcs", "embedded"])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--ttl", type=float, default=1.0)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--takeover", type=int, default=0, metavar="TIMES")
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, backend(asked.backend, Path(folder)) as place:
        if asked.takeover:
            times = [takeover(place, asked.ttl) for _ in range(asked.takeover)]
            print(f"{asked.backend}: ttl {asked.ttl}s, taken over after {', '.join(f'{one:.2f}s' for one in times)}")
            return int(max(times) > asked.ttl + 5)
        tally = race(place, asked.rounds, asked.ttl, asked.seconds, asked.seed)
    print(
        f"{asked.backend}: {tally.rounds} rounds, {tally.holds} holds, {tally.written} lines, {tally.refused} times "
        f"the keeper said no, {tally.fenced} late lines fenced, longest wait {tally.longest_wait:.1f}s, "
        f"{len(tally.breaches)} breaches"
    )
    print(*tally.breaches[:20], sep="\n")
    return int(bool(tally.breaches))


if __name__ == "__main__":
    raise SystemExit(main())
