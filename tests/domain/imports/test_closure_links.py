"""Links in an image: a module has as many names as there are ways to it, and each name has its own neighbours."""

from __future__ import annotations

import pytest

from deploytool.domain.doubt import DoubtKind
from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.imports.facts import Anchor, Dynamic, Facts, Origin, PathEdit, Subject
from deploytool.domain.imports.program import Program, Start, StartKind
from deploytool.domain.imports.reach.reachable import chain_of, closure_of
from deploytool.domain.tree import SUBMODULE
from tests.domain.imports.sources import Content, LinkTo, Sources, closure, layout_of, reached, script


def test_a_module_behind_a_link_to_its_folder() -> None:
    files: dict[str, Content] = {
        "/app/svc/x.py": "import shared.a",
        "/app/svc/shared": LinkTo("../shared"),
        "/app/shared/__init__.py": "",
        "/app/shared/a.py": "",
        "/app/shared/b.py": "",
    }
    found = closure(files, script("/app/svc/x.py"))
    assert set(found.reached) == files.keys() - {"/app/shared/b.py"}
    assert chain_of(found, "/app/shared/a.py") == ("/app/svc/x.py", "/app/shared/a.py")
    assert chain_of(found, "/app/svc/shared") == ("/app/svc/x.py", "/app/svc/shared")


def test_a_module_that_is_a_link() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import y",
        "/app/y.py": LinkTo("/lib/z.txt"),
        "/lib/z.txt": "import w",
        "/app/w.py": "",
        "/lib/z.py": "",
    }
    assert reached(files, script("/app/x.py")) == files.keys() - {"/lib/z.py"}


def test_a_relative_import_goes_by_the_name_under_which_the_file_was_found() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import pkg.shared.a",
        "/app/pkg/__init__.py": "",
        "/app/pkg/near.py": "",
        "/app/pkg/shared": LinkTo("/lib/deep/shared"),
        "/lib/deep/shared/a.py": "from .. import near",
        "/lib/deep/near.py": "",
    }
    found = reached(files, script("/app/x.py"))
    assert "/app/pkg/near.py" in found
    assert "/lib/deep/near.py" not in found


def test_an_edit_of_sys_path_goes_by_both_names_of_its_file() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import shared.paths, near, far",
        "/app/shared": LinkTo("/lib/deep/shared"),
        "/lib/deep/shared/paths.py": Facts(edits=(PathEdit(1, Anchor(Origin.FILE, "../../inner")),)),
        "/app/inner/near.py": "",
        "/lib/deep/inner/far.py": "",
    }
    assert reached(files, script("/app/x.py")) == set(files)


def test_a_script_that_is_a_link_runs_from_the_folder_of_its_file() -> None:
    """Python follows the link before it makes sys.path."""
    files: dict[str, Content] = {
        "/bin/start.py": LinkTo("../app/x.py"),
        "/app/x.py": "import y, z",
        "/app/y.py": "",
        "/bin/z.py": "",
    }
    assert reached(files, script("/bin/start.py")) == set(files) - {"/bin/z.py"}


def test_links_of_links() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import a.b",
        "/app/a": LinkTo("one"),
        "/app/one": LinkTo("./two/../three"),
        "/app/two/c.txt": "",
        "/app/three": LinkTo("/real"),
        "/real/b.py": "",
    }
    found = reached(files, script("/app/x.py"))
    assert found == {"/app/x.py", "/app/a", "/app/one", "/app/three", "/real/b.py"}


@pytest.mark.parametrize("target", ["a", "b", "/app", ".", "../app/a", "/gone", "../../../..", ""])
def test_links_that_go_round_or_nowhere(target: str) -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import a, a.b.c, a.a.a, a.x\nfrom a.a import *\nfrom . import b",
        "/app/a": LinkTo(target),
        "/app/b": LinkTo("a"),
        "/app/y.py": "",
    }
    assert "/app/x.py" in reached(files, script("/app/x.py"))


def test_a_name_may_pass_its_own_folder() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import here.here.y",
        "/app/here": LinkTo("."),
        "/app/y.py": "",
        "/app/z.py": "",
    }
    assert reached(files, script("/app/x.py")) == files.keys() - {"/app/z.py"}


def test_a_text_may_name_a_way_through_its_own_folder() -> None:
    files: dict[str, Content] = {"/app/x.py": "p = 'here/y.py'", "/app/here": LinkTo("."), "/app/y.py": ""}
    assert reached(files, script("/app/x.py")) == set(files)


def test_links_that_mean_endless_names_make_everything_reachable() -> None:
    files: dict[str, Content] = {f"/app/{at}/{name}": LinkTo(f"../{at + 1}") for at in range(20) for name in "ab"}
    files |= {"/app/x.py": Facts(dynamics=(Dynamic(1, Subject.FILE, ("*/y.py",)),)), "/app/20/y.py": ""}
    found = closure(files, script("/app/x.py"))
    assert found.everything
    assert [each.kind for each in found.doubts] == [DoubtKind.TOO_LARGE]


def test_imports_through_links_in_circles_come_to_an_end() -> None:
    files: dict[str, Content] = {f"/app/{name}": LinkTo(".") for name in "abcd"}
    files |= {"/app/__init__.py": "__all__ = who_knows()", "/app/y.py": "from .a import *\nfrom .b import *"}
    found = closure({**files, "/app/x.py": "import y"}, script("/app/x.py"))
    assert found.everything
    assert [each.kind for each in found.doubts] == [DoubtKind.TOO_LARGE]


def test_patterns_and_texts_see_through_links() -> None:
    files: dict[str, Content] = {
        "/app/x.py": Facts(dynamics=(Dynamic(1, patterns=("plugins.*",)),), strings=("tools/run.py",)),
        "/app/plugins": LinkTo("/lib/plugins"),
        "/lib/plugins/a.py": "",
        "/app/tools": LinkTo("/lib/instruments"),
        "/lib/instruments/run.py": "import helper",
        "/lib/instruments/helper.py": "",
    }
    assert reached(files, script("/app/x.py")) == set(files)


def test_a_root_that_is_a_link() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import y",
        "/lib": LinkTo("real"),
        "/real/y.py": "from . import z",
        "/real/z.py": "",
    }
    found = closure(files, Program((Start(StartKind.SCRIPT, "/app/x.py"),), ("/lib",)))
    assert set(found.reached) == set(files)


def test_a_folder_that_was_copied_to_the_place_of_a_link_lies_where_it_leads() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import shared.a, shared.b",
        "/app/shared": LinkTo("../common"),
        "/app/shared/a.py": "",
        "/common/b.py": "",
    }
    assert reached(files, script("/app/x.py")) == set(files)


def test_two_files_for_one_place_are_not_told_apart() -> None:
    files: dict[str, Content] = {
        "/app/x.py": "import shared.a",
        "/app/shared": LinkTo("../common"),
        "/app/shared/a.py": "import one",
        "/common/a.py": "import other",
    }
    assert closure(files, script("/app/x.py")).everything


def test_what_is_imported_from_a_submodule_may_import_anything() -> None:
    files: dict[str, Content] = {"/app/x.py": "import vendored.lib.a\nfrom vendored import b"}
    placed = {**layout_of(files).files, "/app/vendored": Placed(SUBMODULE, "c" * 40, "vendored")}
    found = closure_of(script("/app/x.py"), Layout(placed), Sources(files))
    assert found.everything
    assert [(each.path, each.kind) for each in found.doubts] == [("vendored", DoubtKind.SUBMODULE)]
    assert set(found.reached) == {"/app/x.py", "/app/vendored"}
    assert found.needed == ()


def test_a_submodule_that_nothing_imports_does_no_harm() -> None:
    files: dict[str, Content] = {"/app/x.py": "import y", "/app/y.py": ""}
    placed = {**layout_of(files).files, "/app/vendored": Placed(SUBMODULE, "c" * 40, "vendored")}
    assert not closure_of(script("/app/x.py"), Layout(placed), Sources(files)).everything
