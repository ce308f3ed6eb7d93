"""A watch: one look after another, each with its deadline; what it says, what it touches, what it keeps."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploytool.commands.watch import LOOKING, Watch, chosen_of
from deploytool.errors import DeployToolError, UsageError

START = datetime(2026, 2, 5, tzinfo=UTC)


class Enough(Exception):
    """The story is over."""


class World:
    """A clock that only moves when somebody waits, and looks that take as long as they are told."""

    def __init__(self, codes: Sequence[int | None] = (0,), lasts: float = 2.0, most: int = 5) -> None:
        self.codes, self.lasts, self.most = codes, lasts, most
        self.passed = 0.0
        self.began: list[float] = []
        self.said: list[str] = []
        self.beats: list[datetime] = []
        self.looking = False

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        assert not self.looking
        if len(self.began) >= self.most:
            raise Enough
        self.passed += seconds

    def look(self, words: Sequence[str], deadline: float) -> int | None:
        assert not self.looking
        assert tuple(words) == ("drift",)
        self.looking = True
        self.began.append(self.passed)
        code = self.codes[(len(self.began) - 1) % len(self.codes)]
        self.passed += deadline if code is None else self.lasts
        self.looking = False
        return code

    def watch(self, **changes: Any) -> Watch:
        found: dict[str, Any] = {
            "words": ("drift",), "every": 300.0, "deadline": 60.0, "clock": self, "look": self.look,
            "tell": self.said.append, "beat": self.beats.append, "chance": lambda: 0.0,
        }  # fmt: skip
        return Watch(**{**found, **changes})

    def run(self, **changes: Any) -> None:
        with pytest.raises(Enough):
            self.watch(**changes).run()


def test_looks_begin_so_far_apart_and_the_first_at_once() -> None:
    world = World()
    world.run()
    assert world.began == [0, 300, 600, 900, 1200]
    assert world.said[0] == "2026-02-05 00:00:02Z  look 1  exit 0 (clean)  took 2.0s, next in 4m 58s"


def test_jitter_is_a_tenth_at_most() -> None:
    world = World()
    world.run(chance=lambda: 1.0)
    assert world.began[1] == pytest.approx(330)


def test_a_look_that_lasts_longer_is_never_overlapped() -> None:
    world = World(lasts=400)
    world.run()
    assert world.began == [0, 400, 800, 1200, 1600]


@pytest.mark.parametrize(
    ("code", "beats", "words"),
    [
        (0, 5, "exit 0 (clean)"),
        (1, 5, "exit 1 (something was found)"),
        (3, 0, "exit 3 (not everything could be looked at)"),
        (70, 0, "exit 70 (a bug of ours)"),
        (-9, 0, "ended by signal 9"),
        (None, 0, "ended: no answer within 1m"),
    ],
)
def test_the_heart_beats_when_something_could_be_looked_at(code: int | None, beats: int, words: str) -> None:
    world = World([code])
    world.run()
    assert len(world.beats) == beats
    assert all(words in line for line in world.said)


def test_codes_are_shown_and_not_accumulated() -> None:
    world = World([0, 3, 1, 2, 0])
    world.run()
    assert [line.split("exit ")[1][0] for line in world.said] == ["0", "3", "1", "2", "0"]


def test_a_command_that_cannot_be_run_ends_the_watch_at_its_first_look() -> None:
    with pytest.raises(UsageError):
        World([2]).watch().run()


def test_a_heartbeat_that_cannot_be_written_is_said_and_the_watch_goes_on() -> None:
    def full(_at: datetime) -> None:
        raise DeployToolError("/full could not be written", hint="Free some space.")

    world = World()
    world.run(beat=full)
    assert len(world.began) == 5
    assert "the heartbeat: /full could not be written" in world.said


def test_a_thousand_looks_keep_nothing() -> None:
    world = World(most=10**9)
    watch = world.watch(tell=lambda _line: None, beat=lambda _at: None)

    def looks(number: int) -> int:
        for _ in range(number):
            world.sleep(watch.once())
        world.began.clear()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = looks(50)
        grown = looks(1_000) - before
    finally:
        tracemalloc.stop()
    assert watch.looks == 1_050
    assert grown < 10_000


@pytest.mark.parametrize(
    "words",
    [["deploy", "--stale"], ["reconcile", "--fix"], ["reconcile", "--adopt=x"], ["rm"], ["--config", "x"], ["watch"]],
)
def test_only_what_looks_is_run(words: list[str]) -> None:
    with pytest.raises(UsageError):
        chosen_of(words)


def test_what_is_run() -> None:
    assert chosen_of([]) == ("drift",)
    assert [chosen_of([name, "--format", "json"])[0] for name in LOOKING] == [*LOOKING]
