"""A small shop with a real repository, a Cloud Run to ask over HTTP, and the program as its users call it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from deploytool.__main__ import run
from deploytool.emulator import client
from deploytool.emulator.house import House
from tests.repositories import Builder, Value

SOURCE = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-the-stories"
NOW = "2025-06-20T00:00:00Z"
P, R = "shop-prod", "europe-west1"
Fleet = dict[str, Any]

SERVICES = """
[project]
cloud = "google"
project = "shop-prod"
regions = ["europe-west1"]
repository = "REPOSITORY"
target = "main"

[services.api]
dockerfile = "api/Dockerfile"

[services.web]
dockerfile = "web/Dockerfile"
"""


@dataclass
class Shop:
    """`commits` by the names that stories use: first, api, web, main (the target); hotfix, future, other."""

    repository: Path
    commits: dict[str, str]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    def files(service: str) -> dict[str, Value | None]:
        dockerfile = f"FROM python:3.12\nCOPY {service}/ /app/\nCOPY shared/ /app/shared/\nCMD python /app/main.py\n"
        return {f"{service}/Dockerfile": dockerfile.encode(), f"{service}/main.py": b"print(1)\n"}

    with Builder(tmp_path_factory.mktemp("shop")) as made:
        names = {}
        first: dict[str, Value | None] = {**files("api"), **files("web"), "shared/__init__.py": b""}
        first |= {"nightly/run.py": b"print('night')\n", "hook/main.py": b"def hook(): ...\n"}
        names["first"] = made.commit(first, subject="Open the shop")
        names["api"] = made.commit({"api/main.py": b"print(2)\n"}, subject="api: Count to two")
        names["web"] = made.commit({"web/main.py": b"print(2)\n"}, subject="web: Count to two")
        names["main"] = made.commit({"README.md": b"A shop\n"}, subject="docs: Say what it is")
        names["hotfix"] = made.commit({"api/main.py": b"print(9)\n"}, [names["first"]], "Hotfix", branch="hotfix")
        names["future"] = made.commit({"api/main.py": b"print(3)\n"}, [names["main"]], "Next", branch="future")
        names["other"] = made.commit({"api/main.py": b"print(7)\n"}, [], "Another beginning", branch="other")
    return Shop(made.path, names)


@dataclass
class Ran:
    """How one call of the program ended."""

    code: int
    out: str
    err: str

    @cached_property
    def json(self) -> Any:
        return json.loads(self.out)

    def entry(self, name: str, region: str = R) -> Any:
        (found,) = (one for one in self.json["services"] if (one["name"], one["region"]) == (name, region))
        return found

    def verdicts(self) -> dict[str, str]:
        return {f"{one['name']}@{one['region']}": one["verdict"] for one in self.json["services"]}

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclass
class Project:
    """A folder with a services.toml, and the program called in it."""

    folder: Path
    shop: Shop
    environ: dict[str, str] = field(default_factory=dict)

    def services(self, text: str = SERVICES, repository: Path | None = None) -> Path:
        file = self.folder / "services.toml"
        file.write_text(text.replace("REPOSITORY", str(repository or self.shop.repository)))
        return file

    def file(self, name: str, content: object) -> str:
        """A file beside services.toml: text and bytes as they are, anything else as JSON."""
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    def run(self, *argv: str, stdin: bytes = b"", **environ: str) -> Ran:
        """The program in this process: the same front door, without the start of a Python."""
        streams = [io.TextIOWrapper(io.BytesIO(stdin)), *(io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name, value in {"DEPLOYTOOL_NOW": NOW, **self.environ, **environ}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", streams[0])
            with contextlib.redirect_stdout(streams[1]), contextlib.redirect_stderr(streams[2]):
                code = run(argv)
        out, err = (stream.buffer.getvalue().decode() for stream in streams[1:])  # type: ignore[attr-defined]
        return Ran(int(code), out, err)

    def drift(self, *argv: str, stdin: bytes = b"", **environ: str) -> Ran:
        return self.run("drift", "--format", "json", *argv, stdin=stdin, **environ)

    def environment(self, **environ: str) -> dict[str, str]:
        """Nobody's home and nobody's settings, for a process of its own."""
        plain = {key: os.environ[key] for key in ("PATH", "LC_ALL", "TMPDIR") if key in os.environ}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        plain |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config")}
        return {**plain, "PYTHONPATH": str(SOURCE), "DEPLOYTOOL_NOW": NOW, **self.environ, **environ}

    def program(self, *argv: str, stdin: bytes = b"", **environ: str) -> Ran:
        """The program in a process of its own."""
        command = [sys.executable, "-P", "-m", "deploytool", *argv]
        env = self.environment(**environ)
        done = subprocess.run(
            command, input=stdin, capture_output=True, cwd=self.folder, env=env, check=False, timeout=60
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def project(tmp_path: Path, shop: Shop) -> Project:
    """A project with the two services of the shop, whose Cloud Run is Google's unless a story says otherwise."""
    made = Project(tmp_path, shop)
    made.services()
    return made


@dataclass
class Cloud:
    """The embedded Cloud Run, over HTTP."""

    port: int

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def holds(self, fleet: Fleet) -> None:
        address = client.Address("127.0.0.1", self.port, TOKEN)
        client.reset(address)
        client.import_fleet(address, fleet)

    def get(self, path: str) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        answer = connection.getresponse()
        value = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, value
        return value


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    made: list[House] = []

    def live() -> None:
        house = House(tmp_path_factory.mktemp("cloud"), port=0, settle=0.0, token=TOKEN)
        made.append(house)
        house.run()
        house.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    while not made and thread.is_alive():
        time.sleep(0.002)
    yield Cloud(made[0].port)
    made[0].stop()
    thread.join(5)


Way = Callable[..., Ran]


@pytest.fixture(params=["api", "v2 file", "gcloud files", "status file"])
def way(request: pytest.FixtureRequest, project: Project, cloud: Cloud) -> Way:
    """`drift` on a fleet (v2 shape): asked over HTTP, and from each kind of file that says the same."""

    def judged(fleet: Fleet, *argv: str) -> Ran:
        cloud.holds({key: value for key, value in fleet.items() if key != "unreachable"})
        here = {"CLOUD_RUN_EMULATOR_HOST": cloud.host}
        if request.param == "api":
            return project.drift(*argv, **here)
        if request.param == "v2 file":
            return project.drift("--fleet", project.file("fleet.json", fleet), *argv)
        if request.param == "status file":
            status = project.run("status", "--format", "json", **here)
            return project.drift("--fleet", "-", *argv, stdin=status.out.encode())
        listed = (
            cloud.get(f"/apis/serving.knative.dev/v1/namespaces/{P}/{kind}") for kind in ("services", "revisions")
        )
        files = [project.file(f"gcloud-{number}.json", found["items"]) for number, found in enumerate(listed)]
        return project.drift(*(part for file in files for part in ("--fleet", file)), *argv)

    return judged


def labelled(commit: str | None, **more: Any) -> Mapping[str, Any]:
    """A template of which nothing is known but its commit, if that."""
    labels = {"labels": {"commit-sha": commit}} if commit else {}
    return {**labels, "containers": [{"image": "eu.gcr.io/p/api:latest"}], **more}


@pytest.fixture(scope="module")
def release_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A folder with a server on its state, for all stories of one file."""
    from tests.stories.release_shop import cloud_in

    folder = tmp_path_factory.mktemp("release")
    (folder / ".deploytool").mkdir()
    with cloud_in(folder / ".deploytool") as made:
        yield folder, made


@pytest.fixture
def release_shop(release_cloud: Any) -> Any:
    """A ReleaseShop as it is before anything is released."""
    from tests.stories.release_shop import ReleaseShop

    return ReleaseShop.open(*release_cloud)
