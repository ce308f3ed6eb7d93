"""History in one sweep: while `rev-list` tells who reaches whom, `diff-tree` already tells what each commit touched."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO

from deploytool.adapters.git.cache import FactCache
from deploytool.adapters.git.history import Rows, records
from deploytool.adapters.git.process import Git, GitFailed, end
from deploytool.domain.graph import Reach

PATHSPEC_LIMIT = 24  # matching is linear per path: beyond this a pathspec costs more than it saves
PIECE = 512  # commits that are looked up or asked for together
MOST_EXAMINED = 10_000  # commits whose paths are told; a range that goes further is counted as "at least"

DIFF_TREE = (
    "diff-tree", "--stdin", "-r", "-z", "-c", "--raw", "--abbrev=7", "--root", "--always", "--no-renames",
    "--no-ext-diff", "--no-textconv", "--ignore-submodules=none",
)  # fmt: skip


@dataclass(slots=True)
class Exploration:
    """Who reaches whom, and per commit that not all tips reach the paths it touches.

    For a merge, `touched` holds the paths in which it differs from all its parents. A commit without an entry was
    not examined, because there were too many.
    """

    reach: Reach
    touched: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: bool = True  # False: git could not compare a commit with its parents, as in a clone without all trees


def reach_from(git: Git, tips: Sequence[str], *, whole: bool = False) -> Reach:
    """Only who reaches whom; the `whole` history when early answers could be wrong."""
    reach = Reach(tuple(dict.fromkeys(tips)))
    for _ in _open_commits(git, reach, whole=whole):
        pass
    return reach


def touched_by(git: Git, commits: Sequence[str], cache: FactCache) -> dict[str, tuple[str, ...]]:
    """Only what these commits touch, as far as MOST_EXAMINED goes. Raises GitFailed."""
    told = _Told(git, cache, ())
    try:
        for commit in commits:
            told.ask(commit)
        return told.all()
    finally:
        told.close()


def explore(
    git: Git,
    tips: Sequence[str],
    cache: FactCache,
    boundary: frozenset[str] = frozenset(),
    pathspec: Sequence[str] = (),
) -> Exploration:
    """Read history from all tips until nothing that matters can follow. Raises GitFailed when it has holes.

    `boundary` holds the commits at which a shallow clone ends: then the whole history is read, and they touch nothing.
    A pathspec of few paths spares git work, but then only those paths are told and nothing is remembered.
    """
    found = Exploration(Reach(tuple(dict.fromkeys(tips))))
    telling = _Told(git, cache, pathspec if len(pathspec) <= PATHSPEC_LIMIT else ())
    try:
        for commit in _open_commits(git, found.reach, whole=bool(boundary)):
            if commit not in boundary:
                telling.ask(commit)
        found.touched = telling.all() | dict.fromkeys(boundary & found.reach.rows.keys(), ())
    except DiffFailed:
        found.told = False
    finally:
        telling.close()
    return found


def _open_commits(git: Git, reach: Reach, *, whole: bool) -> Iterator[str]:
    """Run `rev-list` over the tips of `reach` into it; yields the commits that not all tips reach."""
    with (
        tempfile.TemporaryFile() as complaints,
        git.process(["rev-list", "--parents", "--stdin"], stderr=complaints) as running,
    ):
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write("".join(f"{tip}\n" for tip in reach.tips).encode())
        running.stdin.close()
        running.stdin = None
        rows = Rows(running.stdout)
        yield from reach.read(rows, whole=whole)
        if rows.ended and running.wait():
            raise GitFailed(["rev-list"], running.returncode, said_in(complaints))


def said_in(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read(8192).decode("utf-8", "replace")


class DiffFailed(GitFailed):
    """`diff-tree` gave up half-way."""


class _Told:
    """What commits touch: from the cache, else from one `diff-tree` that answers while we go on asking."""

    def __init__(self, git: Git, cache: FactCache, pathspec: Sequence[str]) -> None:
        self._git, self._cache, self._pathspec = git, cache, tuple(pathspec)
        self._waiting: list[str] = []
        self._asked = 0
        self._known: dict[str, tuple[str, ...]] = {}
        self._fresh: dict[str, tuple[str, ...]] = {}
        self._running: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process

    def ask(self, commit: str) -> None:
        if self._asked >= MOST_EXAMINED:
            return
        self._asked += 1
        self._waiting.append(commit)
        if len(self._waiting) >= PIECE:
            self._send()

    def all(self) -> dict[str, tuple[str, ...]]:
        """Every answer, once git has given the last one. Raises GitFailed."""
        self._send()
        if self._running is not None and self._reader is not None:
            assert self._running.stdin is not None
            self._running.stdin.close()
            self._reader.join()
            self._running.stdin = None
            if self._running.wait():
                raise DiffFailed(["diff-tree"], self._running.returncode, said_in(self._complaints))
        if not self._pathspec:
            self._cache.keep_touched(self._fresh)
        return self._known | self._fresh

    def close(self) -> None:
        if self._running is not None:
            end(self._running)
        self._complaints.close()

    def _send(self) -> None:
        known = {} if self._pathspec else self._cache.touched(self._waiting)
        self._known |= known
        missing = [commit for commit in self._waiting if commit not in known]
        self._waiting = []
        if not missing:
            return
        try:
            stdin = self._diff_tree().stdin
            assert stdin is not None
            stdin.write("".join(f"{commit}\n" for commit in missing).encode())
            stdin.flush()
        except OSError:  # git went away; its exit status tells why
            return

    def _diff_tree(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            args = [*DIFF_TREE, *(("--", *self._pathspec) if self._pathspec else ())]
            self._running = self._git.start(args, stderr=self._complaints)
            self._reader = threading.Thread(target=self._read, args=(self._running.stdout,), daemon=True)
            self._reader.start()
        return self._running

    def _read(self, stdout: object) -> None:
        for commit, paths in records(stdout):
            self._fresh[commit] = paths
