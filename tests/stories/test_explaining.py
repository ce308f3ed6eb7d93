"""`explain` asks the cloud and git as `drift` does, hands the question on, and shows what is answered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest

from deploytool import commands
from deploytool.domain.report import LookError
from tests.render.proofs import PHASE4, path_report, proof_report
from tests.stories.conftest import SERVICES, Cloud, Project
from tests.stories.test_exit_codes import fleet_of

ANSWERED = "deploytool.detect.proof"
COMMAND = "deploytool.commands.explain"


class Answer:
    """Stands for the room that proves: remembers what it was asked, answers what it is told."""

    def __init__(self) -> None:
        self.report = proof_report()
        self.detection: Any = None
        self.asked: list[Any] = []

    def proving(self, detection: Any) -> Any:
        self.detection = detection
        made = ModuleType("proving")
        made.report = self.answered  # type: ignore[attr-defined]
        return made

    def answered(self, *asked: Any) -> Any:
        self.asked = [*asked]
        return self.report


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answer]:
    answer, room = Answer(), ModuleType(ANSWERED)
    room.Proving = answer.proving  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, ANSWERED, room)
    forget_the_command()
    yield answer
    forget_the_command()


def forget_the_command() -> None:
    """It keeps the room that it was loaded with."""
    sys.modules.pop(COMMAND, None)
    vars(commands).pop("explain", None)


def test_it_looks_as_drift_does(project: Project, answer: Answer) -> None:
    ran = project.run("explain", "api", "--fleet", fleet_of(project, api="first", web="main"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{PHASE4}  ✗ stale\n")
    fleet, history, now, question = answer.asked
    assert {service.place.name for service in fleet.services} == {"api", "web"}
    assert callable(history)
    assert now == datetime.fromisoformat("2025-06-20T00:00:00Z")
    assert question is None
    assert [table.name for table in answer.detection.tables] == ["api"]
    assert answer.detection.target == project.shop.commits["main"]


def test_the_cloud_is_asked_when_no_file_is_given(project: Project, cloud: Cloud, answer: Answer) -> None:
    cloud.holds({"services": []})
    assert project.run("explain", "web", CLOUD_RUN_EMULATOR_HOST=cloud.host).code == 0
    assert answer.asked[0].services == ()


def test_the_question_and_the_precision_are_handed_on(project: Project, answer: Answer) -> None:
    answer.report = path_report()
    project.services(f'{SERVICES}paths = ["web"]\n')
    argv = ["--fleet", fleet_of(project, web="first"), "--precision", "path", "--fetch"]
    ran = project.run("explain", "web", "web/main.py", *argv, "--format", "json")
    assert answer.asked[3] == "web/main.py"
    assert answer.detection.grounds.asked == {"web": "path"}
    assert ran.json["schema"] == "deploytool/explain/1"
    assert ran.json["path"]["twin"]["relevance"] == "imported"


def test_what_could_not_be_looked_at_is_3(project: Project, answer: Answer) -> None:
    answer.report = replace(proof_report(), errors=(LookError("us-west2", "403 Forbidden"),))
    ran = project.run("explain", "api", "--fleet", fleet_of(project, api="first"))
    assert ran.code == 3
    assert "could not look at us-west2: 403 Forbidden" in ran.out


def test_an_unknown_service_is_a_mistake_that_names_the_nearest(project: Project, answer: Answer) -> None:
    ran = project.run("explain", "apo", "--fleet", fleet_of(project, api="first"))
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean api?" in ran.err
    assert answer.asked == []
