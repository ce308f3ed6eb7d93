"""What RUN lines install, read together with the files that they name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.image import image_of, image_of_folder
from deploytool.domain.imports.installed.distributions import Requirements, normalised
from deploytool.domain.imports.installed.requirement_lines import listed_in
from deploytool.domain.imports.installed.requirements import requirements_of
from deploytool.domain.imports.installed.shell_words import spoken_by
from tests.domain.memory_tree import tree_of


def of(dockerfile: str, **files: str) -> Requirements:
    """Requirements of an image; `a__b_txt` is the file a/b.txt."""
    named = {
        name.replace("__", "/").replace("_txt", ".txt").replace("_toml", ".toml"): text for name, text in files.items()
    }
    tree = tree_of({"Dockerfile": dockerfile, **named})
    image = image_of("Dockerfile", ".", tree)
    assert image is not None
    return requirements_of(image, tree)


def specs(requirements: Requirements) -> dict[str, str]:
    return {each.name: each.spec for each in requirements.distributions}


START = "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("pip install flask==3 gunicorn", {"flask": "==3", "gunicorn": ""}),
        ("pip install --no-cache-dir 'flask>=2,<3'", {"flask": ">=2,<3"}),
        ("pip install flask>=2.3 gunicorn>=21", {"flask": "", "gunicorn": ""}),  # unquoted: the shell redirects
        ("pip3 install Flask_Cors[async]~=4.0", {"flask-cors": "~=4.0"}),
        ("python -m pip install --upgrade pip && python3 -m pip install six", {"pip": "", "six": ""}),
        ("pip install -r requirements.txt", {"a": "==1"}),
        ("pip install -rrequirements.txt", {"a": "==1"}),
        ("pip install --requirement=requirements.txt", {"a": "==1"}),
        ("pip install -r /app/requirements.txt || true", {"a": "==1"}),
        ("cd sub && pip install -r requirements.txt", {"b": ""}),
        ("uv pip install --system -r requirements.txt", {"a": "==1"}),
        ("uv pip sync requirements.txt", {"a": "==1"}),
        ("pip install -i https://index.example/simple --target /opt/x -c cons.txt six", {"six": ""}),
        ("if [ -f requirements.txt ]; then pip install -r requirements.txt; fi", {"a": "==1"}),
        ('bash -c "pip install -r requirements.txt"', {"a": "==1"}),
        ("pip install 'x @ https://h.example/x.whl' y", {"x": "@ https://h.example/x.whl", "y": ""}),
        ("pip install git+https://h.example/o/r.git@v1#egg=some_name", {"some-name": "@ git+https://h.example/o/r.git@v1#egg=some_name"}),
        ("pip install https://h.example/pkg-1.0-py3-none-any.whl", {"pkg": "@ https://h.example/pkg-1.0-py3-none-any.whl"}),
        ("apt-get update && apt-get install -y python3-numpy gcc 2>&1", {"numpy": ""}),
        ("pip install six==$SIX_VERSION", {"six": "==$SIX_VERSION"}),
        ("poetry run pip install six", {"six": ""}),
        ("pip install six 2>&1 | tee log.txt", {"six": ""}),
        ("echo pip install nothing > note.txt", {}),
        ("pip cache purge", {}),
    ],
)  # fmt: skip
def test_install_lines(line: str, expected: dict[str, str]) -> None:
    found = of(START + f"RUN {line}\n", requirements_txt="a==1\n", sub__requirements_txt="b\n", cons_txt="z==9\n")
    assert specs(found) == expected
    assert found.complete


def test_json_form_heredoc_and_continuation() -> None:
    found = of(
        START + 'RUN ["pip", "install", "a"]\nRUN <<EOF\npip install \\\n  b\nEOF\nRUN pip install \\\n  # why\n  c\n'
    )
    assert set(specs(found)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "line",
    [
        "pip install -r nowhere.txt",
        "pip install $PACKAGES",
        "pip install -r $FILE",
        "./install.sh",
        "bash scripts/install.sh",
        "make install",
        "conda install numpy",
        "python setup.py install",
        "cat requirements.txt | xargs -n 1 pip install",
        "cd $HERE && pip install -r requirements.txt",
        "pip install 'open",
        "uv sync",
        "pip install git+https://h.example/o/r.git",
    ],
)
def test_what_cannot_be_told_is_incomplete(line: str) -> None:
    found = of(START + f"RUN {line}\n", requirements_txt="a\n")
    assert not found.complete
    assert all(doubt.why for doubt in found.doubts)


@pytest.mark.parametrize(
    ("base", "complete"),
    [
        ("python:3.11-slim", True),
        ("python@sha256:abc", True),
        ("public.example/docker/library/python:3.12", True),
        ("debian:bookworm", True),
        ("ghcr.io/astral-sh/uv:python3.12-bookworm", True),
        ("gcr.io/distroless/python3-debian12", True),
        ("tensorflow/tensorflow:2.15.0", False),
        ("google/cloud-sdk:slim", False),
        ("our-base", False),
    ],
)
def test_a_base_image_may_bring_distributions(base: str, complete: bool) -> None:
    assert of(f"FROM {base}\nRUN pip install a\n").complete is complete


def test_a_builder_stage_installs_from_its_own_files() -> None:
    found = of(
        "FROM python:3.11 AS build\nWORKDIR /b\nCOPY r.txt req.txt\nRUN pip install --user -r req.txt\n"
        "FROM python:3.11-slim\nCOPY --from=build /root/.local /root/.local\n",
        **{"r_txt": "a==1\n"},
    )
    assert specs(found) == {"a": "==1"}
    assert found.complete


def test_nested_files_are_relative_to_the_file_that_names_them() -> None:
    found = of(
        START + "RUN pip install -r reqs/all.txt\n",
        reqs__all_txt="-r base.txt\n-c cons.txt\n--index-url https://h.example\nb==2 # why\n",
        reqs__base_txt="-r all.txt\na==1\n",
        reqs__cons_txt="z==9\n",
    )
    assert specs(found) == {"a": "==1", "b": "==2"}
    assert found.distributions[0].path == "reqs/all.txt"
    assert found.distributions[0].line == 4


LOCKED = "# This file is autogenerated by pip-compile with Python 3.11\na==1\n    # via -r requirements.in\nb==2\n"
HASHED = "a==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nb==2 --hash=sha256:cc\n"


@pytest.mark.parametrize(
    ("text", "locked"),
    [
        (LOCKED, True),
        (HASHED, True),
        ("a==1\nb==2\n", False),  # pinned, and yet something may come in behind them
        (LOCKED + "c\n", False),
        (HASHED.replace("b==2", "b>=2"), False),
        ("a==1.* --hash=sha256:aa\n", False),
        ("", False),
    ],
)
def test_locked(text: str, locked: bool) -> None:
    assert of(START + "RUN pip install -r r.txt\n", r_txt=text).locked is locked


def test_one_open_install_line_unlocks_everything() -> None:
    line = "RUN pip install --upgrade pip setuptools && pip install -r r.txt\n"
    assert of(START + line, r_txt=LOCKED).locked
    assert not of(START + line + "RUN pip install gunicorn\n", r_txt=LOCKED).locked


UV_LOCK = """version = 1
[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "flask" },
]

[package.metadata]
name = "not this"

[[package]]
name = "Flask"
version = "3.0.0"
source = { registry = "https://h.example/simple" }
"""
POETRY_LOCK = """# generated
[[package]]
name = "requests"
version = "2.31.0"
[package.dependencies]
certifi = ">=1"
[[package]]
name = "certifi"
version = "1.0"
[metadata]
lock-version = "2.0"
"""
PROJECT = """[project]
name = "app"
dependencies = ["flask>=2 ; python_version > '3'", "b[x]"]
[project.optional-dependencies]
dev = ["pytest"]
"""


@pytest.mark.parametrize(
    ("line", "files", "expected", "locked"),
    [
        ("uv sync --frozen", {"uv.lock": UV_LOCK}, {"flask": "==3.0.0"}, True),
        ("uv sync", {"pyproject.toml": PROJECT}, {"flask": ">=2", "b": "", "pytest": ""}, False),
        ("poetry install --no-root", {"poetry.lock": POETRY_LOCK}, {"requests": "==2.31.0", "certifi": "==1.0"}, True),
        (
            "poetry install",
            {"pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\nflask = "^3"\nx = {version = "1"}\n'},
            {"flask": "^3", "x": "1"},
            False,
        ),
        (
            "pipenv install --system --deploy",
            {"Pipfile.lock": json.dumps({"default": {"six": {"version": "==1.0"}}, "develop": {}})},
            {"six": "==1.0"},
            True,
        ),
        ("uv export -o r.txt && pip install -r r.txt", {"uv.lock": UV_LOCK}, {"flask": "==3.0.0"}, True),
        ("pip install .", {"pyproject.toml": PROJECT}, {"flask": ">=2", "b": "", "pytest": ""}, False),
        ("uv pip install -r pyproject.toml", {"pyproject.toml": PROJECT}, {"flask": ">=2", "b": ""}, False),
        (
            "uv pip install --extra dev -r pyproject.toml",
            {"pyproject.toml": PROJECT},
            {"flask": ">=2", "b": "", "pytest": ""},
            False,
        ),
    ],
)
def test_project_tools(line: str, files: dict[str, str], expected: dict[str, str], locked: bool) -> None:
    tree = tree_of({"Dockerfile": START + f"RUN {line}\n", **files})
    image = image_of("Dockerfile", ".", tree)
    assert image is not None
    found = requirements_of(image, tree)
    assert specs(found) == expected
    assert (found.locked, found.complete) == (locked, True)


def test_files_that_a_mount_lays_under_the_command() -> None:
    tree = tree_of(
        {
            "svc/Dockerfile": "FROM python:3.12\nWORKDIR /app\n"
            "RUN --mount=type=bind,source=uv.lock,target=uv.lock uv sync --no-install-project\n",
            "svc/uv.lock": UV_LOCK,
        }
    )
    image = image_of("svc/Dockerfile", "svc", tree)
    assert image is not None
    found = requirements_of(image, tree)
    assert specs(found) == {"flask": "==3.0.0"}
    assert found.distributions[0].path == "svc/uv.lock"


def test_a_local_package_lies_relative_to_where_pip_runs() -> None:
    files = {"reqs/r.txt": "-e ./lib\n", "lib/pyproject.toml": PROJECT}
    tree = tree_of({"Dockerfile": START + "RUN pip install -r reqs/r.txt\n", **files})
    image = image_of("Dockerfile", ".", tree)
    assert image is not None
    assert requirements_of(image, tree).projects == ("lib",)


def test_an_installed_project_is_remembered() -> None:
    tree = tree_of({"Dockerfile": START + "RUN pip install -e ./lib\n", "lib/pyproject.toml": PROJECT})
    image = image_of("Dockerfile", ".", tree)
    assert image is not None
    assert requirements_of(image, tree).projects == ("lib",)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"fn/requirements.txt": "six==1\n"}, {"six", "functions-framework"}),
        ({"fn/uv.lock": UV_LOCK}, {"flask", "functions-framework"}),
        ({"fn/pyproject.toml": PROJECT}, {"flask", "b", "pytest", "functions-framework"}),
        ({}, {"functions-framework"}),
    ],
)
def test_a_function_has_its_framework(files: dict[str, str], expected: set[str]) -> None:
    tree = tree_of({"fn/main.py": "", **files})
    image = image_of_folder("fn", tree)
    assert image is not None
    found = requirements_of(image, tree)
    assert found.names == expected
    assert found.complete


def test_a_toml_bomb_costs_nothing() -> None:
    bomb = "a." * 20_000 + "b = 1"
    found = of(START + "RUN pip install .\n", pyproject_toml=bomb)
    assert not found.complete


@given(st.binary(max_size=300))
def test_any_bytes_are_some_list(content: bytes) -> None:
    for each in listed_in(content, "r.txt").distributions:
        assert each.name == normalised(each.name)


@given(st.text(max_size=120))
def test_any_text_is_some_script_or_none(text: str) -> None:
    for spoken in spoken_by(Run(1, text)) or ():
        assert spoken.words


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(st.dictionaries(NAMES, st.sampled_from(["", "==1.0", ">=2,<3", "~=4.1"]), max_size=8), st.randoms())
def test_lists_are_read_whatever_their_layout(wanted: dict[str, str], random) -> None:  # type: ignore[no-untyped-def]
    lines = []
    for name, spec in wanted.items():
        gap = random.choice(["", " "])
        lines.append(
            f"{random.choice(['', '  '])}{name}{gap}{spec}{random.choice(['', '  # why', ' ; python_version>3'])}"
        )
        lines.extend(random.choice([[], [""], ["# x"], ["--pre"]]))
    found = listed_in(random.choice(["\n", "\r\n"]).join(lines).encode(), "r.txt")
    assert {each.name: each.spec for each in found.distributions} == wanted
    assert not found.unclear
