"""One answer for two commits, and answers from the cache: never another one than working it out would give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploytool.adapters.git import Repository
from deploytool.config.models import ServiceTable
from deploytool.detect.impact import Impacts
from deploytool.detect.sources import Seen, Sources
from deploytool.domain.impact import Impact
from deploytool.domain.report import Precision
from tests.repositories import Builder, Executable, Link, Value

Files = Mapping[str, Value | None]


def table(**named: object) -> ServiceTable:
    found = ServiceTable.model_validate(named)
    found._name = "api"
    return found


class House:
    """One repository, and its impacts by a fresh look or with a cache."""

    def __init__(self, folder: Path, cache: Path | None = None) -> None:
        self.repository = Repository(folder, cache=cache)
        self.impacts = Impacts(self.repository)

    def seen(self, one: ServiceTable, commit: str, precision: Precision = Precision.IMPORT) -> Seen:
        (tree,) = self.repository.trees([commit]).values()
        return Seen(tree, Sources().made_of(one, tree, precision))

    def impact(self, one: ServiceTable, commit: str, near: str | None = None) -> Impact | None:
        beside = self.seen(one, near) if near else None
        return self.impacts.of(one, self.seen(one, commit), near=beside)

    def scope(self, one: ServiceTable, commit: str, precision: Precision = Precision.IMPORT) -> str | None:
        return self.impacts.scope(one, self.seen(one, commit, precision))


def story(folder: Path, *commits: Files) -> list[str]:
    with Builder(folder) as made:
        return [made.commit(dict(files)) for files in commits]


def alone(folder: Path, one: ServiceTable, commit: str) -> Impact | None:
    return House(folder).impact(one, commit)


PYTHON = b"FROM python:3.12\nWORKDIR /app\nCOPY . .\n"
A, B = b"import a\n", b"import b\n"
BOTH: Files = {"a.py": b"", "b.py": b"", "main.py": b"app = 1\n"}
CHANGES: dict[str, tuple[bytes | None, Files, Files]] = {
    "a program whose name has no suffix": (b'CMD ["python", "run"]\n', {"run": A}, {"run": B}),
    "a program called like data": (b'CMD ["python", "run.txt"]\n', {"run.txt": A}, {"run.txt": B}),
    "a program behind a link": (
        b'CMD ["python", "main.txt"]\n',
        {"main.txt": Link("kept.json"), "kept.json": A},
        {"kept.json": B},
    ),
    "a start script called like data": (
        b'CMD ["sh", "go.txt"]\n',
        {"go.txt": b"python a.py"},
        {"go.txt": b"python b.py"},
    ),
    "a start script": (b'CMD ["./go"]\n', {"go": Executable(b"python a.py\n")}, {"go": Executable(b"python b.py\n")}),
    "a logging configuration": (
        b'CMD ["uvicorn", "main:app", "--log-config", "log.yaml"]\n',
        {"log.yaml": b"class: a.Handler\n"},
        {"log.yaml": b"class: b.Handler\n"},
    ),
    "a logging configuration in JSON": (
        b'CMD ["gunicorn", "main:app", "--log-config-json", "log.json"]\n',
        {"log.json": b'{"class": "a.Handler"}'},
        {"log.json": b'{"class": "b.Handler"}'},
    ),
    "the settings of gunicorn": (
        b'CMD ["gunicorn", "main:app"]\n',
        {"gunicorn.conf.py": b'chdir = "/app/x"\n', "x/c.py": b"", "x/main.py": b"import c", "c.py": b""},
        {"gunicorn.conf.py": b'chdir = "/app/y"\n'},
    ),
    "supervisord": (
        b'CMD ["supervisord", "-c", "programs.txt"]\n',
        {"programs.txt": b"[program:x]\ncommand=python a.py\n"},
        {"programs.txt": b"[program:x]\ncommand=python b.py\n"},
    ),
    "manage.py": (b'CMD ["gunicorn", "main:app"]\n', {"manage.py": b"print(1)\n"}, {"manage.py": b"import django\n"}),
    "what a buildpack reads": (None, {"requirements.txt": b"flask\n"}, {"requirements.txt": b"streamlit\n"}),
    "a Procfile": (None, {"Procfile": b"web: python a.py\n"}, {"Procfile": b"web: python b.py\n"}),
    "project.toml": (
        None,
        {"project.toml": b'[[build.env]]\nname = "GOOGLE_ENTRYPOINT"\nvalue = "python a.py"\n'},
        {"project.toml": b'[[build.env]]\nname = "GOOGLE_ENTRYPOINT"\nvalue = "python b.py"\n'},
    ),
    "pyproject.toml": (
        b'CMD ["serve"]\n',
        {"pyproject.toml": b'[project.scripts]\nserve = "a:x"\n'},
        {"pyproject.toml": b'[project.scripts]\nserve = "b:x"\n'},
    ),
    "a link": (b'CMD ["python", "l.py"]\n', {"l.py": Link("a.py")}, {"l.py": Link("b.py")}),
    "a mode": (b'CMD ["python", "main.py"]\n', {"main.py": b"import a"}, {"main.py": Executable(b"import a")}),
    "what a listing names": (
        b'CMD ["python", "main.py"]\n',
        {"main.py": b"x = 'n.md'", "n.md": b""},
        {"main.py": b"x = 1"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_two_commits_share_is_what_each_has(tmp_path: Path, change: str) -> None:
    command, before, after = CHANGES[change]
    dockerfile: Files = {} if command is None else {"Dockerfile": PYTHON + command}
    commits = story(tmp_path / "r", {**BOTH, **dockerfile, **before}, after, {"main.py": b"app = 2\n"}, {"a.py": b"#"})
    one = table(context=".") if command is None else table(dockerfile="Dockerfile")
    right = [alone(tmp_path / "r", one, commit) for commit in commits]
    house = House(tmp_path / "r", tmp_path / "cache")
    for number, commit in enumerate(commits):
        assert house.impact(one, commit, near=commits[number - 1] if number else None) == right[number], number
    again = House(tmp_path / "r", tmp_path / "cache")
    assert [again.impact(one, commit) for commit in commits] == right


def test_what_was_found_alike_is_not_taken_for_what_it_was_like(tmp_path: Path) -> None:
    """Of three commits the second asks for the same as the first, with other bytes; the third does not."""
    dockerfile = PYTHON + b'CMD ["python", "main.py"]\n'
    files = {**BOTH, "Dockerfile": dockerfile, "main.py": A}
    commits = story(tmp_path / "r", files, {"main.py": A + b"x = 1\n"}, {"main.py": B})
    house = House(tmp_path / "r")
    one = table(dockerfile="Dockerfile")
    house.impact(one, commits[0])
    house.impact(one, commits[1], near=commits[0])
    found = house.impact(one, commits[2], near=commits[1])
    assert found is not None and set(found.by) == {"main.py", "b.py"}


def test_one_content_may_be_read_in_two_languages(tmp_path: Path) -> None:
    main = b"import subprocess\nsubprocess.run(['python', 'tool'])\nsubprocess.run(['bash', 'x.sh'])\n"
    files = {**BOTH, "Dockerfile": PYTHON + b"CMD python main.py\n", "x.sh": A, "tool": A, "main.py": main}
    (commit,) = story(tmp_path / "r", files)
    found = alone(tmp_path / "r", table(dockerfile="Dockerfile"), commit)
    assert found is not None and "a.py" in found.by


def test_lists_of_patterns_are_not_mistaken_for_one_another(tmp_path: Path) -> None:
    """What `dynamic` and `ignore` say together is not enough: which of them says it matters."""
    loader = b"import importlib, os\nimportlib.import_module(os.environ['X'])\n"
    files = {**BOTH, "Dockerfile": PYTHON + b'CMD ["python", "main.py"]\n', "main.py": loader, "ignore": b""}
    (commit,) = story(tmp_path / "r", files)
    tables = [
        table(dockerfile="Dockerfile", dynamic=["a.py", "ignore"], ignore=["b.py"]),
        table(dockerfile="Dockerfile", dynamic=["a.py"], ignore=["ignore", "b.py"]),
    ]
    right = [alone(tmp_path / "r", one, commit) for one in tables]
    house = House(tmp_path / "r", tmp_path / "cache")
    assert [house.impact(one, commit) for one in tables] == right
    assert right[0] != right[1]


def test_a_scope_by_paths_is_not_the_one_by_imports(tmp_path: Path) -> None:
    files = {
        "api/main.py": b"",
        "api/unused.py": b"",
        "Dockerfile": b"FROM python:3\nCOPY api /api\nCMD python /api/main.py",
    }
    (commit,) = story(tmp_path / "r", files)
    one = table(dockerfile="Dockerfile", paths=["api"])
    orders = [(Precision.PATH, Precision.IMPORT), (Precision.IMPORT, Precision.PATH)]
    found = []
    for number, order in enumerate(orders):
        house = House(tmp_path / "r", tmp_path / str(number))
        found.append({precision: house.scope(one, commit, precision) for precision in order})
    assert found[0] == found[1]
    assert found[0][Precision.PATH] != found[0][Precision.IMPORT]


NAMES = ["main", "a", "b", "pkg/__init__", "pkg/c"]
SOURCES = st.sampled_from(
    [
        b"",
        b"x = 1\n",
        b"\n\nimport a\n",
        b"import a\n",
        b"import pkg.c\n",
        b"from pkg import c\n",
        b"import b, a\n",
        b"x = 'notes.md'\n",
        b"import importlib\nimportlib.import_module('b')\n",
        b"def f(:\n",
        b"import os\nos.listdir('.')\n",
        b"import importlib, os\nimportlib.import_module(os.environ['X'])\n",
        b"import sys\nsys.path.append('pkg')\nimport c\n",
        b'wsgi_app = "b:app"\n',
        b'chdir = "pkg"\n',
        b"import django\n",
    ]
)
COMMANDS = [
    b"CMD python main.py\n",
    b"CMD gunicorn main:app\n",
    b"CMD sh go\n",
    b"CMD ./go\n",
    b"CMD python run\n",
    b"CMD serve\n",
    b"CMD uvicorn main:app --log-config log.yaml\n",
    b"CMD supervisord -c s.conf\n",
    b"",
    b"# x\nCMD python main.py\n",
]
TEXTS = st.sampled_from(
    [b"", b"python a.py\n", b"exec python b.py\n", b"class: b.X\n", b"[program:x]\ncommand=python a.py\n"]
)
LINKS = st.sampled_from([Link(text) for text in ("a.py", "main.py", "pkg", "nowhere", "../out", "pkg/c.py")])


def _texts(build: object = bytes) -> st.SearchStrategy[Value]:
    return st.one_of(TEXTS, TEXTS.map(Executable), SOURCES, LINKS)


@st.composite
def file_changes(draw: st.DrawFn) -> dict[str, Value | None]:
    """Some of the files that may matter, with other content, gone, or become a link."""
    found: dict[str, Value | None] = {}
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.integers(0, 9))
        if kind < 4:
            found[f"{draw(st.sampled_from(NAMES))}.py"] = draw(
                st.one_of(SOURCES, SOURCES, SOURCES.map(Executable), LINKS, st.none())
            )
        elif kind < 5:
            found["Dockerfile"] = PYTHON + draw(st.sampled_from(COMMANDS))
        elif kind < 6:
            found[".dockerignore"] = draw(st.sampled_from([b"", b"# x\n", b"b.py\n", b"pkg\n", b"*.md\n", None]))
        else:
            name = draw(
                st.sampled_from(
                    ["go", "run", "log.yaml", "s.conf", "notes.md", "gunicorn.conf.py", "manage.py", "Procfile"]
                )
            )
            found[name] = draw(st.one_of(_texts(), st.none()))
    return found


TABLES = st.fixed_dictionaries(
    {},
    optional={
        "entrypoint": st.sampled_from(["b.py", "run"]),
        "dynamic": st.sampled_from([["b.py"], ["pkg/*.py"]]),
        "ignore": st.sampled_from([["a.py"], ["*.md"], ["pkg"]]),
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    command=st.sampled_from(COMMANDS),
    sources=st.lists(SOURCES, min_size=5, max_size=5),
    changes=st.lists(file_changes(), min_size=3, max_size=6),
    tables=st.lists(TABLES, min_size=1, max_size=3),
)
def test_no_memory_changes_an_answer(
    tmp_path_factory: pytest.TempPathFactory,
    command: bytes,
    sources: list[bytes],
    changes: list[dict[str, Value | None]],
    tables: list[dict[str, object]],
) -> None:
    """Random repositories and changes: shared between commits, from a cold and a warm cache, and each by itself."""
    folder = tmp_path_factory.mktemp("random")
    first = {f"{name}.py": source for name, source in zip(NAMES, sources, strict=True)}
    commits = story(folder / "r", {**first, "Dockerfile": PYTHON + command}, *changes)
    named = [table(dockerfile="Dockerfile", **each) for each in tables]
    right = [[alone(folder / "r", one, commit) for commit in commits] for one in named]
    for _ in ("cold", "warm"):
        house = House(folder / "r", folder / "cache")
        for one, expected in zip(named, right, strict=True):
            for number, commit in enumerate(commits):
                assert house.impact(one, commit, near=commits[number - 1] if number else None) == expected[number]
