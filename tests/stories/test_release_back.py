"""Going back: to what was verified, and what was taken back does not come again by itself."""

from __future__ import annotations

import pytest

from tests.stories.release_files import program
from tests.stories.release_shop import CANARY, STEPS, ReleaseShop


@pytest.fixture
def two(release_shop: ReleaseShop) -> tuple[ReleaseShop, str, str]:
    """The shop after two good releases of `api`; their revisions."""
    release_shop.ready("api")
    good = release_shop.newest()
    release_shop.commit({"api/main.py": program("api", 2)})
    release_shop.ready("api")
    return release_shop, good, release_shop.newest()


def test_a_rollback_leads_to_what_was_verified_and_drift_says_so(two: tuple[ReleaseShop, str, str]) -> None:
    shop, good, bad = two
    shop.rollback("api")
    assert shop.serving() == shop.asked() == {good: 100}
    assert shop.last().kind == "rollback"
    drift = shop.drift("api")
    entry = drift.entry("api")
    assert (entry["verdict"], entry["serving"]) == ("stale", "newest-not-serving")
    assert bad not in shop.serving()


def test_what_was_rolled_back_does_not_come_again_by_itself(two: tuple[ReleaseShop, str, str]) -> None:
    shop, good, _ = two
    shop.rollback("api")
    shop.ready("--stale")
    assert shop.serving() == {good: 100}
    named = shop.deploy("api")
    assert named.code == 1, named.said
    assert "rolled back" in named.said
    shop.commit({"README.md": b"The same program under another commit\n"})
    shop.ready("--stale")
    assert shop.serving() == {good: 100}
    fix = shop.commit({"api/main.py": program("api", 3)})
    shop.ready("--stale")
    assert shop.health()["commit"] == fix
    assert shop.asked() == {"LATEST": 100}


def test_a_person_may_insist(two: tuple[ReleaseShop, str, str]) -> None:
    shop, _, bad = two
    shop.rollback("api")
    commit = shop.revision(bad)["labels"]["commit-sha"]
    shop.ready("api", "--force")
    assert shop.health()["commit"] == commit
    assert shop.asked() == {"LATEST": 100}


def test_a_revision_or_a_commit_can_be_named(two: tuple[ReleaseShop, str, str]) -> None:
    shop, good, bad = two
    shop.rollback("api", "--to", good)
    assert shop.serving() == {good: 100}
    shop.rollback("api", "--to", shop.revision(bad)["labels"]["commit-sha"][:10])
    assert shop.serving() == {bad: 100}


@pytest.mark.parametrize("to", ["api-9b2d63ff-0000", "0" * 40, "--output=x", "no such thing"])
def test_an_unknown_place_to_go_back_to_is_refused_with_the_nearest(two: tuple[ReleaseShop, str, str], to: str) -> None:
    shop, good, bad = two
    before = shop.serving()
    done = shop.rollback("api", f"--to={to}")
    assert done.code == 2, done.said
    assert good in done.err or bad in done.err
    assert shop.serving() == before


def test_without_a_release_of_ours_nobody_knows_what_was_verified(release_shop: ReleaseShop) -> None:
    done = release_shop.rollback("api")
    assert done.code == 2, done.said
    assert "--to" in done.err


def test_a_rollback_to_what_serves_changes_nothing(two: tuple[ReleaseShop, str, str]) -> None:
    shop, _, bad = two
    generation, count = shop.service()["generation"], len(shop.releases())
    done = shop.rollback("api", "--to", bad)
    assert done.code == 0, done.said
    assert len(shop.releases()) == count or shop.service()["generation"] != generation


def test_going_back_gives_back_neither_env_nor_secrets(two: tuple[ReleaseShop, str, str]) -> None:
    shop, good, _ = two
    shop.rollback("api")
    names = [entry["name"] for entry in shop.revision(good)["containers"][0]["env"]]
    assert names == ["BUILD_COMMIT", "TOKEN", "KEY"]
    assert shop.health()["revision"] == good


def test_pinned_weeks_before_the_plan_says_so_and_the_new_one_serves(release_shop: ReleaseShop) -> None:
    """Every deploy since was green, and nobody ever saw it (1)."""
    shop = release_shop
    first = shop.newest()
    shop.move((first, 100))
    (plan,) = shop.plans("api").plans
    assert plan.before is not None
    assert not plan.before.latest
    shown = release_shop.run("deploy", "api", "--dry-run").said
    assert "pinned by name" in shown
    assert first in shown
    shop.ready("api")
    new = shop.newest()
    assert shop.asked() == shop.serving() == {new: 100}  # by name, as the person had it
    assert shop.health()["commit"] == shop.main


def test_a_split_with_foreign_tags_is_put_back_to_scale(release_shop: ReleaseShop) -> None:
    shop = release_shop
    first = shop.newest()
    shop.ready("api")
    second = shop.newest()
    shop.move((first, 30), (second, 70), tags={"blue": first, "green": second})
    shop.commit({"api/main.py": program("api", says="web")})
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert shop.serving() == {first: 30, second: 70}
    assert shop.tags() == {"blue": first, "green": second}
    shop.configure(STEPS)
    shop.visit()
    shop.commit({"api/main.py": program("api", 4)})
    with shop.during("bake 50", lambda: seen.append(shop.serving())):
        seen: list[dict[str, int]] = []
        shop.ready("api")
    assert sorted(seen[0].values()) == [15, 35, 50]
    assert shop.tags() == {"blue": first, "green": second}


def test_a_tag_row_before_the_serving_one_does_not_serve(release_shop: ReleaseShop) -> None:
    """The first row was taken for the one with 100 % (5)."""
    shop = release_shop
    first = shop.newest()
    rows = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": first, "tag": "old"}]
    rows.append({"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100})  # type: ignore[dict-item]
    shop.patch({"traffic": rows}, "traffic")
    shop.ready("api")
    assert shop.asked() == {"LATEST": 100}
    assert shop.tags() == {"old": first}
    assert shop.health()["commit"] == shop.main


def test_a_retired_revision_is_ready_and_serves_nothing(two: tuple[ReleaseShop, str, str]) -> None:
    """Retired is no failure when going back, and no service before (4)."""
    shop, good, bad = two
    conditions = {row["type"]: row for row in shop.revision(good)["conditions"]}
    assert conditions["Active"]["state"] == "CONDITION_FAILED"
    assert [row["name"] for row in shop.drift("api").entry("api")["revisions"]] == [bad]
    shop.rollback("api", "--to", good)
    assert shop.health()["revision"] == good


def test_no_secret_of_a_service_is_written_down_anywhere(two: tuple[ReleaseShop, str, str]) -> None:
    shop, _, _ = two
    shop.rollback("api")
    shop.run("deploy", "api", "--dry-run", "--format", "json")
    for file in shop.state.glob("*"):
        if file.is_file() and not file.name.startswith(("cloudrun.", "logs.")):  # those are the server's own
            assert CANARY.encode() not in file.read_bytes(), file.name
