"""Clocks: interleaved runs of several sides, their medians, and one table of ratios with the goal beside each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One measured figure. `ratio` is what the goal is about; None when the goal is about `ours` itself."""

    where: str
    what: str
    other: float | None  # seconds of what we compare with
    ours: float  # seconds, or MB where `what` says so
    ratio: float | None
    goal: str
    met: bool

    def text(self) -> str:
        other = "" if self.other is None else f"{self.other:9.3f}"
        ratio = "" if self.ratio is None else f"{self.ratio:8.2f}x"
        return f"{self.where:<31} {self.what:<20} {other:>9} {self.ours:9.3f} {ratio:>9}  {self.goal:<10} {self.mark}"

    @property
    def mark(self) -> str:
        return "" if self.met else "MISSED"

    def record(self) -> dict[str, Any]:
        return asdict(self)


HEAD = f"{'where':<31} {'what':<20} {'other':>9} {'ours':>9} {'ratio':>9}  {'goal':<10}"


def faster(where: str, what: str, other: float, ours: float, at_least: float) -> Line:
    """We want to be so many times faster."""
    ratio = other / ours
    return Line(where, what, other, ours, ratio, f">= {at_least:g}x", ratio >= at_least)


def no_slower(where: str, what: str, other: float, ours: float, at_most: float) -> Line:
    """We want to take at most so many times as long."""
    ratio = ours / other
    return Line(where, what, other, ours, ratio, f"<= {at_most:g}x", ratio <= at_most)


def within(where: str, what: str, ours: float, limit: float, unit: str) -> Line:
    return Line(where, what, None, ours, None, f"<= {limit:g} {unit}", ours <= limit)


def side_by_side(runs: int, sides: Mapping[str, Callable[[], Any]]) -> tuple[dict[str, float], dict[str, Any]]:
    """Median seconds and answer of each side. The sides take turns, so a busy machine is busy for all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    answers: dict[str, Any] = {}
    for run in range(runs):
        for name, side in sides.items():
            began = time.perf_counter()
            answer = side()
            seconds[name].append(time.perf_counter() - began)
            if run and answer != answers[name]:
                raise SystemExit(f"{name} gives another answer the second time")
            answers[name] = answer
    return {name: statistics.median(taken) for name, taken in seconds.items()}, answers
