"""Declared settings are what counts afterwards, or somebody is told why they are not."""

from __future__ import annotations

from deploytool.domain.preflight import CheckLine, Word
from tests.stories.release_shop import ReleaseShop


def line(shop: ReleaseShop, name: str) -> CheckLine:
    (lines,) = shop.plans("api").lines.values()
    return next(one for one in lines if one.name == name)


def test_instances_that_the_service_itself_keeps_are_no_ok(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure("settings = { min_instances = 0 }", on=("api",))
    assert line(shop, "settings") == CheckLine("settings", Word.OK, "min_instances 1 -> 0")
    shop.patch({"scaling": {"minInstanceCount": 2}}, "scaling")
    found = line(shop, "settings")
    assert (found.word, found.firm) == (Word.NG, False)
    assert found.said == "min_instances 0 is declared, and the service itself asks for 2: 2 stays"
    assert "gcloud run services update api" in found.hint
    assert found.hint.endswith(" --min 0")


def test_a_variable_of_another_container_is_not_one_of_the_program(release_shop: ReleaseShop) -> None:
    shop = release_shop
    main = shop.service()["template"]["containers"][0] | {"ports": [{"containerPort": 8080}]}
    side = {"name": "side", "image": main["image"], "env": [{"name": "MODEL_PATH", "value": "/m"}]}
    shop.configure('env = { required = ["TOKEN", "KEY", "MODEL_PATH"] }', on=("api",))
    shop.patch({"template": {"containers": [side, main]}}, "template.containers")
    assert line(shop, "environment").said == "missing: MODEL_PATH"


def test_settings_are_there_when_it_is_done(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure("settings = { min_instances = 0, cpu_throttling = true }", on=("api",))
    done = shop.run("deploy", "api", "--yes")
    assert done.code == 0, done.said
    template = shop.service()["template"]
    assert template["scaling"] == {"minInstanceCount": 0, "maxInstanceCount": 7}
    assert template["containers"][0]["resources"]["cpuIdle"] is True


def test_a_job_has_no_checks_and_may_be_under_change_too(release_shop: ReleaseShop) -> None:
    (lines,) = release_shop.plans("migrate").lines.values()
    found = {one.name: one for one in lines}
    assert found["checks"] == CheckLine("checks", Word.SKIP, "a job has no checks")
    assert found["operation"] == CheckLine("operation", Word.OK, "nothing is in flight")
    assert not {"traffic", "rollback", "tag"} & found.keys()
