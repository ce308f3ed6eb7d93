"""Only the container that answers requests counts, and the larger of two minimums does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploytool.domain.model import Place
from deploytool.domain.plan import Changes, Plan
from deploytool.domain.release import Kind
from deploytool.domain.template import differences, held_up_by_service, settings_said, variables_of

SECRET = {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "k"}}}
SIDE: dict[str, Any] = {"image": "side", "env": [{"name": "SIDE", "value": "1"}], "resources": {"cpuIdle": False}}
MAIN: dict[str, Any] = {
    "image": "main",
    "ports": [{"containerPort": 8080}],
    "env": [{"name": "TOKEN", "value": "x"}, SECRET],
    "resources": {"cpuIdle": True},
}
PLAN = Plan("r-1", Kind.DEPLOY, Place("p", "r", "api"), "c" * 40, "main", "api-1", variables=("TOKEN", "KEY"))


def service(least: Any = None, own: Any = None, containers: Any = (SIDE, MAIN)) -> dict[str, Any]:
    told: dict[str, Any] = {"template": {"containers": list(containers)}}
    if least is not None:
        told["template"]["scaling"] = {"minInstanceCount": least}
    return told if own is None else told | {"scaling": {"minInstanceCount": own}}


def test_variables_are_those_of_the_container_that_answers() -> None:
    assert variables_of(service()) == ("TOKEN", "KEY")
    assert variables_of(service(containers=[SIDE])) == ("SIDE",)
    assert variables_of({"template": {"template": {"containers": [SIDE, MAIN]}}}) == ("SIDE",), "of a job the first"
    assert variables_of({"containers": [SIDE, MAIN]}) == ("TOKEN", "KEY"), "of a revision"
    for odd in (None, {}, {"template": 1}, {"template": {"containers": [3, {"env": [1, {"name": 2}]}]}}):
        assert variables_of(odd) == ()


@pytest.mark.parametrize(
    ("least", "own", "wanted", "said", "held"),
    [
        (1, None, 0, "min_instances 1 -> 0", None),
        (0, None, 0, "min_instances 0", None),
        (None, 2, 2, "min_instances 2", None),
        (None, 2, 3, "min_instances 2 -> 3", None),
        (1, 2, 0, "min_instances 0 is declared, and the service itself asks for 2: 2 stays", 2),
        (0, 2, 0, "min_instances 0 is declared, and the service itself asks for 2: 2 stays", 2),
        (3, 2, 2, "min_instances 3 -> 2", None),
    ],
)
def test_what_the_service_itself_asks_for_counts(
    least: int | None, own: int | None, wanted: int, said: str, held: int | None
) -> None:
    assert settings_said(service(least, own), wanted, None) == (said,)
    assert held_up_by_service(service(least, own), wanted) == held
    assert held_up_by_service(service(least, own), None) is None


def test_throttling_is_that_of_the_container_that_is_written_to() -> None:
    assert settings_said(service(), None, True) == ("cpu_throttling true",)
    assert settings_said(service(), None, False) == ("cpu_throttling true -> false",)
    assert settings_said(None, 1, False) == ("min_instances 0 -> 1", "cpu_throttling not set -> false")


def test_a_revision_that_has_everything_is_as_it_should_be() -> None:
    made = {"scaling": {"minInstanceCount": 1}, "containers": [SIDE, MAIN]}
    plan = replace(PLAN, changes=Changes(env={"TOKEN": "c"}, min_instances=1, cpu_throttling=True))
    assert differences(plan, made) == ()
    assert differences(replace(PLAN, changes=Changes(min_instances=0)), {"containers": [MAIN]}) == ()


def test_what_got_lost_on_the_way_is_named() -> None:
    bare = {"containers": [{**MAIN, "env": [SIDE["env"][0], SECRET], "resources": {}}]}
    plan = replace(PLAN, changes=Changes(env={"GIT_SHA": "c"}, min_instances=1, cpu_throttling=True))
    assert differences(plan, bare) == (
        "the variable TOKEN",
        "the variable GIT_SHA",
        "min_instances 1",
        "cpu_throttling true",
    )
