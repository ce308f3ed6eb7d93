"""Is a candidate with some traffic good enough for more? Pass, fail or inconclusive; only a pass promotes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

SAME_LATENCY = 0.020  # seconds: a smaller difference is noise, whatever the ratio
EARLY_ERRORS = 3  # fewer server errors are never evident before there are enough requests


@dataclass(frozen=True, slots=True)
class RequestStats:
    """What one revision answered in a while, as its request lines tell it."""

    requests: int
    server_errors: int = 0  # answers of 500 and above
    p95_seconds: float | None = None  # None when it cannot be told
    errors: int = 0  # log lines of severity ERROR and above that are no request lines
    sampled: bool = False  # there were more requests than were read; the newest count
    doubts: int = 0  # lines that could not be understood; they count as the worst they could be
    latencies: tuple[float, ...] = field(
        default=(), repr=False, compare=False
    )  # seconds of the answers, where they are known


@dataclass(frozen=True, slots=True)
class JudgeRules:
    """`max_5xx` is a share (0.01 is 1 %), `max_p95_ratio` a multiple of what served before."""

    min_requests: int = 50
    max_5xx: float = 0.01
    max_p95_ratio: float = 1.5


class Word(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"  # never folded into PASS


Found = tuple[Word, str] | None


@dataclass(frozen=True, slots=True)
class Judgement:
    word: Word
    why: str
    evidence: tuple[str, ...] = ()  # the numbers, one sentence for each side


def judged(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Judgement:
    """The candidate against the rules and against what serves beside it."""
    evidence = (f"candidate: {_numbers(candidate)}", f"stable: {_numbers(stable)}")
    found = _verdict(candidate, stable, rules)
    return Judgement(*(found or (Word.PASS, "errors and latency are within the rules")), evidence)


def _verdict(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Found:
    """What stands against a pass: the first failure, else the first thing that cannot be told."""
    unfit = _nonsense(candidate, stable, rules)
    if unfit is not None:
        return unfit
    judges = (_server_errors, _error_lines, _doubts, _latency)
    few = _too_few(candidate, rules)
    found = [one for judge in (judges[:1] if few else judges) if (one := judge(candidate, stable, rules))]
    return next((one for one in found if one[0] is Word.FAIL), few or next(iter(found), None))


def p95_of(seconds: Sequence[float]) -> float | None:
    """The 95th percentile by nearest rank; None without any."""
    return sorted(seconds)[-(-95 * len(seconds) // 100) - 1] if seconds else None


def _nonsense(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Found:
    for stats in (candidate, stable):
        numbers = (stats.requests, stats.server_errors, stats.errors, stats.doubts)
        if min(numbers) < 0 or stats.server_errors > stats.requests:
            return Word.INCONCLUSIVE, "the numbers of the requests contradict one another"
    if not (rules.min_requests >= 1 and 0 <= rules.max_5xx < math.inf and 0 < rules.max_p95_ratio < math.inf):
        return Word.INCONCLUSIVE, "the rules cannot be judged by"
    return None


def _server_errors(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Found:
    """A failure is evident early when enough good answers could not make up for it any more."""
    most = _exact(rules.max_5xx) * max(candidate.requests, rules.min_requests)
    if candidate.server_errors <= most:
        return None
    if candidate.requests < rules.min_requests and candidate.server_errors < EARLY_ERRORS:
        return None
    share = Fraction(candidate.server_errors, candidate.requests)
    said = f"{_percent(share)} of {candidate.requests} answers are server errors, at most {_percent(rules.max_5xx)} may"
    if stable.requests >= rules.min_requests and Fraction(stable.server_errors, stable.requests) >= share:
        return Word.INCONCLUSIVE, f"{said}; what serves fails as often"
    return Word.FAIL, said


def _too_few(candidate: RequestStats, rules: JudgeRules) -> Found:
    if candidate.requests >= rules.min_requests:
        return None
    return Word.INCONCLUSIVE, f"too few requests to tell: {candidate.requests} of {rules.min_requests}"


def _error_lines(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Found:
    """Lines of severity ERROR per request; more than one a request is possible."""
    rate = Fraction(candidate.errors, candidate.requests)
    if rate <= _exact(rules.max_5xx):
        return None
    said = f"{candidate.errors} error lines in {candidate.requests} requests"
    if stable.requests < rules.min_requests:
        return Word.INCONCLUSIVE, f"{said}, and what serves has too few requests to compare with"
    if rate > Fraction(stable.errors, stable.requests):
        return Word.FAIL, f"{said}; what serves has {stable.errors} in {stable.requests}"
    return None


def _doubts(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Found:
    """Lines that were not understood may all have been server errors."""
    for stats, errors in ((candidate, candidate.server_errors), (stable, 0)):
        if stats.doubts and stats.doubts + errors > _exact(rules.max_5xx) * (stats.requests + stats.doubts):
            return Word.INCONCLUSIVE, f"{stats.doubts} request lines could not be understood"
    return None


def _latency(candidate: RequestStats, stable: RequestStats, rules: JudgeRules) -> Found:
    mine, other = candidate.p95_seconds, stable.p95_seconds
    if not _is_time(mine):
        return Word.INCONCLUSIVE, "how long the candidate takes to answer cannot be told"
    if stable.requests < rules.min_requests:
        return Word.INCONCLUSIVE, f"what serves has too few requests to compare with: {stable.requests}"
    if not _is_time(other):
        return Word.INCONCLUSIVE, "how long what serves takes to answer cannot be told"
    assert mine is not None
    assert other is not None
    more = _exact(mine) - _exact(other)
    if more < _exact(SAME_LATENCY) or _exact(mine) <= _exact(rules.max_p95_ratio) * _exact(other):
        return None
    said = f"95 % of answers take up to {_ms(mine)}, {_ms(other)} on what serves"
    said = f"{said}; at most {rules.max_p95_ratio} times as long is allowed"
    allowed = max(rules.max_p95_ratio * other, other + SAME_LATENCY)
    if candidate.latencies and not _too_slow(candidate.latencies, allowed):
        return Word.INCONCLUSIVE, f"{said}, and so few slow answers may be chance"
    return Word.FAIL, said


def _too_slow(latencies: Sequence[float], allowed: float) -> bool:
    """Are there more slow answers than chance would bring if 5 % of all were that slow? One in a hundred errs.

    The largest of twenty latencies is their 95th percentile: one cold start would be a failure without this.
    """
    slow, count = sum(seconds > allowed for seconds in latencies), len(latencies)
    if slow > count / 5:
        return True
    by_chance = sum(math.comb(count, k) * 0.05**k * 0.95 ** (count - k) for k in range(slow))
    return 1 - by_chance < 0.01


def _is_time(seconds: float | None) -> bool:
    return seconds is not None and math.isfinite(seconds) and seconds >= 0


def _exact(number: float) -> Fraction:
    """The number as it is written: 0.29 of 100 is 29, which floats do not say."""
    return Fraction(str(number))


def _percent(share: Fraction | float) -> str:
    return f"{float(share) * 100:.3g} %"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _numbers(stats: RequestStats) -> str:
    p95 = stats.p95_seconds
    parts = [
        f"{stats.requests} requests{' (the newest)' if stats.sampled else ''}",
        f"{stats.server_errors} server errors",
        f"p95 {_ms(p95)}" if p95 is not None and _is_time(p95) else "p95 unknown",
        f"{stats.errors} error lines",
    ]
    return ", ".join(parts + ([f"{stats.doubts} lines not understood"] if stats.doubts else []))
