"""The daily check: every phase is looked at whatever the others found, and what could not be told is never green."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploytool.adapters import whoami
from deploytool.app import App
from deploytool.commands.validate import standing_of
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.message import State
from deploytool.domain.release import FIRST, Event, EventKind, hash_of
from deploytool.domain.validate_report import Phase, Section, ValidateReport
from tests.adapters.fake_cloudrun import FakeCloudRun
from tests.adapters.shapes import v2_pinned, v2_revision, v2_service
from tests.stories.conftest import SERVICES, SOURCE, P, Project, R, Ran, Shop, labelled

SCHEMA = Draft202012Validator(json.loads((SOURCE / "deploytool/schemas/validate.json").read_text()))


@pytest.fixture
def project(tmp_path: Path, shop: Shop) -> Project:
    made = Project(tmp_path, shop)
    made.services()
    return made


def validate(project: Project, *services: dict[str, Any], phases: tuple[str, ...] = (), **more: Any) -> Ran:
    fleet = project.file("fleet.json", {"services": list(services), **more})
    options = [word for phase in phases for word in ("--phase", phase)]
    ran = project.run("validate", "--format", "json", "--fleet", fleet, *options)
    if ran.out:
        SCHEMA.validate(ran.json)
    return ran


def current(project: Project, name: str) -> dict[str, Any]:
    return v2_service(name, template=labelled(project.shop.commits["main"]))


def verdicts(ran: Ran) -> dict[str, str]:
    return {section["phase"]: section["verdict"] for section in ran.json["sections"]}


LOCAL = ("config", "drift", "serving", "locks", "ledger", "age")


def test_a_good_morning(project: Project) -> None:
    ran = validate(project, current(project, "api"), current(project, "web"), phases=LOCAL)
    assert (ran.code, ran.json["verdict"]) == (0, "pass"), ran.said
    assert set(verdicts(ran).values()) == {"pass"}
    assert [section["number"] for section in ran.json["sections"]] == [1, 2, 3, 4, 5, 6]


def test_what_is_stale_fails_drift_and_nothing_else(project: Project) -> None:
    old = v2_service("api", template=labelled(project.shop.commits["first"]))
    ran = validate(project, old, current(project, "web"), phases=LOCAL)
    assert ran.code == 1
    assert [phase for phase, verdict in verdicts(ran).items() if verdict == "fail"] == ["drift"]
    assert ran.json["findings"][0]["hint"] == "deploytool deploy api"


def test_a_change_that_waits_for_too_long(project: Project) -> None:
    project.services(SERVICES.replace("[services.web]", 'max_age = "1h"\n\n[services.web]'))
    old = v2_service("api", template=labelled(project.shop.commits["first"]))
    ran = validate(project, old, current(project, "web"), phases=("age",))
    assert (ran.code, verdicts(ran)) == (1, {"age": "fail"})
    assert "1h is allowed" in ran.json["findings"][0]["message"]


def test_traffic_that_is_pinned_to_an_old_revision(project: Project) -> None:
    label = {"commit-sha": project.shop.commits["main"]}
    pinned = v2_pinned(template=labelled(project.shop.commits["main"]))
    ran = validate(
        project, pinned, current(project, "web"), phases=("drift", "serving"), revisions=[v2_revision(labels=label)]
    )
    assert verdicts(ran) == {"drift": "pass", "serving": "fail"}


def test_a_region_that_cannot_be_looked_at_is_never_green(project: Project) -> None:
    gone = {"project": P, "region": R, "message": "permission denied"}
    ran = validate(project, phases=LOCAL, unreachable=[gone])
    assert (ran.code, ran.json["verdict"]) == (3, "unknown")
    assert verdicts(ran)["drift"] == "unknown"
    (drift,) = [section for section in ran.json["sections"] if section["phase"] == "drift"]
    assert any("permission denied" in why for why in drift["unsure"])


def test_a_lease_store_out_of_reach_is_not_nobody(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from deploytool.errors import CouldNotLook

    def refuse(_app: App) -> None:
        raise CouldNotLook("Firestore refused the connection.", hint="See whether it runs.")

    monkeypatch.setattr(App, "lease_store", property(refuse))
    ran = validate(project, current(project, "api"), current(project, "web"), phases=("locks", "drift"))
    assert (ran.code, verdicts(ran)) == (3, {"drift": "pass", "locks": "unknown"})


def test_a_lock_whose_holder_is_gone(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(config_file=project.folder / "services.toml")
    holder = whoami.holder_now(release="r-1", reason="deploy abc")
    app.lease_store.take(f"{P}/{R}/api", holder, 600.0)
    services = (current(project, "api"), current(project, "web"))
    assert verdicts(validate(project, *services, phases=("locks",))) == {"locks": "pass"}
    monkeypatch.setattr(whoami, "is_gone", lambda _holder: True)
    ran = validate(project, *services, phases=("locks",))
    assert (ran.code, verdicts(ran)) == (1, {"locks": "fail"})
    assert "its process is gone" in ran.json["findings"][0]["message"]


def test_a_path_that_is_nowhere_is_a_finding_of_config(project: Project) -> None:
    project.services(SERVICES.replace('dockerfile = "api/Dockerfile"', 'dockerfile = "apis/Dockerfile"'))
    ran = validate(project, current(project, "web"), phases=("config", "drift", "locks"))
    assert (ran.code, verdicts(ran)) == (1, {"config": "fail", "drift": "unknown", "locks": "pass"})


def test_phases_can_be_chosen_and_a_wrong_one_is_refused(project: Project) -> None:
    ran = validate(project, current(project, "api"), current(project, "web"), phases=("ledger",))
    assert list(verdicts(ran)) == ["ledger"]
    assert "drift" in ran.json["left_out"]
    assert validate(project, phases=("weather",)).code == 2


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_people_read_the_verdict_in_words(project: Project, form: str) -> None:
    old = v2_service("api", template=labelled(project.shop.commits["first"]))
    fleet = project.file("fleet.json", {"services": [old]})
    ran = project.run("validate", "--format", form, "--fleet", fleet, "--phase", "drift")
    assert ran.code == 1
    assert "fail" in ran.out.lower()
    assert "deploytool deploy api" in ran.out


# what is asked beside git and Cloud Run


def section(ran: Ran, phase: str) -> dict[str, Any]:
    (found,) = [one for one in ran.json["sections"] if one["phase"] == phase]
    return dict(found)


def test_logging_that_does_not_answer_is_never_green(project: Project) -> None:
    check = '\n[[services.api.checks]]\nname = "no errors"\nlogs = "severity>=ERROR"\nmax = 0\n'
    project.services(SERVICES.replace("\n[services.web]", f"{check}\n[services.web]"))
    with FakeCloudRun() as server:
        host = server.endpoint.removeprefix("http://")
        ran = project.run(
            "validate", "--format", "json", "--phase", "verify", "--phase", "errors", CLOUD_RUN_EMULATOR_HOST=host
        )
    SCHEMA.validate(ran.json)
    assert (ran.code, ran.json["verdict"]) == (3, "unknown"), ran.said
    assert verdicts(ran) == {"verify": "unknown", "errors": "unknown"}
    assert section(ran, "verify")["unsure"]


def test_nothing_to_verify_is_no_pass(project: Project) -> None:
    with FakeCloudRun() as server:
        host = server.endpoint.removeprefix("http://")
        ran = project.run("validate", "--format", "json", "--phase", "verify", CLOUD_RUN_EMULATOR_HOST=host)
    assert (ran.code, verdicts(ran)) == (3, {"verify": "unknown"})
    assert section(ran, "verify")["unsure"] == ["no check is described"]


def test_metrics_say_whether_it_could_look(project: Project) -> None:
    file = project.folder / "deploytool.prom"
    for services, ok in (([current(project, "api"), current(project, "web")], "1"), ([], "0")):
        unreachable = [] if services else [{"project": P, "region": R, "message": "permission denied"}]
        fleet = project.file("fleet.json", {"services": services, "unreachable": unreachable})
        project.run("validate", "--phase", "drift", "--fleet", fleet, "--metrics", str(file))
        assert f'deploytool_look_ok{{command="validate"}} {ok}' in file.read_text()
        phase = {"1": "1", "0": "NaN"}[ok]
        assert f'deploytool_validate_phase_ok{{phase="drift"}} {phase}' in file.read_text()


def test_a_line_of_the_ledger_that_nobody_understands_is_unknown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 2, 5, tzinfo=UTC)
    event = Event(1, "r-1", moment, EventKind.BEGUN, "", {}, 1, FIRST)
    event = replace(event, hash=hash_of(event))
    damaged = SimpleNamespace(events=lambda: (event,), chain=lambda: ((event,), (1, event.hash)))
    monkeypatch.setattr(App, "ledger", property(lambda _app: damaged))
    ran = validate(project, phases=("ledger",))
    assert (ran.code, verdicts(ran)) == (3, {"ledger": "unknown"}), ran.said


def test_cloud_run_is_asked_once_for_all_phases(project: Project) -> None:
    with FakeCloudRun() as server:
        host = server.endpoint.removeprefix("http://")
        phases = [word for phase in ("drift", "verify", "errors") for word in ("--phase", phase)]
        project.run("validate", "--format", "json", *phases, CLOUD_RUN_EMULATOR_HOST=host)
        lists = [path for path in server.paths() if path.endswith("/services")]
    assert len(lists) == 1


def test_notify_without_anybody_to_tell_is_a_usage_error(project: Project) -> None:
    fleet = project.file("fleet.json", {"services": []})
    assert project.run("validate", "--phase", "drift", "--fleet", fleet, "--notify").code == 2


def test_a_standing_stays_the_same_while_nothing_new_is_wrong(project: Project) -> None:
    sections = tuple(
        Section(Phase.DRIFT, f"{seen} of 2", (Finding("drift", Severity.ERROR, f"api waits for {seen}h", subject="r"),))
        for seen in (1, 2)
    )
    now = datetime(2026, 2, 5, tzinfo=UTC)
    first, later = (standing_of(ValidateReport(now, "p", (one,)), "validate p") for one in sections)
    assert (first.state, first.fingerprint) == (State.BAD, later.fingerprint)
    fine = standing_of(ValidateReport(now, "p", (Section(Phase.DRIFT, "2 of 2"),)), "validate p")
    assert (fine.state, fine.fingerprint) == (State.OK, "")
