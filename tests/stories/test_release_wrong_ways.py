"""Ways on which a release could make things worse: each was possible once."""

from __future__ import annotations

import sqlite3

import pytest

from deploytool.detect.planning import in_order, released_before
from deploytool.emulator import client
from tests.stories.release_shop import ReleaseShop, program


@pytest.fixture
def two(release_shop: ReleaseShop) -> tuple[ReleaseShop, str, str]:
    """The shop after two good releases of `api`; their revisions."""
    release_shop.ready("api")
    good = release_shop.newest()
    release_shop.commit({"api/main.py": program("api", 2)})
    release_shop.ready("api")
    return release_shop, good, release_shop.newest()


def failing_reads(shop: ReleaseShop) -> None:
    client.add_fault(
        shop.cloud.address, {"method": "GET", "path": "/v2/*/services/*", "times": 0, "do": "status", "code": 403}
    )


def test_a_rollback_whose_end_cannot_be_read_does_not_lead_back_to_the_bad_one(
    two: tuple[ReleaseShop, str, str],
) -> None:
    shop, good, bad = two
    try:
        with shop.during("confirm", lambda: failing_reads(shop)):
            done = shop.run("rollback", "api", "--yes")
    finally:
        client.clear_faults(shop.cloud.address)
    assert shop.serving() == {good: 100}, done.said
    assert done.code in (0, 6)
    shop.ready("api", "--resume")
    assert shop.serving() == {good: 100}
    assert shop.last().outcome == "succeeded"
    assert bad not in shop.serving()


def test_a_proven_release_is_not_torn_down_because_it_cannot_be_written_down(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.ready("api")
    shop.commit({"api/main.py": program("api", 2)})
    ledger = shop.state / "ledger.sqlite"
    refuse = "CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.kind = 'ended' BEGIN SELECT RAISE(ABORT, 'no'); END"
    with sqlite3.connect(ledger) as db:
        db.execute(refuse)
    done = shop.run("deploy", "api", "--yes")
    newest = shop.newest()
    assert done.code == 6, done.said
    assert shop.serving() == {newest: 100}
    with sqlite3.connect(ledger) as db:
        db.execute("DROP TRIGGER full")
    shop.ready("api", "--resume")
    assert shop.serving() == {newest: 100}
    assert shop.last().outcome == "succeeded"


def test_looking_at_what_was_left_changes_nothing(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.ready("api")
    first = shop.newest()
    shop.commit({"api/main.py": program("api", 2)})
    shop.ready("api", "--no-traffic")
    for way in ("--resume", "--abort"):
        done = shop.run("deploy", "api", way, "--dry-run")
        assert done.code == 0, done.said
        assert shop.serving() == {first: 100}
        refused = shop.run("deploy", "api", way)
        assert refused.code == 2, "nobody was asked"
    assert shop.run("deploy", "api", "--abort", "--stale").code == 2
    shop.ready("api", "--abort")


def test_a_cloud_out_of_reach_is_not_nothing_to_release(
    release_shop: ReleaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = release_shop.run("deploy", "--stale", "--yes", CLOUD_RUN_EMULATOR_HOST="127.0.0.1:1")
    assert done.code == 3, done.said


def test_split_traffic_is_not_guessed_at(two: tuple[ReleaseShop, str, str]) -> None:
    shop, good, bad = two
    shop.move((good, 90), (bad, 10))
    done = shop.rollback("api")
    assert done.code == 2
    assert "split" in done.said
    shop.rollback("api", "--to", good)
    assert shop.serving() == {good: 100}


def test_after_a_rollback_that_was_undone_the_service_follows_its_newest_revision_again(
    two: tuple[ReleaseShop, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, _, bad = two
    with shop.other("rollback", "api", "--yes") as process:
        # Stopped by a person before it asked for anything, or put back after it did: both are an undone rollback.
        process.send_signal(2)
        process.wait(20)
    if shop.serving() == {bad: 100}:
        shop.commit({"api/main.py": program("api", 3)})
        shop.ready("api")
        assert shop.asked() == {"LATEST": 100}


def test_what_comes_after_something_comes_after_all_of_it(release_shop: ReleaseShop) -> None:
    from deploytool.config import load

    text = (release_shop.folder / "services.toml").read_text()
    text = text.replace('after = ["api", "migrate"]', 'after = ["migrate"]')
    (release_shop.folder / "services.toml").write_text(text)
    config = load(release_shop.folder / "services.toml")
    assert "migrate" in released_before(config, "web")
    assert in_order([], config) == []


def test_an_unanswered_question_is_a_no(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import sys

    from deploytool.commands.asking import agreed

    read, write = os.pipe()
    with os.fdopen(read) as waiting, os.fdopen(write, "w") as person:
        monkeypatch.setattr(sys, "stdin", waiting)
        assert not agreed("Go on?", 0.05)
        person.write("y\n")
        person.flush()
        assert agreed("Go on?", 5)
