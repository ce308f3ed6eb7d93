"""A shop that is released for real: three small programs, their repository, and a Cloud Run that runs them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from tests.stories.release_files import HEAD, JOB, SERVICE, dockerfile, program
from tests.stories.release_outside import V2, Outside, until

NAMES = ("api", "migrate", "web")
CANARY = "s3cret-canary-value"
STEPS = "steps = [50, 100]"


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


class ReleaseShop(Project, Outside):
    """`first` serves; `main` has one commit more for every service. `builder` makes further commits."""

    cloud: Cloud
    builder: Builder
    first: str
    main: str
    before: dict[str, Any]  # the services as they were

    @classmethod
    def open(cls, folder: Path, cloud: Cloud) -> ReleaseShop:
        made = cls(folder, Shop(folder / "repository", {}))
        made.cloud, made.port = cloud, cloud.house.port
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
