"""docker, by a stand-in that keeps what it is asked: an export in, a digest that both sides agree on out."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from deploytool.adapters.builds.docker import DockerBuilder
from deploytool.adapters.builds.running import run
from deploytool.errors import BuildFailed, CouldNotLook
from tests.adapters.builds.conftest import IMAGE

DIGEST = "sha256:" + "ab" * 32
STAND_IN = """#!{python}
import json, os, pathlib, sys
words = sys.argv[1:]
here = pathlib.Path(__file__).parent
says = json.loads((here / "says.json").read_text())
with (here / "asked.jsonl").open("a") as file:
    file.write(json.dumps([words, dict(os.environ), sys.stdin.read()]) + "\\n")
def value(flag):
    return [words[at + 1] for at, word in enumerate(words) if word == flag]
if words[0] == "build":
    labels = dict(one.split("=", 1) for one in value("--label"))
    (here / "labels.json").write_text(json.dumps(labels | says.get("labels", {{}})))
    root, names = words[-1], []
    for folder, _, files in os.walk(root):
        names += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    paths = {{name: os.path.join(root, name) for name in names}}
    links = {{name: os.readlink(path) for name, path in paths.items() if os.path.islink(path)}}
    times = {{os.lstat(os.path.join(root, name)).st_mtime for name in names}}
    modes = {{name: oct(os.lstat(os.path.join(root, name)).st_mode & 0o777) for name in names}}
    seen = {{"names": sorted(names), "links": links, "times": sorted(times), "modes": modes}}
    (here / "seen.json").write_text(json.dumps(seen | {{"dockerfile": pathlib.Path(value("--file")[0]).read_text()}}))
    for number in range(60):
        print("step", number)
    print(says["log"]) if "log" in says else None
    sys.exit(says.get("build", 0))
if words[0] == "push":
    print(says["log"]) if "log" in says else None
    print(f"{{words[1].rsplit(':')[-1]}}: digest: {{says.get('pushed', '{digest}')}} size: 1234")
    sys.exit(says.get("push", 0))
if words[:2] == ["image", "inspect"]:
    if "Labels" in words[3]:
        print((here / "labels.json").read_text())
    else:
        print(json.dumps(says.get("known", ["{image}@{digest}"])))
if words[:2] == ["manifest", "inspect"]:
    print(says.get("manifest", "{{}}"))
    sys.exit(1 if "manifest" in says else 0)
"""


class Docker:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.program = folder / "docker"
        self.program.write_text(STAND_IN.format(python=sys.executable, digest=DIGEST, image=IMAGE))
        self.program.chmod(0o755)
        self.says()

    def says(self, **told):
        (self.folder / "says.json").write_text(json.dumps(told))

    @property
    def asked(self):
        return [json.loads(line) for line in (self.folder / "asked.jsonl").read_text().splitlines()]

    @property
    def seen(self):
        return json.loads((self.folder / "seen.json").read_text())


@pytest.fixture
def docker(tmp_path):
    return Docker(tmp_path / "bin")


@pytest.fixture
def builder_of(opened, docker):
    def make(made):
        environ = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "DOCKER_HOST": "x", "API_KEY": "s3cret"}
        builder = DockerBuilder(opened(made), environ | {"DEPLOYTOOL_DOCKER": str(docker.program)})
        builder.repository = builder.sources._repository
        return builder

    return make


def test_it_builds_an_export_and_pushes_one_tag(made, builder_of, want, told, docker):
    repository = made()
    repository.checkout()
    (repository.path / "svc/new.py").write_text("not committed")
    builder = builder_of(repository)
    wanted = want(builder.repository, builder="docker")
    assert builder.refusal(wanted) is None
    result = builder.build(wanted, told.append)
    assert (result.image, result.digest, result.reused) == (f"{IMAGE}@{DIGEST}", DIGEST, False)
    words = docker.asked[0][0]
    assert words[:3] == ["build", "--platform", "linux/amd64"]
    at = dict.fromkeys(words)
    assert {f"BUILD_COMMIT={wanted.commit}", "BUILD_TIMESTAMP=2025-06-15T15:07:40Z"} < at.keys()
    assert {f"org.opencontainers.image.revision={wanted.commit}", "deploytool-scope=scope-1"} < at.keys()
    assert [word for word in words if ":latest" in word] == []
    assert words[words.index("--tag") + 1] == f"{IMAGE}:{wanted.commit}" == docker.asked[2][0][1]
    assert docker.seen["names"] == [
        ".dockerignore", "Dockerfile", "requirements.txt", "shared/a.py", "svc/link.py", "svc/main.py", "svc/start.sh",
    ]  # fmt: skip
    assert docker.seen["links"] == {"svc/link.py": "main.py"}
    assert docker.seen["times"] == [1750000060.0]
    assert (docker.seen["modes"]["svc/start.sh"], docker.seen["modes"]["svc/main.py"]) == ("0o755", "0o644")
    assert "step 59" in told
    assert not Path(words[-1]).exists()


def test_it_sees_nothing_else_of_the_environment(made, builder_of, want, told, docker):
    builder = builder_of(made())
    builder.build(want(builder.repository), told.append)
    for _, environ, stdin in docker.asked:
        assert set(environ) - {"LC_CTYPE"} == {"PATH", "HOME", "DOCKER_HOST"}
        assert stdin == ""


def test_a_context_and_a_dockerfile_elsewhere(made, builder_of, want, told, docker):
    builder = builder_of(made({"docker/api": b"FROM x\nCOPY . .\n", "docker/api.dockerignore": b"start.sh\n"}))
    builder.build(want(builder.repository, dockerfile="docker/api", context="svc"), told.append)
    assert docker.seen["names"] == ["link.py", "main.py"]
    assert docker.seen["dockerfile"] == "FROM x\nCOPY . .\n"


@pytest.mark.parametrize(
    ("says", "error"),
    [
        ({"build": 3}, "could not build svc"),
        ({"push": 1}, "could not push"),
        ({"pushed": "sha256:" + "cd" * 32}, "does not agree"),
        ({"pushed": "none"}, "does not agree"),
        ({"known": []}, "does not agree"),
        ({"known": [f"{IMAGE}-other@{DIGEST}"]}, "does not agree"),
        ({"labels": {"deploytool-scope": "older"}}, "its label deploytool-scope differs"),
    ],
)
def test_no_image_comes_out_of_a_build_in_doubt(made, builder_of, want, told, docker, says, error):
    docker.says(**says)
    builder = builder_of(made())
    with pytest.raises(BuildFailed, match=error) as failed:
        builder.build(want(builder.repository), told.append)
    assert failed.value.exit_code == 5
    assert failed.value.hint
    if "build" in says:
        assert failed.value.tail == tuple(f"step {number}" for number in range(10, 60))


LEAK = "pip: https://deploy:canary-1@host/simple?token=canary-2 PASSWORD=canary-3 'secret': 'canary-4' is refused"


@pytest.mark.parametrize("says", [{"build": 7}, {"push": 7}])
def test_what_a_build_said_is_not_the_reason(made, builder_of, want, told, docker, says):
    docker.says(log=LEAK, **says)
    builder = builder_of(made())
    with pytest.raises(BuildFailed, match="exit status 7") as failed:
        builder.build(want(builder.repository), told.append)
    assert "refused" not in failed.value.message
    assert any("is refused" in line for line in told), "who watches reads why"
    assert "canary" not in "\n".join((failed.value.message, failed.value.hint, *failed.value.tail, *told))


def test_what_cannot_be_built_is_told_before(made, builder_of, want, docker):
    builder = builder_of(made())
    for image in ("", "--output=/x", "host/name:tag", "host/na me"):
        assert builder.refusal(want(builder.repository, image=image)) is not None
    assert builder.refusal(want(builder.repository, dockerfile=None)) is not None


def test_a_pointer_of_lfs_is_not_built(made, builder_of, want, told, docker):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    builder = builder_of(made({"svc/model.bin": pointer}))
    assert "svc/model.bin" in builder.refusal(want(builder.repository))[0]
    with pytest.raises(BuildFailed, match="Git LFS"):
        builder.build(want(builder.repository), told.append)


def test_has_tells_gone_from_cannot_look(made, builder_of, docker):
    builder = builder_of(made())
    assert builder.has(f"{IMAGE}@{DIGEST}")
    docker.says(manifest="no such manifest: x")
    assert not builder.has(f"{IMAGE}@{DIGEST}")
    docker.says(manifest="unauthorized: who are you")
    with pytest.raises(CouldNotLook, match="unauthorized"):
        builder.has(f"{IMAGE}@{DIGEST}")
    with pytest.raises(CouldNotLook):
        builder.has(f"{IMAGE}:latest")


def test_reachable(made, builder_of, docker):
    builder = builder_of(made())
    assert builder.reachable() == ""
    docker.program.unlink()
    assert "could not be started" in builder.reachable()


WAITS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(os.getpid(), child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_a_deadline_ends_the_whole_group(told):
    with pytest.raises(BuildFailed, match=r"within 0\.5 s"):
        run([sys.executable, "-c", WAITS], environ=os.environ, deadline=0.5, tell=told.append, grace=1)
    assert all(gone(int(pid)) for pid in told[0].split())


class Terminated(BaseException):
    pass


@pytest.mark.parametrize("ending", [KeyboardInterrupt, Terminated])
def test_an_interruption_goes_on_after_the_program_ended(told, ending):
    def raise_it(*_):
        raise ending

    before = signal.signal(signal.SIGUSR1, raise_it)
    try:
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with pytest.raises(ending):
            run([sys.executable, "-c", WAITS], environ=os.environ, deadline=30, tell=told.append, grace=1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert all(gone(int(pid)) for pid in told[0].split())
