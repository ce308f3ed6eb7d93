"""What is mended is written once, read back, and called done only then; what cannot be mended says so."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from deploytool.adapters import whoami
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.ledger import SqliteLedger
from deploytool.commands.mending import Mending
from deploytool.domain.reconcile import Item
from deploytool.domain.reconcile_report import Mended
from deploytool.domain.release import EventKind
from deploytool.emulator import client
from deploytool.errors import CouldNotLook
from deploytool.release.tools import Limits
from tests.stories.reconciled import by_hand, fixed, found, reconciled, words, writes
from tests.stories.release_outside import V2, until
from tests.stories.release_shop import ReleaseShop

SERVICE = f"{V2}/services/api*"
SHORT = Limits(ready=5.0, write=1.5, effective=1.0, undo=1.5, poll=0.02)
FOR_EVER = 0


@pytest.fixture
def pinned(release_shop: ReleaseShop) -> Iterator[ReleaseShop]:
    """Released, and then pinned by name by somebody, who left the tag of the candidate there as well."""
    shop = release_shop
    shop.ready("api", "web", "migrate")
    shop.move((shop.newest(), 100), tags={"candidate": shop.newest(), "mine": shop.newest()})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploytool.commands.mending.LOCAL", SHORT)
        patch.setattr("deploytool.commands.releasing.LOCAL", SHORT)
        short = Patience(attempts=2, first_wait=0.02, total=1.5)
        patch.setattr("deploytool.adapters.googleapi.Patience", lambda: short)
        yield shop
        client.clear_faults(shop.cloud.address)


def test_pin_and_tag_are_mended_and_a_second_run_writes_nothing(pinned: ReleaseShop) -> None:
    shop = pinned
    serving = shop.serving()
    assert found(reconciled(shop)) == [("DT606", "api"), ("DT605", "api")]
    done = fixed(shop)
    assert (done.code, words(done), found(done)) == (0, ["done", "done"], [])
    assert shop.asked() == {"LATEST": 100}
    assert shop.serving() == serving
    assert shop.tags() == {"mine": shop.newest()}
    noted = [event.data for event in SqliteLedger(shop.state / "ledger.sqlite").events() if "reconcile" in event.data]
    assert [(data["reconcile"], data["service"]) for data in noted] == [("begun", "api"), ("done", "api")] * 2
    client.clear_requests(shop.cloud.address)
    again = fixed(shop)
    assert (again.code, words(again), writes(shop)) == (0, [], [])
    assert all(record.held is None for record in shop.leases.records())
    shop.judged_alone()


def test_all_fixed_is_said_when_a_second_look_finds_nothing(pinned: ReleaseShop) -> None:
    said = pinned.run("reconcile", "--fix", "--yes").out
    assert "2 of 2 items mended. All fixed: a second look finds nothing." in said


@pytest.mark.parametrize(
    ("fault", "code", "word"),
    [
        ({"do": "status", "code": 403, "times": FOR_EVER}, 1, "failed"),
        ({"do": "status", "code": 409, "times": FOR_EVER}, 1, "failed"),
        ({"do": "status", "code": 500, "times": FOR_EVER}, 1, "failed"),
        ({"do": "drop", "times": FOR_EVER}, 1, "failed"),
        ({"do": "status", "code": 409}, 0, "done"),
        ({"do": "status", "code": 500}, 0, "done"),
        ({"do": "lose-reply"}, 0, "done"),
        ({"do": "lose-reply-status", "code": 503}, 0, "done"),
        ({"do": "never-settles"}, 6, "needs-human"),
    ],
)
def test_a_mend_that_goes_wrong_is_never_called_done(
    pinned: ReleaseShop, fault: dict[str, Any], code: int, word: str
) -> None:
    shop = pinned
    client.add_fault(shop.cloud.address, {"method": "PATCH", "path": SERVICE, **fault})
    done = fixed(shop)
    assert (done.code, words(done)[0]) == (code, word), done.said
    if code:
        assert "All fixed" not in done.said
        assert done.json["verdict"] != "pass"
    client.clear_faults(shop.cloud.address)


def test_what_was_mended_and_cannot_be_looked_at_again_is_not_called_fixed(pinned: ReleaseShop) -> None:
    shop, mend = pinned, Mending.all

    def then_refused(self: Mending, items: Sequence[Item]) -> tuple[Mended, ...]:
        done = mend(self, items)
        client.add_fault(shop.cloud.address, {"path": SERVICE, "do": "status", "code": 403, "times": FOR_EVER})
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mending, "all", then_refused)
        done = fixed(shop)
    assert (done.code, done.json["verdict"], words(done)) == (3, "unknown", ["done", "done"]), done.said


def test_who_is_releasing_is_waited_for_or_left_alone(pinned: ReleaseShop) -> None:
    shop = pinned
    holder = whoami.holder_now(release="theirs", reason="deploy by hand", environ={"USER": "ada"})
    lease = shop.leases.take("shop-prod/europe-west1/api", holder, 6)
    client.clear_requests(shop.cloud.address)
    done = fixed(shop)
    assert (done.code, writes(shop)) == (4, [])
    assert "deploy by hand" in done.json["remarks"][0]
    shop.leases.release(lease)
    assert fixed(shop, "--lock-wait", "10s").code == 0


def test_two_at_once_mend_it_once(pinned: ReleaseShop) -> None:
    shop = pinned
    client.clear_requests(shop.cloud.address)
    with shop.other("reconcile", "--fix", "--yes") as one, shop.other("reconcile", "--fix", "--yes") as other:
        ended = [(process.communicate(timeout=60)[0], process.returncode) for process in (one, other)]
    codes = sorted(code for _, code in ended)
    assert codes[0] == 0, ended
    assert set(codes) <= {0, 4}, ended
    assert len(writes(shop)) == 2, writes(shop)  # the pin and the tag, each once
    assert reconciled(shop).code == 0


def test_somebody_who_moves_traffic_meanwhile_keeps_it(pinned: ReleaseShop) -> None:
    """Between the plan and the mend the world changes: what was planned is not done."""
    shop = pinned
    first = shop.last().plan["before"]["named"][0]["revision"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploytool.app.App.must_want", lambda *_: shop.move((first, 100)))
        done = reconciled(shop, "--fix")
    assert (done.code, words(done)[0]) == (1, "left"), done.said
    assert shop.serving() == {first: 100}


def test_declared_settings_are_released_with_the_image_that_serves(pinned: ReleaseShop) -> None:
    shop = pinned
    assert fixed(shop).code == 0
    before = shop.service()["template"]["containers"][0]
    shop.configure("settings = { min_instances = 2, cpu_throttling = true }", on=("api",))
    assert found(reconciled(shop)) == [("DT610", "api")]
    done = fixed(shop)
    assert (done.code, words(done), found(done)) == (0, ["done"], []), done.said
    template = shop.service()["template"]
    assert template["scaling"] == {"minInstanceCount": 2, "maxInstanceCount": 7}
    after = template["containers"][0]
    assert (after["image"], after["env"]) == (before["image"], before["env"])
    assert after["resources"]["cpuIdle"] is True
    assert shop.last().outcome == "succeeded"
    assert shop.last().plan["reason"] == "declared settings"
    assert fixed(shop).json["mended"] == []


def test_an_adoption_that_was_cut_off_is_aborted_like_any_release(pinned: ReleaseShop) -> None:
    shop, append = pinned, SqliteLedger.append
    fixed(shop)
    by_hand(shop)

    def full(self: SqliteLedger, release: str, kind: EventKind, *rest: Any, **more: Any) -> Any:
        if kind is EventKind.ENDED:
            raise CouldNotLook("The disk is full.", hint="Free some space.")
        return append(self, release, kind, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteLedger, "append", full)
        done = reconciled(shop, "--adopt", "--yes")
    assert (done.code, words(done), found(done)) == (1, ["failed"], [("DT609", "api")])
    serving = shop.serving()
    assert shop.run("deploy", "api", "--abort", "--yes").code == 0
    assert found(reconciled(shop)) == [("DT602", "api")]
    assert shop.serving() == serving


def test_a_ledger_that_takes_no_line_lets_nothing_be_written(pinned: ReleaseShop) -> None:
    shop = pinned

    def full(*_: Any, **__: Any) -> Any:
        raise CouldNotLook("The disk is full.", hint="Free some space.")

    client.clear_requests(shop.cloud.address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteLedger, "append", full)
        done = fixed(shop)
    assert (done.code, words(done), writes(shop)) == (1, ["failed", "failed"], [])


def test_killed_in_the_middle_it_is_done_by_the_next_one(pinned: ReleaseShop) -> None:
    shop = pinned
    client.clear_requests(shop.cloud.address)
    slow = {"method": "PATCH", "path": SERVICE, "do": "delay", "seconds": 30}
    client.add_fault(shop.cloud.address, slow)
    with shop.other("reconcile", "--fix", "--yes") as process:
        until(lambda: writes(shop) != [], 20)
        process.kill()
        process.wait()
    client.clear_faults(shop.cloud.address)
    done = fixed(shop)
    assert (done.code, found(done)) == (0, []), done.said
    assert shop.asked() == {"LATEST": 100}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle_it_gives_the_lease_back(pinned: ReleaseShop, number: int, code: int) -> None:
    shop = pinned
    client.clear_requests(shop.cloud.address)
    client.add_fault(shop.cloud.address, {"method": "PATCH", "path": SERVICE, "do": "status", "code": 503, "times": 0})
    with shop.other("reconcile", "--fix", "--yes") as process:
        until(lambda: writes(shop) != [], 20)
        process.send_signal(number)
        said, _ = process.communicate(timeout=30)
    client.clear_faults(shop.cloud.address)
    assert process.returncode == code, said
    assert all(record.held is None for record in shop.leases.records())
    assert fixed(shop).code == 0


FIXABLE = """
[[services.api.checks]]
name = "rows"
command = ["test", "-f", "rows"]
fix = FIX
"""


def with_fix(shop: ReleaseShop, fix: str) -> None:
    shop.configure()
    file = shop.folder / "services.toml"
    file.write_text(file.read_text() + FIXABLE.replace("FIX", fix))
    (shop.folder / "rows").unlink(missing_ok=True)


def test_a_failed_check_is_fixed_when_it_passes_afterwards(pinned: ReleaseShop) -> None:
    shop = pinned
    with_fix(shop, '["touch", "rows"]')
    assert found(reconciled(shop))[-1] == ("DT614", "api")
    assert not (shop.folder / "rows").exists()
    done = fixed(shop)
    assert (done.code, words(done)) == (0, ["done"] * 3), done.said
    assert "the check passes" in done.json["mended"][-1]["said"]


@pytest.mark.parametrize("fix", ['["true"]', '["false"]', '["no-such-program-here"]'])
def test_a_fix_that_ran_has_fixed_nothing_until_the_check_passes(pinned: ReleaseShop, fix: str) -> None:
    shop = pinned
    fixed(shop)
    with_fix(shop, fix)
    done = fixed(shop)
    assert (done.code, words(done), found(done)) == (1, ["failed"], [("DT614", "api")]), done.said
    assert "and the check fails" in done.json["mended"][0]["said"]


def test_a_check_that_could_not_tell_is_neither_fixed_nor_fine(pinned: ReleaseShop) -> None:
    shop = pinned
    fixed(shop)
    with_fix(shop, '["touch", "rows"]')
    file = shop.folder / "services.toml"
    file.write_text(file.read_text().replace('["test", "-f", "rows"]', '["sh", "-c", "exit 7"]'))
    done = fixed(shop)
    assert (done.code, words(done)) == (3, []), done.said
    assert not (shop.folder / "rows").exists()
