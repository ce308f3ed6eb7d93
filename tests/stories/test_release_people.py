"""Several people, killed processes, signals, and leases: one writer at a time, and every release ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stories.release_shop import STEPS, ReleaseShop, program, until

DONE = 30.0  # seconds that a process of its own may take on a busy machine


@contextmanager
def baking(shop: ReleaseShop, *argv: str, bake: str = "20s") -> Iterator[subprocess.Popen[str]]:
    """A deploy of `api` in a process of its own, caught in its bake."""
    shop.configure(STEPS, on=["api"], bake=bake)
    shop.visit()
    with shop.other("deploy", "api", "--yes", *argv) as process:
        until(lambda: shop.is_in("bake 50"), DONE)
        yield process


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=DONE)
    return process.returncode, said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_release_puts_traffic_back_even_when_stopped_twice(
    release_shop: ReleaseShop, number: int, code: int
) -> None:
    shop = release_shop
    before = shop.serving()
    with baking(shop) as process:
        process.send_signal(number)
        until(lambda: shop.last().meant("undo"), DONE)
        process.send_signal(number)
        found, said = ended(process)
    assert found == code, said
    assert shop.outcomes() == ["aborted"]
    assert shop.serving() == shop.asked() == before
    assert shop.tags() == {}
    assert shop.leases.records()[0].held is None


def test_a_killed_release_is_aborted_and_aborting_again_is_nothing(release_shop: ReleaseShop) -> None:
    shop = release_shop
    before = shop.serving()
    with baking(shop) as process:
        process.kill()
        process.wait()
    assert len(shop.serving()) == 2
    refused = shop.run("deploy", "api", "--yes")
    assert refused.code == 1, refused.said
    assert "has not ended" in refused.said
    done = shop.deploy("api", "--abort")
    assert done.code == 0, done.said
    assert shop.outcomes() == ["aborted"]
    assert shop.serving() == shop.asked() == before
    assert shop.deploy("api", "--abort").code == 0
    assert shop.deploy("api", "--resume").code == 0
    assert shop.outcomes() == ["aborted"]


def test_a_killed_release_is_resumed_to_its_end(release_shop: ReleaseShop) -> None:
    shop = release_shop
    with baking(shop, bake="2s") as process:
        process.kill()
        process.wait()
    done = shop.deploy("api", "--resume")
    assert done.code == 0, done.said
    assert shop.outcomes() == ["succeeded"]
    assert shop.asked() == {"LATEST": 100}
    assert shop.health()["commit"] == shop.main
    assert len([one for one in shop.last().steps if one.name == "candidate"]) == 1


def test_after_a_kill_a_fix_by_hand_is_not_aborted_away(release_shop: ReleaseShop) -> None:
    shop = release_shop
    first = shop.newest()
    with baking(shop) as process:
        process.kill()
        process.wait()
    shop.move((first, 93), (shop.newest(), 7))
    done = shop.deploy("api", "--abort")
    assert done.code == 6, done.said
    assert shop.outcomes() == ["needs-human"]
    assert shop.serving()[first] == 93


def test_the_second_one_leaves_or_waits_its_turn(release_shop: ReleaseShop) -> None:
    """A release that goes on is not one that was left behind, and nobody is told to abort it."""
    shop = release_shop
    with baking(shop, bake="3s") as process:
        done = shop.run("deploy", "web", "--yes")
        assert done.code == 0, done.said  # another service is another lease
        for command in ("deploy", "rollback"):
            done = shop.run(command, "api", "--yes")
            assert done.code == 4, done.said
            assert "is releasing api" in done.said
            assert "--abort" not in done.said
        assert len(shop.releases("api")) == 1
        fix = shop.commit({"api/main.py": program("api", 3)})
        shop.ready("api", "--lock-wait", "1m")
        assert ended(process)[0] == 0
    assert shop.outcomes("api") == ["succeeded", "succeeded"]
    assert shop.last().plan["before"]["named"] == [{"revision": shop.releases("api")[0].revision, "percent": 100}]
    assert shop.health()["commit"] == fix


def test_a_held_lease_ends_with_4_and_nothing_is_begun(release_shop: ReleaseShop) -> None:
    from deploytool.adapters import whoami

    shop = release_shop
    holder = whoami.holder_now(release="theirs", reason="deploy by hand", environ={"USER": "ada"})
    lease = shop.leases.take("shop-prod/europe-west1/api", holder, 60)
    done = shop.deploy("api")
    assert done.code == 4, done.said
    assert "deploy by hand" in done.said
    assert shop.releases() == ()
    assert shop.leases.records()[0].held is not None
    shop.leases.release(lease)
    shop.ready("api")


def test_who_waits_releases_on_top_of_what_the_first_one_did(release_shop: ReleaseShop) -> None:
    """Planned on the old map, it would put back what nobody wants any more."""
    from deploytool.adapters import whoami

    shop = release_shop
    holder = whoami.holder_now(release="theirs", reason="deploy", environ={})
    lease = shop.leases.take("shop-prod/europe-west1/api", holder, 60)
    with shop.other("deploy", "api", "--yes", "--lock-wait", "1m") as process:
        until(lambda: shop.leases.records()[0].held is not None and _waits(process), DONE)
        between = _released_by_hand(shop)
        shop.leases.release(lease)
        code, said = ended(process)
    assert code == 0, said
    assert shop.last().plan["before"]["named"] == [{"revision": between, "percent": 100}]
    assert shop.health()["commit"] == shop.main
    shop.allowed.add(between)
    shop.rollback("api")
    assert shop.serving() == {between: 100}


def _waits(process: subprocess.Popen[str]) -> bool:
    assert process.stdout is not None
    return "waiting" in process.stdout.readline()


def _released_by_hand(shop: ReleaseShop) -> str:
    container = shop.service()["template"]["containers"][0]
    shop.patch({"template": {"containers": [container | {"workingDir": "/app"}]}}, "template.containers")
    shop.before["api"] = shop.service()
    return shop.newest()


def test_a_broken_lease_stops_the_writer(release_shop: ReleaseShop) -> None:
    """The one whose lease was broken may not even put back; whoever broke it finds it open, and aborts."""
    shop = release_shop
    before = shop.serving()
    with baking(shop) as process:
        held = shop.leases.records()[0].held
        assert held is not None
        assert held.holder.reason.startswith("deploy ")
        shop.leases.break_(held.id, "it hangs")
        moved = shop.service()["generation"]
        code, said = ended(process)
    assert code == 6, said
    assert shop.service()["generation"] == moved
    assert shop.outcomes() == ["open"]
    assert shop.deploy("api", "--abort").code == 0
    assert shop.serving() == shop.asked() == before


def test_a_release_that_slept_through_its_lease_writes_nothing_more(release_shop: ReleaseShop) -> None:
    """Stopped, its lease lapsed, and somebody else released in between: waking up, it changes nothing."""
    shop = release_shop
    with baking(shop) as process:
        process.send_signal(signal.SIGSTOP)
        until(lambda: shop.leases.records()[0].held is None, DONE)
        from deploytool.adapters import whoami

        holder = whoami.holder_now(release="theirs", reason="deploy by hand", environ={})
        lease = shop.leases.take("shop-prod/europe-west1/api", holder, 60)
        generation = shop.service()["generation"]
        process.send_signal(signal.SIGCONT)
        code, said = ended(process)
        assert code == 6, said
        assert shop.service()["generation"] == generation
        shop.leases.release(lease)
    assert shop.deploy("api", "--abort").code == 0
    assert shop.outcomes() == ["aborted"]


def test_a_candidate_waits_for_its_traffic(release_shop: ReleaseShop) -> None:
    shop = release_shop
    before = shop.serving()
    done = shop.ready("api", "--no-traffic")
    assert "no traffic" in done.said
    assert shop.outcomes() == ["open"]
    assert shop.serving() == before
    assert shop.get("/run/shop-prod/europe-west1/candidate---api/health")["commit"] == shop.main
    refused = shop.deploy("api")
    assert refused.code == 1, refused.said
    shop.ready("api", "--resume")
    assert shop.outcomes() == ["succeeded"]
    assert shop.health()["commit"] == shop.main


def test_a_waiting_candidate_can_be_taken_away(release_shop: ReleaseShop) -> None:
    shop = release_shop
    before = shop.serving()
    shop.ready("api", "--no-traffic")
    shop.ready("api", "--abort")
    assert shop.outcomes() == ["aborted"]
    assert shop.serving() == before
    assert shop.tags() == {}
    shop.ready("api")
    assert shop.asked() == {"LATEST": 100}


def test_what_waited_is_verified_again_before_it_gets_traffic(release_shop: ReleaseShop) -> None:
    shop = release_shop
    flag = shop.folder / f"broken-{time.monotonic_ns()}"
    line = f"status = 500 if os.path.exists({os.fspath(flag)!r}) else 200"
    text = program("api", line=line).replace(b"send_response(200)", b"send_response(status)")
    shop.commit({"api/main.py": text})
    before = shop.serving()
    shop.ready("api", "--no-traffic")
    flag.touch()
    done = shop.deploy("api", "--resume")
    assert done.code == 5, done.said
    assert shop.outcomes() == ["failed-safe"]  # it never had traffic
    assert shop.serving() == before


def test_nobody_is_there_to_be_asked(release_shop: ReleaseShop) -> None:
    done = release_shop.run("deploy", "api")
    assert done.code == 2, done.said
    assert "--yes" in done.err
    assert release_shop.releases() == ()


def test_a_declined_question_changes_nothing(release_shop: ReleaseShop) -> None:
    shop = release_shop
    generation = shop.service()["generation"]
    ours, theirs = os.openpty()
    try:
        command = ["deploy", "api"]
        with shop.other(*command, stdin=theirs) as process:
            os.write(ours, b"n\n")
            code, said = ended(process)
    finally:
        os.close(ours)
        os.close(theirs)
    assert code == 1, said
    assert "nothing was done" in said
    assert shop.releases() == ()
    assert shop.service()["generation"] == generation
