"""What is imported and not there, and what stands in the way of reading a program."""

from __future__ import annotations

import pytest

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.imports.closure import Needed
from deploytool.domain.imports.facts import Anchor, Dynamic, Facts, Import, Origin, PathEdit, Subject, When
from deploytool.domain.imports.reach.reachable import closure_of
from tests.domain.imports.sources import Content, Sources, closure, layout_of, script

PKG: dict[str, Content] = {
    "/app/pkg/__init__.py": "",
    "/app/pkg/mod.py": "",
    "/app/space/mod.py": "",
    "/app/empty/data.csv": "",
}

# (source of /app/x.py, what it needs, as "name" or "name: names")
NEEDS = [
    ("import os, pkg, pkg.mod", ["os"]),
    ("import os.path", ["os.path"]),
    ("import pkg.other", ["pkg.other"]),
    ("import pkg.mod.deeper.still", ["pkg.mod.deeper.still"]),
    ("from pkg import mod, attribute", []),
    ("from pkg.mod import attribute", []),
    ("from pkg.other import name", ["pkg.other: name"]),
    ("from pkg import *", []),
    ("from other import *", ["other: *"]),
    ("from flask import Flask, request", ["flask: Flask request"]),
    ("import space.mod, space", []),
    ("from space import mod", []),
    ("from space import mod, other, third", ["space: other third"]),
    ("import space.other", ["space.other"]),
    ("import empty", ["empty"]),
    ("from empty import data", ["empty: data"]),
    ("import other\nimport other", ["other", "other"]),
    ("import other, other", ["other"]),
    ("if TYPE_CHECKING:\n    import other", []),
]


def said(needed: tuple[Needed, ...]) -> list[str]:
    return [f"{each.name}: {' '.join(each.names)}" if each.names else each.name for each in needed]


@pytest.mark.parametrize(("source", "expected"), NEEDS, ids=[source for source, _ in NEEDS])
def test_what_an_import_needs(source: str, expected: list[str]) -> None:
    found = closure({**PKG, "/app/x.py": source}, script("/app/x.py"))
    assert said(found.needed) == expected
    assert not found.everything


# (file below /app that is imported as pkg.…, its source, what it needs)
RELATIVE = [
    ("pkg/mod.py", "from . import other", []),  # an attribute of the package, for all we know
    ("pkg/mod.py", "from .other import name", ["pkg.other: name"]),
    ("pkg/mod.py", "from . import mod", []),
    ("pkg/mod.py", "from .. import x", ["..: x"]),  # /app is no package
    ("pkg/mod.py", "from ..x import name", ["..x: name"]),
    ("pkg/mod.py", "from ........x import name", ["........x: name"]),
    ("space/mod.py", "from . import other", ["space: other"]),
    ("x.py", "from .pkg import mod", [".pkg: mod"]),
]


@pytest.mark.parametrize(("path", "source", "expected"), RELATIVE, ids=[f"{row[0]} {row[1]}" for row in RELATIVE])
def test_what_a_relative_import_needs(path: str, source: str, expected: list[str]) -> None:
    start: dict[str, Content] = {"/app/x.py": "import pkg.mod, space.mod"}
    assert said(closure({**PKG, **start, f"/app/{path}": source}, script("/app/x.py")).needed) == expected


def test_what_is_needed_says_who_asks_and_when() -> None:
    facts = Facts(
        imports=(
            Import("one", ("a",), line=3, when=When.FUNCTION, guarded=True),
            Import("two", line=4, when=When.MAIN),
        ),
        dynamics=(
            Dynamic(5, patterns=("three", "four.*", "pkg.mod", ".five"), when=When.FUNCTION),
            Dynamic(6, Subject.FILE, ("six.py",)),
        ),
    )
    found = closure({**PKG, "/app/pkg/y.py": facts, "/app/x.py": "import pkg.y"}, script("/app/x.py"))
    assert found.needed == (
        Needed("one", "/app/pkg/y.py", 3, When.FUNCTION, True, ("a",)),
        Needed("three", "/app/pkg/y.py", 5, When.FUNCTION, perhaps=True),
        Needed("pkg.five", "/app/pkg/y.py", 5, When.FUNCTION, perhaps=True),
    )


def test_a_computed_name_of_which_one_is_there_may_never_be_the_others() -> None:
    facts = Facts(dynamics=(Dynamic(5, patterns=("pkg.mod", "pkg.gone", "pkg.")), Dynamic(6, patterns=("pkg.gone",))))
    found = closure({**PKG, "/app/pkg/y.py": facts, "/app/x.py": "import pkg.y"}, script("/app/x.py"))
    assert found.needed == (
        Needed("pkg.gone", "/app/pkg/y.py", 5, When.TOP, perhaps=True),
        Needed("pkg.gone", "/app/pkg/y.py", 6, When.TOP),
    )


HIDING: dict[str, Content] = {"/app/x.py": "import svc.a\nfrom svc.a import b", "/lib/svc/a.py": ""}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/app/svc/__init__.py": ""}, ["svc.a", "svc.a: b"]),
        ({"/app/svc.py": ""}, ["svc.a", "svc.a: b"]),
        ({"/app/svc/c.py": ""}, []),  # two parts of one namespace
        ({"/app/svc/c.py": "", "/lib/svc/__init__.py": ""}, []),  # a package comes before a namespace
        ({"/app/svc/__init__.py": "", "/app/svc/a.py": ""}, []),
        ({"/app/svc/__init__.py": "", "/app/svc/a/b.py": ""}, []),
    ],
)
def test_a_package_hides_what_later_roots_have(files: dict[str, Content], expected: list[str]) -> None:
    found = closure({**HIDING, **files}, script("/app/x.py", roots=("/lib",)))
    assert said(found.needed) == expected
    assert "/lib/svc/a.py" in found.reached  # reached all the same: the order is another question


def test_a_root_that_is_added_while_running_may_come_first() -> None:
    edit = Facts((Import("svc.a"),), edits=(PathEdit(1, Anchor(Origin.ROOT, "/lib")),))
    found = closure({**HIDING, "/app/x.py": edit, "/app/svc/__init__.py": ""}, script("/app/x.py"))
    assert found.needed == ()


def test_each_program_has_an_order_of_its_own() -> None:
    files = {**HIDING, "/app/svc/__init__.py": "", "/lib/y.py": "import svc.a"}
    assert said(closure(files, script("/app/x.py", "/lib/y.py", roots=("/lib",))).needed) == []


def test_a_source_that_cannot_be_read_may_ask_for_anything() -> None:
    files: dict[str, Content] = {"/app/x.py": "import y", "/app/y.py": "def f(:\n", "/app/z.py": ")"}
    found = closure(files, script("/app/x.py"))
    assert found.everything
    assert [(each.path, each.line, each.kind) for each in found.doubts] == [
        ("repo/app/y.py", 1, DoubtKind.UNPARSABLE_SOURCE)
    ]


def test_a_source_that_is_never_loaded_may_be_anything() -> None:
    files: dict[str, Content] = {"/app/x.py": "if TYPE_CHECKING:\n    import y", "/app/y.py": "def f(:\n"}
    assert not closure(files, script("/app/x.py")).everything


@pytest.mark.parametrize("name", ["y.so", "y.cpython-311-x86_64-linux-gnu.so", "y.pyc", "y/__init__.so"])
def test_a_compiled_module_may_import_anything(name: str) -> None:
    found = closure({"/app/x.py": "import y", f"/app/{name}": ""}, script("/app/x.py"))
    assert found.everything
    assert found.doubts == (
        Doubt(f"repo/app/{name}", 0, "compiled; what it imports cannot be seen", DoubtKind.UNPARSABLE_SOURCE),
    )
    assert f"/app/{name}" in found.reached


def test_a_file_of_the_dockerfile_itself_is_read_from_its_text() -> None:
    files: dict[str, Content] = {"/app/y.py": ""}
    placed = {**layout_of(files).files, "/app/x.py": Placed(0o100644, "", None, "import y, (")}
    found = closure_of(script("/app/x.py"), Layout(placed), Sources(files))
    assert [each.path for each in found.doubts] == ["/app/x.py"]
    placed["/app/x.py"] = Placed(0o100644, "", None, "import y")
    assert set(closure_of(script("/app/x.py"), Layout(placed), Sources(files)).reached) == {"/app/x.py", "/app/y.py"}


def test_facts_are_asked_for_once_in_one_wave_per_step() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import a, b, copy1, copy2",
        "/app/a.py": "import c",
        "/app/b.py": "import c, d",
        "/app/c.py": "import x",
        "/app/d.py": "#",
        "/app/copy1.py": "# the same",
        "/app/copy2.py": "# the same",
        "/app/not_asked.py": "",
        "/app/data.txt": "",
    }
    sources = Sources(files)
    closure_of(script("/app/x.py"), layout_of(files), sources)
    assert [len(wave) for wave in sources.waves] == [1, 3, 2]
