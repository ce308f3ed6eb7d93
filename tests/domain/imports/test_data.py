"""Which files that are not Python count as read."""

from __future__ import annotations

import pytest

from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.closure import Closure, Reached
from deploytool.domain.imports.reach.data import reads

NOWHERE = Layout({})


def may_read(path: str, *strings: str, lists: tuple[str, ...] = (), **more: object) -> bool:
    closure = Closure(strings=frozenset(strings), lists=frozenset(lists), roots=("/app",), **more)  # type: ignore[arg-type]
    return reads(closure, NOWHERE, path)


@pytest.mark.parametrize(
    "path",
    [
        "/app/a.json",
        "/app/a.csv",
        "/app/Dockerfile",
        "/app/a.txt",
        "/app/md",
        "/app/tests",
        "/app/test.sql",
        "/app/tests/x.py",
        "/app/a.md5",
    ],
)
def test_what_is_no_document_counts(path: str) -> None:
    assert may_read(path)


@pytest.mark.parametrize(
    "path",
    [
        "/app/README.md",
        "/app/docs/a.rst",
        "/app/UPPER.MD",
        "/app/tests/case.json",
        "/app/x/Test/a.txt",
        "/a/__tests__/b/c.js",
    ],
)
def test_a_document_that_nothing_could_name_does_not(path: str) -> None:
    assert not may_read(path)
    assert not may_read(path, "other.md", "a/c", ".txt.gz", "*.pdf", "pkg.mod", "/app", "/")
    assert may_read(path, everything=True)
    assert may_read(path, reached={path: Reached(None)})


@pytest.mark.parametrize(
    "text",
    [
        "guide.md",
        "docs/guide.md",
        "/app/docs/guide.md",
        "../GUIDE.md",
        ".md",
        "*.md",
        "docs/*.md",
        "gui*",
        "**/*.MD",
        "docs/",
        "/app/docs",
    ],
)
def test_a_document_that_a_text_may_name_counts(text: str) -> None:
    assert may_read("/app/docs/guide.md", text)
    assert not may_read("/app/other/page.rst", text)


@pytest.mark.parametrize(
    ("lister", "expected"),
    [
        ("/app/docs/x.py", True),
        ("/app/x.py", True),
        ("/app/docs/inner/x.py", False),
        ("/app/svc/x.py", False),
    ],
)
def test_a_file_that_lists_folders_may_read_what_lies_at_or_below_it(lister: str, expected: bool) -> None:
    assert may_read("/app/docs/guide.md", lists=(lister,)) is expected


def test_a_file_that_lists_folders_may_read_what_lies_where_the_program_runs() -> None:
    assert may_read("/app/README.md", lists=("/app/svc/x.py",))
    assert not may_read("/README.md", lists=("/app/svc/x.py",))
