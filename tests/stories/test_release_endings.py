"""A release that does not come out well leaves everything as it was, and says so."""

from __future__ import annotations

import pytest

from tests.stories.release_files import crashing, program
from tests.stories.release_shop import STEPS, ReleaseShop

BROKEN = {
    "crashes at its start": (crashing("api"), "did not become ready"),
    "answers as another service": (program("api", says="web"), "answers as 'web'"),
    "answers 500": (program("api", status=500), "answers 500"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_program_gets_no_traffic_and_the_next_good_one_is_latest_again(
    release_shop: ReleaseShop, how: str
) -> None:
    shop, (text, reason) = release_shop, BROKEN[how]
    before = shop.serving()
    assert shop.asked() == {"LATEST": 100}
    shop.commit({"api/main.py": text})
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert reason in shop.last().reason
    assert shop.outcomes() == ["failed-safe"]
    assert shop.serving() == before
    assert shop.asked() == before  # LATEST would be the broken one as soon as it is called ready
    assert shop.tags() == {}
    assert shop.health()["commit"] == shop.first
    good = shop.commit({"api/main.py": program("api", 2)})
    shop.ready("api")
    assert shop.asked() == {"LATEST": 100}
    assert shop.health()["commit"] == good


def test_a_candidate_that_logs_errors_under_traffic_goes_back(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS)
    before = shop.serving()
    line = """print('{"severity": "ERROR", "message": "no"}', file=sys.stderr, flush=True)"""
    shop.commit({"api/main.py": program("api", line=line)})
    shop.visit()
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert shop.outcomes() == ["rolled-back"]
    assert "error lines" in shop.last().reason
    assert shop.serving() == shop.asked() == before


def test_without_anybody_who_calls_nothing_is_promoted(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS)
    before = shop.serving()
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert shop.outcomes() == ["rolled-back"]
    assert "too few requests" in shop.last().reason
    assert shop.serving() == before


def test_a_slow_program_is_slower_than_what_serves(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS)
    services = shop.folder / "services.toml"
    text = services.read_text().replace("max_p95_ratio = 1000", "max_p95_ratio = 1.5")
    services.write_text(text.replace('bake = "1s"', 'bake = "4s"'))  # on a busy machine all are slow
    before = shop.serving()
    shop.commit({"api/main.py": program("api", line="import time; time.sleep(1.5)")})
    shop.visit()
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert "95 % of answers" in shop.last().reason
    assert shop.serving() == before


def test_two_services_of_one_deploy_fail_in_two_ways(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS, only=("api", "web"))
    shop.commit({"api/main.py": crashing("api"), "web/main.py": program("web", 2)})
    shop.visit("web")

    def meddle() -> None:
        shop.move((first, 90), (shop.newest("web"), 10), name="web")

    first = shop.newest("web")
    with shop.during("bake 50", meddle, "web"):
        done = shop.deploy("api", "web")
    assert done.code == 6, done.said
    assert shop.last("api").outcome == "failed-safe"
    assert shop.last("web").outcome == "needs-human"
    assert shop.asked("web")[first] == 90


def test_traffic_moved_in_the_console_is_not_rolled_over(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS)
    first = shop.newest()
    shop.visit()
    new: list[str] = []

    def meddle() -> None:
        new.append(shop.newest())
        shop.move((first, 80), (new[0], 20))

    with shop.during("bake 50", meddle):
        done = shop.deploy("api")
    assert done.code == 6, done.said
    assert shop.outcomes() == ["needs-human"]
    assert shop.serving() == shop.asked() == {first: 80, new[0]: 20}
    reason = shop.last().reason
    assert f"80 % {first} + 20 % {new[0]}" in reason  # theirs
    assert f"50 % {first} + 50 % {new[0]}" in reason  # ours
    assert reason in done.said


def test_a_moved_tag_is_noticed_while_it_is_verified(release_shop: ReleaseShop) -> None:
    """Whoever holds the tag answers the checks: their answer is not the candidate's."""
    shop = release_shop
    first = shop.newest()
    shop.commit({"api/main.py": program("api", line="import time; time.sleep(0.5)")})
    with shop.during("verify", lambda: shop.move((first, 100), tags={"candidate": first})):
        done = shop.deploy("api")
    assert done.code in (5, 6), done.said
    assert "candidate" in shop.last().reason
    assert shop.health()["commit"] == shop.first


def test_a_service_that_was_deleted_in_the_middle_is_handed_over(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS)
    shop.visit()
    path = "/v2/projects/shop-prod/locations/europe-west1/services/api"
    with shop.during("bake 50", lambda: shop.call("DELETE", path)):
        done = shop.deploy("api")
    assert done.code == 6, done.said
    assert shop.outcomes() == ["needs-human"]
    assert not shop.is_there("api")
