"""What changed in a file that the build reads."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.imports.installed.input_changes import Changed, FileDifference, changes_between, described

LOCK = '[[package]]\nname = "requests"\nversion = "{}"\n\n[[package]]\nname = "six"\nversion = "1.0"\n'
DOCKER = "FROM python:3.11\nRUN pip install a==1 b\nCMD exec gunicorn --workers 1 main:app\n"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("requirements.txt", "a==1\nb\n", "# why\nb   \n\na == 1  # pinned\n"),
        ("requirements.txt", "A_b==1\n", "a-b==1\n"),
        (
            "requirements.txt",
            "a==1 --hash=sha256:x --hash=sha256:y\n",
            "a==1 \\\n  --hash=sha256:y \\\n  --hash=sha256:x\n",
        ),
        (
            "svc/Dockerfile",
            DOCKER,
            DOCKER.replace("RUN ", "# why\n\nRUN ").replace("a==1 b", "a==1 \\\n    # more\n    b"),
        ),
        ("svc/Dockerfile", DOCKER, DOCKER.replace("RUN", "run").replace("\n", "\r\n")),
        (".dockerignore", "*.md\n# x\n", "\n*.md\n"),
        ("uv.lock", LOCK.format("1"), "# made by another version\n" + LOCK.format("1")),
        ("Pipfile.lock", '{"default": {}}', '{\n "default": {}\n}'),
        ("pyproject.toml", "[project]\nname = 'x'\n", '# x\n[project]\nname = "x"\n'),
    ],
)
def test_comments_and_layout_are_no_difference(path: str, before: str, after: str) -> None:
    difference = changes_between(before.encode(), after.encode(), path)
    assert difference == FileDifference(True)
    assert described(difference, {}) == "nothing but comments or layout changed"


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("requirements.txt", "--pre\n--index-url https://a.example\n", "--index-url https://a.example\n--pre\n"),
        ("requirements.txt", "a==1 --hash=sha256:x\n", "a==1 --hash=sha256:y\n"),
        ("Dockerfile", DOCKER, "# syntax=docker/dockerfile:1\n" + DOCKER),
        ("Dockerfile", DOCKER, "# escape=`\n" + DOCKER),
        ("Dockerfile", DOCKER, DOCKER.replace("workers 1", "workers 2")),
        ("Dockerfile", 'FROM x\nRUN echo "a b"\n', 'FROM x\nRUN echo "a  b"\n'),
        ("Dockerfile", "FROM x\nRUN <<E\na\nE\n", "FROM x\nRUN <<E\n# a\nE\n"),
        ("Dockerfile", "FROM x\nRUN <<E\n", "FROM x\n\nRUN <<E\n"),  # cannot be read
        ("svc/Dockerfile.dockerignore", "a\n!a/b\n", "!a/b\na\n"),
        ("uv.lock", LOCK.format("1"), LOCK.format("2")),
        ("Procfile", "web: a\n", "web: a\n\n"),
    ],
)
def test_what_could_build_something_else_is_a_difference(path: str, before: str, after: str) -> None:
    assert not changes_between(before.encode(), after.encode(), path).same


def test_distributions_of_each_kind_of_file() -> None:
    lock = changes_between(LOCK.format("1").encode(), LOCK.format("2").encode(), "uv.lock")
    assert lock.distributions == (Changed("requests", "==1", "==2"),)
    docker = changes_between(DOCKER.encode(), DOCKER.replace("a==1 b", "a==2 c").encode(), "x.Dockerfile")
    assert docker.distributions == (Changed("a", "==1", "==2"), Changed("b", "", None), Changed("c", None, ""))
    pipfile = [json.dumps({"default": {"six": {"version": f"=={n}"}}}).encode() for n in (1, 2)]
    assert changes_between(*pipfile, "Pipfile.lock").distributions == (Changed("six", "==1", "==2"),)
    project = b'[project]\ndependencies = ["flask>=2"]\n'
    assert changes_between(None, project, "pyproject.toml") == FileDifference(False, (Changed("flask", None, ">=2"),))
    assert changes_between(None, None, "uv.lock").same


def test_described_for_people() -> None:
    difference = FileDifference(
        False,
        (
            Changed("certifi", "==1", "==2"),
            Changed("requests", "==2.31.0", "==2.32.3"),
            Changed("six", "==1", None),
            Changed("tqdm", None, ""),
        ),
    )
    assert described(difference, {"requests": "shared/http.py", "six": None}) == (
        "requests 2.31.0 -> 2.32.3 (imported by shared/http.py), certifi 1 -> 2 (not imported; requests needs it), "
        "six removed (not imported), tqdm added (not imported)"
    )
    assert described(FileDifference(False), {}) == "no distribution changed, other lines did"
    many = FileDifference(False, tuple(Changed(f"d{n}", "==1", "==2") for n in range(9)))
    assert described(many, {"d7": "x.py"}).startswith("d7 1 -> 2 (imported by x.py), d0 ")
    assert described(many, {"d7": "x.py"}).endswith("and 4 more, none of them imported")


NAMES = ("requirements.txt", "Dockerfile", ".dockerignore", "uv.lock", "Pipfile.lock", "pyproject.toml")


@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(NAMES))
def test_any_two_contents_compare_the_same_both_ways(one: bytes, other: bytes, path: str) -> None:
    there, back = changes_between(one, other, path), changes_between(other, one, path)
    assert there.same == back.same
    assert [(x.name, x.before, x.after) for x in there.distributions] == [
        (x.name, x.after, x.before) for x in back.distributions
    ]
    assert changes_between(one, one, path).same
