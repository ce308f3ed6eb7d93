"""A shop that is released for real: three small programs, their repository, and a Cloud Run that runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from deploytool.adapters.builds.store import content_of, keep
from deploytool.adapters.git import Repository
from deploytool.adapters.leases import Leases
from deploytool.adapters.leases.sqlite import SqliteShelf
from deploytool.adapters.ledger import SqliteLedger
from deploytool.domain.image import image_of
from deploytool.domain.release import Release, releases_of
from deploytool.domain.release_report import PlanReport
from deploytool.emulator import client
from deploytool.emulator.house import House
from tests.repositories import Builder, Value
from tests.stories import release_judge
from tests.stories.conftest import TOKEN, P, Project, R, Ran, Shop

NAMES = ("api", "migrate", "web")
LATEST, REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
CANARY = "s3cret-canary-value"
STEPS = "steps = [50, 100]"

HEAD = f"""
[project]
cloud = "local"
project = "{P}"
regions = ["{R}"]
repository = "repository"
target = "main"

[locks]
ttl = "3s"
"""
SERVICE = """
[services.NAME]
dockerfile = "NAME/Dockerfile"
AFTER
[services.NAME.release]
build = "local"
bake = "1s"
judge = { min_requests = 5, max_p95_ratio = 1000 }
RELEASE

[[services.NAME.checks]]
name = "identity"
http = "/health"
expect = { json = { service = "NAME" } }
"""
JOB = """
[services.migrate]
kind = "job"
dockerfile = "migrate/Dockerfile"
release = { build = "local" }
"""

PROGRAM = """import json, os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from shared.words import GREETING
IMPORTS
VERSION = 1


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        LINE
        said = {"service": "SAYS", "commit": os.environ.get("BUILD_COMMIT", ""), "revision": os.environ["K_REVISION"]}
        body = json.dumps(said).encode()
        self.send_response(STATUS)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


START
ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def program(
    name: str,
    version: int = 1,
    *,
    says: str = "",
    status: int = 200,
    start: str = "",
    line: str = "",
    imports: str = "",
) -> bytes:
    """`start` runs before it listens, `line` with every request."""
    text = PROGRAM.replace("VERSION = 1", f"VERSION = {version}").replace("STATUS", str(status))
    text = text.replace("SAYS", says or name).replace("IMPORTS", imports).replace("START", start)
    return text.replace("LINE", line or "pass").encode()


def crashing(name: str) -> bytes:
    return program(name, start='raise SystemExit("it cannot start")')


def dockerfile(name: str) -> bytes:
    lines = ("FROM python:3.12", "WORKDIR /app", f"COPY {name}/ ./", "COPY shared/ ./shared/")
    return "\n".join((*lines, 'CMD ["python", "main.py"]', "")).encode()


@dataclass
class Cloud:
    """One server for a module, whose state folder is that of the project."""

    house: House
    images: dict[str, str] = field(default_factory=dict)  # of the first commit, by service
    fleet: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> client.Address:
        return client.Address("127.0.0.1", self.house.port, TOKEN)


@contextmanager
def cloud_in(state: Path, settle: float = 0.0) -> Iterator[Cloud]:
    made: list[House] = []

    def live() -> None:
        house = House(state, port=0, settle=settle, token=TOKEN)
        made.append(house)
        house.run()
        house.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    while not made and thread.is_alive():
        time.sleep(0.002)
    yield Cloud(made[0])
    made[0].stop()
    thread.join(5)


class ReleaseShop(Project):
    """`first` serves; `main` has one commit more for every service. `builder` makes further commits."""

    cloud: Cloud
    builder: Builder
    first: str
    main: str
    before: dict[str, Any]  # the services as they were
    allowed: set[str]  # revisions that may serve although no release verified them

    @classmethod
    def open(cls, folder: Path, cloud: Cloud) -> ReleaseShop:
        made = cls(folder, Shop(folder / "repository", {}))
        made.cloud = cloud
        made.environ = {"CLOUD_RUN_EMULATOR_HOST": f"127.0.0.1:{cloud.house.port}", "DEPLOYTOOL_NOW": ""}
        for name in ("ledger.sqlite", "leases.sqlite"):
            for end in ("", "-wal", "-shm"):
                (made.state / f"{name}{end}").unlink(missing_ok=True)
        shutil.rmtree(made.shop.repository, ignore_errors=True)
        made._begin_repository()
        made.configure()
        made._begin_cloud()
        made.before = {name: made.service(name) for name in ("api", "web")}
        made.allowed = {made.newest(name) for name in made.before}
        return made

    @property
    def state(self) -> Path:
        return self.folder / ".deploytool"

    def configure(
        self, release: str = "", *, on: Sequence[str] = NAMES, bake: str = "1s", only: Sequence[str] = NAMES
    ) -> None:
        """services.toml; `release` goes into the release table of the services `on`; it has those of `only`."""
        after = {"web": 'after = ["api", "migrate"]'}
        parts = [HEAD]
        for name in only:
            text = JOB if name == "migrate" else SERVICE
            text = text.replace("AFTER", after.get(name, "") if set(only) >= set(NAMES) else "")
            text = text.replace('bake = "1s"', f'bake = "{bake}"')
            parts.append(text.replace("NAME", name).replace("RELEASE", release if name in on else ""))
        (self.folder / "services.toml").write_text("".join(parts))

    def commit(self, files: Mapping[str, Value | None], subject: str = "", **more: Any) -> str:
        """One more commit of the target, checked out; the new id."""
        made = self.builder.commit(files, subject=subject, **more)
        self.builder.checkout()
        return made

    def deploy(self, *argv: str, **environ: str) -> Ran:
        return self.judged(self.run("deploy", *argv, "--yes", **environ))

    def rollback(self, *argv: str, **environ: str) -> Ran:
        return self.judged(self.run("rollback", *argv, "--yes", **environ))

    def judged(self, done: Ran) -> Ran:
        """The same, when nothing is wrong with what it left behind."""
        assert done.code != 70, done.said + self.crash()
        assert CANARY not in done.said
        self.judged_alone(done.said)
        return done

    def judged_alone(self, said: str = "") -> None:
        problems = release_judge.problems_of_ledger(SqliteLedger(self.state / "ledger.sqlite").events())
        for name, before in self.before.items():
            releases = self.releases(name)
            last = releases[-1] if releases else None
            allowed = self.allowed | release_judge.verified(releases)
            if self.is_there(name):
                found = release_judge.problems_of_service(self.service(name), before, last, allowed)
                problems += [f"{name}: {one}" for one in found]
        assert not problems, "\n".join((*problems, said))

    def crash(self) -> str:
        files = sorted((self.state / "crashes").glob("*"))
        return files[-1].read_text() if files else "no crash file"

    def ready(self, *argv: str, **environ: str) -> Ran:
        """`deploy` that must succeed."""
        done = self.deploy(*argv, **environ)
        assert done.code == 0, done.said
        return done

    def plans(self, *argv: str) -> PlanReport:
        """What `--dry-run` would show: the values, before anybody writes them as text."""
        seen: list[Any] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("deploytool.app.App.say", lambda app, report, *rest, **more: seen.append(report))
            done = self.run("deploy", *argv, "--dry-run")
        assert seen, done.said
        assert isinstance(seen[-1], PlanReport)
        return seen[-1]

    # What the outside says.

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.cloud.house.port, timeout=10)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None

    def get(self, path: str) -> Any:
        status, value = self.call("GET", path)
        assert status == 200, value
        return value

    def service(self, name: str = "api") -> Any:
        return self.get(f"{V2}/services/{name}")

    def job(self) -> Any:
        return self.get(f"{V2}/jobs/migrate")

    def is_there(self, name: str) -> bool:
        return self.call("GET", f"{V2}/services/{name}")[0] == 200

    def revision(self, name: str, service: str = "api") -> Any:
        return self.get(f"{V2}/services/{service}/revisions/{name}")

    def health(self, name: str = "api") -> Any:
        """What the program that serves says of itself."""
        return self.get(f"/run/{P}/{R}/{name}/health")

    def asked(self, name: str = "api") -> dict[str, int]:
        return _shares(self.service(name).get("traffic", []))

    def serving(self, name: str = "api") -> dict[str, int]:
        """Percent by revision of the effective traffic, LATEST by what it means."""
        service = self.service(name)
        latest = service["latestReadyRevision"].rpartition("/")[2]
        return {latest if row == "LATEST" else row: n for row, n in _shares(service["trafficStatuses"]).items()}

    def tags(self, name: str = "api") -> dict[str, str]:
        return {row["tag"]: row.get("revision", "LATEST") for row in self.service(name)["traffic"] if row.get("tag")}

    def move(self, *rows: tuple[str, int], name: str = "api", tags: Mapping[str, str] | None = None) -> None:
        """Somebody moves traffic in the console."""
        self.allowed |= {row for row, _ in rows}
        traffic: list[dict[str, Any]] = [{"type": REVISION, "revision": row, "percent": n} for row, n in rows if row]
        traffic += [{"type": LATEST, "percent": n} for row, n in rows if not row]
        traffic += [{"type": REVISION, "revision": to, "tag": tag} for tag, to in (tags or {}).items()]
        body = {"name": f"{V2}/services/{name}".removeprefix("/v2/"), "traffic": traffic}
        status, value = self.call("PATCH", f"{V2}/services/{name}?updateMask=traffic", body)
        assert status == 200, value
        self.settled(name)

    def patch(self, body: Any, mask: str, name: str = "api") -> None:
        status, value = self.call("PATCH", f"{V2}/services/{name}?updateMask={mask}", body)
        assert status == 200, value
        self.settled(name)

    def settled(self, name: str = "api") -> None:
        until(lambda: not self.service(name).get("reconciling"))

    def newest(self, name: str = "api") -> str:
        return self.service(name)["latestCreatedRevision"].rpartition("/")[2]

    # What the records say.

    @property
    def leases(self) -> Leases:
        return Leases(SqliteShelf(self.state / "leases.sqlite"))

    def releases(self, name: str = "") -> tuple[Release, ...]:
        found = releases_of(SqliteLedger(self.state / "ledger.sqlite").events())
        return tuple(one for one in found if name in ("", one.place.name))

    def last(self, name: str = "api") -> Release:
        return self.releases(name)[-1]

    def outcomes(self, name: str = "") -> list[str]:
        return [one.outcome.value if one.outcome else "open" for one in self.releases(name)]

    def is_in(self, step: str, name: str = "api") -> bool:
        """Is that step of the last release begun and not over?"""
        found = self.releases(name)
        return bool(found) and found[-1].meant(step) and found[-1].seen(step) is None

    # What happens meanwhile.

    def visit(self, name: str = "api", seconds: float = 20.0) -> None:
        client.visit(
            self.cloud.address, project=P, region=R, service=name, per_second=50, seconds=seconds, path="/health"
        )

    @contextmanager
    def during(self, step: str, act: Callable[[], object], name: str = "api") -> Iterator[None]:
        """`act` once, in the middle of a step of the next release."""
        problems: list[BaseException] = []

        def wait() -> None:
            try:
                until(lambda: self.is_in(step, name))
                act()
            except BaseException as problem:
                problems.append(problem)

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(10)
            assert not problems, problems
        assert not thread.is_alive()

    @contextmanager
    def other(self, *argv: str, stdin: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
        """The program in a process of its own, which ends with the story at the latest."""
        command = [sys.executable, "-P", "-m", "deploytool", *argv]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def _begin_repository(self) -> None:
        files: dict[str, Value | None] = {f"{name}/Dockerfile": dockerfile(name) for name in NAMES}
        files |= {f"{name}/main.py": program(name) for name in NAMES}
        files |= {"shared/__init__.py": b"", "shared/words.py": b'GREETING = "Hello"\n', ".gitignore": b""}
        self.builder = Builder(self.shop.repository)
        self.first = self.builder.commit(files, subject="Open the shop")
        self.main = self.commit({"shared/words.py": b'GREETING = "Good day"\n'}, "Be polite")

    def _begin_cloud(self) -> None:
        client.reset(self.cloud.address)
        if not self.cloud.fleet:
            self._lay_out()
            self._create()
            self.cloud.fleet = client.export_fleet(self.cloud.address)
        else:
            client.import_fleet(self.cloud.address, self.cloud.fleet)

    def _lay_out(self) -> None:
        repository = Repository(self.shop.repository)
        tree = repository.trees([self.first])[self.first]
        for name in NAMES:
            made = image_of(f"{name}/Dockerfile", "", tree)
            assert made is not None
            content = content_of(made, tree)
            keep(content, self.state / "images", content.digest, durable=False)
            self.cloud.images[name] = f"local/{name}@sha256:{content.digest}"
        repository.close()

    def _create(self) -> None:
        for name in NAMES:
            env = [{"name": "BUILD_COMMIT", "value": self.first}, {"name": "TOKEN", "value": CANARY}]
            key = {"secretKeyRef": {"secret": "key-of-the-shop", "version": "latest"}}
            env.append({"name": "KEY", "valueSource": key})
            labels = {"commit-sha": self.first, "team": "shop"}
            container = {"image": self.cloud.images[name], "env": env}
            if name == "migrate":
                body: Any = {"template": {"labels": labels, "template": {"containers": [container]}}}
                status, value = self.call("POST", f"{V2}/jobs?jobId={name}", body)
            else:
                scaling = {"minInstanceCount": 1, "maxInstanceCount": 7}
                body = {"labels": {"team": "shop"}, "template": {"labels": labels, "containers": [container]}}
                body["template"]["scaling"] = scaling
                status, value = self.call("POST", f"{V2}/services?serviceId={name}", body)
            assert status == 200, value
        for name in ("api", "web"):
            self.settled(name)


V2 = f"/v2/projects/{P}/locations/{R}"


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(AssertionError):
            if holds():
                return
        time.sleep(0.01)
    raise AssertionError("it did not happen in time")


def _shares(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        if row.get("percent"):
            name = "LATEST" if row.get("type") == LATEST else row["revision"]
            found[name] = found.get(name, 0) + row["percent"]
    return found
