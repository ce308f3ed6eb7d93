"""What a question about names may remember: equal outlines have the same modules, programs and links."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from deploytool.domain.outline import Outline, outline_of
from tests.domain.memory_tree import tree_of

FILES: Mapping[str, str] = {
    "a/__init__.py": "",
    "a/m.py": "x = 1",
    "docs/a.md": "text",
    "run": "#!/bin/sh",
    "requirements.txt": "a==1",
    "a/Dockerfile": "FROM scratch",
}


def outline(files: Mapping[str, str]) -> Outline:
    tree = tree_of(files)
    return outline_of(tree.objects, tree.oid, {})


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "a/m.py": "x = 2"},
        {**FILES, "docs/b.md": "more"},
        {**FILES, "data/b.json": "{}"},
        {path: text for path, text in FILES.items() if not path.startswith("docs/")},
    ],
    ids=["another content", "a document more", "a folder of data more", "a folder of documents less"],
)
def test_what_is_neither_loaded_nor_started_does_not_count(files: Mapping[str, str]) -> None:
    assert outline(files).id == outline(FILES).id


@pytest.mark.parametrize(
    "files",
    [
        {**FILES, "a/n.py": ""},
        {**FILES, "b/c/n.py": ""},
        {**FILES, "a/__init__.py": "x = 1"},
        {**FILES, "requirements.txt": "a==2"},
        {**FILES, "start": ""},
        {path: text for path, text in FILES.items() if path != "a/m.py"},
    ],
    ids=["a module", "a module in a folder", "what a package says", "a requirement", "a program", "a module less"],
)
def test_what_a_name_may_lead_to_counts(files: Mapping[str, str]) -> None:
    assert outline(files).id != outline(FILES).id


def test_dockerfiles_are_told_by_their_paths() -> None:
    assert outline({**FILES, "b/c/Dockerfile.prod": "", "d/Dockerfile.dockerignore": ""}).dockerfiles == (
        "a/Dockerfile",
        "b/c/Dockerfile.prod",
    )
