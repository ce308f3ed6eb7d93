"""Services and jobs in their order, first deployments, and what is really in an image."""

from __future__ import annotations

import pytest

from deploytool.domain.image import image_of
from tests.stories.release_files import crashing, program
from tests.stories.release_outside import V2, until
from tests.stories.release_shop import STEPS, ReleaseShop


def test_a_job_comes_before_the_service_that_needs_it(release_shop: ReleaseShop) -> None:
    """The service was updated, and its migration kept the older image (13)."""
    shop = release_shop
    done = shop.ready("--stale")
    assert [one.place.name for one in shop.releases()] == ["api", "migrate", "web"], done.said
    assert shop.outcomes() == ["succeeded"] * 3
    labels = shop.job()["template"]["labels"]
    assert labels["commit-sha"] == shop.main
    assert shop.health("web")["commit"] == shop.main
    assert shop.drift().code == 0


def test_what_needs_a_failed_one_is_not_begun(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.commit({"api/main.py": crashing("api")})
    done = shop.deploy("--stale")
    assert done.code == 5, done.said
    assert [(one.place.name, one.outcome) for one in shop.releases()] == [
        ("api", "failed-safe"),
        ("migrate", "succeeded"),
    ]
    assert "not begun" in done.said
    assert shop.health("web")["commit"] == shop.first


def test_a_job_that_somebody_else_changed_in_the_middle_keeps_theirs(release_shop: ReleaseShop) -> None:
    shop = release_shop
    theirs = "eu.gcr.io/shop/migrate:theirs"

    def meddle() -> None:
        template = shop.job()["template"]
        template["template"]["containers"][0]["image"] = theirs
        template["labels"] = {"commit-sha": "by-hand"}
        status, value = shop.call("PATCH", f"{V2}/jobs/migrate?updateMask=template", {"template": template})
        assert status == 200, value
        until(lambda: not shop.job().get("reconciling"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploytool.release.jobs.confirm", lambda *given: _meddled(meddle, *given))
        done = shop.deploy("migrate")
    assert done.code in (5, 6), done.said
    assert shop.job()["template"]["template"]["containers"][0]["image"] == theirs
    assert len(shop.outcomes()) == 1


def _meddled(meddle, *given):  # type: ignore[no-untyped-def]
    from deploytool.release.writing import StepFailed

    meddle()
    raise StepFailed("it is not what was asked for", hint="deploytool status")


def test_a_failed_job_is_as_it_was(release_shop: ReleaseShop) -> None:
    shop = release_shop
    before = shop.job()["template"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploytool.release.jobs.confirm", lambda *given: _meddled(lambda: None, *given))
        done = shop.deploy("migrate", "web", "--force")
    assert done.code == 5, done.said
    assert shop.job()["template"] == before
    assert shop.outcomes() == ["failed-safe"]
    assert shop.health("web")["commit"] == shop.first


def test_a_first_deployment_is_made_and_verified(release_shop: ReleaseShop) -> None:
    shop = release_shop
    assert shop.call("DELETE", f"{V2}/services/api")[0] == 200
    until(lambda: not shop.is_there("api"))
    del shop.before["api"]
    shop.ready("api")
    assert shop.health()["service"] == "api"
    assert shop.asked() == {"LATEST": 100}
    assert shop.tags() == {}
    back = shop.rollback("api")
    assert back.code == 2, back.said
    assert "first deployment" in back.err


@pytest.mark.parametrize("how", [crashing("api"), program("api", says="web")])
def test_a_first_deployment_that_fails_is_gone_again(release_shop: ReleaseShop, how: bytes) -> None:
    shop = release_shop
    assert shop.call("DELETE", f"{V2}/services/api")[0] == 200
    until(lambda: not shop.is_there("api"))
    del shop.before["api"]
    shop.commit({"api/main.py": how})
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert not shop.is_there("api")
    assert shop.outcomes() == ["failed-safe"]


def test_an_image_that_is_there_is_used_again_and_another_commit_is_not(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure(STEPS)  # nobody calls: it goes back at 50 %
    assert shop.deploy("api").code == 5
    shop.configure()
    shop.ready("api", "--force")
    first, second = shop.releases("api")
    assert second.seen("build")["reused"] is True  # type: ignore[index]
    assert second.seen("build")["digest"] == first.seen("build")["digest"]  # type: ignore[index]
    shop.commit({"api/main.py": program("api", 2)})
    shop.ready("api")
    third = shop.last()
    assert third.seen("build")["reused"] is False  # type: ignore[index]
    assert third.seen("build")["digest"] != second.seen("build")["digest"]  # type: ignore[index]


def test_what_runs_is_what_git_has_at_that_commit(release_shop: ReleaseShop) -> None:
    """Old layers with the right label, old source, the wrong push: the label was all that was new (9, 10, 11)."""
    from deploytool.adapters.builds.store import content_of
    from deploytool.adapters.git import Repository

    shop = release_shop
    shop.ready("api")
    repository = Repository(shop.shop.repository)
    tree = repository.trees([shop.main])[shop.main]
    made = image_of("api/Dockerfile", "", tree)
    assert made is not None
    digest = shop.service()["template"]["containers"][0]["image"].rpartition("sha256:")[2]
    root = shop.state / "images" / digest / "rootfs"
    for path, (_, data) in content_of(made, tree).files.items():
        assert (root / path.lstrip("/")).read_bytes() == data
    repository.close()


def test_a_damaged_image_gets_no_traffic(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.ready("api")
    image = shop.service()["template"]["containers"][0]["image"]
    digest = image.rpartition("sha256:")[2]
    (shop.state / "images" / digest / "rootfs/app/main.py").write_text("raise SystemExit('somebody edited this')")
    before = shop.serving()
    done = shop.deploy("api", "--force")
    assert done.code == 5, done.said
    assert shop.serving() == before


def test_the_revision_itself_is_asked_whether_it_is_ready(release_shop: ReleaseShop) -> None:
    """latestReadyRevision names another one while ours is still tried (3)."""
    shop = release_shop
    shop.commit({"api/main.py": program("api", start="import time; time.sleep(0.6)")})
    first = shop.newest()
    with shop.during("candidate", lambda: seen.append(shop.service()["latestReadyRevision"])):
        seen: list[str] = []
        shop.ready("api")
    assert seen[0].endswith(first)
    assert shop.last().revision in shop.serving()


def test_another_image_behind_our_revision_is_noticed(release_shop: ReleaseShop) -> None:
    shop = release_shop
    other = shop.cloud.images["web"]
    built = "deploytool.release.runner.candidate.make"
    with pytest.MonkeyPatch.context() as patch:
        from deploytool.release import candidate

        make = candidate.make
        patch.setattr(built, lambda plan, image, tools, hold: make(plan, other, tools, hold))
        done = shop.deploy("api")
    assert done.code == 5, done.said
    assert "runs " in shop.last().reason
    assert shop.health()["commit"] == shop.first
