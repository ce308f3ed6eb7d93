"""Images interpreted on git trees: what is selected, where it lies, and what is said about the rest."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deploytool.domain.content import Selection
from deploytool.domain.doubt import DoubtKind
from deploytool.domain.image import Image, image_of, image_of_folder, selection_of_paths
from deploytool.domain.tree import LINK, Tree
from tests.domain.memory_tree import Link, Submodule, tree_of

FILES = {
    "app/main.py": "main",
    "app/requirements.txt": "r",
    "app/tests/test_main.py": "t",
    "app/README.md": "doc",
    "shared/__init__.py": "",
    "shared/deep/x.py": "x",
    "docs/guide.md": "g",
    "models/a.cbm": "a",
    "models/b.cbm": "b",
    "models/notes.txt": "n",
    "README.md": "top",
}


def image(dockerfile: str, files: dict[str, str] | None = None, context: str = "", path: str = "Dockerfile") -> Image:
    found = image_of(path, context, tree(dockerfile, files, path))
    assert found is not None
    return found


def tree(dockerfile: str, files: dict[str, str] | None = None, path: str = "Dockerfile") -> Tree:
    return tree_of({**(FILES if files is None else files), path: dockerfile})


def taken(selection: Selection, on: Tree) -> set[str]:
    return {path for path, _ in on.walk() if selection.takes(path)}


def laid(dockerfile: str, files: dict[str, str] | None = None) -> dict[str, str | None]:
    on = tree(dockerfile, files)
    found = image_of("Dockerfile", "", on)
    assert found is not None
    return {path: placed.path for path, placed in found.layout(on).files.items()}


def kinds(found: Image) -> set[DoubtKind]:
    return {doubt.kind for doubt in found.doubts}


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("COPY app/main.py /srv/m.py", {"/srv/m.py": "app/main.py"}),
        ("COPY app/main.py /srv/", {"/srv/main.py": "app/main.py"}),
        ("WORKDIR /srv\nCOPY app/main.py .", {"/srv/main.py": "app/main.py"}),
        ("WORKDIR /own\nCOPY app/main.py /own", {"/own/main.py": "app/main.py"}),
        ("COPY app/main.py README.md /own", {"/own/main.py": "app/main.py", "/own/README.md": "README.md"}),
        ("COPY app/main.py /usr/local/bin", {"/usr/local/bin/main.py": "app/main.py"}),
        ("RUN mkdir -p /made\nCOPY app/main.py /made", {"/made/main.py": "app/main.py"}),
        ("COPY app/main.py /made", {"/made": "app/main.py"}),
        ("COPY shared /lib", {"/lib/__init__.py": "shared/__init__.py", "/lib/deep/x.py": "shared/deep/x.py"}),
        (
            "COPY shared/deep shared/__init__.py /l/",
            {"/l/x.py": "shared/deep/x.py", "/l/__init__.py": "shared/__init__.py"},
        ),
        ("COPY models/*.cbm /m/", {"/m/a.cbm": "models/a.cbm", "/m/b.cbm": "models/b.cbm"}),
        ("COPY */deep /d/", {"/d/x.py": "shared/deep/x.py"}),
        ("COPY [a-b]pp/m?in.py /m/", {"/m/main.py": "app/main.py"}),
        ("COPY ../app/main.py /m/", {"/m/main.py": "app/main.py"}),
        ("COPY /app/main.py /m/", {"/m/main.py": "app/main.py"}),
        ("COPY app/main.py /x\nCOPY app/README.md /x", {"/x": "app/README.md"}),
        ("COPY --parents shared/deep/x.py /p/", {"/p/shared/deep/x.py": "shared/deep/x.py"}),
        ("COPY --parents ./shared/./deep/x.py /p/", {"/p/deep/x.py": "shared/deep/x.py"}),
        (
            "COPY --parents **/*.md /p/",
            {"/p/app/README.md": "app/README.md", "/p/docs/guide.md": "docs/guide.md", "/p/README.md": "README.md"},
        ),
        ("COPY --parents shared/deep /p/", {"/p/shared/deep/x.py": "shared/deep/x.py"}),
        ("COPY --exclude=deep shared /l", {"/l/__init__.py": "shared/__init__.py"}),
        ("COPY --exclude=**/*.py --exclude=*.md app /l", {"/l/requirements.txt": "app/requirements.txt"}),
        ("COPY <<EOF /etc/conf\nhello\nEOF", {"/etc/conf": None}),
        ("COPY --from=alpine /etc/x /x", {}),
    ],
)
def test_where_files_come_to_lie(lines: str, files: dict[str, str | None]) -> None:
    assert laid(f"FROM python\n{lines}\n") == files


def test_stages_hand_files_on() -> None:
    text = (
        "FROM python AS build\nWORKDIR /b\nCOPY shared ./shared\nCOPY app/main.py .\n"
        "FROM python AS unused\nCOPY docs /docs\n"
        "FROM scratch\nCOPY --from=build /b/shared/deep /d\nCOPY --from=build /b/main.py /bin\n"
    )
    assert laid(text) == {"/d/x.py": "shared/deep/x.py", "/bin": "app/main.py"}
    found = image(text)
    assert found.selection.roots == {"shared", "app/main.py"}
    assert [run.line for run in found.runs] == []


def test_a_stage_built_on_another_keeps_its_files() -> None:
    assert laid("FROM x AS a\nCOPY app/main.py /a/\nFROM a\nCOPY README.md /a/\n") == {
        "/a/main.py": "app/main.py",
        "/a/README.md": "README.md",
    }


def test_ignore_rules_cut_the_context_and_inputs_stay() -> None:
    files = {**FILES, ".dockerignore": "**/*.md\n**/tests\nDockerfile\n.dockerignore\n"}
    text = "FROM x\nCOPY . /c\n"
    found = image(text, files)
    on = tree(text, files)
    assert taken(found.selection, on) == {
        "app/main.py",
        "app/requirements.txt",
        "shared/__init__.py",
        "shared/deep/x.py",
        "models/a.cbm",
        "models/b.cbm",
        "models/notes.txt",
        "Dockerfile",
        ".dockerignore",
    }
    assert "/c/Dockerfile" not in found.layout(on).files
    assert found.selection.inputs == {"Dockerfile", ".dockerignore"}


def test_an_ignored_file_is_not_laid_even_when_it_is_named() -> None:
    files = {**FILES, ".dockerignore": "*.md\n"}
    assert laid("FROM x\nCOPY README.md app/main.py /c/\n", files) == {"/c/main.py": "app/main.py"}


def test_an_absolute_link_starts_at_the_context() -> None:
    files = {"ctx/a": Link("/b"), "ctx/b": "inner", "b": "outer"}
    assert image("FROM x\nCOPY a /a\n", files, context="ctx").selection.roots == {"ctx/b"}


def test_the_dockerfiles_own_ignore_file_replaces_the_other() -> None:
    files = {**FILES, ".dockerignore": "app\n", "app/Dockerfile.dockerignore": "shared\n"}
    found = image("FROM x\nCOPY . /c\n", files, path="app/Dockerfile")
    assert found.selection.takes("app/main.py")
    assert not found.selection.takes("shared/__init__.py")
    assert found.selection.inputs == {"app/Dockerfile", "app/Dockerfile.dockerignore"}


def test_equal_rules_give_equal_selections() -> None:
    one = image("FROM x\nCOPY . /c\n", {**FILES, ".dockerignore": "docs\n"})
    two = image("FROM y\nCOPY . /d\n", {**FILES, ".dockerignore": "# why\n\ndocs/\n"})
    assert one.selection == two.selection


def test_a_context_below_the_root_and_behind_a_link() -> None:
    files = {**FILES, "link": Link("app"), "app/.dockerignore": "*.md\n", "build/Dockerfile": ""}
    for context in ("app", "link", "./app/"):
        found = image("FROM x\nCOPY . /c\n", files, context=context, path="build/Dockerfile")
        assert found.selection.roots == {"app"}
        assert not found.selection.takes("app/README.md")
        assert not found.selection.takes("README.md")
    assert "link" in image("FROM x\nCOPY . /c\n", files, context="link").selection.inputs


def test_links_are_followed_when_named_and_kept_below() -> None:
    files = {"lib/a.py": "a", "app/lib": Link("../lib"), "app/m.py": "m", "cfg": Link("app/m.py"), "via": Link("app")}
    text = "FROM x\nCOPY app /app\nCOPY cfg /cfg\nCOPY via/lib /l\n"
    on = tree(text, files)
    found = image_of("Dockerfile", "", on)
    assert found is not None
    layout = found.layout(on).files
    assert {path: (placed.path, placed.mode == LINK) for path, placed in layout.items()} == {
        "/app/lib": ("app/lib", True),
        "/app/m.py": ("app/m.py", False),
        "/cfg": ("app/m.py", False),
        "/l/a.py": ("lib/a.py", False),
    }
    assert layout["/app/lib"].text == "../lib"
    assert found.selection.roots == {"app", "app/m.py", "lib"}
    assert found.selection.inputs == {"Dockerfile", "cfg", "via", "app/lib"}


def test_a_pattern_that_meets_a_broken_link_says_so() -> None:
    found = image("FROM x\nCOPY a* /a/\n", {"a1": "x", "a2": Link("nowhere")})
    assert found.selection.roots == {"a1", "a2", "nowhere"}  # a commit that brings "nowhere" matters
    assert kinds(found) == {DoubtKind.LINK_BROKEN}


def test_what_git_does_not_hold_is_outside() -> None:
    found = image("FROM x\nCOPY app/main.py weights.bin /w/\nADD https://example.com/a.tgz /a/\nADD git@h:o/r.git /g\n")
    assert [(one.source, one.line) for one in found.outside] == [
        ("weights.bin", 2),
        ("https://example.com/a.tgz", 3),
        ("git@h:o/r.git", 4),
    ]
    assert found.complete


def test_an_unknown_source_takes_the_whole_context() -> None:
    found = image("FROM x\nARG what\nCOPY $what /w/\n")
    assert found.selection.roots == {""}
    assert DoubtKind.UNKNOWN_VALUE in kinds(found)
    assert image("FROM x\nARG what=app\nCOPY $what /w/\n").selection.roots == {"app"}


@pytest.mark.parametrize("line", ["NONSENSE", "COPY ${a /b", "CMD [1]", "COPY --from=$x a b", "RUN <<EOF"])
def test_a_dockerfile_that_cannot_be_read_takes_the_whole_context(line: str) -> None:
    found = image(f"FROM x\nCOPY --exclude=tests app /app\n{line}\n", {**FILES, ".dockerignore": "docs\n"})
    assert "" in found.selection.roots
    assert not found.complete
    assert found.selection.takes("app/tests/test_main.py")
    assert not found.selection.takes("docs/guide.md")


def test_an_exclusion_counts_only_where_nobody_else_copies() -> None:
    alone = image("FROM x\nCOPY --exclude=tests app /app\nCOPY shared /shared\n")
    assert not alone.selection.takes("app/tests/test_main.py")
    both = image("FROM x\nCOPY --exclude=tests app /app\nCOPY app/tests/test_main.py /t/\n")
    assert both.selection.takes("app/tests/test_main.py")
    some = image("FROM x\nCOPY --exclude=*.md --exclude=deep app shared /all/\n")
    assert [some.selection.takes(path) for path in ("app/README.md", "shared/deep/x.py", "app/main.py")] == [
        False,
        False,
        True,
    ]
    twice = image("FROM x\nCOPY --exclude=tests app /app\nCOPY --exclude=*.md . /all\n")
    assert twice.selection.takes("app/tests/test_main.py")
    assert twice.selection.takes("README.md")
    linked = image("FROM x\nCOPY --exclude=tests via /app\nCOPY app/tests /t\n", {**FILES, "via": Link("app")})
    assert linked.selection.takes("app/tests/test_main.py")


def test_mounts_count_as_taken() -> None:
    found = image("FROM x\nRUN --mount=type=bind,source=app/requirements.txt,target=/r pip install -r /r\n")
    assert found.selection.roots == {"app/requirements.txt"}
    assert image("FROM x\nRUN --mount=target=/r true\n").selection.roots == {""}


def test_doubts_carry_their_line() -> None:
    files = {**FILES, ".dockerignore": "docs\n", "data.tar.gz": "z"}
    found = image("FROM x\nCOPY docs /docs\nADD data.tar.gz /d/\nRUN make\nCOPY app .\nCOPY nothing* /n/\n", files)
    assert [(doubt.line, doubt.kind) for doubt in found.doubts] == [
        (5, DoubtKind.UNKNOWN_VALUE),
        (2, DoubtKind.IGNORED_SOURCE),
        (3, DoubtKind.UNPACKED),
        (4, DoubtKind.RUN_CONSUMES),
    ]
    assert [one.source for one in found.outside] == ["nothing*"]


def test_environment_workdir_and_command() -> None:
    found = image('FROM x\nENV PYTHONPATH=/app:$PYTHONPATH\nWORKDIR /app\nENTRYPOINT ["python"]\nCMD ["m.py"]\n')
    assert found.environment["PYTHONPATH"] == "/app:"
    assert found.workdir == "/app"
    assert found.command is not None
    assert found.command.argv == ("python", "m.py")


def test_no_dockerfile_is_none() -> None:
    on = tree("FROM x\n")
    assert image_of("missing", "", on) is None
    assert image_of("app", "", on) is None
    assert image_of("../Dockerfile", "", on) is None


def test_a_dockerfile_behind_a_link() -> None:
    found = image_of("d", "", tree_of({"d": Link("real/D"), "real/D": "FROM x\nCOPY a /a\n", "a": "a"}))
    assert found is not None
    assert found.selection.inputs == {"d", "real/D"}


def test_a_missing_context_leaves_everything_outside() -> None:
    found = image("FROM x\nCOPY a /a\n", context="nowhere")
    assert [one.source for one in found.outside] == ["a"]
    assert not found.selection.roots


def test_a_function_is_its_folder_with_links_followed() -> None:
    on = tree_of(
        {
            "f/main.py": "m",
            "f/shared/x.py": Link("../../lib/x.py"),
            "f/all": Link("../lib"),
            "f/up": Link(".."),
            "f/gone": Link("nowhere"),
            "lib/x.py": "x",
        }
    )
    found = image_of_folder("f", on)
    assert found is not None
    assert found.selection.roots >= {"f", "lib", "lib/x.py", ""}
    files = {path: placed.path for path, placed in found.layout(on).files.items()}
    assert files["/workspace/shared/x.py"] == "lib/x.py"
    assert files["/workspace/all/x.py"] == "lib/x.py"
    assert files["/workspace/gone"] == "f/gone"
    assert DoubtKind.LINK_BROKEN in kinds(found)
    assert image_of_folder("nowhere", on) is None
    assert image_of_folder("f/main.py", on) is None


def test_paths_select_with_links_followed() -> None:
    on = tree_of({**FILES, "svc/lib": Link("../shared"), "cfg": Link("app"), "sub": Submodule("d" * 40)})
    selection, missing, doubts = selection_of_paths(
        ["svc/", "./cfg/main.py", "gone", "sub"], ["**/*.md", "**/deep"], on
    )
    assert selection.roots == {"svc", "shared", "cfg", "cfg/main.py", "app/main.py", "sub", "gone"}
    assert missing == ("gone",)
    assert not doubts
    assert selection.takes("shared/__init__.py")
    assert not selection.takes("shared/deep/x.py")
    assert selection_of_paths(["."], [], on).selection.roots == {""}
    assert selection_of_paths(["../x"], [], on).missing == ("../x",)


@pytest.mark.parametrize(
    "text",
    [
        "FROM x\n" + "COPY */*/*/* /a/\n" * 9_000,
        "FROM x\n" + "COPY --parents **/*x**/*y /a/\n" * 9_000,
        "FROM x\n" + "".join(f"COPY --parents **/x{number}* /a/\n" for number in range(9_000)),
        "FROM x\n" + "COPY . /a/\n" * 9_000,
        "FROM x\n" + "COPY --exclude=a app /a/\n" * 9_000,
        "FROM x\n" + "".join(f"COPY --exclude=a{number} app /a/\n" for number in range(49)),
        "FROM x\n" + "COPY a b /a/\n" * 60_000,
        "FROM x AS a\nCOPY . /\n" + "FROM a AS a\nCOPY --from=0 / /x/\n" * 900,
        "FROM x\n" + "RUN a && b && c\n" * 9_000,
    ],
)
def test_bombs_end_soon(text: str) -> None:
    on = tree(
        text, {f"d{a}/e{b}/f{c}/g{d}": "" for a in range(6) for b in range(6) for c in range(6) for d in range(6)}
    )
    start = time.perf_counter()
    found = image_of("Dockerfile", "", on)
    took = time.perf_counter() - start
    assert found is not None
    assert took < 15
    found.layout(on)
    assert time.perf_counter() - start < 20


# A build by hand: real folders, copied with shutil, to hold the layout against.

NAMES = st.sampled_from(["a", "b", "c.py", "d.md"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
SOURCES = PATHS | st.sampled_from([".", "*", "*.py", "a/*", "?", "*/b", "a/", "[ab]", "./b", "a/*.md"])
TARGETS = st.sampled_from(["/t/", "/t", ".", "./x", "x/", "/t/a", "..", "/", "a/b/"])
LINES = st.one_of(
    st.builds(lambda path: ("WORKDIR", [], path), st.sampled_from(["/w", "in", "/t"])),
    st.builds(lambda sources, target: ("COPY", sources, target), st.lists(SOURCES, min_size=1, max_size=2), TARGETS),
)


def build_by_hand(context: Path, image: Path, lines: list[tuple[str, list[str], str]]) -> bool:
    """False where Docker would refuse."""
    workdir = "/"
    for name, sources, target in lines:
        if name == "WORKDIR":
            workdir = os.path.normpath(os.path.join(workdir, target))
            (image / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
            continue
        found = [hit for source in sources for hit in (sorted(glob.glob(source, root_dir=context)) or [None])]
        folder = target in (".", "..") or target.endswith("/")
        if None in found or (len(found) > 1 and not folder):
            return False
        where = image / os.path.normpath(os.path.join(workdir, target)).lstrip("/")
        if folder:
            where.mkdir(parents=True, exist_ok=True)
        for hit in found:
            assert hit is not None
            copy_by_hand(context / hit, where)
    return True


def copy_by_hand(source: Path, where: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, where, symlinks=True, dirs_exist_ok=True, copy_function=put_by_hand)
        return
    put_by_hand(source, where / source.name if where.is_dir() else where)


def put_by_hand(source: Path | str, where: Path | str) -> None:
    """Docker never puts a file in the place of a folder."""
    where = Path(where)
    if where.is_dir():
        raise IsADirectoryError(where)
    where.parent.mkdir(parents=True, exist_ok=True)
    where.unlink(missing_ok=True)
    shutil.copyfile(source, where)


def files_below(folder: Path) -> dict[str, str]:
    return {
        "/" + str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_text()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@settings(max_examples=120, deadline=None)
@given(
    paths=st.sets(PATHS, min_size=2, max_size=8), links=st.sets(PATHS, max_size=2), lines=st.lists(LINES, max_size=5)
)
def test_the_layout_is_what_a_build_by_hand_gives(paths: set[str], links: set[str], lines: list) -> None:
    files: dict[str, str] = {}
    for path in sorted(paths):
        if not any(path.startswith(f"{other}/") for other in files):
            files[path] = Link("a") if path in links and path != "a" else f"text of {path}"
    with tempfile.TemporaryDirectory() as folder:
        context, built = Path(folder, "context"), Path(folder, "image")
        built.mkdir()
        for path, content in files.items():
            (context / path).parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Link):
                (context / path).symlink_to(content)
            else:
                (context / path).write_text(content)
        try:
            assume(build_by_hand(context, built, lines))
        except OSError:
            assume(False)
        expected = files_below(built)
    text = "FROM scratch\n" + "".join(f"{name} {' '.join([*sources, target])}\n" for name, sources, target in lines)
    on = tree_of({**files, "deploy/Dockerfile": text, "deploy/Dockerfile.dockerignore": "deploy\n"})
    found = image_of("deploy/Dockerfile", "", on)
    assert found is not None
    layout = found.layout(on).files
    assert {path: on.objects.blob(placed.oid).decode() for path, placed in layout.items()} == expected
    assert all(found.selection.takes(placed.path or "") for placed in layout.values())
