"""Does it matter, and why: a fleet whose services share folders, asked through the front door."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.shapes import v2_service
from tests.repositories import Builder, Value
from tests.stories.conftest import Project, Ran, labelled

CONFIG = """
[project]
cloud = "google"
project = "shop-prod"
regions = ["europe-west1"]
repository = "REPOSITORY"
target = "main"

[services.api]
paths = ["api", "shared"]
dockerfile = "api/Dockerfile"
MORE
"""
DOCKERFILE = b"""FROM python:3.12
WORKDIR /app
COPY api/requirements.txt .
RUN pip install -r requirements.txt
COPY shared/ shared/
COPY api/ api/
CMD ["gunicorn", "--bind", ":8080", "api.main:app"]
"""
FIRST: dict[str, Value | None] = {
    "api/Dockerfile": DOCKERFILE,
    "api/requirements.txt": b"flask==3.0.0  # the web\nsix==1.16.0\n",
    "api/__init__.py": b"",
    "api/main.py": b"from flask import Flask\nfrom shared.used import ANSWER\napp = Flask(__name__)\n",
    "api/notes.md": b"Notes\n",
    "shared/__init__.py": b"",
    "shared/used.py": b"ANSWER = 42\n",
    "shared/unused.py": b"QUESTION = None\n",
    "shared/rates.json": b"{}\n",
    "tests/test_used.py": b"from shared.unused import QUESTION\n",
}


def story(project: Project, *changes: Mapping[str, Value | None], config: str = "") -> list[str]:
    """A repository with FIRST and each change as a commit; the ids, oldest first."""
    with Builder(project.folder / "repository") as made:
        commits = [made.commit(FIRST, subject="First")]
        commits += [made.commit(dict(change), subject=f"Change {n}") for n, change in enumerate(changes, 1)]
    project.services(CONFIG.replace("MORE", config), project.folder / "repository")
    return commits


def asked(project: Project, commit: str, *options: str, command: str = "drift") -> Ran:
    fleet = project.file("fleet.json", {"services": [v2_service("api", template=labelled(commit))]})
    return project.run(command, *options, "--format", "json", "--fleet", fleet)


def words(ran: Ran) -> dict[str, str]:
    return {file["path"]: file["relevance"] for file in ran.entry("api")["files"]}


def test_what_nothing_imports_leaves_it_current(project: Project) -> None:
    commits = story(project, {"shared/unused.py": b"QUESTION = 6 * 9\n"}, {"shared/unused.py": b"QUESTION = 54\n"})
    ran = asked(project, commits[0])
    entry = ran.entry("api")
    assert (ran.code, entry["verdict"], entry["code"], entry["behind"]) == (0, "current", "behind", 2)
    assert entry["precision"] == "import"
    assert entry["reason"] == "2 behind, none reaches it"
    assert words(ran) == {"shared/unused.py": "not-imported"}
    assert entry["revisions"][0]["scope"] == entry["scope"] != None  # noqa: E711


def test_an_import_is_followed_with_its_chain(project: Project) -> None:
    commits = story(project, {"shared/unused.py": b"QUESTION = 1\n"}, {"shared/used.py": b"ANSWER = 43\n"})
    ran = asked(project, commits[0])
    entry = ran.entry("api")
    assert (ran.code, entry["verdict"], entry["reason"]) == (1, "stale", entry["reason"])
    assert entry["reason"].startswith("1 of 2 commits reaches it")
    chains = {file["path"]: file["chain"] for file in entry["files"]}
    assert chains["shared/used.py"] == ["api/main.py", "shared/used.py"]
    assert entry["revisions"][0]["scope"] != entry["scope"]


@pytest.mark.parametrize(("precision", "verdict"), [("path", "stale"), ("image", "stale"), ("import", "current")])
def test_the_same_fleet_with_other_eyes(project: Project, precision: str, verdict: str) -> None:
    commits = story(project, {"shared/unused.py": b"QUESTION = 1\n"})
    ran = asked(project, commits[0], "--precision", precision)
    assert (ran.entry("api")["verdict"], ran.entry("api")["precision"]) == (verdict, precision)


def test_a_file_that_is_imported_no_more_still_counts(project: Project) -> None:
    """What serves loads it; that the target does not is a difference like any other."""
    main = b"from flask import Flask\nfrom shared import unused\napp = Flask(__name__)\n"
    commits = story(project, {"api/main.py": main, "shared/used.py": b"ANSWER = 0\n"})
    found = words(asked(project, commits[0]))
    assert found == {"api/main.py": "imported", "shared/used.py": "imported"}


CHANGES: dict[str, tuple[Mapping[str, Value | None], str, str]] = {
    "a comment in a module": ({"shared/used.py": b"ANSWER  =  42  # of course\n"}, "shared/used.py", "no-op"),
    "a docstring": ({"shared/used.py": b'"""Why."""\nANSWER = 42\n'}, "shared/used.py", "imported"),
    "a comment in the Dockerfile": ({"api/Dockerfile": b"# Built daily\n" + DOCKERFILE}, "api/Dockerfile", "no-op"),
    "another command": (
        {"api/Dockerfile": DOCKERFILE.replace(b":8080", b":9090")}, "api/Dockerfile", "build-input"
    ),
    "a comment in the requirements": (
        {"api/requirements.txt": b"six==1.16.0\nflask==3.0.0\n"}, "api/requirements.txt", "no-op"
    ),
    "another version": (
        {"api/requirements.txt": b"flask==3.1.0\nsix==1.16.0\n"}, "api/requirements.txt", "build-input"
    ),
    "data": ({"shared/rates.json": b"[1]\n"}, "shared/rates.json", "data"),
    "a document that nobody reads": ({"api/notes.md": b"More\n"}, "api/notes.md", "not-imported"),
    "a new module that nothing imports": ({"shared/new.py": b"import os\n"}, "shared/new.py", "not-imported"),
    "a module named as a third-party one": ({"flask.py": b"", "api/flask.py": b""}, "api/flask.py", "not-imported"),
    "a package module that hides a third-party one": (
        {"shared/used.py": None, "shared/used/__init__.py": b"ANSWER = 42\n"}, "shared/used/__init__.py", "imported"
    ),
    "a source that cannot be parsed": ({"shared/used.py": b"ANSWER = (\n"}, "shared/used.py", "imported"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_means(project: Project, change: str) -> None:
    files, path, word = CHANGES[change]
    commits = story(project, files)
    ran = asked(project, commits[0])
    assert words(ran)[path] == word
    assert ran.entry("api")["verdict"] == ("current" if word in ("no-op", "not-imported") else "stale")


def test_a_requirements_file_names_what_changed_and_who_imports_it(project: Project) -> None:
    commits = story(project, {"api/requirements.txt": b"flask==3.1.0\nsix==1.17.0\n"})
    (file,) = asked(project, commits[0]).entry("api")["files"]
    assert file["note"] == "flask 3.0.0 -> 3.1.0 (imported by api/main.py), six 1.16.0 -> 1.17.0 (not imported)"


def test_doubt_makes_everything_reachable_and_is_named(project: Project) -> None:
    loader = b"import importlib, os\nmodule = importlib.import_module(os.environ['PLUGIN'])\n"
    commits = story(project, {"shared/used.py": loader + b"ANSWER = 42\n"}, {"shared/unused.py": b"QUESTION = 1\n"})
    entry = asked(project, commits[1]).entry("api")
    assert (entry["verdict"], entry["precision"]) == ("stale", "image")
    (file,) = entry["files"]
    assert file["relevance"] == "cannot-prove"
    assert file["note"].startswith("shared/used.py:2: ")
    assert "shared/used.py:2" in entry["reason"]
    assert ("shared/used.py", 2) in {(doubt["path"], doubt["line"]) for doubt in entry["doubts"]}


def test_an_own_package_that_requirements_install_may_be_imported_by_any_name(project: Project) -> None:
    package: dict[str, Value | None] = {"api/requirements.txt": b"flask==3.0.0\n./shared/lib\n"}
    package |= {"shared/lib/pyproject.toml": b"[project]\nname = 'lib'\n", "shared/lib/src/lib/core.py": b"x = 1\n"}
    commits = story(project, package, {"shared/lib/src/lib/core.py": b"x = 2\n"})
    entry = asked(project, commits[1]).entry("api")
    assert (entry["verdict"], entry["files"][0]["relevance"]) == ("stale", "cannot-prove")


def test_services_toml_can_say_what_an_unbounded_import_loads(project: Project) -> None:
    loader = b"import importlib, os\nmodule = importlib.import_module(os.environ['PLUGIN'])\nANSWER = 42\n"
    plugins = {"shared/plugins/one.py": b"ONE = 1\n", "shared/used.py": loader}
    change = {"shared/unused.py": b"QUESTION = 1\n", "shared/plugins/one.py": b"ONE = 2\n"}
    commits = story(project, plugins, change, config='dynamic = ["shared/plugins/*.py"]')
    ran = asked(project, commits[1])
    assert words(ran) == {"shared/unused.py": "not-imported", "shared/plugins/one.py": "imported"}
    assert ran.entry("api")["precision"] == "import"


def test_ignore_never_hides_what_is_imported(project: Project) -> None:
    change = {"shared/used.py": b"ANSWER = 43\n", "shared/rates.json": b"[2]\n"}
    commits = story(project, change, config='ignore = ["shared/**"]')
    ran = asked(project, commits[0])
    assert words(ran) == {"shared/used.py": "imported"}
    (remark,) = (one for one in ran.json["remarks"] if "ignore" in one["message"])
    assert "shared/__init__.py" in remark["message"]


def test_a_function_is_its_folder(project: Project) -> None:
    with Builder(project.folder / "repository") as made:
        files: dict[str, Value | None] = {
            "hook/main.py": b"import functions_framework\nimport near\n\ndef hook(request): ...\n",
            "hook/near.py": b"",
            "hook/far.py": b"",
        }
        commits = [made.commit(files)]
        commits.append(made.commit({"hook/far.py": b"x = 1\n"}))
        made.commit({"hook/near.py": b"x = 1\n"}, branch="later")
    config = CONFIG.replace(
        'paths = ["api", "shared"]\ndockerfile = "api/Dockerfile"', 'kind = "function"\ncontext = "hook"'
    )
    project.services(config.replace("MORE", ""), project.folder / "repository")
    ran = asked(project, commits[0])
    assert (ran.entry("api")["verdict"], ran.entry("api")["precision"]) == ("current", "import")
    assert words(ran) == {"hook/far.py": "not-imported"}


STARTED: dict[str, dict[str, Any]] = {
    "args": {"args": ["--bind", ":8080", "api.worker:app"]},
    "command": {"command": ["python", "-m", "api.worker"]},
    "a variable": {"env": [{"name": "GUNICORN_CMD_ARGS", "value": "--config api/worker.py"}]},
}


@pytest.mark.parametrize("way", STARTED)
def test_cloud_run_may_start_another_program_than_the_image_says(project: Project, way: str) -> None:
    """One image, several services: what their templates start decides, not the Dockerfile."""
    apart = DOCKERFILE.replace(b'CMD ["gunicorn", "--bind", ":8080", ', b'ENTRYPOINT ["gunicorn"]\nCMD [')
    first: dict[str, Value | None] = {"api/Dockerfile": apart, "api/worker.py": b"from shared import unused\n"}
    commits = story(project, first, {"shared/unused.py": b"QUESTION = 1\n"})
    for more, verdict in ((STARTED[way], "stale"), ({}, "current")):
        containers = [{"image": "eu.gcr.io/p/api:latest", **more}]
        fleet = {"services": [v2_service("api", template=labelled(commits[1], containers=containers))]}
        file = project.file("fleet.json", fleet)
        ran = project.run("drift", "--format", "json", "--fleet", file)
        assert ran.entry("api")["verdict"] == verdict, ran.out
        status = project.run("status", "--format", "json", "--fleet", file)
        again = project.run("drift", "--format", "json", "--fleet", project.file("status.json", status.json))
        assert again.entry("api")["verdict"] == verdict


def test_another_language_is_compared_by_its_image(project: Project) -> None:
    node = b'FROM node:22\nCOPY api/ /app/\nCMD ["node", "/app/main.js"]\n'
    commits = story(project, {"api/Dockerfile": node, "api/main.js": b"1\n"}, {"api/other.js": b"2\n"})
    entry = asked(project, commits[1]).entry("api")
    assert (entry["verdict"], entry["precision"], entry["doubts"]) == ("stale", "image", [])


def test_explain_says_who_imports_a_file_and_names_its_twin(project: Project) -> None:
    twin = {"shared/old/used.py": b"ANSWER = 1\n", "shared/old/script.py": b"import shared.old.used\n"}
    commits = story(project, twin)
    ran = asked(project, commits[0], "api", "shared/old/used.py", command="explain")
    path: dict[str, Any] = ran.json["path"]
    assert ran.code == 0
    assert path["relevance"] == "not-imported"
    assert path["twin"]["path"] == "shared/used.py"
    assert [(one["path"], one["reachable"]) for one in path["importers"]] == [("shared/old/script.py", False)]


def test_explain_tells_of_a_commit(project: Project) -> None:
    change = {
        "shared/used.py": b"ANSWER = 43\n",
        "shared/unused.py": b"",
        "tests/test_used.py": b"",
        "api/notes.md": b"!",
    }
    commits = story(project, change)
    ran = asked(project, commits[0], "api", commits[1], command="explain")
    files = {file["path"]: file["relevance"] for file in ran.json["commit"]["files"]}
    assert files == {
        "api/notes.md": "not-imported",
        "shared/unused.py": "not-imported",
        "shared/used.py": "imported",
        "tests/test_used.py": "not-in-image",
    }
    assert ran.json["commit"]["served"] == "no"


def test_explain_shows_what_the_image_lacks(project: Project) -> None:
    late = b"import requests\n\n\ndef later():\n    from tools.late import thing\n"
    commits = story(project, {"tools/late.py": b"thing = 1\n", "shared/used.py": late + b"ANSWER = 1\n"})
    ran = asked(project, commits[0], "api", command="explain")
    missing = {one["name"]: one["level"] for one in ran.json["services"][0]["missing_modules"]}
    assert missing["tools.late"] == "error"
    assert missing["requests"] in ("warning", "error")


def test_no_code_of_the_repository_runs(project: Project, tmp_path: Path) -> None:
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\n".encode()
    everywhere = dict.fromkeys(("shared/used.py", "shared/__init__.py", "api/__init__.py", "sitecustomize.py"), trap)
    commits = story(project, {**everywhere, "setup.py": trap, "api/conftest.py": trap})
    asked(project, commits[0])
    asked(project, commits[0], "api", "shared/used.py", command="explain")
    assert not (tmp_path / "ran").exists()
