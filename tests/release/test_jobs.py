"""A job that is put back is as it was: also without what the release added."""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import Any, cast

import pytest

from deploytool.adapters.cloudrun.edits import job_patch_of
from deploytool.adapters.fleet import v2json
from deploytool.detect.planning import was_of
from deploytool.domain.edit import Edit
from deploytool.domain.model import Place
from deploytool.domain.plan import Changes, Plan
from deploytool.domain.preflight import Word, operation_line
from deploytool.domain.release import Kind
from deploytool.domain.template import variables_of
from deploytool.emulator.masks import JOB_FIELDS, masked, parse_mask
from deploytool.ports import SeenService
from deploytool.release import jobs
from deploytool.release.tools import Hold, Limits, Tools
from deploytool.release.writing import StepFailed

Json = dict[str, Any]
PLACE = Place("proj", "us-west1", "migrate")
SECRET = {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "key"}}}
OURS = Changes(
    labels={"commit-sha": "new", "deploytool-release": "r-1"},
    env={"GIT_SHA": "new", "COMMIT": "new", "KEY": "new"},
)
NEW = "local/migrate@sha256:" + "2" * 64


def job(env: list[Json] | None) -> Json:
    container: Json = {"image": "local/migrate@sha256:" + "1" * 64} | ({} if env is None else {"env": env})
    return {
        "name": "projects/proj/locations/us-west1/jobs/migrate",
        "etag": '"1"',
        "generation": "1",
        "observedGeneration": "1",
        "terminalCondition": {"state": "CONDITION_SUCCEEDED"},
        "template": {"labels": {"team": "shop"}, "template": {"containers": [container, {"image": "side"}]}},
    }


class Cloud:
    """Stands for Cloud Run: one job, changed at once."""

    def __init__(self, raw: Json) -> None:
        self.raw = copy.deepcopy(raw)

    def read_job(self, place: Place) -> SeenService:
        found = v2json.job_of(self.raw)
        assert found is not None
        return SeenService(found, copy.deepcopy(self.raw))

    def change_job(self, seen: SeenService, edit: Edit) -> None:
        body, mask = job_patch_of(seen.raw, edit)
        self.raw = masked(self.raw, body, parse_mask(mask, JOB_FIELDS))


class Clock:
    def monotonic(self) -> float:
        return 0.0


class Held:
    def check(self) -> None: ...


def release(cloud: Cloud) -> tuple[Plan, Tools, Hold]:
    seen = cloud.read_job(PLACE)
    plan = Plan("r-1", Kind.DEPLOY, PLACE, "c" * 40, "main", "", changes=OURS, job=True)
    object.__setattr__(plan, "was", was_of(seen.service, OURS))
    object.__setattr__(plan, "variables", variables_of(seen.raw))
    tools = type("Few", (), {"editor": cloud, "time": Clock(), "limits": Limits(), "shield": nullcontext})()
    return plan, cast(Tools, tools), cast(Hold, Held())


@pytest.mark.parametrize(
    "env",
    [
        None,
        [{"name": "TOKEN", "value": "x"}],
        [{"name": "GIT_SHA", "value": "old"}, {"name": "TOKEN", "value": "x"}, SECRET],
        [{"name": "COMMIT", "value": ""}],
    ],
)
def test_a_job_is_put_back_to_the_letter(env: list[Json] | None) -> None:
    cloud = Cloud(job(env))
    plan, tools, hold = release(cloud)
    jobs.update(plan, NEW, tools, hold)
    assert jobs.confirm(plan, NEW, tools)
    assert set(variables_of(cloud.raw)) >= {"GIT_SHA", "COMMIT", "KEY"}
    jobs.put_back(plan, tools, hold)
    assert cloud.raw["template"] == job(env)["template"]


def test_a_variable_that_got_lost_is_named() -> None:
    cloud = Cloud(job([{"name": "TOKEN", "value": "x"}]))
    plan, tools, hold = release(cloud)
    jobs.update(plan, NEW, tools, hold)
    cloud.raw["template"]["template"]["containers"][0]["env"].pop(0)
    with pytest.raises(StepFailed, match="does not have the variable TOKEN"):
        jobs.confirm(plan, NEW, tools)


def test_a_change_of_a_job_that_is_under_way_is_waited_for() -> None:
    for changed, word, firm in (
        ({}, Word.OK, False),
        ({"reconciling": True}, Word.NG, True),
        ({"generation": "2"}, Word.NG, True),
        ({"deleteTime": "2026-01-01T00:00:00Z"}, Word.NG, True),
    ):
        line = operation_line(v2json.job_of(job(None) | changed))
        assert (line.name, line.word, line.firm) == ("operation", word, firm)
    assert operation_line(None).word is Word.SKIP


def test_a_change_that_nobody_saw_arrive_is_ended_by_a_write_of_our_own() -> None:
    cloud = Cloud(job([SECRET]))
    plan, tools, hold = release(cloud)
    before, writes = copy.deepcopy(cloud.raw), []
    change = cloud.change_job
    cloud.change_job = lambda seen, edit: (writes.append(edit), change(seen, edit))[1]  # type: ignore[method-assign]
    jobs.put_back(plan, tools, hold)
    assert len(writes) == 2, "a label is put on and taken off: whoever read before that is refused"
    assert {name: value for name, value in cloud.raw.items() if value} == before
