"""Names that one file says and another imports: what is looked at, and only then."""

from __future__ import annotations

import pytest

from deploytool.domain.imports.closure import Closure
from deploytool.domain.imports.facts import Anchor, Facts, Origin
from deploytool.domain.imports.program import Program, Start, StartKind
from deploytool.domain.imports.reach.reachable import closure_of
from deploytool.domain.imports.source.extract import facts_of
from deploytool.domain.imports.source.facts_json import facts_from, text_of
from tests.domain.imports.places import layout_of
from tests.domain.memory_tree import tree_of
from tests.import_corpus.studied import PlainFacts

LOADER = (
    "from importlib import import_module\nKNOWN = 'jobs.near'\ndef load(name=KNOWN):\n return import_module(name)\n"
)
PROGRAM = Program((Start(StartKind.SCRIPT, "/app/main.py"),), cwd="/app")
EMPTY = ("jobs/__init__.py", "jobs/near.py", "jobs/far.py", "alone.py")


def reached(main: str, loader: str = LOADER, **files: str) -> tuple[Closure, set[str]]:
    every = dict.fromkeys(EMPTY, "") | {"main.py": main, "loader.py": loader}
    tree = tree_of(every | {name.replace("__", "."): text for name, text in files.items()})
    layout = layout_of({f"/app/{path}": path for path in (*every, *(name.replace("__", ".") for name in files))}, tree)
    closure = closure_of(PROGRAM, layout, PlainFacts(tree.objects))
    return closure, {path.removeprefix("/app/") for path in closure.reached} - {"main.py", "loader.py"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("load('alone')", "alone.py"),
        ("load('alone.Thing')", "alone.py"),
        ("load('jobs.' + kind)", "jobs/far.py"),
        ("load('jobs.%s' % kind)", "jobs/far.py"),
        ("load('jobs.{}'.format(kind))", "jobs/far.py"),
        ("load(f'jobs.{kind}')", "jobs/far.py"),
        ("load(json.load(open('some.json'))['x'])", "alone.py"),
    ],
)
def test_what_others_say_is_imported_by_who_imports_anything(said: str, found: str) -> None:
    settings = {"some__json": '{"x": "alone.Thing"}'}
    for loader, expected in ((LOADER, True), ("def load(name): ...", False)):
        closure, files = reached(f"import json\nfrom loader import load\n{said}\n", loader, **settings)
        assert (found in files) is expected and not closure.everything


def test_a_file_with_settings_is_data_and_its_reader_is_named() -> None:
    closure, files = reached("from loader import load\nload(open('some.yaml'))\n", some__yaml="job: alone.Thing\n")
    assert "some.yaml" not in files
    assert closure.reached["/app/alone.py"].by == "/app/main.py"


@pytest.mark.parametrize("change", ["loader.KNOWN = kind", "loader.KNOWN += 'x'", "setattr(loader, 'KNOWN', kind)"])
def test_a_public_name_may_be_given_anything_by_who_changes_it(change: str) -> None:
    loader = "from importlib import import_module\nKNOWN = 'near'\ndef go():\n import_module('jobs.' + KNOWN)\n"
    assert "jobs/far.py" in reached(f"import loader\n{change}\n", loader)[1]
    assert "jobs/far.py" not in reached("import loader\nloader.OTHER = kind\n", loader)[1]
    assert "jobs/far.py" not in reached(f"import loader\n{change}\n", loader.replace("KNOWN", "_KNOWN"))[1]


def test_facts_keep_what_concerns_others() -> None:
    told = facts_of(b"import os, conf\nos.chdir('/srv')\nos.chdir(conf.HOME)\nconf.NAME = 'word'\n")
    assert set(told.moves) == {Anchor(Origin.ROOT, "/srv"), None}
    assert told.words == ("word",) and set(told.alters) >= {"NAME"}
    assert facts_from(text_of(told)) == told
    assert facts_of(b'{"a": "b.c", "d": 1}', "x.json") == Facts(strings=("b.c",), words=("a", "d"))
