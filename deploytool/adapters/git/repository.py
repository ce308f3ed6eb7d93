"""A repository as deploytool sees it: commits, trees and history, read without trusting its configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from deploytool.adapters.git.cache import FactCache
from deploytool.adapters.git.exploring import Exploration, explore, reach_from, touched_by
from deploytool.adapters.git.history import commits_saying, last_change_of, restorers_of
from deploytool.adapters.git.objects import GitObjects
from deploytool.adapters.git.patches import equivalent_of
from deploytool.adapters.git.process import Git, GitFailed
from deploytool.adapters.git.view import View
from deploytool.domain.graph import Reach
from deploytool.domain.tree import Tree
from deploytool.errors import RepositoryError

BETWEEN = "--deploytool-next"  # rev-parse repeats what it does not know; a folder's name may hold a line end
HEX = re.compile(r"[0-9a-f]{7,64}")
NOT_READ = re.compile(r"@\{|:\.{1,2}/")  # in names of commits


class Commit(NamedTuple):
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    committed_at: datetime
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What one `rev-parse` says about where we are."""

    top: Path
    git_dir: Path
    common_dir: Path
    shallow: bool
    bare: bool
    id_length: int

    @property
    def partial(self) -> bool:
        """Was it cloned with a filter? Then trees or blobs may be missing and nothing is wrong."""
        return next((self.common_dir / "objects" / "pack").glob("*.promisor"), None) is not None


class Repository:
    """One git repository. Raises RepositoryError, with the command that helps, when it cannot be read."""

    def __init__(self, folder: Path, *, cache: Path | None = None) -> None:
        self.facts = _facts_of(Git(folder))
        self._view = View(self.facts.git_dir, self.facts.common_dir, id_length=self.facts.id_length, cache=cache)
        self.git = Git(self._view.folder)
        self.git.started = 1  # the one that told the facts
        self.objects = GitObjects(self.git, id_bytes=self.facts.id_length // 2)
        self.cache = FactCache(cache)
        self._boundary: frozenset[str] | None = None

    def close(self) -> None:
        self.objects.close()
        self.cache.close()
        self._view.close()

    @property
    def boundary(self) -> frozenset[str]:
        """Commits whose parents a shallow clone left out."""
        if self._boundary is None:
            file = self.facts.common_dir / "shallow"
            self._boundary = frozenset(file.read_text("ascii").split()) if self.facts.shallow else frozenset()
        return self._boundary

    def target(self, ref: str | None) -> tuple[str, str]:
        """(name, commit id) of what should be live: `ref`, else origin/HEAD, else HEAD."""
        names = [ref] if ref else ["refs/remotes/origin/HEAD", "HEAD"]
        for name, found in zip(names, self.objects.ask([f"{name}^{{commit}}" for name in names]), strict=True):
            if found is not None and found.kind == "commit":
                return name.removeprefix("refs/remotes/"), found.oid
        if ref:
            raise RepositoryError(
                f"The target {ref!r} is not a commit in {self.facts.top}.",
                hint=f"Fetch it (git fetch origin {ref}) or change [project] target in services.toml.",
            )
        raise RepositoryError(
            f"{self.facts.top} has no commit yet.",
            hint="Make the first commit, or name a target in services.toml: [project] target.",
        )

    def trees(self, commits: Iterable[str]) -> dict[str, Tree]:
        """The root tree of each commit that is here, in one wave."""
        wanted = list(dict.fromkeys(commits))
        trees: dict[str, Tree] = {}
        for commit, found in zip(wanted, self.objects.ask([f"{commit}^{{tree}}" for commit in wanted]), strict=True):
            if found is not None and found.kind == "tree":
                self.objects.learn(found)
                trees[commit] = Tree(self.objects, found.oid)
        return trees

    def commits(self, shas: Iterable[str]) -> dict[str, Commit]:
        """Author, date and subject of each commit that is here, in one wave."""
        wanted = list(dict.fromkeys(shas))
        return {
            sha: _commit_of(answer.oid, answer.content)
            for sha, answer in zip(wanted, self.objects.ask(wanted), strict=True)
            if answer is not None and answer.kind == "commit"
        }

    def resolve(self, values: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """The commits each lower-case hex value (7 or more digits) can mean; none, one, or several.

        Expanded by object id only: a branch or tag that has the name of the value plays no part.
        """
        wanted = [value for value in dict.fromkeys(values) if HEX.fullmatch(value)]
        full = self.facts.id_length
        ids = {value: [value] for value in wanted if len(value) == full}
        short = [value for value in wanted if len(value) < full]
        if short:
            out = self.git.run(["rev-parse", *(f"--disambiguate={value}" for value in short)]).decode("ascii").split()
            ids |= {value: [oid for oid in dict.fromkeys(out) if oid.startswith(value)] for value in short}
        every = list(dict.fromkeys(oid for found in ids.values() for oid in found))
        answers = self.objects.ask([f"{oid}^{{commit}}" for oid in every])
        commits = {oid for oid, answer in zip(every, answers, strict=True) if answer is not None and answer.oid == oid}
        return {value: tuple(oid for oid in ids.get(value, ()) if oid in commits) for value in wanted}

    def fetched(self, cache: Path, missing: Sequence[str], commits: Sequence[str]) -> Path:
        """A bare repository with this one's objects and the `missing` commits, from the user's own remote.

        What describes an image is fetched for those and for `commits`.
        """
        from deploytool.adapters.git.fetch import store_with

        return store_with(self.facts, cache, missing, commits)

    def explore(self, tips: Sequence[str], pathspec: Sequence[str] = ()) -> Exploration:
        """Who reaches whom, and what the commits touch that not all tips reach.

        A commit whose parents are cut off is not asked about: it would seem to have made every file, here and,
        once remembered, in every other clone.
        """
        return explore(self.git, tips, self.cache, self.boundary, pathspec)

    def reach(self, tips: Sequence[str]) -> Reach:
        """Who reaches whom."""
        return reach_from(self.git, tips, whole=self.facts.shallow)

    def named(self, name: str) -> str | None:
        """The commit that a person means by a branch, a tag, an id or any other name of git's; None for other text.

        A name that needs the reflog, the configuration or a working folder (`@{upstream}`) is other text: none of them
        is read, and git ends when it misses them.
        """
        if NOT_READ.search(name):
            return None
        (found,) = self.objects.ask([f"{name}^{{commit}}"])
        return found.oid if found is not None and found.kind == "commit" else None

    def names(self) -> tuple[str, ...]:
        """Branches, tags and branches of remotes, as a person types them."""
        said = self.git.run(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads", "refs/tags", "refs/remotes"])
        return tuple(name for name in os.fsdecode(said).splitlines() if not name.endswith("/HEAD"))

    def has_origin(self) -> bool:
        from deploytool.adapters.git.remote import has_origin

        return has_origin(self.facts.git_dir)

    def last_change(self, tip: str, path: str) -> str | None:
        """The newest commit of `tip`'s history that changed `path`; None for what cannot be a path in git.

        Raises RepositoryError when it lies beyond the edge of a shallow clone.
        """
        if not all(part not in ("", ".", "..") for part in path.split("/")):
            return None
        found = last_change_of(self.git, tip, path)
        if found in self.boundary:
            raise RepositoryError(
                f"The last change of {path} lies beyond the edge of this shallow clone.", hint="git fetch --unshallow"
            )
        return found

    def saying(self, tip: str, text: str, limit: int) -> tuple[str, ...]:
        """Commits of `tip`'s history whose message contains `text`, newest first."""
        return commits_saying(self.git, tip, text, limit)

    def equivalent(self, commit: str, tip: str) -> str | None:
        """A commit of `tip`'s history with the same patch as `commit`: picked, rebased, or squashed with its branch.

        Raises Incomparable when contents that would tell are not in this clone.
        """
        return equivalent_of(self.git, commit, tip, self.touched)

    def touched(self, commits: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The paths that each commit changes, or for a merge those in which it differs from all its parents.

        A commit whose parents are cut off has no entry.
        """
        return touched_by(self.git, [one for one in commits if one not in self.boundary], self.cache)

    def uncommitted(self, context: str) -> tuple[str, ...]:
        """What the work tree has and HEAD has not; of files that git does not track, those below `context`.

        () in a bare repository, which has no work tree.
        """
        from deploytool.adapters.git.worktree import changes_in

        if self.facts.bare:
            return ()
        return changes_in(self.facts.top, self.facts.git_dir, self._view.folder, context)

    def remote_branches(self, commit: str | None = None) -> tuple[str, ...]:
        """Branches of remotes as this clone last saw them; with `commit`, those that have it."""
        wanted = [f"--contains={commit}"] if commit else []
        said = self.git.run(["for-each-ref", "--format=%(refname:lstrip=2)", *wanted, "refs/remotes"])
        return tuple(name for name in os.fsdecode(said).splitlines() if not name.endswith("/HEAD"))

    def has_in_history(self, tip: str, commit: str) -> bool:
        """Is `commit` in the history of `tip`, or `tip` itself?"""
        return commit == tip or self.reach([tip, commit]).reaches(0, commit)

    def restorers(self, deployed: str, target: str, paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
        return restorers_of(self.git, deployed, target, paths)


def _facts_of(git: Git) -> Facts:
    asked = ["rev-parse", "--is-bare-repository", "--is-shallow-repository", "--show-object-format", BETWEEN,
             "--absolute-git-dir", BETWEEN, "--git-common-dir", BETWEEN, "--show-cdup"]  # fmt: skip
    try:
        said = os.fsdecode(git.run(asked, deadline=30))
    except GitFailed as failure:
        raise _refusal_of(git.folder, failure) from failure
    plain, git_dir, common, up = (part.removesuffix("\n") for part in said.split(f"{BETWEEN}\n"))
    bare, shallow, algorithm = plain.split("\n")
    common_dir = Path(common) if Path(common).is_absolute() else git.folder / common
    top = Path(git_dir) if bare == "true" else (git.folder / up).resolve()
    return Facts(top, Path(git_dir), common_dir, shallow == "true", bare == "true", 64 if algorithm == "sha256" else 40)


def _refusal_of(folder: Path, failure: GitFailed) -> RepositoryError:
    if "dubious ownership" in failure.stderr:
        return RepositoryError(
            f"git refuses {folder}: it belongs to another user.",
            hint=f"If you trust it: git config --global --add safe.directory {folder.resolve()}",
        )
    if "not a git repository" in failure.stderr:
        return RepositoryError(
            f"{folder} is not in a git repository.",
            hint="Name the repository with --repository DIR, or in services.toml: [project] repository.",
        )
    return failure


def _commit_of(sha: str, content: bytes) -> Commit:
    head, _, body = content.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        fields.setdefault(name, []).append(value)
    message = body.decode("utf-8", "replace")
    author = fields.get(b"author", [b""])[0].rsplit(b" <", 1)[0].decode("utf-8", "replace")
    parents = tuple(parent.decode("ascii") for parent in fields.get(b"parent", []))
    return Commit(
        sha, fields[b"tree"][0].decode("ascii"), parents, author,
        _when(fields.get(b"committer", [b""])[0]), _subject(message), message,
    )  # fmt: skip


def _subject(message: str) -> str:
    """The first paragraph on one line, as git shows it."""
    paragraph = message.lstrip("\n").split("\n\n", 1)[0]
    return " ".join(paragraph.split("\n")).strip()


def _when(signature: bytes) -> datetime:
    """The committer's time; a date that no calendar has becomes the epoch, as git prints it."""
    words = signature.rsplit(b" ", 2)
    try:
        return datetime.fromtimestamp(int(words[1]), UTC)
    except (IndexError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
