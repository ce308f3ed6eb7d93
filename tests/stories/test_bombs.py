"""Names, paths and files made to hurt: a coded error within a second or two, and nothing outside is touched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.shapes import v2_service
from tests.repositories import Builder, Link, Value
from tests.stories.conftest import SERVICES, P, Project, R, Ran, Shop, labelled

SECONDS = 15.0  # a second is promised and measured by hand; this only catches what blows up, on a busy machine too


def in_time(call: Callable[[], Ran]) -> Ran:
    began = time.monotonic()
    ran = call()
    assert time.monotonic() - began < SECONDS
    assert ran.code != 70, ran.err
    return ran


TOML_BOMBS = {
    "one long dotted key": "a" + ".a" * 20_000 + " = 1",
    "deep lists": "a = " + "[" * 20_000 + "]" * 20_000,
    "deep tables": "a = " + "{a = " * 5_000 + "1" + "}" * 5_000,
    "many brackets": "[" * 100_000,
    "many tables": "".join(f"[services.a{number}]\n" for number in range(60_000)),
    "two megabytes": "# " + "x" * 2_000_000,
    "many digits": "a = " + "9" * 500_000,
    "one long string": 'a = "' + "x" * 900_000 + '"',
    "many unknown keys": "".join(f"key{number} = 1\n" for number in range(50_000)),
    "not utf-8": "\udcff",
    "a nul": "a = '\0'",
    "long name": f"[services.{'a' * 500_000}]",
}


@pytest.mark.parametrize("title", TOML_BOMBS)
def test_a_toml_bomb_is_refused(project: Project, title: str) -> None:
    (project.folder / "services.toml").write_bytes(TOML_BOMBS[title].encode("utf-8", "surrogateescape"))
    ran = in_time(lambda: project.run("config", "check"))
    assert ran.code == 2, ran.err[:500]
    assert ran.err.startswith("error: ")
    assert len(ran.err) < 20_000_000


def test_a_services_toml_that_never_ends_is_refused(project: Project) -> None:
    (project.folder / "services.toml").unlink()
    (project.folder / "services.toml").symlink_to("/dev/zero")
    assert in_time(lambda: project.program("config", "check", "--config", "services.toml")).code == 2


NAMES = ["Api", "-api", "api-", "a" * 64, "1api", "api_x", "api/x", "../x", "--output=x", "", "api\\n", "ápi"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_cloud_run_would_refuse_is_a_mistake(project: Project, name: str) -> None:
    project.services(SERVICES.replace("[services.api]", f'[services."{name}"]'))
    ran = project.run("config", "check")
    assert ran.code == 2, ran.said
    assert "services.toml:" in ran.err


@pytest.mark.parametrize("region", ["us-west2/../x", "US", "us west", "", "-", "a?b=c", "us-west2\\u0000"])
def test_a_region_or_project_that_could_be_a_path_is_a_mistake(project: Project, region: str) -> None:
    for old, new in (('"europe-west1"', f'"{region}"'), ('"shop-prod"', f'"{region}"')):
        project.services(SERVICES.replace(old, new))
        ran = project.run("config", "check")
        assert ran.code == 2, ran.said
        assert "services.toml:" in ran.err


PATHS = [
    "../../etc",
    "/etc/passwd",
    "api/../../x",
    ".git/config",
    "api/.git/x",
    "a\\u0000b",
    "C:\\\\x",
    "~/x",
    "api//../..",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_leaves_the_repository_is_a_mistake(project: Project, path: str) -> None:
    project.services(SERVICES.replace('dockerfile = "api/Dockerfile"', f'paths = ["{path}"]'))
    ran = project.run("config", "check")
    assert ran.code == 2, ran.said
    assert "services.toml:10" in ran.err
    project.services(SERVICES.replace('"api/Dockerfile"', f'"{path}"'))
    assert project.run("config", "check").code == 2


def judged(project: Project, folder: Path, files: dict[str, Value | None], change: dict[str, Value | None]) -> Ran:
    """`drift api` when it serves the commit before a change."""
    with Builder(folder) as made:
        first = made.commit({"web/Dockerfile": b"FROM scratch\n", **files})
        made.commit(change)
    project.services(repository=folder)
    fleet = {"services": [v2_service("api", template=labelled(first))]}
    file = project.file("fleet.json", fleet)
    return in_time(lambda: project.drift("api", "--fleet", file))


LINES = 40_000
DOCKERFILES: dict[str, bytes] = {
    "doubling variables": b"FROM a\nENV A=aaaaaaaaaa\n" + b"ENV A=$A$A$A$A\n" * 40 + b"COPY api/ /$A/\n",
    "many lines": b"FROM a\n" + b"COPY api/ /app/\n" * LINES,
    "one long line": b"FROM a\nCOPY " + b"api/ " * 100_000 + b"/app/\n",
    "many continuations": b"FROM a\nCOPY \\\n" + b" \\\n" * LINES + b"api/ /app/\n",
    "nested braces": b"FROM a\nENV A=" + b"${A:-" * 10_000 + b"}" * 10_000 + b"\nCOPY api/ /app/\n",
    "stars": b"FROM a\nCOPY " + b"*a" * 5_000 + b" /app/\nCOPY api/ /app/\n",
    "deep json": b"FROM a\nCOPY " + b"[" * 50_000 + b"\nCOPY api/ /app/\n",
    "many stages": b"".join(b"FROM a AS s%d\nCOPY --from=s%d / /\n" % (n, n - 1) for n in range(1, 3_000))
    + b"COPY api/ /app/\n",
    "stage of itself": b"FROM a AS a\nCOPY --from=a / /\nCOPY api/ /app/\n",
    "heredoc without end": b"FROM a\nCOPY api/ /app/\nCOPY <<EOF /x\n" + b"x\n" * LINES,
    "binary": b"FROM a\nCOPY api/ /app/\n" + bytes(range(256)) * 1_000,
    "two megabytes": b"FROM a\nCOPY api/ /app/\n#" + b"x" * 2_000_000,
    "nothing": b"",
}


@pytest.mark.parametrize("title", DOCKERFILES)
def test_a_dockerfile_bomb_ends_in_a_verdict(project: Project, tmp_path: Path, title: str) -> None:
    """Never current: what cannot be read in full counts as taking everything."""
    files: dict[str, Value | None] = {"api/Dockerfile": DOCKERFILES[title], "api/a.py": b"1\n"}
    ran = judged(project, tmp_path / "r", files, {"api/a.py": b"2\n"})
    assert ran.code in (1, 3), ran.said
    assert ran.entry("api")["verdict"] in ("stale", "unknown"), ran.said


def test_an_ignore_file_bomb_ends_in_a_verdict(project: Project, tmp_path: Path) -> None:
    rules = b"".join(b"**/*%d*/**/*a*b*c*d*/**\n!**/x%d\n" % (n, n) for n in range(10_000)) + b"*" * 10_000 + b"\n"
    files: dict[str, Value | None] = {
        "api/Dockerfile": b"FROM a\nCOPY api/ /app/\n",
        ".dockerignore": rules,
        "api/a.py": b"1\n",
        **{f"api/f{number}/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.py": b"1\n" for number in range(20)},
    }
    ran = judged(project, tmp_path / "r", files, {"api/a.py": b"2\n"})
    assert ran.code in (1, 3), ran.said


LINKS: dict[str, dict[str, Value | None]] = {
    "loop": {"api/x": Link("y"), "api/y": Link("x")},
    "itself": {"api/x": Link("x")},
    "outside": {"api/x": Link("../../../etc/passwd")},
    "absolute": {"api/x": Link("/etc/passwd")},
    "upwards": {"api/x": Link("..")},
    "tower": {f"api/l{number}": Link(f"l{number + 1}") for number in range(200)},
    "fork": {f"api/d{number}/{side}": Link(f"../d{number + 1}") for number in range(25) for side in "ab"},
}


@pytest.mark.parametrize("title", LINKS)
def test_links_that_lead_astray_end_in_a_verdict(project: Project, tmp_path: Path, title: str) -> None:
    files = {"api/Dockerfile": b"FROM a\nCOPY api/ /app/\n", "api/a.py": b"1\n", **LINKS[title]}
    ran = judged(project, tmp_path / "r", files, {"api/a.py": b"2\n"})
    assert (ran.code, ran.entry("api")["verdict"]) == (1, "stale")
    assert "root:" not in ran.said


FLEETS = {
    "deep": b"[" * 2_000_000,
    "deep objects": b'{"services": [' + b'{"a":' * 100_000,
    "digits": b'{"services": [{"generation": ' + b"9" * 1_000_000 + b"}]}",
    "many odd entries": json.dumps({"services": [{"name": number} for number in range(20_000)]}).encode(),
    "a long name": json.dumps(
        {"services": [{"name": f"projects/{P}/locations/{R}/services/{'a' * 500_000}"}]}
    ).encode(),
}


@pytest.mark.parametrize("title", FLEETS)
def test_a_fleet_bomb_is_doubt(project: Project, title: str) -> None:
    file = project.file("fleet.json", FLEETS[title])
    assert in_time(lambda: project.run("drift", "--fleet", file)).code == 3


def test_a_fleet_that_never_ends_is_doubt(project: Project) -> None:
    assert project.run("drift", "--fleet", "/dev/zero").code == 3


LABELS = [
    "--output=pwned",
    "--upload-pack=touch pwned",
    "main",
    "HEAD~1",
    "main@{0}",
    ":/x",
    "0" * 64,
    "a" * 7,
    "-" * 40,
]


@pytest.mark.parametrize("label", LABELS)
def test_no_label_is_more_than_a_label(project: Project, shop: Shop, label: str) -> None:
    before = {path: path.stat().st_mtime_ns for path in shop.repository.rglob("*")}
    fleet = {"services": [v2_service("api", template=labelled(label))]}
    ran = project.drift("api", "--fleet", project.file("fleet.json", fleet))
    assert (ran.code, ran.entry("api")["verdict"]) == (3, "unknown")
    assert {path: path.stat().st_mtime_ns for path in shop.repository.rglob("*")} == before
    assert not list(project.folder.glob("**/pwned"))


QUESTIONS = [
    "--output=x",
    "",
    " ",
    "-",
    "\0",
    "x" * 200_000,
    "../../etc/passwd",
    "/etc/passwd",
    ".git/config",
    "\udcff",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_is_more_than_a_question(project: Project, shop: Shop, question: str) -> None:
    fleet = {"services": [v2_service("api", template=labelled(shop.commits["main"]))]}
    ran = in_time(lambda: project.run("where", "--fleet", project.file("fleet.json", fleet), "--", question))
    assert ran.code in (1, 2), ran.said
    assert "hint: " in ran.err or ran.out
