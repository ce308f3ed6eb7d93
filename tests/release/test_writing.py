"""A change by compare-and-set comes to an end, whatever it meets, and is sent only by who may."""

from __future__ import annotations

import pytest

from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook, LeaseLost, WriteRefused, WriteUnclear
from deploytool.release.writing import Look, StepFailed, ensure, wait_until

PLACE = Place("p", "r", "s")


class Endless(AssertionError):
    """Nobody waits that long."""


class Time:
    def __init__(self):
        self.seconds = 0.0
        self.slept = []

    def monotonic(self):
        self.seconds += 0.001
        if self.seconds > 1_000:
            raise Endless
        return self.seconds

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds
        if len(self.slept) > 5_000:
            raise Endless


class Editor:
    """Answers what it is told, the last answer again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def read(self, place):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def refused(**more):
    return WriteRefused("no", hint="look", **more)


def away(*, passing=True):
    problem = CouldNotLook("503", hint="wait")
    problem.passing = passing
    return problem


def tried(editor, problem=None, *, may=lambda: None, time=None):
    """`ensure` with a reading that is its own judgement; what was sent."""
    time, sent = time or Time(), []

    def write(seen):
        sent.append(seen)
        if problem is not None:
            raise problem

    ensure(editor, PLACE, lambda seen: seen, write, clock=time, seconds=60.0, may=may)
    return sent


def test_what_is_done_is_not_done_again():
    assert tried(Editor(Look.DONE)) == []


def test_what_was_written_is_read_again():
    assert tried(Editor(Look.WRITE, Look.DONE)) == [Look.WRITE]


def test_an_answer_that_was_lost_is_settled_by_reading():
    assert len(tried(Editor(Look.WRITE, Look.DONE), WriteUnclear("lost", hint="look"))) == 1


@pytest.mark.parametrize(
    "problem",
    [refused(conflict=True), refused(passing=True), refused(passing=True, wait=30.0), WriteUnclear("lost", hint="")],
)
def test_what_never_succeeds_comes_to_an_end(problem):
    time = Time()
    with pytest.raises(StepFailed):
        tried(Editor(Look.WRITE), problem, time=time)
    assert 60 <= time.seconds < 70
    assert len(time.slept) <= 130, "it is tried again after a while, not at once"


def test_what_is_refused_for_good_is_sent_once():
    with pytest.raises(StepFailed, match="no"):
        tried(Editor(Look.WRITE), refused())


def test_what_cannot_be_read_comes_to_an_end():
    time = Time()
    with pytest.raises(CouldNotLook):
        tried(Editor(away()), time=time)
    assert 60 <= time.seconds < 70
    with pytest.raises(CouldNotLook):
        tried(Editor(away(passing=False)), time=(time := Time()))
    assert time.seconds < 1


def test_a_wait_that_was_asked_for_is_kept():
    time = Time()
    tried(Editor(Look.WRITE, Look.DONE), refused(passing=True, wait=7.0), time=time)
    assert time.slept == [7.0]


def test_who_may_not_write_writes_nothing():
    sent = []

    def may():
        raise LeaseLost("lost", hint="look")

    with pytest.raises(LeaseLost):
        ensure(Editor(Look.WRITE), PLACE, lambda seen: seen, sent.append, clock=Time(), seconds=60.0, may=may)
    assert sent == []


def test_a_wait_ends_with_its_time_or_with_what_it_waits_for():
    time = Time()
    assert not wait_until(lambda: False, clock=time, seconds=30.0, poll=0.5)
    assert 30 <= time.seconds < 31
    assert len(time.slept) < 30, "less often as time goes by"
    looks = iter([False, away(), True])

    def look():
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return found

    assert wait_until(look, clock=Time(), seconds=30.0, poll=0.5)


def test_a_wait_that_could_not_look_until_the_end_says_so():
    def look():
        raise away()

    with pytest.raises(CouldNotLook):
        wait_until(look, clock=Time(), seconds=30.0, poll=0.5)
