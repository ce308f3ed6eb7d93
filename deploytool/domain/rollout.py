"""What comes next while a candidate takes traffic step by step? The answer is a value; others move the traffic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from deploytool.domain.judge import Judgement, Word

LIMIT = 2  # times the bake: so long an inconclusive step is watched before a person is asked


@dataclass(frozen=True, slots=True)
class Hold:
    """Look again; `until` is in seconds since the step began."""

    until: float


@dataclass(frozen=True, slots=True)
class Shift:
    percent: int


@dataclass(frozen=True, slots=True)
class Finish:
    """All steps are done."""


@dataclass(frozen=True, slots=True)
class RollBack:
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Nobody can tell: ask a person, or roll back where there is none. Never promote."""

    reason: str


Move = Hold | Shift | Finish | RollBack | Ask


def next_move(
    steps: Sequence[int],
    index: int,
    *,
    elapsed: float,
    bake: float,
    judgement: Judgement | None,
    limit: float | None = None,
) -> Move:
    """The move after step `index` has been watched for `elapsed` seconds; -1 is before the first step.

    `judgement` is None while nobody has looked. `limit` is the bake limit, twice the bake when left out.
    """
    if index < 0:
        return Shift(steps[0])
    if judgement is not None and judgement.word is Word.FAIL:
        return RollBack(judgement.why)
    if steps[index] == 100:
        return Finish()  # nothing is left to compare with; the checks on what serves come next
    if not (math.isfinite(elapsed) and math.isfinite(bake)):
        return Ask("how long this step was watched cannot be told")
    if elapsed < bake:
        return Hold(bake)
    if judgement is not None and judgement.word is Word.PASS:
        return Shift(steps[index + 1]) if index + 1 < len(steps) else Finish()
    end = max(bake, LIMIT * bake if limit is None else limit)
    if elapsed < end:
        return Hold(end)
    return Ask(judgement.why if judgement is not None else "nobody could judge this step")
