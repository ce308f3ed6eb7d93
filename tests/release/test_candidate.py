"""A revision that is ready and lacks something of what was there before is no candidate."""

from __future__ import annotations

from typing import Any, cast

import pytest

from deploytool.adapters.fleet import v2json
from deploytool.domain.model import Place
from deploytool.domain.plan import Changes, Plan
from deploytool.domain.release import Kind
from deploytool.ports import SeenRevision
from deploytool.release.candidate import await_ready
from deploytool.release.tools import Limits, Tools
from deploytool.release.writing import Moved, StepFailed

IMAGE = "local/api@sha256:" + "1" * 64
PLAN = Plan(
    id="r-1",
    kind=Kind.DEPLOY,
    place=Place("proj", "us-west1", "api"),
    commit="c" * 40,
    ref="main",
    revision="api-1",
    changes=Changes(env={"GIT_SHA": "c" * 40}, min_instances=0, cpu_throttling=True),
    variables=("SMTP_HOST", "GIT_SHA"),
)


class Cloud:
    def __init__(self, env: tuple[str, ...], **more: Any) -> None:
        container = {"image": IMAGE, "env": [{"name": name, "value": "secret"} for name in env]}
        self.raw = {
            "name": "projects/proj/locations/us-west1/services/api/revisions/api-1",
            "labels": {"commit-sha": "c" * 40, "deploytool-release": "r-1"},
            "containers": [container | {"resources": {"cpuIdle": True}}],
            "conditions": [{"type": "Ready", "state": "CONDITION_SUCCEEDED"}],
            **more,
        }

    def revision(self, place: Place, name: str) -> SeenRevision:
        found = v2json.revision_of(self.raw)
        assert found is not None
        return SeenRevision(found[1], "", self.raw)

    def read(self, place: Place) -> None:
        return None


class Clock:
    def monotonic(self) -> float:
        return 0.0


def said(cloud: Cloud) -> str:
    tools = cast(Tools, type("Few", (), {"editor": cloud, "time": Clock(), "limits": Limits()})())
    with pytest.raises((StepFailed, Moved)) as stopped:
        await_ready(PLAN, IMAGE, tools)
    return str(stopped.value)


def test_a_variable_that_got_lost_is_named() -> None:
    assert said(Cloud(("GIT_SHA",))) == "api-1 does not have the variable SMTP_HOST"


def test_a_setting_that_was_declared_and_is_not_there_is_named() -> None:
    raw = {"scaling": {"minInstanceCount": 3}}
    assert said(Cloud(("GIT_SHA", "SMTP_HOST"), **raw)) == "api-1 does not have min_instances 0"


def test_what_has_everything_goes_on() -> None:
    assert said(Cloud(("GIT_SHA", "SMTP_HOST", "NEW"))) == "api does not exist any more."  # it asks for its tag
