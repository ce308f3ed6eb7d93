"""`deploytool verify` from the door: what serves is asked, in time, and what was not looked at is never well."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploytool.__main__ import run
from tests.adapters.doubles import Asked, Double, double, error
from tests.adapters.fake_bigquery import Query, bigquery_of
from tests.adapters.fake_firestore import firestore_of
from tests.adapters.shapes import v2_job, v2_revision, v2_service

PROJECT, REGION = "nba-props-platform", "us-west2"
SOURCE = Path(__file__).parents[2]
SCHEMA = json.loads((SOURCE / "deploytool" / "schemas" / "verify.json").read_text())
HEAD = f'[project]\ncloud = "local"\nproject = "{PROJECT}"\nregions = ["{REGION}"]\n'
HEALTH = """
[[services.{0}.checks]]
name = "health"
http = "/health"
expect = {{ json = {{ service = "{0}" }} }}
"""


class World:
    """Cloud Run, its services and their logs, all at one address."""

    def __init__(self, *names: str) -> None:
        self.services = {name: self.service(name) for name in names}
        self.jobs: list[dict[str, Any]] = []
        self.closed = False
        self.lines: Callable[[str], list[dict[str, Any]]] = lambda filter: []
        self.health: dict[str, Any] = {}
        self.slow = 0.0
        self.double: Double | None = None

    @staticmethod
    def service(name: str, **changes: Any) -> dict[str, Any]:
        return v2_service(name, project=PROJECT, region=REGION, **changes)

    def __call__(self, asked: Asked) -> Any:
        home = f"/v2/projects/{PROJECT}/locations/{REGION}"
        if self.closed and asked.path.startswith(home):
            return error(403, "PERMISSION_DENIED", "Permission 'run.services.list' denied")
        if asked.path == f"{home}/services":
            assert self.double
            return {"services": [{**one, "uri": f"{self.double.url}/{n}"} for n, one in self.services.items()]}
        if asked.path == f"{home}/jobs":
            return {"jobs": self.jobs}
        if asked.path.startswith(f"{home}/services/") and "/revisions/" in asked.path:
            _, name, _, revision = asked.path.removeprefix(home).strip("/").split("/")
            return v2_revision(revision, name, project=PROJECT, region=REGION)
        if asked.path == "/v2/entries:list":
            return {"entries": self.lines(asked.body["filter"])}
        if asked.path.endswith("/health"):
            time.sleep(self.slow)
            name = asked.path.split("/")[1]
            return self.health.get(name, {"service": name})
        return error(404, "NOT_FOUND")


@contextmanager
def served(world: World) -> Iterator[World]:
    with double(world) as made:
        world.double = made
        yield world


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def verify(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def ask(world: World, config: str, *argv: str) -> tuple[int, str, str]:
        (folder / "services.toml").write_text(HEAD + config)
        with served(world):
            assert world.double
            monkeypatch.setenv("CLOUD_RUN_EMULATOR_HOST", world.double.url.removeprefix("http://"))
            code = run(["verify", *argv])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "bug" not in said.err
        return code, said.out, said.err

    return ask


def tables(*names: str) -> str:
    return "".join(f'[services.{name}]\npaths = ["{name}"]\n{HEALTH.format(name)}' for name in names)


def test_all_services_are_asked_at_their_own_address(verify: Any) -> None:
    code, out, _ = verify(World("api", "web"), tables("api", "web"), "--format", "json")
    said = json.loads(out)
    Draft202012Validator(SCHEMA).validate(said)
    assert (code, said["verdict"]) == (0, "pass")
    assert [(one["name"], one["standing"]) for one in said["services"]] == [("api", "pass"), ("web", "pass")]
    assert said["services"][0]["revisions"] == [{"name": "api-00007-abc", "percent": 100}]


def test_one_that_fails_is_1_also_beside_one_that_nobody_can_tell(verify: Any) -> None:
    world = World("api")
    world.health["api"] = {"service": "web"}
    code, out, _ = verify(world, tables("api", "web"))
    assert code == 1
    assert "answers as 'web', expected 'api'" in out
    assert "it is not in Cloud Run" in out
    assert out.splitlines()[-1] == "fail: 0 of 2 checks passed, 1 failed, 1 could not be told, 1 service not seen"
    assert verify(world, tables("api"), "--exit-zero")[0] == 0
    assert verify(World(), tables("web"), "--exit-zero")[0] == 3


def test_a_region_that_cannot_be_looked_at(verify: Any) -> None:
    world = World("api")
    world.closed = True
    config = tables("api") + '[[services.api.checks]]\nname = "mine"\ncommand = ["true"]\n'
    code, out, _ = verify(world, config, "--format", "json")
    (service,) = json.loads(out)["services"]
    assert code == 3
    assert service["standing"] == "could-not-tell"
    assert [check["answer"] for check in service["checks"]] == ["could-not-tell", "pass"]
    assert "denied" in service["reason"] or "may not" in service["reason"]
    assert verify(world, config, "--only", "mine")[0] == 3
    assert "what serves" in verify(world, config, "--only", "mine")[1]


def test_nothing_checked_is_no_pass(verify: Any) -> None:
    code, out, _ = verify(World("api"), '[services.api]\npaths = ["api"]\n')
    assert (code, out) == (3, "Nothing is checked: api\nunknown: nothing was checked\n")
    for format in ("markdown", "github", "junit"):
        code, out, _ = verify(World("api"), '[services.api]\npaths = ["api"]\n', "--format", format)
        assert code == 3
        assert "nothing was checked" in out
    code, out, _ = verify(World("api", "web"), tables("api") + '[services.web]\npaths = ["web"]\n')
    assert code == 0
    assert "Nothing is checked: web\n" in out


def test_a_candidate_is_none_of_its_business(verify: Any) -> None:
    config = tables("api").replace('name = "health"', 'name = "health"\nwhen = ["candidate"]')
    assert verify(World("api"), config)[0] == 3


def test_what_is_not_required_warns(verify: Any) -> None:
    config = tables("api") + '[[services.api.checks]]\nname = "lock"\nlogs = "Acquired"\nmin = 1\nrequired = false\n'
    code, out, _ = verify(World("api"), config)
    assert code == 0
    assert "fail (warns)" in out
    assert out.splitlines()[-1] == "pass but for warnings: 1 of 2 checks passed, 1 warning"
    code, out, _ = verify(World("api"), config, "--only", "lock")
    assert code == 0
    assert "health" not in out


def test_only_what_is_named(verify: Any) -> None:
    world = World("api", "web")
    code, out, _ = verify(world, tables("api", "web"), "web")
    assert (code, "api" in out) == (0, False)
    code, _, err = verify(world, tables("api"), "--only", "helth")
    assert (code, "Did you mean 'health'?" in err) == (2, True)
    assert verify(world, tables("api"), "wob")[0] == 2
    assert verify(world, tables("api"), "--format", "sarif")[0] == 2


def test_lines_of_each_revision_that_serves_since_its_own_deploy(verify: Any) -> None:
    rows = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00003-old", "percent": 90},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00007-abc", "percent": 10},
    ]
    world = World()
    world.services["api"] = World.service("api", traffic=rows, trafficStatuses=rows)
    asked: list[str] = []
    world.lines = lambda filter: asked.append(filter) or []  # type: ignore[func-returns-value]
    config = tables("api") + '[[services.api.checks]]\nname = "quiet"\nlogs = "severity>=ERROR"\nmax = 0\n'
    code, out, _ = verify(world, config, "--format", "json")
    assert code == 0
    assert {name for name in ("api-00003-old", "api-00007-abc") for one in asked if f'"{name}"' in one} == {
        "api-00003-old",
        "api-00007-abc",
    }
    assert all('timestamp>="2026-01-01T00:00:00' in one for one in asked)
    assert json.loads(out)["services"][0]["checks"][0]["said"].endswith("(one of 2 revisions did)")


def test_a_change_in_flight_has_no_revision_to_name(verify: Any) -> None:
    world = World()
    world.services["api"] = World.service("api", reconciling=True)
    config = tables("api") + '[[services.api.checks]]\nname = "quiet"\nlogs = "severity>=ERROR"\nmax = 0\n'
    code, out, _ = verify(world, config)
    assert code == 3
    assert "which revision serves, and since when, is not known" in out


def test_every_kind_beside_one_another(verify: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World("api")
    world.jobs = [v2_job("night", project=PROJECT, region=REGION)]
    world.lines = lambda filter: [{"timestamp": datetime.now(UTC).isoformat()}]
    checks = [
        'query = "SELECT a"\nmax_rows = 0',
        'firestore = "locks"\nmax_age = "5m"',
        'freshness = { query = "SELECT t" }\nmax_age = "1h"',
        'freshness = { logs = "finished" }\nmax_age = "1h"',
        f'command = ["{sys.executable}", "-c", "import os; print(os.getcwd())"]',
        'logs = "finished"\nmin = 1\nsince = "24h"',
    ]
    config = '[services.night]\nkind = "job"\npaths = ["night"]\n' + "".join(
        f'[[services.night.checks]]\nname = "c{number}"\n{check}\n' for number, check in enumerate(checks)
    )
    stamp = str(int(time.time() * 1_000_000))
    now = datetime.now(UTC)
    with (
        bigquery_of(a=Query(), t=Query((("t", "TIMESTAMP"),), ((stamp,),))) as rows,
        firestore_of({"locks/a": ({}, now)}) as documents,
    ):
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", rows.url.removeprefix("http://"))
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", documents.url.removeprefix("http://"))
        code, out, _ = verify(world, config, "--format", "json")
        assert (code, json.loads(out)["counts"]["pass"]) == (0, 6)
        documents.documents["locks/a"] = ({}, now.replace(year=now.year - 1))
        rows.queries["SELECT a"].rows = (("1",),)
        code, out, _ = verify(world, config, "--format", "json")
    assert code == 1
    Draft202012Validator(SCHEMA).validate(json.loads(out))
    found = {check["name"]: check["answer"] for check in json.loads(out)["services"][0]["checks"]}
    assert [name for name, answer in found.items() if answer == "fail"] == ["c0", "c1"]


def test_without_an_emulator_nobody_is_asked_and_that_is_said(verify: Any) -> None:
    config = tables("api") + (
        '[[services.api.checks]]\nname = "rows"\nquery = "SELECT 1"\nmax_rows = 0\n'
        '[[services.api.checks]]\nname = "locks"\nfirestore = "locks"\nmax_age = "5m"\n'
    )
    code, out, _ = verify(World("api"), config)
    assert code == 3
    assert 'BigQuery is not asked with cloud = "local"' in " ".join(out.split())
    assert 'Firestore is not asked with cloud = "local"' in " ".join(out.split())


def test_an_endpoint_that_leads_elsewhere_is_not_followed(verify: Any) -> None:
    config = tables("api").replace('http = "/health"', 'http = "http://169.254.169.254/health"')
    code, out, _ = verify(World("api"), config)
    assert code in (2, 3)
    assert "pass" not in out


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_does_not_wait_leaves_no_program_behind(sent: signal.Signals, code: int, folder: Path) -> None:
    script = (
        "import os, time; open('pid.new', 'w').write(str(os.getpid())); os.rename('pid.new', 'pid'); time.sleep(60)"
    )
    check = f'[[services.api.checks]]\nname = "slow"\ncommand = {json.dumps([sys.executable, "-c", script])}\n'
    (folder / "services.toml").write_text(HEAD + tables("api") + check)
    with served(World("api")) as world:
        assert world.double
        environ = {**os.environ, "CLOUD_RUN_EMULATOR_HOST": world.double.url.removeprefix("http://")}
        environ["PYTHONPATH"] = str(SOURCE)
        words = [sys.executable, "-m", "deploytool", "verify"]
        running = subprocess.Popen(words, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until((folder / "pid").exists)
        running.send_signal(sent)
        _, said = running.communicate(timeout=20)
    assert running.returncode == code
    assert b"Traceback" not in said
    program = int((folder / "pid").read_text())
    wait_until(lambda: not Path(f"/proc/{program}").exists())


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_fifty_services_at_once(verify: Any) -> None:
    names = [f"svc-{number}" for number in range(50)]
    world = World(*names)
    world.slow = 0.05
    began = time.monotonic()
    code, _, _ = verify(world, tables(*names))
    assert code == 0
    assert time.monotonic() - began < 3  # 2.5 s one after the other, and the rest of it; bin/bench measures
