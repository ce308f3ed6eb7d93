"""The sources of one build, as git holds them at its commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from deploytool.adapters.git import Repository
from deploytool.domain.build import COMMIT, Wanted, made_of
from deploytool.domain.build_doubts import Refusal, files_of_build, not_in_git, nothing_to_build, pointer_in, taken
from deploytool.domain.image import Image
from deploytool.domain.tree import SUBMODULE, Entry, Tree
from deploytool.errors import BuildFailed, RepositoryError

WAVE = 64  # blobs that are asked for together
FETCH = "Fetch them: git fetch --refetch origin"


@dataclass(frozen=True, slots=True)
class Source:
    tree: Tree
    made: Image


class File(NamedTuple):
    path: str  # in the repository
    mode: int
    content: bytes


class Sources:
    """Reads what builds are made from; never a work tree, and no filter, attribute or hook of anybody's."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def of(self, wanted: Wanted) -> Source | Refusal:
        """The tree and the image as its Dockerfile says it, or why it cannot be built from git."""
        if not COMMIT.fullmatch(wanted.commit):
            return f"{wanted.commit[:80]!r} is not the full id of a commit.", "Name the commit by its full id."
        tree = self._repository.trees([wanted.commit]).get(wanted.commit)
        if tree is None:
            return f"Commit {wanted.commit[:8]} is not in this clone.", "Fetch it: git fetch origin"
        try:
            made = made_of(wanted, tree)
            if made is None:
                return nothing_to_build(wanted)
            return not_in_git(made, tree) or Source(tree, made)
        except KeyError:
            return f"Files of {wanted.commit[:8]} are not in this clone.", FETCH

    def checked(self, wanted: Wanted) -> Source:
        """The source of a build that is to begin. Raises BuildFailed when git cannot give it."""
        source = self.of(wanted)
        if not isinstance(source, Source):
            raise BuildFailed(source[0], hint=source[1])
        return source

    def pointers(self, source: Source) -> Refusal | None:
        """Is a file that can end in the image only a pointer of Git LFS?"""
        entries = [row for row in files_of_build(source.made, source.tree) if taken(source.made, row[0])]
        found = (pointer_in(file.path, file.content) for file in self._read(source, entries))
        return next((refused for refused in found if refused is not None), None)

    def files(self, source: Source) -> Iterator[File]:
        """Everything that the builder is sent, by path. Raises BuildFailed at a Git LFS pointer that it would take."""
        for file in self._read(source, sorted(files_of_build(source.made, source.tree))):
            refused = pointer_in(file.path, file.content) if taken(source.made, file.path) else None
            if refused is not None:
                raise BuildFailed(refused[0], hint=refused[1])
            yield file

    def _read(self, source: Source, entries: list[tuple[str, Entry]]) -> Iterator[File]:
        plain = [row for row in entries if row[1].mode != SUBMODULE]
        for start in range(0, len(plain), WAVE):
            wave = plain[start : start + WAVE]
            try:
                contents = source.tree.objects.blobs([entry.oid for _, entry in wave])
            except KeyError as missing:
                raise RepositoryError("This clone lacks files that the build needs.", hint=FETCH) from missing
            except RepositoryError:
                self._repository.objects.close()  # an answer was left unread
                raise
            for path, entry in wave:
                yield File(path, entry.mode, contents[entry.oid])
