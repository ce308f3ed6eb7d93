"""What keeps an image from being built and its container from being started."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.branches import DOCKERFILE, SHOP, TOML, brief, checked, only
from tests.repositories import Executable, Value


@pytest.mark.parametrize(
    ("old", "new", "rule", "severity"),
    [
        ('["python", "-m", "api.main"]', '["python", "api/mian.py"]', "DT206", "error"),
        ('["python", "-m", "api.main"]', '["python", "/app/mian.py"]', "DT206", "error"),
        ('CMD ["python", "-m", "api.main"]', "RUN ./make.sh\nCMD python mian.py", "DT206", "warning"),
        ('["python", "-m", "api.main"]', '["python", "/opt/tool/main.py"]', None, ""),
        ('["python", "-m", "api.main"]', '["python", "/usr/local/bin/tool.py"]', None, ""),
        ("COPY shared/", "COPPY shared/", "DT209", "error"),
        ("FROM python:3.11-slim\n", "", "DT209", "error"),
        ("FROM python:3.11-slim\n", "# syntax=example/frontend\nFROM python:3.11-slim\nCOPPY a b\n", None, ""),
    ],
    ids=[
        "a typo", "a typo, from the root", "what a RUN may write", "what the base image may have",
        "what every image may have", "no instruction", "no FROM", "another dialect",
    ],
)  # fmt: skip
def test_a_container_that_does_not_start_or_is_not_built(
    tmp_path: Path, old: str, new: str, rule: str | None, severity: str
) -> None:
    report = checked(tmp_path, {"api/Dockerfile": DOCKERFILE.replace(old, new) + "COPY shared /usr/local/bin/\n"})
    found = {(one.rule, one.severity.value, one.path) for one in report.findings if one.rule in ("DT206", "DT209")}
    assert found == (set() if rule is None else {(rule, severity, "api/Dockerfile")})


def test_a_dockerfile_that_is_empty_fails(tmp_path: Path) -> None:
    assert only(checked(tmp_path, {"api/Dockerfile": ""}), "DT209").message == (
        "api/Dockerfile cannot be built: there is no FROM."
    )


# start scripts

SCRIPT = b"#!/bin/sh\nexec python -m api.main\n"
STARTED = {
    "start.sh": Executable(SCRIPT),
    "api/Dockerfile": DOCKERFILE.replace(
        'CMD ["python", "-m", "api.main"]', 'COPY start.sh /app/\nCMD ["/app/start.sh"]'
    ),
}


def dockerfile(old: str, new: str) -> dict[str, str | Value | None]:
    return {"api/Dockerfile": STARTED["api/Dockerfile"].replace(old, new)}  # type: ignore[union-attr, dict-item, arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"start.sh": Executable(SCRIPT + b"# the end\n")}, []),
        (dockerfile("/app/start.sh", "/app/strat.sh"), ["/app/strat.sh"]),
        (dockerfile('["/app/start.sh"]', '["sh", "strat.sh"]'), ["strat.sh"]),
        (dockerfile("/app/start.sh", "./strat.sh"), ["./strat.sh"]),
        (dockerfile("COPY start.sh /app/\n", ""), ["/app/start.sh"]),
        (dockerfile("/app/start.sh", "/usr/local/bin/start.sh"), []),
        ({"start.sh": Executable(b"#!/bin/sh\nexec python api/mian.py\n")}, ["api/mian.py"]),
        ({"start.sh": SCRIPT}, ["mode of start.sh"]),
        ({"start.sh": SCRIPT, **dockerfile('["/app/start.sh"]', "./start.sh --now")}, ["mode of start.sh"]),
        ({"start.sh": SCRIPT, **dockerfile('["/app/start.sh"]', '["sh", "/app/start.sh"]')}, []),
        ({"start.sh": SCRIPT, **dockerfile("CMD", "RUN chmod +x /app/start.sh\nCMD")}, []),
        ({"start.sh": SCRIPT, **dockerfile("COPY start", "COPY --chmod=755 start")}, []),
    ],
    ids=[
        "nothing", "another line", "a typo", "a typo behind a shell", "a typo, from here", "not copied",
        "where a base image may have it", "what it starts", "not executable", "not executable, by a shell",
        "read by a shell", "made executable", "copied as executable",
    ],
)  # fmt: skip
def test_a_start_script(tmp_path: Path, changes: Mapping[str, str | Value | None], expected: list[str]) -> None:
    report = checked(tmp_path, changes, {**SHOP, **STARTED})
    assert [one.subject for one in report.findings if one.rule == "DT206"] == expected
    assert {one.severity.value for one in report.findings if one.rule == "DT206"} <= {"error"}


# lists that are installed from

MOUNT = "--mount=type=bind,source=api/requirements.txt,target=r.txt"


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("COPY api/requirements.txt .\n", "", "error"),
        ("-r requirements.txt", "-r reqs.txt", "error"),
        ("-r requirements.txt", "-r /app/api/requirements.txt", None),
        ("FROM python:3.11-slim", "FROM example.com/ours:1", None),
        ("COPY api/requirements.txt .\n", "RUN pip freeze > requirements.txt\n", "warning"),
        ("COPY api/requirements.txt .\nRUN", "RUN uv pip compile requirements.in -o requirements.txt &&", None),
        ("COPY api/requirements.txt .\n", "RUN pip-compile requirements.in\n", "warning"),
        ("COPY api/requirements.txt .\n", "RUN ./make.sh\n", "warning"),
        ("COPY api/requirements.txt .\n", "COPY made/requirements.txt .\n", None),
        ("RUN pip", f"RUN {MOUNT} pip install -r r.txt\nRUN pip", None),
    ],
    ids=[
        "not copied", "a typo", "copied with its folder", "another image", "written by a RUN", "compiled in the same",
        "compiled before", "perhaps written by one",
        "not in git", "mounted",
    ],
)  # fmt: skip
def test_a_list_that_is_installed_from_must_be_there(tmp_path: Path, old: str, new: str, severity: str | None) -> None:
    report = checked(tmp_path, {"api/Dockerfile": DOCKERFILE.replace(old, new)})
    found = [one.severity.value for one in report.findings if one.rule == "DT209"]
    assert found == ([] if severity is None else [severity])


def test_a_list_that_is_ignored_is_said_once(tmp_path: Path) -> None:
    report = checked(tmp_path, {".dockerignore": "api/requirements.txt\n"})
    assert [row[0] for row in brief(report)] == ["DT205"]


# without a Dockerfile

BUILT = {
    "services.toml": TOML + '\n[services.site]\ncontext = "site"\n',
    "site/Procfile": "web: gunicorn app:app\n",
    "site/app.py": "",
    "site/requirements.txt": "gunicorn==21.2.0\n",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"site/Procfile": "web: gunicorn ap:app\n"}, ("DT203", "error", "site", "ap")),
        ({"site/app.py": None}, ("DT201", "error", "site", "app")),
        ({"site/Procfile": "web: gunicorn yaml:app\n"}, ("DT203", "warning", "site", "yaml")),
    ],
    ids=["a typo", "gone", "what a distribution may bring"],
)
def test_what_a_procfile_starts(
    tmp_path: Path, changes: Mapping[str, str | None], expected: tuple[str, str, str, str]
) -> None:
    report = checked(tmp_path, changes, BUILT)
    assert [row for row in brief(report) if row[0] != "DT208"] == [expected]
    assert "is started" in only(report, expected[0]).message
    assert only(report, expected[0]).path is None
