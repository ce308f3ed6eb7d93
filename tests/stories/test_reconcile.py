"""What does not agree is seen, whoever caused it; what agrees, or is explained, is not reported."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from deploytool.adapters import whoami
from deploytool.emulator import client
from tests.stories.reconciled import by_hand, fixed, found, reconciled, writes
from tests.stories.release_files import program
from tests.stories.release_outside import V2
from tests.stories.release_shop import STEPS, ReleaseShop
from tests.stories.test_release_people import baking

KEY = "shop-prod/europe-west1/api"


@pytest.fixture
def released(release_shop: ReleaseShop) -> ReleaseShop:
    """A shop whose three programs were released by us."""
    release_shop.ready("api", "web", "migrate")
    return release_shop


def test_looking_changes_nothing_and_makes_no_ledger(release_shop: ReleaseShop) -> None:
    shop = release_shop
    client.clear_requests(shop.cloud.address)
    done = reconciled(shop)
    assert found(done) == [("DT602", "api"), ("DT602", "web")]
    assert done.code == 1
    assert writes(shop) == []
    assert not [*shop.state.glob("ledger*"), *shop.state.glob("leases*")]


def test_after_a_release_everything_agrees(released: ReleaseShop) -> None:
    done = reconciled(released)
    assert (done.code, found(done)) == (0, [])
    assert "Nothing to reconcile: 3 services" in released.run("reconcile").out


def test_what_was_deployed_by_hand_is_seen_and_adopted_only_when_asked(released: ReleaseShop) -> None:
    shop = released
    made = by_hand(shop)
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT602", "api")])
    assert made in done.json["findings"][0]["message"]
    assert shop.serving() == {made: 100}
    done = reconciled(shop, "--adopt", "--yes")
    assert (done.code, found(done)) == (0, [])
    assert shop.serving() == {made: 100}
    last = shop.last()
    assert (last.kind, last.outcome, last.revision, last.commit) == ("adopted", "succeeded", made, shop.main)
    assert f"adopted {made}" in shop.run("releases").out
    assert reconciled(shop, "--adopt", "--fix", "--yes").json["mended"] == []
    shop.judged_alone()


def test_an_adopted_revision_was_verified_by_nobody(released: ReleaseShop) -> None:
    """A rollback does not lead behind it as if it had been a release of ours, and the next deploy goes on top."""
    shop = released
    by_hand(shop)
    reconciled(shop, "--adopt", "--yes")
    done = shop.run("rollback", "api", "--yes")
    assert done.code == 2, done.said
    assert "No release of ours made" in done.err
    shop.commit({"api/main.py": program("api", 3)})
    shop.ready("api")
    assert reconciled(shop).code == 0


def test_traffic_that_a_person_moved_is_not_moved_back(released: ReleaseShop) -> None:
    shop = released
    first = shop.last().plan["before"]["named"][0]["revision"]
    shop.move((first, 100))
    client.clear_requests(shop.cloud.address)
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT601", "api")])
    assert "rollback api --to" in done.json["findings"][0]["hint"]
    assert writes(shop) == []
    done = reconciled(shop, "--adopt", "--yes")
    assert (done.code, shop.serving()) == (0, {first: 100})


def test_a_revision_whose_release_failed_does_not_serve_unseen(released: ReleaseShop) -> None:
    shop = released
    shop.commit({"api/main.py": program("api", 3, says="another")})
    assert shop.run("deploy", "api", "--yes").code == 5
    assert reconciled(shop).code == 0  # the failure put everything back, and the ledger says so
    shop.move((shop.last().revision, 100))
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT603", "api")])
    assert "ended as failed-safe" in done.json["findings"][0]["message"]


def test_a_rollback_explains_what_serves(released: ReleaseShop) -> None:
    shop = released
    shop.commit({"api/main.py": program("api", 3)})
    shop.ready("api")
    assert shop.rollback("api").code == 0
    assert (reconciled(shop).code, len(shop.releases("api"))) == (0, 3)
    newer = by_hand(shop)  # pinned since then: whoever deploys now gets no traffic, and no word about it
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT606", "api")])
    assert newer in done.json["findings"][0]["message"]
    assert newer not in shop.serving()


def test_a_killed_release_is_seen_and_left_to_resume_or_abort(released: ReleaseShop) -> None:
    shop = released
    shop.commit({"api/main.py": program("api", 3)})
    with baking(shop) as process:
        busy = fixed(shop)
        assert (busy.code, found(busy)) == (4, [])
        assert "is at work on it" in busy.json["errors"][0]["message"]
        assert reconciled(shop).code == 3
        process.kill()
        process.wait()
    shop.configure()
    split = shop.serving()
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT609", "api")])
    assert "--resume" in done.json["findings"][0]["hint"]
    assert shop.serving() == split
    assert shop.deploy("api", "--abort").code == 0
    assert reconciled(shop).code == 0


def test_a_verified_candidate_may_wait(released: ReleaseShop) -> None:
    shop = released
    shop.commit({"api/main.py": program("api", 3)})
    shop.ready("api", "--no-traffic")
    assert shop.tags() != {}
    assert reconciled(shop).code == 0


def test_traffic_that_did_not_become_effective(released: ReleaseShop) -> None:
    shop = released
    first, now = shop.last().plan["before"]["named"][0]["revision"], shop.newest()
    client.add_fault(
        shop.cloud.address, {"method": "PATCH", "path": f"{V2}/services/api*", "do": "traffic-not-effective"}
    )
    shop.move((first, 50), (now, 50))
    client.clear_faults(shop.cloud.address)
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT607", "api")])


def test_what_a_rollback_would_go_to_is_gone(released: ReleaseShop) -> None:
    shop = released
    first = shop.last().plan["before"]["named"][0]["revision"]
    assert shop.call("DELETE", f"{V2}/services/api/revisions/{first}")[0] == 200
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT611", "api")])


def test_a_job_that_somebody_changed_and_a_service_that_somebody_deleted(released: ReleaseShop) -> None:
    shop = released
    template = shop.job()["template"]
    template["template"]["containers"][0]["image"] = shop.cloud.images["api"]
    assert shop.call("PATCH", f"{V2}/jobs/migrate?updateMask=template", {"template": template})[0] == 200
    assert shop.call("DELETE", f"{V2}/services/web")[0] == 200
    done = fixed(shop)
    assert (done.code, found(done)) == (1, [("DT601", "migrate"), ("DT601", "web")])


def test_a_label_that_lies(released: ReleaseShop) -> None:
    shop = released
    template = shop.service()["template"]
    template["labels"] = {**template["labels"], "commit-sha": shop.first}
    template.pop("revision", None)
    shop.patch({"template": template}, "template")
    shop.allowed.add(shop.newest())
    done = reconciled(shop, "--adopt", "--yes")
    assert (done.code, {rule for rule, _ in found(done)}) == (1, {"DT604"})
    assert shop.first[:12] in str(done.json["findings"])
    assert shop.main[:12] in str(done.json["findings"])


def test_a_ledger_that_was_changed_proves_nothing(released: ReleaseShop) -> None:
    shop = released
    shop.move((shop.newest(), 100))
    with sqlite3.connect(shop.state / "ledger.sqlite") as db:
        db.execute("DROP TRIGGER events_do_not_change")
        db.execute("UPDATE events SET data = replace(data, 'shop-prod', 'shop-prod') || ' ' WHERE number = 2")
        db.execute("UPDATE events SET fence = fence + 1 WHERE number = 2")
    db.close()
    client.clear_requests(shop.cloud.address)
    done = fixed(shop)
    assert (done.code, found(done)[0][0]) == (1, "DT612")
    assert "nothing is mended on its word" in done.json["remarks"][0]
    assert writes(shop) == []


def test_a_lease_that_outlived_its_holder_is_freed_and_one_that_nobody_can_judge_is_not(released: ReleaseShop) -> None:
    shop = released
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    holder = whoami.holder_now(release="theirs", reason="deploy", environ={"USER": "ada"})
    shop.leases.take(KEY, replace(holder, process=child.pid), 3600)
    assert found(reconciled(shop)) == [("DT608", "api")]
    done = fixed(shop)
    assert (done.code, found(done)) == (0, [])
    assert shop.leases.records()[0].held is None
    shop.leases.take(KEY, replace(holder, host="elsewhere"), 3600)
    assert found(reconciled(shop)) == [("DT608", "api")]
    done = fixed(shop)
    assert (done.code, found(done)) == (4, [("DT608", "api")])
    assert shop.leases.records()[0].held is not None


def test_what_could_not_be_looked_at_is_no_pass(released: ReleaseShop) -> None:
    shop = released
    path = f"{V2}/services/web*"
    client.add_fault(shop.cloud.address, {"method": "GET", "path": path, "do": "status", "code": 403, "times": 0})
    done = reconciled(shop)
    client.clear_faults(shop.cloud.address)
    assert (done.code, done.json["verdict"], found(done)) == (3, "unknown", [])
    assert "web" in done.json["errors"][0]["message"]


def test_nobody_is_asked_when_nobody_is_there(released: ReleaseShop) -> None:
    shop = released
    shop.configure(STEPS)
    shop.move((shop.newest(), 100))
    done = shop.run("reconcile", "--fix")
    assert done.code == 2, done.said
    assert "--yes" in done.err
