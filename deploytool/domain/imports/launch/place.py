"""The image as a starting program sees it: files by path, links followed, commands looked up on PATH."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image_layout import USUAL_FOLDERS, Layout, Placed
from deploytool.domain.links import MOST_HOPS
from deploytool.domain.tree import LINK, SUBMODULE

Read = Callable[[str], bytes | None]

MOST_BYTES = 200_000  # of a file that is read to find out what it starts
MOST_MATCHES = 500  # files that one pattern may name


class Place:
    def __init__(self, layout: Layout, read: Read) -> None:
        self.files = layout.files
        self._read = read

    @cached_property
    def folders(self) -> frozenset[str]:
        found = {"/"}
        for path in self.files:
            folder = path.rsplit("/", 1)[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rsplit("/", 1)[0]
        return frozenset(found)

    @cached_property
    def _links(self) -> bool:
        return any(placed.mode == LINK for placed in self.files.values())

    def real(self, path: str) -> str:
        """The path with every link on the way followed inside the image."""
        path = cleaned("/" + path)
        if not self._links:
            return path
        for _ in range(MOST_HOPS):
            found = self._first_link(path)
            if found is None:
                return path
            link, text = found
            home = text if text.startswith("/") else f"{link.rsplit('/', 1)[0]}/{text}"
            path = cleaned(f"{home}/{path[len(link) :]}")
        return path

    def _first_link(self, path: str) -> tuple[str, str] | None:
        end = 0
        while end < len(path):
            end = path.find("/", end + 1)
            end = len(path) if end < 0 else end
            placed = self.files.get(path[:end])
            if placed is not None:
                return (path[:end], placed.text) if placed.mode == LINK and placed.text else None
        return None

    def file(self, path: str, cwd: str = "/") -> str | None:
        """The real path of the file that `path` names, None when the image is not known to have it."""
        found = self.real(path if path.startswith("/") else f"{cwd}/{path}")
        placed = self.files.get(found)
        return found if placed is not None and placed.mode not in (LINK, SUBMODULE) else None

    def link(self, path: str, cwd: str = "/") -> str | None:
        """The path itself when a link lies there, which says what is started as much as the file behind it."""
        named = cleaned(path if path.startswith("/") else f"{cwd}/{path}")
        placed = self.files.get(named)
        return named if placed is not None and placed.mode == LINK else None

    def folder(self, path: str, cwd: str = "/") -> str | None:
        found = self.real(path if path.startswith("/") else f"{cwd}/{path}")
        return found if found in self.folders else None

    def is_ours(self, path: str, cwd: str = "/") -> bool:
        """Would the file lie in a folder that the Dockerfile fills, and no base image does?"""
        folder = self.real(path if path.startswith("/") else f"{cwd}/{path}").rpartition("/")[0]
        return folder in self.folders and folder not in USUAL_FOLDERS

    def matching(self, pattern: str, cwd: str) -> list[str]:
        """Files that a shell's pattern names; `*` does not cross a `/`."""
        whole = cleaned(pattern if pattern.startswith("/") else f"{cwd}/{pattern}")
        depth = whole.count("/")
        same = (path for path in self.files if path.count("/") == depth)
        return sorted(path for path in same if _matches(path, whole))[:MOST_MATCHES]

    def below(self, folder: str) -> Iterator[str]:
        prefix = folder.rstrip("/") + "/"
        return (path for path in self.files if path.startswith(prefix))

    def placed(self, path: str) -> Placed | None:
        return self.files.get(path)

    def text(self, path: str) -> str | None:
        """The file's text, cut at a length that no start script has; None when it is not there or binary."""
        placed = self.files.get(path)
        content = placed.text.encode("utf-8", "replace") if placed and placed.path is None else self._read(path)
        if content is None or b"\x00" in content[:8192]:
            return None
        return content[: MOST_BYTES + 1].decode("utf-8", "replace")

    def module(self, name: str, roots: tuple[str, ...]) -> bool:
        """Does a file or folder of the image answer to this module name?"""
        below = name.replace(".", "/")
        return any(self._answers(f"{root.rstrip('/')}/{below}") for root in roots)

    def _answers(self, path: str) -> bool:
        return self.file(f"{path}.py") is not None or self.folder(path) is not None


def _matches(path: str, pattern: str) -> bool:
    names = zip(PurePosixPath(path).parts, PurePosixPath(pattern).parts, strict=False)
    return all(fnmatch.fnmatchcase(name, wanted) for name, wanted in names)
