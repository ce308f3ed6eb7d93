"""What went wrong once, each in a few lines: found by `test_machine`, told without chance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploytool.domain.release import Outcome
from tests.release.small_cloud import Fault
from tests.release.small_stores import TTL
from tests.release.small_world import SmallWorld, Weather

FAIR = Weather()
BAD = Weather(answers=("fail", "pass"))


@pytest.fixture
def world():
    made = SmallWorld()
    yield made
    made.to_the_end()
    made.close()


def asked(world):
    return {
        (row.get("revision") or "LATEST"): row["percent"] for row in world.cloud.raw()["traffic"] if row.get("percent")
    }


def tags(world):
    return {row["tag"]: row["revision"] for row in world.cloud.raw()["traffic"] if row.get("tag")}


def deployed(world, *faults, steps=(100,), hold=False, weather=FAIR, how="begin"):
    plan = world.plan_deploy(steps, hold) if how == "begin" else world.left_open()
    return world.run(plan, how, weather, list(faults))


def test_a_release_goes_all_the_way(world):
    world.begin_with("latest")
    ending = deployed(world, steps=(5, 50, 100))
    assert (ending.outcome, int(ending.exit_code)) == (Outcome.SUCCEEDED, 0)
    assert asked(world) == {"LATEST": 100}


def test_whoever_deploys_during_the_build_keeps_their_traffic(world):
    """LATEST was asked for before and after, but it meant another revision by then, and was pinned to the old one."""
    world.begin_with("latest")
    ending = deployed(world, Fault("build", 1, "console", ("deploy", 0)))
    assert ending.outcome is Outcome.FAILED_SAFE
    assert asked(world) == {"LATEST": 100}


def test_a_rollback_does_not_roll_over_what_was_deployed_since(world):
    world.begin_with("split")
    world.console("latest")
    world.clock.go(10.0)
    ending = world.run(world.plan_rollback(0), "begin", FAIR, [Fault("ledger", 2, "console", ("deploy", 0))])
    assert ending.outcome is Outcome.NEEDS_HUMAN
    assert asked(world) == {"LATEST": 100}


def test_an_undo_with_somebody_elses_newest_revision_comes_to_an_end(world):
    """It waited for the old revision to serve under LATEST, again and again."""
    world.begin_with("latest")
    ending = deployed(world, Fault("ledger", 5, "console", ("deploy", 0)))
    assert ending.outcome is not None


@pytest.mark.parametrize("what", ["late-stop", "late-die"])
def test_a_change_that_arrives_after_the_undo_does_nothing(world, what):
    """Ctrl-C while the request is on its way: it was not seen, called undone, and acted a second later."""
    world.begin_with("pinned")
    ending = deployed(world, Fault("write", 1, what, 6.0))
    if ending is None:
        ending = deployed(world, how="abort")
    assert ending.outcome is Outcome.ABORTED
    assert tags(world) == {}


def test_a_process_that_stood_still_before_its_write_writes_nothing_after_it_was_aborted(world):
    world.begin_with("pinned")
    ending = deployed(world, Fault("write", 1, "stall-abort", 3 * TTL))
    assert ending.outcome is Outcome.ABORTED
    assert "candidate" not in tags(world)


def test_a_rollback_that_was_aborted_in_its_sleep_does_not_happen(world):
    world.begin_with("split")
    before = asked(world)
    ending = world.run(world.plan_rollback(0), "begin", FAIR, [Fault("write", 1, "stall-abort", 3 * TTL)])
    assert ending.outcome is Outcome.ABORTED
    assert asked(world) == before


def test_a_new_service_whose_create_arrives_late_is_taken_away_again(world):
    ending = deployed(world, Fault("write", 1, "late-stop", 6.0))
    assert ending.outcome is Outcome.ABORTED
    assert world.cloud.raw() is None


@pytest.mark.parametrize("click", ["deploy", "tag"])
def test_a_new_service_that_others_have_begun_to_use_is_not_deleted(world, click):
    deployed(world, hold=True)
    world.console("deploy")
    world.clock.go(10.0)
    if click == "tag":
        world.console("tag", 1)
    ending = deployed(world, how="abort")
    assert ending.outcome is Outcome.NEEDS_HUMAN
    assert world.cloud.raw() is not None
    assert "candidate" not in tags(world)


def test_a_new_service_with_a_newer_revision_keeps_serving_that(world):
    deployed(world, hold=True)
    world.console("deploy")
    world.clock.go(10.0)
    ending = deployed(world, how="resume")
    assert ending.outcome is Outcome.NEEDS_HUMAN
    assert asked(world) == {"LATEST": 100}


def test_a_tag_that_somebody_put_elsewhere_is_left_there(world):
    world.begin_with("pinned")
    old = world.ready_names()[0]
    bad = Weather(stats="bad")
    deployed(world, Fault("check", 2, "console", ("our-tag", 0)), steps=(5, 100), weather=bad)
    assert tags(world) == {"candidate": old}


@pytest.mark.parametrize("what", ["stop-after", "written"])
def test_a_success_that_was_written_down_is_one(world, what):
    """The last line was there already; it said that a person must look, and that it could not be undone."""
    world.begin_with("latest")
    ending = deployed(world, Fault("ledger", 12, what))
    assert world.ledger.lines[11].data.get("outcome") == "succeeded"
    assert (ending.outcome, int(ending.exit_code)) == (Outcome.SUCCEEDED, 0)


def test_whoever_was_overtaken_tells_how_it_ended(world):
    world.begin_with("latest")
    ending = deployed(world, Fault("ledger", 6, "stall-resume", 3 * TTL))
    assert (ending.outcome, int(ending.exit_code)) == (Outcome.SUCCEEDED, 0)


def test_no_traffic_is_remembered_by_whoever_resumes(world):
    world.begin_with("latest")
    assert deployed(world, Fault("build", 1, "die-after"), hold=True) is None
    waits = deployed(world, how="resume")
    assert (waits.outcome, int(waits.exit_code)) == (None, 0)
    assert not set(asked(world)) & {world.left_open().revision}
    assert deployed(world, how="resume").outcome is Outcome.SUCCEEDED


def test_an_interrupt_that_was_being_undone_holds_no_commit_back(world):
    """The outcome of the undo that was begun counts, not a new one."""
    world.begin_with("pinned")
    assert deployed(world, Fault("sleep", 12, "stop-before"), Fault("write", 3, "die-after"), steps=(5, 100)) is None
    assert deployed(world, how="resume").outcome is Outcome.ABORTED


def test_an_interrupt_at_the_first_line_is_told_as_one(world):
    world.begin_with("pinned")
    ending = deployed(world, Fault("ledger", 1, "stop-after"))
    assert (ending.outcome, int(ending.exit_code)) == (Outcome.ABORTED, 130)


def test_without_a_tag_it_is_verified_all_the_same(world):
    world.begin_with("pinned")
    plan = replace(world.plan_deploy((100,), False), tag="")
    ending = world.run(plan, "begin", BAD, [])
    assert ending.outcome is Outcome.FAILED_SAFE


def test_a_revision_that_runs_another_image_gets_no_traffic(world):
    world.begin_with("pinned")
    ending = deployed(world, Fault("sleep", 1, "swap"))
    assert ending.outcome is Outcome.FAILED_SAFE
    assert "runs other/image" in ending.reason


def test_a_lease_that_lapsed_is_taken_again_to_put_back(world):
    world.begin_with("pinned")
    before = asked(world)
    ending = deployed(world, Fault("check", 3, "stall", 3 * TTL), steps=(5, 100))
    assert ending.outcome is Outcome.ROLLED_BACK
    assert asked(world) == before


def test_a_lease_that_somebody_else_took_is_not_taken_again(world):
    """It stays open, with nothing written, for whoever may write."""
    world.begin_with("pinned")

    def taken(fault):
        world.stood += 3 * TTL
        hold = world.holds[-1]
        hold.stopped = True
        world.clock.go(3 * TTL)
        world.leases.give("somebody else")

    plan = world.plan_deploy((5, 100), False)
    happens = world._happens
    world._happens = lambda fault, *more: taken(fault) if fault.what == "taken" else happens(fault, *more)
    changes = len(world.cloud.changes)
    ending = world.run(plan, "begin", FAIR, [Fault("check", 1, "taken")])
    assert (ending.outcome, int(ending.exit_code)) == (None, 6)
    assert len(world.cloud.changes) == changes + 1  # the candidate alone
    world.clock.go(3 * TTL)


def test_a_step_that_is_seen_done_is_not_done_again(world):
    world.begin_with("pinned")
    assert deployed(world, Fault("check", 3, "die-after"), steps=(5, 100)) is None
    built = [line.step for line in world.ledger.lines].count("build")
    assert deployed(world, how="resume").outcome is Outcome.SUCCEEDED
    assert [line.step for line in world.ledger.lines].count("build") == built


def test_a_rollback_reads_back_what_serves(world):
    world.begin_with("split")
    plan = world.plan_rollback(0)
    ending = world.run(plan, "begin", FAIR, [Fault("ledger", 4, "console", ("named", 1))])
    assert ending.outcome is Outcome.NEEDS_HUMAN
    assert asked(world) != {plan.revision: 100}


def test_nothing_is_in_flight_when_it_is_over(world):
    """The newest revision had failed, so LATEST meant the one before it; but not while our own write was under way."""
    world.begin_with("frozen")
    ending = deployed(world, Fault("write", 1, "stop-before"))
    assert ending.outcome is Outcome.ABORTED
    assert not world.cloud.raw().get("reconciling")


@pytest.mark.parametrize("number", [2, 3])
def test_a_fence_does_not_stay_when_somebody_moves_traffic_beside_it(world, number):
    world.begin_with("split")
    faults = [Fault("write", 1, "stop-before"), Fault("write", number, "console", ("named", 1))]
    world.run(world.plan_rollback(0), "begin", FAIR, faults)
    assert "deploytool-fence" not in world.cloud.raw().get("labels", {})
