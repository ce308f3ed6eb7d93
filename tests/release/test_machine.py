"""Releases in a world where anything may happen at any moment; what must be true is judged by `small_judge`.

`DEPLOYTOOL_TEST_SEQUENCES=5000` tries that many sequences, other ones each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.release.small_cloud import Fault
from tests.release.small_world import SmallWorld, Weather

SEQUENCES = int(os.environ.get("DEPLOYTOOL_TEST_SEQUENCES", "0"))
PHASES = tuple(Phase) if os.environ.get("DEPLOYTOOL_TEST_SHRINK") else (Phase.explicit, Phase.generate)
CLICKS = ("named", "latest", "split", "tag", "our-tag", "untag", "label", "deploy", "deploy-bad", "delete")
clicks = st.tuples(st.sampled_from((*CLICKS[:-1], *CLICKS)), st.integers(0, 3))


def _faults(channel: str, most: int, plain: tuple[str, ...], *more: st.SearchStrategy) -> st.SearchStrategy[Fault]:
    always = [
        *(st.tuples(st.just(what), st.none()) for what in ("die-before", "die-after", "stop-before", "stop-after")),
        st.tuples(st.just("console"), clicks),
        st.tuples(st.sampled_from(("stall", "stall-abort", "stall-resume")), st.sampled_from((5.0, 45.0, 130.0))),
        st.tuples(st.just("jump"), st.sampled_from((-3600.0, 3600.0))),
        st.tuples(st.just("sick"), st.none()),
        *(st.tuples(st.just(what), st.none()) for what in plain),
        *more,
    ]
    what = st.one_of(always)
    return st.tuples(st.integers(1, most), what).map(lambda pair: Fault(channel, pair[0], *pair[1]))


seconds = st.sampled_from((0.02, 0.3, 2.0, 6.0))
faults = st.lists(
    st.one_of(
        _faults("read", 30, ("forbidden",), st.tuples(st.just("out"), st.sampled_from((3.0, 70.0, 400.0)))),
        _faults(
            "write",
            5,
            ("refused", "passing", "conflict", "lost", "acted"),
            st.tuples(st.sampled_from(("late", "late-stop", "late-die")), seconds),
        ),
        _faults("ledger", 14, ("written",), st.tuples(st.just("down"), st.sampled_from((1, 2, 50)))),
        _faults("sleep", 25, ()),
        _faults("check", 6, ()),
        _faults("build", 1, ()),
    ),
    max_size=3,
)
answers = st.sampled_from(("pass", "pass", "pass", "none", "fail", "unclear", "warning"))
images = st.sampled_from(("local/api", "local/api", "local/api", "x/emulator-fail:Broken", "x/emulator-fail:Never"))
weathers = st.builds(
    Weather,
    image=images,
    answers=st.tuples(answers, answers),
    stats=st.sampled_from(("good", "good", "bad", "few", "unreadable")),
    ask=st.sampled_from((None, None, True, False)),
)
fair = st.just(Weather())


class Releases(RuleBasedStateMachine):
    @initialize(how=st.sampled_from(("none", "latest", "pinned", "tagged", "split", "frozen")))
    def begin(self, how: str) -> None:
        self.world = SmallWorld()
        self.world.begin_with(how)

    def _open(self) -> bool:
        return self.world.open_release() is not None

    @precondition(lambda self: not self._open())
    @rule(
        steps=st.sampled_from(((100,), (5, 50, 100), (5, 50, 100))),
        hold=st.sampled_from((False, False, True)),
        weather=st.one_of(fair, weathers),
        faults=faults,
        between=st.one_of(st.none(), st.none(), clicks),
    )
    def deploy(self, steps, hold, weather, faults, between):  # type: ignore[no-untyped-def]
        self.world.clock.go(10.0)
        plan = self.world.plan_deploy(steps, hold)
        if plan is None:
            return
        if between is not None:
            self.world.console(*between)
        self.world.run(plan, "begin", weather, faults)

    @precondition(lambda self: not self._open() and self.world.cloud.raw() is not None)
    @rule(which=st.integers(0, 3), weather=fair, faults=faults, between=st.one_of(st.none(), st.none(), clicks))
    def roll_back(self, which, weather, faults, between):  # type: ignore[no-untyped-def]
        self.world.clock.go(10.0)
        plan = self.world.plan_rollback(which)
        if plan is None:
            return
        if between is not None:
            self.world.console(*between)
        self.world.run(plan, "begin", weather, faults)

    @precondition(lambda self: self._open())
    @rule(how=st.sampled_from(("resume", "resume", "abort")), weather=st.one_of(fair, weathers), faults=faults)
    def go_on(self, how, weather, faults):  # type: ignore[no-untyped-def]
        plan = self.world.left_open()
        assert plan is not None
        self.world.run(plan, how, weather, faults)

    @precondition(lambda self: self.world.cloud.raw() is not None)
    @rule(what=clicks, seconds=st.sampled_from((0.0, 1.0, 10.0, 100.0)))
    def click(self, what, seconds):  # type: ignore[no-untyped-def]
        self.world.console(*what)
        self.world.clock.go(seconds)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.to_the_end()
            self.world.close()


TestReleases = Releases.TestCase
TestReleases.settings = settings(
    max_examples=SEQUENCES or 30,
    stateful_step_count=20,
    deadline=None,
    derandomize=not SEQUENCES,
    report_multiple_bugs=False,
    phases=PHASES,
    suppress_health_check=list(HealthCheck),
)
