"""Sources, Dockerfiles and names made to hurt: the safe answer with its doubt named, in moments, in every format."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Mapping

import jsonschema
import pytest

from tests.adapters.shapes import v2_service
from tests.repositories import Builder, Link, Value
from tests.stories.conftest import SOURCE, Project, Ran, labelled

SECONDS = 15.0  # a few are promised and measured by hand; this only catches what blows up, on a busy machine too
MEGABYTE = 1_000_000
CONFIG = """
[project]
cloud = "google"
project = "shop-prod"
regions = ["europe-west1"]
repository = "REPOSITORY"
target = "main"

[services.api]
dockerfile = "Dockerfile"
"""
HEAD = b"FROM python:3.12\nWORKDIR /app\n"
DOCKERFILE = HEAD + b'COPY . .\nCMD ["python", "main.py"]\n'
FORMATS = ("table", "json", "markdown")
SAFE = {"\n"}


def unsafe_in(said: str) -> set[str]:
    return {char for char in said if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - SAFE


def timed(project: Project, *argv: str) -> Ran:
    began = time.monotonic()
    ran = project.run(*argv)
    taken = time.monotonic() - began
    assert ran.code in (0, 1, 3), ran.said[:2000]
    assert taken < SECONDS
    assert unsafe_in(ran.said) == set()
    assert not [line for line in ran.said.splitlines() if line.lstrip().startswith(("::", "##["))]
    if argv[-1] == "json" and len(ran.out) < 1_000_000:  # the validator is slower than what it validates
        schema = json.loads((SOURCE / f"deploytool/schemas/{argv[0]}.json").read_text())
        jsonschema.validate(ran.json, schema)
    return ran


def judged(project: Project, files: Mapping[str, Value | None], change: Mapping[str, Value | None]) -> dict[str, Ran]:
    """Every format of drift and explain, where what serves is the commit before the change."""
    folder = project.folder / "repository"
    with Builder(folder) as made:
        first = made.commit({"Dockerfile": DOCKERFILE, "main.py": b"", "idle.py": b"X = 1\n", **files})
        made.commit(dict(change))
    project.services(CONFIG, folder)
    fleet = project.file("fleet.json", {"services": [v2_service("api", template=labelled(first))]})
    found = {}
    for format in FORMATS if len(files) < 1_000 else FORMATS[1:2]:
        found[f"drift {format}"] = timed(project, "drift", "--verbose", "--fleet", fleet, "--format", format)
        found[f"explain {format}"] = timed(project, "explain", "api", "--fleet", fleet, "--format", format)
    for path in [path for path in change if not path.startswith("-")][: 1 if len(files) < 1_000 else 0]:
        timed(project, "explain", "api", "--fleet", fleet, path, "--format", "json")
    return found


def relevance(found: dict[str, Ran], path: str = "idle.py") -> tuple[str, str]:
    (file,) = (each for each in found["drift json"].entry("api")["files"] if each["path"] == path)
    return file["relevance"], file["note"]


IDLE: Mapping[str, Value | None] = {"idle.py": b"X = 2\n"}
CIRCLE = {f"m{n}.py": b"import m%d\n" % ((n + 1) % 10_000) for n in range(10_000)}
DOUBTFUL: dict[str, tuple[bytes, str]] = {
    "does not parse": (b"def f(:\n", "main.py:1"),
    "a newer Python": (b"\nswitch x { case 1 }\n", "main.py:2"),
    "an old Python": (b"print 'x'\n", "main.py:1"),
    "ten megabytes": (b"import os\n" + b"x = 1\n" * (10 * MEGABYTE // 6), "main.py"),
    "not UTF-8": (b"x = '\xff\xfe'\n", "main.py"),
    "a coding that nobody knows": (b"# -*- coding: klingon -*-\nimport os\n", "main.py"),
    "a coding that is none": (b"# coding: rot13\nimport os\n", "main.py"),
    "NUL bytes": (b"import os\n\0\n", "main.py"),
    "UTF-16": ("import os\n".encode("utf-16"), "main.py"),
    "deep parentheses": (b"x = " + b"(" * 50_000 + b")" * 50_000 + b"\n", "main.py"),
    "deep operators": (b"x = " + b"-" * 60_000 + b"1\n", "main.py"),
    "a long sum": (b"x = " + b"+".join([b"1"] * 100_000) + b"\n", "main.py"),
    "deep attributes": (b"x = a" + b".a" * 60_000 + b"\n", "main.py"),
    "deep blocks": (b"".join(b" " * n + b"if x:\n" for n in range(1_000)) + b" " * 1_000 + b"pass\n", "main.py"),
    "a name that only the run knows": (
        b"import importlib, os\nimportlib.import_module(os.environ['X'])\n",
        "main.py:2",
    ),
}


@pytest.mark.parametrize("title", DOUBTFUL)
def test_a_source_that_cannot_be_read_is_a_doubt_with_its_place(project: Project, title: str) -> None:
    source, place = DOUBTFUL[title]
    found = judged(project, {"main.py": source}, IDLE)
    word, note = relevance(found)
    assert word == "cannot-prove"
    assert note.startswith(place), note
    entry = found["drift json"].entry("api")
    assert (found["drift json"].code, entry["verdict"], entry["precision"]) == (1, "stale", "image")
    assert place in found["explain table"].out


PROVEN: dict[str, Mapping[str, Value | None]] = {
    "ten thousand imports in a circle": {**CIRCLE, "main.py": b"import m0\n"},
    "an import of itself": {"main.py": b"import main\nfrom . import main\nfrom main import *\n"},
    "a coding cookie": {"main.py": "# coding: latin-1\nx = 'ä'\nimport used\n".encode("latin-1"), "used.py": b""},
    "a byte order mark": {"main.py": b"\xef\xbb\xbfimport used\n", "used.py": b""},
    "many strings": {"main.py": b"x = [" + b"".join(b"'word%d.name', " % n for n in range(60_000)) + b"]\n"},
    "strings of stars": {"main.py": b"x = ['" + b"a*" * 5_000 + b"', '" + b"*.a" * 3_000 + b"']\n"},
    "one long string in pieces": {"main.py": b"x = '" + b"a.b/c d " * 100_000 + b"'\n"},
    "one long string": {"main.py": b"x = '" + b"a.b/" * 300_000 + b"'\n"},
    "many imports": {"main.py": b"".join(b"import z%d\n" % n for n in range(10_000))},
    "a long dotted name": {"main.py": b"import " + b".".join([b"a"] * 20_000) + b"\n"},
    "many dots": {"main.py": b"from " + b"." * 20_000 + b" import x\n"},
    "links in a circle": {"a": Link("b"), "b": Link("a"), "c": Link("c/d"), "d": Link("."), "main.py": b"import os\n"},
    "links out of the repository": {"a": Link("../../../etc"), "b.py": Link("/etc/passwd"), "main.py": b"import b\n"},
}


@pytest.mark.parametrize("title", PROVEN)
def test_what_is_odd_but_readable_is_followed(project: Project, title: str) -> None:
    found = judged(project, PROVEN[title], IDLE)
    word, note = relevance(found)
    assert word in ("not-imported", "cannot-prove"), word
    if word == "cannot-prove":
        assert title == "links in a circle", note


ODD = b'CMD ["python", "main.py"]\n'
DOCKERFILES: dict[str, bytes] = {
    "heredocs": HEAD + b"COPY . .\nRUN <<A\nprint\nA\nCOPY <<B /app/made.py\nimport idle\nB\n" + ODD,
    "a heredoc that is run": HEAD + b"COPY . .\nCOPY <<B /app/made.py\nimport idle\nB\nCMD python made.py\n",
    "an unknown instruction": HEAD + b"COPY . .\nFETCH x\n" + ODD,
    "ARG without a value": HEAD + b"ARG WHAT\nCOPY $WHAT .\nCOPY . .\n" + ODD,
    "a command that only ARG knows": HEAD + b"ARG WHAT\nCOPY . .\nCMD python $WHAT\n",
    "COPY of what is not there": HEAD + b"COPY nowhere/ /x\nCOPY . .\n" + ODD,
    "no command": HEAD + b"COPY . .\n",
    "an endless command": HEAD + b"COPY . .\nCMD " + b"sh -c '" * 5_000 + b"\n",
    "a command of stars": HEAD + b"COPY . .\nCMD python " + b"*" * 5_000 + b".py\n",
    "substitutions": HEAD + b"COPY . .\nCMD python " + b"$(" * 3_000 + b")" * 3_000 + b"\n",
    "variables that double": HEAD + b"COPY . .\nCMD a=x;" + b"a=$a$a$a;" * 200 + b"python $a.py\n",
}


@pytest.mark.parametrize("title", DOCKERFILES)
def test_a_dockerfile_that_is_odd_never_makes_a_service_current(project: Project, title: str) -> None:
    """Where the program can still be told the idle file is idle; everywhere else it counts."""
    found = judged(project, {"Dockerfile": DOCKERFILES[title]}, IDLE)
    word, note = relevance(found)
    told = title in ("heredocs", "COPY of what is not there")
    reached = title in ("a heredoc that is run", "a command of stars")
    if reached:
        assert word == "imported"
    elif not told:
        assert word == "cannot-prove"
        assert "Dockerfile" in note or title == "an unknown instruction", note
    assert found["drift json"].entry("api")["verdict"] == ("current" if word == "not-imported" else "stale")


ESC = "\x1b[31m\x1b]0;owned\x07"
NAMES = {
    "a line end": "new\nline.py",
    "a return": "re\rturn.py",
    "an escape": f"{ESC}.py",
    "a workflow command": "::error::x.py",
    "a command on a line of its own": "x\n::error::y.py",
    "markup": "[red]x[/red]<b>&*_`|.py",
    "bidi": "\u202egnp\u2066.py",
    "an end of line of another kind": "a\u2028b\u2029c\x85.py",
    "not UTF-8": "\udcff\udcfe.py",
    "an option": "--help.py",
    "a pattern": "(a+)+$*?[x-.py",
    "long": "x" * 240 + ".py",
    "spaces": "  .py",
    "a quote": "\"'\\.py",
}


@pytest.mark.parametrize("title", NAMES)
def test_names_of_every_kind_stay_text(project: Project, title: str) -> None:
    """As a module that is imported by its path, as one that is not, and as what raises a doubt."""
    name = NAMES[title]
    loader = b"import importlib.util\nimportlib.util.spec_from_file_location('x', %s)\n" % repr(
        f"/app/in/{name}"
    ).encode("utf-8", "backslashreplace")
    files: dict[str, Value | None] = {
        "main.py": loader,
        f"in/{name}": b"x = (\n",
        f"idle/{name}": b"",
        f"{name}.md": b"",
    }
    found = judged(project, files, {f"in/{name}": b"y = (\n", f"idle/{name}": b"1\n", f"{name}.md": b"x"})
    assert found["drift json"].entry("api")["verdict"] == "stale"


@pytest.mark.parametrize("title", [title for title in NAMES if title != "long"])
def test_folders_and_commands_of_every_kind_stay_text(project: Project, title: str) -> None:
    name = NAMES[title].removesuffix(".py")
    command = json.dumps(["python", f"{name}/main.py", ESC, "\n::error::x", "\u202e"]).encode("ascii")
    files: dict[str, Value | None] = {
        "Dockerfile": HEAD + b"COPY . .\nCMD " + command + b"\n",
        f"{name}/main.py": b"import other\n",
        f"{name}/other.py": b"import os.environ[\n",
    }
    found = judged(project, files, {f"{name}/idle.py": b""})
    assert found["explain json"].json["services"][0]["command"]


def test_twenty_thousand_files(project: Project) -> None:
    files: dict[str, Value | None] = {f"d{n % 200}/e{n % 7}/f{n}.py": b"X = %d\n" % n for n in range(20_000)}
    found = judged(
        project, {**files, "main.py": b"import d1.e1.f1\n"}, {"d1/e1/f1.py": b"X = 0\n", "d2/e2/f2.py": b"X = 0\n"}
    )
    words = {file["path"]: file["relevance"] for file in found["drift json"].entry("api")["files"]}
    assert words == {"d1/e1/f1.py": "imported", "d2/e2/f2.py": "not-imported"}
