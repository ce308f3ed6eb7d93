"""What comes next: every answer is a value, and nothing but a pass promotes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.judge import Judgement, Word
from deploytool.domain.rollout import Ask, Finish, Hold, RollBack, Shift, next_move

PASS, FAIL, UNKNOWN = (Judgement(word, f"because {word}") for word in (Word.PASS, Word.FAIL, Word.INCONCLUSIVE))
STEPS = (5, 50, 100)


@pytest.mark.parametrize(
    ("index", "elapsed", "judgement", "move"),
    [
        (-1, 0, None, Shift(5)),
        (0, 0, None, Hold(60)),
        (0, 59.9, PASS, Hold(60)),
        (0, 59.9, UNKNOWN, Hold(60)),
        (0, 1, FAIL, RollBack("because fail")),
        (0, 60, PASS, Shift(50)),
        (0, 60, FAIL, RollBack("because fail")),
        (0, 60, UNKNOWN, Hold(120)),
        (0, 60, None, Hold(120)),
        (0, 119.9, UNKNOWN, Hold(120)),
        (0, 120, UNKNOWN, Ask("because inconclusive")),
        (0, 120, None, Ask("nobody could judge this step")),
        (0, 1e9, PASS, Shift(50)),
        (1, 60, PASS, Shift(100)),
        (2, 0, None, Finish()),
        (2, 0, UNKNOWN, Finish()),
        (2, 0, FAIL, RollBack("because fail")),
        (0, -3600, PASS, Hold(60)),
        (0, float("nan"), PASS, Ask("how long this step was watched cannot be told")),
        (0, float("inf"), PASS, Ask("how long this step was watched cannot be told")),
    ],
)
def test_named_rows(index, elapsed, judgement, move):
    assert next_move(STEPS, index, elapsed=elapsed, bake=60, judgement=judgement) == move


def test_a_last_step_below_everything_is_watched_as_well():
    assert next_move((5, 50), 1, elapsed=10, bake=60, judgement=PASS) == Hold(60)
    assert next_move((5, 50), 1, elapsed=60, bake=60, judgement=PASS) == Finish()


def test_a_limit_below_the_bake_is_the_bake():
    assert next_move(STEPS, 0, elapsed=60, bake=60, judgement=UNKNOWN, limit=10) == Ask("because inconclusive")


@given(
    st.lists(st.integers(1, 99), unique=True, max_size=4).map(lambda found: (*sorted(found), 100)),
    st.data(),
    st.floats(),
    st.floats(0, 1000),
    st.sampled_from([PASS, FAIL, UNKNOWN, None]),
)
def test_only_a_pass_after_the_bake_promotes(steps, data, elapsed, bake, judgement):
    index = data.draw(st.integers(0, len(steps) - 1))
    move = next_move(steps, index, elapsed=elapsed, bake=bake, judgement=judgement)
    if isinstance(move, Shift):
        assert judgement is PASS
        assert elapsed >= bake
        assert move.percent == steps[index + 1]
    if judgement is FAIL:
        assert isinstance(move, RollBack)
    if isinstance(move, Hold):
        assert elapsed < move.until
    if isinstance(move, Finish):
        assert steps[index] == 100
