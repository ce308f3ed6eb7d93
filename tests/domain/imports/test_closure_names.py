"""Modules and files that are reached by a computed name, or because a text names them."""

from __future__ import annotations

import pytest

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.imports.closure import Reached
from deploytool.domain.imports.facts import Anchor, Dynamic, Facts, Import, Origin, PathEdit, Subject, When
from deploytool.domain.imports.program import Program, Start, StartKind
from tests.domain.imports.sources import Content, Run, closure, reached, script

PLUGINS: dict[str, Content] = {
    "/app/plugins/__init__.py": "",
    "/app/plugins/red.py": "",
    "/app/plugins/blue.py": "if __name__ == '__main__':\n    import secret",
    "/app/plugins/deep/down.py": "",
    "/app/plugins/notes.txt": "",
    "/app/secret.py": "",
    "/lib/plugins/late.py": "",
}
RED, BLUE, DEEP, LATE = "plugins/red.py", "plugins/blue.py", "plugins/deep/down.py", "/lib/plugins/late.py"
PACKAGE = "plugins/__init__.py"


def computed(*patterns: str, subject: Subject = Subject.MODULE, when: When = When.TOP) -> Facts:
    return Facts(dynamics=(Dynamic(4, subject, patterns, when=when),))


def under_app(expected: str) -> set[str]:
    return {path if path.startswith("/") else f"/app/{path}" for path in expected.split()}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("plugins.red", f"{PACKAGE} {RED}"),
        ("plugins.*", f"{PACKAGE} {RED} {BLUE} {DEEP} {LATE}"),
        ("plugins.r*", f"{PACKAGE} {RED}"),
        ("plugins.*own", f"{PACKAGE} {DEEP}"),
        ("plugins.*.down", f"{PACKAGE} {DEEP}"),
        ("plugins.deep.*", f"{PACKAGE} {DEEP}"),
        ("plug*.late", f"{PACKAGE} {LATE}"),
        ("*.red", f"{PACKAGE} {RED}"),
        ("plugins.*e*", f"{PACKAGE} {RED} {BLUE} {DEEP} {LATE}"),
        ("pluginsx.*", ""),
        ("plugins*", f"{PACKAGE} {RED} {BLUE} {DEEP} {LATE}"),
        ("nothing.*", ""),
    ],
)
def test_modules_by_pattern(pattern: str, expected: str) -> None:
    found = closure({**PLUGINS, "/app/x.py": computed(pattern)}, script("/app/x.py", roots=("/lib",)))
    assert set(found.reached) == under_app(f"x.py {expected}")
    assert not found.everything
    assert all(each == Reached("/app/x.py", 4, True) for path, each in found.reached.items() if path != "/app/x.py")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (".red", RED),
        (".*", f"{RED} {BLUE} {DEEP}"),
        (".deep.*", DEEP),
        ("..plugins.r*", RED),
        ("..secret", "secret.py"),
    ],
)
def test_relative_modules_by_pattern(pattern: str, expected: str) -> None:
    files = {**PLUGINS, "/app/plugins/__init__.py": computed(pattern), "/app/x.py": "import plugins"}
    assert reached(files, script("/app/x.py")) == under_app(f"x.py {PACKAGE} {expected}")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("plugins/red.py", RED),
        ("../app/plugins/red.py", RED),
        ("./red.py", RED),
        ("ugins/red.py", ""),
        ("/app/plugins/*.py", f"{PACKAGE} {RED} {BLUE} secret.py {DEEP}"),
        ("plugins/b*.py", f"{BLUE} secret.py"),
        ("*/down.py", DEEP),
        ("notes.txt", "plugins/notes.txt"),
    ],
)
def test_files_by_pattern_may_run_as_the_program(pattern: str, expected: str) -> None:
    files = {**PLUGINS, "/app/x.py": computed(pattern, subject=Subject.FILE)}
    assert reached(files, script("/app/x.py")) == under_app(f"x.py {expected}")


def test_a_pattern_is_matched_under_roots_that_come_later() -> None:
    files: dict[str, Content] = {
        "/app/x.py": Facts((Import("y"),), (Dynamic(1, patterns=("a.*", "*.b", "c")),)),
        "/app/y.py": Facts(edits=(PathEdit(1, Anchor(Origin.ROOT, "/late")),)),
        "/late/a/d.py": "",
        "/late/e/b.py": "",
        "/late/c.py": "",
        "/late/f.py": "",
    }
    assert reached(files, script("/app/x.py")) == files.keys() - {"/late/f.py"}


def test_an_import_without_bounds_may_load_anything() -> None:
    why = "import_module(name): name comes from os.environ"
    unbounded = Dynamic(9, bounded=False, why=why)
    files: dict[str, Content] = {**PLUGINS, "/app/x.py": Facts(dynamics=(unbounded,))}
    found = closure(files, script("/app/x.py"))
    assert found.everything
    assert found.doubts == (Doubt("repo/app/x.py", 9, why, DoubtKind.UNBOUNDED_IMPORT),)
    assert set(found.reached) == {"/app/x.py"}


def test_an_import_without_bounds_loads_what_a_person_says_it_does() -> None:
    files: dict[str, Content] = {**PLUGINS, "/app/x.py": Facts(dynamics=(Dynamic(9, bounded=False, why="?"),))}
    found = closure(files, script("/app/x.py"), dynamic=["/app/plugins/red.py", "/app/plugins/notes.txt"])
    assert set(found.reached) == under_app(f"x.py {PACKAGE} {RED} plugins/notes.txt")
    assert not found.everything
    assert not found.doubts


@pytest.mark.parametrize("when", [When.MAIN, When.TYPE_CHECKING])
def test_a_computed_import_that_does_not_run(when: When) -> None:
    unbounded = Facts(dynamics=(Dynamic(9, bounded=False, when=when), Dynamic(1, patterns=("plugins.red",), when=when)))
    files: dict[str, Content] = {**PLUGINS, "/app/x.py": "import y", "/app/y.py": unbounded}
    found = closure(files, script("/app/x.py"))
    assert not found.everything
    assert set(found.reached) == {"/app/x.py", "/app/y.py"}
    assert closure(files, script("/app/y.py")).everything is (when is When.MAIN)


TREE: dict[str, Content] = {
    "/app/pkg/__init__.py": "",
    "/app/pkg/mod.py": "",
    "/app/pkg/tool.py": "import beside\nif __name__ == '__main__':\n    import main_only",
    "/app/pkg/beside.py": "",
    "/app/pkg/sub/__init__.py": "",
    "/app/pkg/sub/__main__.py": "",
    "/app/main_only.py": "",
    "/app/scripts/tool.py": "",
    "/app/scripts/go.sh": Facts(strings=("scripts/deep/job.py",)),
    "/app/scripts/deep/job.py": "",
    "/app/scripts/run": Run(""),
    "/app/scripts/data": "",
    "/app/solo.py": "",
    "/usr/local/bin/nightly": Run("x"),
}
MOD = "pkg/__init__.py pkg/mod.py"
TOOL = "pkg/tool.py pkg/beside.py main_only.py"

TEXTS = [
    ("pkg.mod", MOD),
    ("pkg.mod.Class", MOD),
    ("pkg.mod.Class.method", MOD),
    ("pkg.mod.Class.method.far", ""),
    ("pkg.mod:app", MOD),
    ("pkg.mod:make()", MOD),
    ("pkg.Class", ""),
    ("pkg:app", "pkg/__init__.py"),
    ("solo:app", "solo.py"),
    ("solo", ""),
    ("solo.Class", ""),
    ("pkg.mod:", MOD),
    ("other.mod", ""),
    ("pkg.sub", "pkg/__init__.py pkg/sub/__init__.py pkg/sub/__main__.py"),
    (".pkg.mod", MOD),
    ("pkg/mod.py", "pkg/mod.py"),
    ("./pkg/mod.py", "pkg/mod.py"),
    ("../somewhere/pkg/mod.py", ""),
    ("/app/pkg/mod.py", "pkg/mod.py"),
    ("/pkg/mod.py", "pkg/mod.py"),
    ("kg/mod.py", ""),
    ("mod.py", "pkg/mod.py"),
    ("__init__.py", ""),
    ("*.py", ""),
    ("pkg/tool.py", TOOL),
    ("tool.py", f"{TOOL} scripts/tool.py"),
    ("go.sh", "scripts/go.sh scripts/deep/job.py"),
    ("scripts/run", "scripts/run"),
    ("run", ""),
    ("scripts/data", ""),
    ("nightly", "/usr/local/bin/nightly"),
    ("/scripts", ""),
    ("pkg.sub.*", "pkg/__init__.py pkg/sub/__init__.py pkg/sub/__main__.py"),
    ("pkg.s*.__main__", ""),
    ("pkg.*", ""),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[text for text, _ in TEXTS])
def test_a_text_names_a_program_or_a_module(text: str, expected: str) -> None:
    found = closure({**TREE, "/app/x.py": Facts(strings=(text,))}, script("/app/x.py"))
    assert set(found.reached) == under_app(f"x.py {expected}")
    assert all(each.named for path, each in found.reached.items() if each.by == "/app/x.py")
    assert found.strings >= {text}


@pytest.mark.parametrize(("text", "expected"), [row for row in TEXTS if row[0] != ".pkg.mod"])
def test_an_argument_of_the_program_names_the_same(text: str, expected: str) -> None:
    program = Program((Start(StartKind.MODULE, "solo"),), ("/app",), words=(text,))
    assert reached(TREE, program) == under_app(f"solo.py {expected}")


def test_a_whole_command_names_each_of_its_words() -> None:
    program = Program((Start(StartKind.MODULE, "solo"),), ("/app",), words=("python pkg/tool.py --with=pkg.mod:app",))
    assert reached(TREE, program) == under_app(f"solo.py {TOOL} {MOD}")


def test_a_program_that_is_named_brings_its_own_folder_as_a_root() -> None:
    files: dict[str, Content] = {
        "/app/x.py": Facts(strings=("jobs/nightly.py",)),
        "/app/jobs/nightly.py": "import tools",
        "/app/jobs/tools.py": "",
    }
    assert reached(files, script("/app/x.py")) == set(files)


def test_a_program_that_is_named_after_it_was_imported_may_still_run() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import jobs.nightly, y",
        "/app/y.py": "import z",
        "/app/z.py": Facts(strings=("jobs/nightly.py",)),
        "/app/jobs/nightly.py": "if __name__ == '__main__':\n    import tools",
        "/app/jobs/tools.py": "",
    }
    assert reached(files, script("/app/x.py")) == set(files)


def test_only_the_texts_of_reachable_files_name_anything() -> None:
    files: dict[str, Content] = {"/app/x.py": "", "/app/y.py": Facts(strings=("pkg.mod",)), "/app/pkg/mod.py": ""}
    found = closure(files, script("/app/x.py"))
    assert set(found.reached) == {"/app/x.py"}
    assert found.strings == frozenset()


def test_files_that_list_folders_are_told() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import y",
        "/app/y.py": Facts(lists=True),
        "/app/z.py": Facts(lists=True),
    }
    assert closure(files, script("/app/x.py")).lists == {"/app/y.py"}


def test_what_frameworks_load_by_convention() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import django.conf",
        "/app/shop/__init__.py": "",
        "/app/shop/models.py": "",
        "/app/shop/management/commands/clean.py": "",
        "/app/shop/migrations/0001_initial.py": "",
        "/app/shop/other.py": "",
    }
    assert reached(files, script("/app/x.py")) == files.keys() - {"/app/shop/other.py"}
    assert reached({**files, "/app/x.py": "import flask"}, script("/app/x.py")) == {"/app/x.py"}


def test_an_import_explains_better_than_a_convention() -> None:
    files: dict[str, Content] = {"/app/x.py": "import django\nimport shop.models", "/app/shop/models.py": ""}
    assert closure(files, script("/app/x.py")).reached["/app/shop/models.py"] == Reached("/app/x.py", 2)


def test_a_framework_that_loads_what_its_settings_name_may_load_anything() -> None:
    files: dict[str, Content] = {"/app/x.py": "import os\nfrom hydra import main", "/app/y.py": ""}
    found = closure(files, script("/app/x.py"))
    assert found.everything
    assert [(each.line, each.kind) for each in found.doubts] == [(2, DoubtKind.UNBOUNDED_IMPORT)]
    assert not closure(files, script("/app/x.py"), dynamic=["/app/y.py"]).everything
