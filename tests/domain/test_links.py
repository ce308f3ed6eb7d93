"""Links in git trees: where they lead, and what a selection gains by following them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.domain.content import Selection
from deploytool.domain.doubt import DoubtKind
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.links import LinkMemo, links_under, resolve, trail_of, with_link_targets
from deploytool.domain.tree import LINK, Entry, Tree
from tests.domain.memory_tree import Link, MemoryObjects, Submodule, tree_of

TREE = tree_of(
    {
        "shared/x.py": "x",
        "shared/deep/y.py": "y",
        "app/shared": Link("../shared"),
        "app/main.py": "main",
        "app/file": Link("main.py"),
        "app/chain": Link("shared/deep"),
        "app/dangling": Link("../nowhere"),
        "app/out": Link("../../etc/passwd"),
        "app/absolute": Link("/etc/passwd"),
        "loop/one": Link("two"),
        "loop/two": Link("one"),
        "loop/self": Link("self/below"),
        "up": Link("app/.."),
        "vendor/lib": Submodule("c" * 40),
        "to-lib": Link("vendor/lib"),
    }
)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("", ""),
        ("shared/x.py", "shared/x.py"),
        ("app/shared", "shared"),
        ("app/shared/deep/y.py", "shared/deep/y.py"),
        ("app/chain/y.py", "shared/deep/y.py"),
        ("app/file", "app/main.py"),
        ("up", ""),
        ("up/app/chain", "shared/deep"),
        ("to-lib", "vendor/lib"),
        ("app/dangling", None),
        ("app/out", None),
        ("app/absolute", None),
        ("loop/one", None),
        ("loop/self", None),
        ("app/main.py/x", None),
        ("app/file/..", None),
        ("../x", None),
        ("missing", None),
        ("to-lib/inside", "vendor/lib"),
    ],
)
def test_a_path_is_resolved_through_links(path: str, real: str | None) -> None:
    assert resolve(TREE, path) == real


def test_the_links_on_the_way_are_told() -> None:
    assert trail_of(TREE, "app/chain").passed == ("app/chain", "app/shared")


def test_docker_keeps_links_inside_the_context() -> None:
    tree = tree_of({"ctx/a": Link("/b"), "ctx/b": "b", "b": "outer", "ctx/c": Link("../../b")})
    assert trail_of(tree, "ctx/a", root="ctx").path == "ctx/b"
    assert trail_of(tree, "ctx/c", root="ctx").path == "ctx/b"
    assert resolve(tree, "ctx/a") is None


def test_targets_become_roots_until_nothing_is_new() -> None:
    tree = tree_of(
        {
            "one/l": Link("../two"),
            "two/f": "f",
            "two/l": Link("../three/via"),
            "three/via": Link("../four/f"),
            "four/f": "f",
            "four/g": "g",
        }
    )
    selection, doubts = with_link_targets(tree, Selection(frozenset({"one"})))
    assert selection.roots == {"one", "two", "three/via", "four/f"}
    assert not doubts


@pytest.mark.parametrize(
    ("root", "kinds"),
    [
        ("loop", {"loop/one": DoubtKind.LINK_LOOP, "loop/two": DoubtKind.LINK_LOOP, "loop/self": DoubtKind.LINK_LOOP}),
        (
            "app",
            {
                "app/dangling": DoubtKind.LINK_BROKEN,
                "app/out": DoubtKind.LINK_OUTSIDE,
                "app/absolute": DoubtKind.LINK_OUTSIDE,
            },
        ),
    ],
)
def test_what_cannot_be_followed_is_a_doubt(root: str, kinds: dict[str, DoubtKind]) -> None:
    followed = with_link_targets(TREE, Selection(frozenset({root})))
    assert {doubt.path: doubt.kind for doubt in followed.doubts} == kinds
    assert all(doubt.line == 0 and doubt.why for doubt in followed.doubts)


def test_an_ignored_link_is_not_followed() -> None:
    rules = rules_of(["app/*", "!app/main.py"])
    selection = Selection(frozenset({"app"}), (rules,))
    assert with_link_targets(TREE, selection) == (selection, ())
    assert list(links_under(TREE, Selection(frozenset({"shared"})))) == []


def test_a_link_that_is_itself_a_root_is_followed() -> None:
    assert with_link_targets(TREE, Selection(frozenset({"app/file"}))).selection.roots == {"app/file", "app/main.py"}


def test_folders_without_links_are_looked_at_once() -> None:
    tree = tree_of({f"shared/d{number}/f": str(number) for number in range(200)} | {"a/l": Link("../shared")})
    memo = LinkMemo()
    for _ in range(50):
        with_link_targets(tree, Selection(frozenset({"shared"})), memo)
    assert isinstance(tree.objects, MemoryObjects)
    assert tree.objects.listed < 400


def test_depth_and_sharing_are_no_danger() -> None:
    objects = MemoryObjects()
    link = Entry(LINK, objects.add_blob(b"x"))
    oid = objects.add_tree({"l": link})
    for _ in range(3000):
        oid = objects.add_tree({"d": Entry(0o040000, oid)})
    start = time.perf_counter()
    followed = with_link_targets(Tree(objects, oid), Selection(frozenset({""})))
    assert followed.doubts
    bomb = objects.add_tree({"l": link})
    for _ in range(40):
        bomb = objects.add_tree({name: Entry(0o040000, bomb) for name in "abcdefgh"})
    followed = with_link_targets(Tree(objects, bomb), Selection(frozenset({""})))
    assert DoubtKind.TOO_LARGE in {doubt.kind for doubt in followed.doubts}
    assert time.perf_counter() - start < 10


names = st.sampled_from(["a", "b", "c"])
targets = st.lists(st.sampled_from(["a", "b", "c", "..", "."]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=80, deadline=None)
@given(
    links=st.dictionaries(st.lists(names, min_size=1, max_size=3).map("/".join), targets | st.none(), max_size=8),
    asked=targets,
)
def test_it_leads_where_the_file_system_leads(tmp_path_factory, links: dict[str, str | None], asked: str) -> None:
    root = tmp_path_factory.mktemp("fs").resolve()
    files: dict[str, str | bytes] = {}
    for path, target in sorted(links.items()):
        if any(path.startswith(f"{other}/") or other.startswith(f"{path}/") for other in files):
            continue
        files[path] = "text" if target is None else Link(target)
        here = root / path
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_text("text") if target is None else here.symlink_to(target)
    found = resolve(tree_of(files), asked) if files else None
    try:
        (root / asked).stat()  # resolve() alone forgives `file/..`
        real = (root / asked).resolve(strict=True)
        expected = "" if real == root else str(real.relative_to(root))
    except (OSError, RuntimeError, ValueError):
        expected = None
    if expected is not None and files and found is None:
        # The file system may leave the root and come back; git trees end there.
        assert trail_of(tree_of(files), asked).kind is DoubtKind.LINK_OUTSIDE
    else:
        assert found == (expected if files else None)
