"""Where a program starts, and in which folders its imports are looked for."""

from __future__ import annotations

import pytest

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.imports.closure import Needed, Reached
from deploytool.domain.imports.facts import Anchor, Facts, Import, Origin, PathEdit, When
from deploytool.domain.imports.program import Program, Start, StartKind
from deploytool.domain.imports.reach.reachable import chain_of
from tests.domain.imports.sources import Content, closure, reached, script


def module(name: str, *roots: str, cwd: str = "/app", words: tuple[str, ...] = ()) -> Program:
    return Program((Start(StartKind.MODULE, name),), roots, cwd, words)


def main(name: str, *roots: str) -> Program:
    return Program((Start(StartKind.MAIN, name),), roots)


STARTS: list[tuple[str, Program, dict[str, Content], str]] = [
    (
        "a script, its folder",
        script("/app/svc/x.py"),
        {"/app/svc/x.py": "import y", "/app/svc/y.py": "", "/app/y.py": ""},
        "/app/svc/x.py /app/svc/y.py",
    ),
    (
        "a folder",
        script("/app"),
        {"/app/__main__.py": "import y", "/app/y.py": ""},
        "/app/__main__.py /app/y.py",
    ),
    (
        "a script that is not called so",
        script("/app/run"),
        {"/app/run": "import y", "/app/y.py": ""},
        "/app/run /app/y.py",
    ),
    (
        "two scripts",
        script("/a/x.py", "/b/y.py"),
        {"/a/x.py": "", "/b/y.py": "", "/b/z.py": ""},
        "/a/x.py /b/y.py",
    ),
    (
        "a module under a root",
        module("a.b", "/app"),
        {"/app/a/__init__.py": "", "/app/a/b.py": "", "/app/a/c.py": ""},
        "/app/a/__init__.py /app/a/b.py",
    ),
    (
        "every root that answers",
        module("a", "/x", "/y"),
        {"/x/a.py": "", "/y/a.py": "", "/z/a.py": ""},
        "/x/a.py /y/a.py",
    ),
    (
        "the root folder itself",
        module("a", "/"),
        {"/a.py": "import b.c", "/b/c.py": ""},
        "/a.py /b/c.py",
    ),
    (
        "-m package",
        main("a", "/app"),
        {"/app/a/__init__.py": "", "/app/a/__main__.py": "", "/app/a/b.py": ""},
        "/app/a/__init__.py /app/a/__main__.py",
    ),
    (
        "-m namespace",
        main("a", "/app"),
        {"/app/a/__main__.py": ""},
        "/app/a/__main__.py",
    ),
    (
        "-m module runs its own block",
        main("a.b", "/app"),
        {"/app/a/b.py": "if __name__ == '__main__':\n import c", "/app/c.py": ""},
        "/app/a/b.py /app/c.py",
    ),
    (
        "a served module does not",
        module("b", "/app"),
        {"/app/b.py": "if __name__ == '__main__':\n import c", "/app/c.py": ""},
        "/app/b.py",
    ),
    (
        "a namespace over two roots",
        module("a.b", "/x", "/y"),
        {"/x/a/b.py": "from . import c\nfrom .d import e", "/y/a/c.py": "", "/y/a/d.py": ""},
        "/x/a/b.py /y/a/c.py /y/a/d.py",
    ),
    (
        "what Python imports by itself",
        script("/app/x.py", roots=("/lib",)),
        {"/app/x.py": "", "/lib/sitecustomize.py": "import y", "/lib/y.py": "", "/lib/usercustomize.py": ""},
        "/app/x.py /lib/sitecustomize.py /lib/y.py /lib/usercustomize.py",
    ),
    (
        "a start that imports itself",
        module("a", "/app"),
        {"/app/a.py": "import a"},
        "/app/a.py",
    ),
]


@pytest.mark.parametrize(("program", "files", "expected"), [row[1:] for row in STARTS], ids=[row[0] for row in STARTS])
def test_starts(program: Program, files: dict[str, Content], expected: str) -> None:
    found = closure(files, program)
    assert set(found.reached) == set(expected.split())
    assert not found.everything


@pytest.mark.parametrize(
    "folder",
    [
        "/usr/local/lib/python3.12/site-packages",
        "/usr/lib/python3/dist-packages",
        "/usr/lib/python3.9",
        "/env/site-packages",
    ],
)
def test_modules_that_are_copied_among_the_installed_ones(folder: str) -> None:
    files: dict[str, Content] = {"/app/x.py": "import y", f"{folder}/y.py": "", f"{folder}/sitecustomize.py": ""}
    assert reached(files, script("/app/x.py")) == set(files)


def test_a_file_among_the_installed_modules_may_add_any_root() -> None:
    files: dict[str, Content] = {"/app/x.py": "", "/usr/local/lib/python3.12/site-packages/ours.pth": "/app/lib"}
    found = closure(files, script("/app/x.py"))
    assert found.everything
    assert [each.kind for each in found.doubts] == [DoubtKind.UNKNOWN_ROOT]


def edit(origin: Origin, path: str, *imports: str, when: When = When.TOP) -> Facts:
    return Facts(imports=tuple(map(Import, imports)), edits=(PathEdit(1, Anchor(origin, path), when=when),))


@pytest.mark.parametrize(
    ("origin", "path", "home"),
    [
        (Origin.FILE, "..", "/app/svc"),
        (Origin.FILE, "../lib", "/app/svc/lib"),
        (Origin.FILE, "../..", "/app"),
        (Origin.FILE, "../../../../..", "/"),
        (Origin.CWD, "", "/work"),
        (Origin.CWD, "../lib", "/lib"),
        (Origin.ROOT, "/opt/./lib/", "/opt/lib"),
    ],
)
def test_an_edit_of_sys_path_adds_a_root(origin: Origin, path: str, home: str) -> None:
    place = f"{home.rstrip('/')}/y.py"
    files: dict[str, Content] = {
        "/app/svc/pkg/x.py": "import svc.edits, y",
        "/app/svc/pkg/svc/edits.py": edit(origin, path),
        place: "",
    }
    files["/app/svc/edits.py"] = edit(origin, path)
    program = script("/app/svc/start.py", cwd="/work")
    files["/app/svc/start.py"] = "import edits, y"
    assert place in reached(files, program)
    assert home in closure(files, program).roots


def test_a_root_that_is_found_late_counts_for_what_was_asked_before() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import y, deep.a.b, star\nfrom deep import *\nfrom late.c import d",
        "/app/star.py": "from late import *",
        "/app/y.py": edit(Origin.ROOT, "/one", "z"),
        "/one/z.py": edit(Origin.ROOT, "/two"),
        "/two/deep/a/b.py": "",
        "/two/deep/__init__.py": "__all__ = ['e']",
        "/two/deep/e.py": "",
        "/two/late/__init__.py": "__all__ = who_knows()",
        "/two/late/c/d.py": "",
        "/two/late/f.py": "",
        "/three/z.py": "",
    }
    assert reached(files, script("/app/x.py")) == files.keys() - {"/three/z.py"}


def test_an_edit_counts_only_when_it_runs() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import y, z, w",
        "/app/y.py": edit(Origin.ROOT, "/main", when=When.MAIN),
        "/app/w.py": edit(Origin.ROOT, "/never", when=When.TYPE_CHECKING),
        "/main/z.py": "",
        "/never/z.py": "",
    }
    assert reached(files, script("/app/x.py")) == {"/app/x.py", "/app/y.py", "/app/w.py"}
    assert "/main/z.py" in reached(files, script("/app/x.py", "/app/y.py"))


def test_an_edit_that_cannot_be_told_makes_every_folder_a_root() -> None:
    files: dict[str, Content] = {
        "/app/x.py": Facts((Import("y"), Import("os")), edits=(PathEdit(7, None, "of os.environ"),), strings=("a.b",)),
        "/app/deep/down/y.py": "from . import w",
        "/app/deep/down/w.py": "",
        "/else/a/b.py": "",
        "/else/c.py": "",
    }
    found = closure(files, script("/app/x.py"))
    assert set(found.reached) == files.keys() - {"/else/c.py"}
    assert found.any_root
    assert not found.everything
    assert found.doubts == (Doubt("repo/app/x.py", 7, "of os.environ", DoubtKind.UNKNOWN_ROOT),)
    assert found.roots == ("/app",)
    assert {each.name for each in found.needed} == {"os"}


def test_an_archive_on_sys_path_may_import_anything() -> None:
    found = closure({"/app/x.py": "", "/app/lib.zip": "PK"}, script("/app/x.py", roots=("/app/lib.zip",)))
    assert found.everything
    assert [(each.path, each.kind) for each in found.doubts] == [("repo/app/lib.zip", DoubtKind.UNKNOWN_ROOT)]
    assert "/app/lib.zip" in found.reached


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (script("/app/x.py"), "/app/x.py"),
        (module("a.b", "/app"), "a.b"),
        (module("space", "/app"), "space"),
        (main("a", "/app"), "a"),
        (main("a.nothing", "/app"), "a.nothing"),
    ],
)
def test_a_start_that_is_not_there(program: Program, name: str) -> None:
    found = closure({"/app/a/__init__.py": "", "/app/space/y.py": ""}, program)
    assert found.everything
    assert found.needed == (Needed(name, "", 0, When.TOP),)
    assert [each.kind for each in found.doubts] == [DoubtKind.UNKNOWN_PROGRAM]
    assert name in found.doubts[0].why


def test_what_is_not_known_of_the_program_is_known_of_nothing() -> None:
    doubt = Doubt("Dockerfile", 3, "$CMD", DoubtKind.UNKNOWN_PROGRAM)
    found = closure({"/app/x.py": "", "/app/y.py": ""}, script("/app/x.py", doubts=(doubt,)))
    assert found.everything
    assert found.doubts == (doubt,)
    assert set(found.reached) == {"/app/x.py"}
    for program in (Program(), Program(python=False)):
        assert closure({"/app/x.py": ""}, program).everything
        assert closure({"/app/x.py": ""}, program).doubts


def test_the_way_to_a_file_is_the_shortest() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import a\n\nimport c",
        "/app/a.py": "import b",
        "/app/b.py": "import goal",
        "/app/c.py": "def f():\n    import goal",
        "/app/goal.py": "import x",
        "/app/other.py": "",
    }
    found = closure(files, script("/app/x.py"))
    assert chain_of(found, "/app/goal.py") == ("/app/x.py", "/app/c.py", "/app/goal.py")
    assert chain_of(found, "/app/x.py") == ("/app/x.py",)
    assert chain_of(found, "/app/other.py") == ()
    assert found.reached["/app/goal.py"] == Reached("/app/c.py", 2)
    assert found.reached["/app/c.py"] == Reached("/app/x.py", 3)
    assert found.reached["/app/x.py"] == Reached(None)


def test_the_way_is_the_shortest_even_when_its_root_is_found_late() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import goal, a",
        "/app/a.py": "import b",
        "/app/b.py": edit(Origin.ROOT, "/late"),
        "/late/goal.py": "",
    }
    assert chain_of(closure(files, script("/app/x.py")), "/late/goal.py") == ("/app/x.py", "/late/goal.py")


def test_an_import_explains_better_than_a_text() -> None:
    files: dict[str, Content] = {"/app/x.py": "n = 'a.b'\nimport a.b", "/app/a/b.py": ""}
    assert closure(files, script("/app/x.py")).reached["/app/a/b.py"] == Reached("/app/x.py", 2)
