"""The key of a build: every input is in it, and nothing that cannot reach the image."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest

from deploytool.domain.build import Wanted, content_of_build, key_of_build, made_of, stamp_of, wanted_of
from deploytool.domain.dockerfile import recipe_of
from deploytool.domain.dockerfile_command import halves_of
from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.dockerfile_skips import BESIDE, INSTALLS, skipped_as
from tests.domain.memory_tree import tree_of

FILES = {"Dockerfile": "FROM python\nCOPY svc /svc\nCMD x\n", "svc/a.py": "1", "beside.py": "1"}
WHEN = datetime(2026, 2, 5, 0, 45, tzinfo=UTC)


def wanted(files=None, **changes):
    told = {"service": "svc", "commit": "a" * 40, "committed_at": WHEN, "dockerfile": "Dockerfile", "context": ""}
    told |= {"image": "host/p/svc", "scope": "s", "builder": "docker", **changes}
    return wanted_of(tree_of({**FILES, **(files or {})}), **told)


def test_every_input_counts():
    keys = {
        wanted(**change).key
        for change in (
            {},
            {"commit": "b" * 40},
            {"committed_at": WHEN + timedelta(seconds=1)},
            {"image": "host/p/other"},
            {"scope": "t"},
            {"builder": "cloudbuild"},
            {"context": "svc"},
            {"files": {"svc/a.py": "2"}},
            {"files": {"svc/b.py": "1"}},
            {"files": {"Dockerfile": "FROM python\nCOPY svc /svc\nCMD y\n"}},
            {"files": {".dockerignore": "svc/b.py\n"}},
        )
    }
    assert len(keys) == 11


def test_a_file_that_nothing_takes_does_not_count():
    assert wanted({"beside.py": "2"}).key == wanted().key


@pytest.mark.parametrize("line", ["FETCH x", "RUN --mount=type=bind,target=/x make"])
def test_in_doubt_the_whole_context_counts(line):
    dockerfile = {"Dockerfile": f"FROM python\nCOPY svc /svc\n{line}\nCMD x\n"}
    assert wanted({**dockerfile, "beside.py": "2"}).key != wanted(dockerfile).key


def test_a_build_without_a_dockerfile_has_a_key_too():
    one = wanted(dockerfile=None, context="svc")
    assert one.key != wanted({"svc/a.py": "2"}, dockerfile=None, context="svc").key
    assert made_of(one, tree_of(FILES)) is None


def test_the_pure_parts_agree_with_the_whole():
    one, tree = wanted(), tree_of(FILES)
    assert key_of_build(one, "docker", content_of_build(one, tree, made_of(one, tree))) == one.key
    assert dataclasses.replace(one, key="") == Wanted(
        "svc", "a" * 40, "Dockerfile", "", "host/p/svc", "2026-02-05T00:45:00Z", "s", ""
    )


def test_stamps_are_in_utc():
    assert stamp_of(datetime(2026, 2, 5, 1, 45, 7, 9, tzinfo=timezone(timedelta(hours=1)))) == "2026-02-05T00:45:07Z"


def environment(text, **given):
    return dict(recipe_of(text.encode(), "Dockerfile", given).stages[-1].environment)


def test_build_arguments_count_where_they_are_declared():
    env = "\nENV B=${BUILD_COMMIT}\n"
    assert environment(f"FROM a\nARG BUILD_COMMIT=unknown{env}", BUILD_COMMIT="abc") == {"B": "abc"}
    assert environment(f"FROM a\nARG BUILD_COMMIT{env}", BUILD_COMMIT="abc") == {"B": "abc"}
    assert environment(f"FROM a{env}", BUILD_COMMIT="abc") == {"B": ""}
    assert environment(f"ARG BUILD_COMMIT\nFROM a{env}", BUILD_COMMIT="abc") == {"B": ""}
    assert environment(f"FROM a\nENV BUILD_COMMIT=own\nARG BUILD_COMMIT{env}", BUILD_COMMIT="abc")["B"] == "own"
    assert environment(f"FROM a\nARG BUILD_COMMIT=unknown{env}") == {"B": "unknown"}
    assert recipe_of(b"ARG V=1\nFROM a:$V\n", "D", {"V": "2"}).stages[0].image == "a:2"


def test_entrypoint_and_cmd_stay_apart():
    def halves(lines):
        return halves_of(recipe_of(f"FROM a\n{lines}\n".encode(), "D").stages[-1])

    assert halves('CMD ["a", "b"]') == ((), ("a", "b"))
    assert halves('ENTRYPOINT ["e"]\nCMD ["a"]') == (("e",), ("a",))
    assert halves("ENTRYPOINT run it\nCMD a") == (("/bin/sh", "-c", "run it"), ())
    assert halves("CMD run it") == ((), ("/bin/sh", "-c", "run it"))
    assert halves("ENTRYPOINT []") == ((), ())


SKIPPED = {
    "pip install -r requirements.txt": INSTALLS,
    "python -m pip install --upgrade pip && pip install 'numpy>=2' \"pandas>1\"": INSTALLS,
    "apt-get update && apt-get install -y gcc >/dev/null 2>&1 && rm -rf /var/lib/apt/lists/*": INSTALLS,
    "apt-get update \\\n && apt-get install -y git": INSTALLS,
    '["pip", "install", "x"]': INSTALLS,
    "poetry config virtualenvs.create false && poetry install --no-root": INSTALLS,
    "uv sync --frozen --no-install-project": INSTALLS,
    "python -m venv /opt/venv": INSTALLS,
    "useradd me && mkdir -p /app/data && chown me /app/data": BESIDE,
    "set -eux; echo hello": BESIDE,
    "pip install .": "",
    "pip install -e ./shared": "",
    "pip freeze > /app/frozen.txt": "",
    "pip install x >> log": "",
    "pip install x &> log": "",
    "uv pip compile a.in -o a.txt": "",
    "uv export -o a.txt": "",
    "pip download -d /wheels x": "",
    "poetry export -o x": "",
    "echo 1 > /app/version": "",
    'echo "$(date > /app/version)"': "",
    "touch /app/x": "",
    "curl -o /app/m https://example.com": "",
    "chmod +x start.sh": "",
    "npm run build": "",
    "cp a b": "",
    "sh install.sh": "",
    "rm -rf /app/tests": "",
    "./build": "",
    "pip install x | tee /app/log": "",
    "<<EOF\npip install x\nEOF": INSTALLS,
    "<<EOF\npip install x\necho 1 > /app/version\nEOF": "",
}


@pytest.mark.parametrize("line", SKIPPED)
def test_only_what_makes_no_files_of_ours_is_skipped(line):
    (run,) = [
        step for step in recipe_of(f"FROM a\nRUN {line}\n".encode(), "D").stages[0].steps if isinstance(step, Run)
    ]
    assert skipped_as(run) == SKIPPED[line]
