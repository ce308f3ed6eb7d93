"""The judge of a candidate: named rows, and what must hold of every row."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.judge import JudgeRules, RequestStats, Word, judged, p95_of

PASS, FAIL, UNKNOWN = Word.PASS, Word.FAIL, Word.INCONCLUSIVE
RULES = JudgeRules(min_requests=50, max_5xx=0.01, max_p95_ratio=1.5)
GOOD = RequestStats(100, 0, 0.200)
R = RequestStats

CASES = {
    "like what serves": (GOOD, GOOD, PASS),
    "exactly enough requests": (R(50, 0, 0.2), GOOD, PASS),
    "one too few": (R(49, 0, 0.2), GOOD, UNKNOWN),
    "none at all": (R(0), GOOD, UNKNOWN),
    "too few and slow": (R(49, 0, 9.0), GOOD, UNKNOWN),
    "too few, and failing beyond repair": (R(3, 3, 0.2), GOOD, FAIL),
    "too few, two errors are no evidence": (R(3, 2, 0.2), GOOD, UNKNOWN),
    "too few and failing, as what serves does": (R(3, 3, 0.2), R(100, 100, 0.2), UNKNOWN),
    "too few and failing, and what serves has too few": (R(3, 3, 0.2), R(3, 3, 0.2), FAIL),
    "just the share that may fail": (R(100, 1, 0.2), GOOD, PASS),
    "one more": (R(100, 2, 0.2), GOOD, FAIL),
    "what serves fails as often": (R(100, 2, 0.2), R(1000, 20, 0.2), UNKNOWN),
    "what serves fails less": (R(100, 2, 0.2), R(1000, 19, 0.2), FAIL),
    "what serves fails as often, and it is slow too": (R(100, 2, 9.0), R(1000, 20, 0.2), FAIL),
    "exactly the ratio": (R(100, 0, 0.300), GOOD, PASS),
    "beyond the ratio": (R(100, 0, 0.301), GOOD, FAIL),
    "beyond the ratio, below 20 ms": (R(100, 0, 0.021), R(100, 0, 0.002), PASS),
    "beyond the ratio, 20 ms": (R(100, 0, 0.022), R(100, 0, 0.002), FAIL),
    "faster": (R(100, 0, 0.001), GOOD, PASS),
    "what serves takes no time": (R(100, 0, 0.5), R(100, 0, 0.0), FAIL),
    "nobody to compare with": (GOOD, R(0), UNKNOWN),
    "too few to compare with": (GOOD, R(49, 0, 0.2), UNKNOWN),
    "failing, nobody to compare with": (R(100, 50, 0.2), R(0), FAIL),
    "latency unknown": (R(100, 0, None), GOOD, UNKNOWN),
    "latency of what serves unknown": (GOOD, R(100, 0, None), UNKNOWN),
    "latency is no number": (R(100, 0, float("nan")), GOOD, UNKNOWN),
    "latency of what serves is no number": (GOOD, R(100, 0, float("nan")), UNKNOWN),
    "latency without end": (R(100, 0, float("inf")), GOOD, UNKNOWN),
    "latency below zero": (R(100, 0, -1.0), GOOD, UNKNOWN),
    "more error lines": (replace(GOOD, errors=2), GOOD, FAIL),
    "as many error lines": (replace(GOOD, errors=2), replace(GOOD, errors=2), PASS),
    "error lines within the share": (replace(GOOD, errors=1), GOOD, PASS),
    "error lines, nobody to compare with": (replace(GOOD, errors=2), R(0), UNKNOWN),
    "more error lines than requests": (replace(GOOD, errors=500), GOOD, FAIL),
    "lines not understood, within the share": (R(1000, 0, 0.2, doubts=10), GOOD, PASS),
    "lines not understood, beyond the share": (R(1000, 5, 0.2, doubts=6), GOOD, UNKNOWN),
    "lines not understood on what serves": (GOOD, R(100, 0, 0.2, doubts=50), UNKNOWN),
    "more errors than requests": (R(100, 101, 0.2), GOOD, UNKNOWN),
    "less than nothing": (R(100, -1, 0.2), GOOD, UNKNOWN),
}


@pytest.mark.parametrize(("candidate", "stable", "word"), CASES.values(), ids=CASES)
def test_named_rows(candidate, stable, word):
    judgement = judged(candidate, stable, RULES)
    assert judgement.word is word, judgement.why
    assert judgement.why
    assert len(judgement.evidence) == 2


def test_shares_are_what_was_written():
    rules = JudgeRules(100, 0.29, 1.5)  # 0.29 * 100 is below 29 in floats
    assert judged(R(100, 29, 0.2), GOOD, rules).word is PASS
    assert judged(R(100, 30, 0.2), GOOD, rules).word is FAIL


def test_what_good_answers_could_still_make_up_for_is_not_evident():
    rules = JudgeRules(80, 0.1, 1.5)
    assert judged(R(8, 8, 0.2), GOOD, rules).word is UNKNOWN
    assert judged(R(9, 9, 0.2), GOOD, rules).word is FAIL


@pytest.mark.parametrize("rules", [JudgeRules(0, 0.01, 1.5), JudgeRules(1, float("nan"), 1.5), JudgeRules(1, 0.1, 0)])
def test_rules_that_nobody_can_judge_by(rules):
    assert judged(GOOD, GOOD, rules).word is UNKNOWN


times = st.none() | st.floats(-1, 5) | st.just(float("nan"))


@st.composite
def stats(draw):
    requests = draw(st.integers(0, 200))
    return R(
        requests, draw(st.integers(0, requests)), draw(times), draw(st.integers(0, 10)), doubts=draw(st.integers(0, 3))
    )


rules = st.builds(JudgeRules, st.integers(1, 80), st.sampled_from([0, 0.01, 0.1, 1]), st.sampled_from([0.5, 1.5, 3]))
BAD = {PASS: 0, UNKNOWN: 1, FAIL: 2}


@given(stats(), stats(), rules)
def test_a_pass_needs_everything_to_be_told(candidate, stable, given_rules):
    if judged(candidate, stable, given_rules).word is PASS:
        assert min(candidate.requests, stable.requests) >= given_rules.min_requests
        assert candidate.p95_seconds is not None
        assert candidate.p95_seconds >= 0
        assert stable.p95_seconds is not None
        assert candidate.server_errors <= given_rules.max_5xx * candidate.requests


@given(stats(), stats(), rules, st.integers(1, 50))
def test_more_errors_never_make_it_better(candidate, stable, given_rules, more):
    before = judged(candidate, stable, given_rules).word
    errors = min(candidate.requests, candidate.server_errors + more)
    for worse in (replace(candidate, server_errors=errors), replace(candidate, errors=candidate.errors + more)):
        assert BAD[judged(worse, stable, given_rules).word] >= BAD[before]


@given(stats(), stats(), rules)
def test_a_failure_has_a_cause(candidate, stable, given_rules):
    flawless = replace(candidate, server_errors=0, errors=0, p95_seconds=0.0)
    assert judged(flawless, stable, given_rules).word is not FAIL


@pytest.mark.parametrize(
    ("seconds", "p95"),
    [
        ([], None),
        ([3.0], 3.0),
        ([2.0, 1.0], 2.0),
        (list(range(1, 21)), 19),
        (list(range(1, 101)), 95),
        (list(range(1, 102)), 96),
    ],
)
def test_the_95th_percentile_by_nearest_rank(seconds, p95):
    assert p95_of(seconds) == p95


def test_one_cold_start_among_twenty_answers_is_not_a_failure() -> None:
    rules = JudgeRules(min_requests=20)
    stable = RequestStats(400, p95_seconds=0.010, latencies=(0.010,) * 400)
    cold = (0.9, *(0.010,) * 19)
    candidate = RequestStats(20, p95_seconds=0.9, latencies=cold)
    assert judged(candidate, stable, rules).word is Word.INCONCLUSIVE
    slow = (*(0.9,) * 5, *(0.010,) * 15)
    assert judged(RequestStats(20, p95_seconds=0.9, latencies=slow), stable, rules).word is Word.FAIL
