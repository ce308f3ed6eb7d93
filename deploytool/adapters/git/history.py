"""The two streams of history: who reaches whom, and what each commit touched."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator, Sequence

from deploytool.adapters.git.cache import FactCache
from deploytool.adapters.git.process import Git, GitFailed
from deploytool.domain.graph import Reach, reach_of

PATHSPEC_LIMIT = 24  # matching is linear per path: beyond this a pathspec costs more than it saves


def reach_from(git: Git, tips: Sequence[str], *, whole: bool = False) -> Reach:
    """One `rev-list` over all tips, read until nothing that matters can follow, or to its end."""
    with (
        tempfile.TemporaryFile() as complaints,
        git.process(["rev-list", "--parents", "--stdin"], stderr=complaints) as running,
    ):
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write("".join(f"{tip}\n" for tip in dict.fromkeys(tips)).encode())
        running.stdin.close()
        running.stdin = None
        rows = _Rows(running.stdout)
        reach = reach_of(tips, rows, whole=whole)
        if rows.ended and running.wait():
            complaints.seek(0)
            raise GitFailed(["rev-list"], running.returncode, complaints.read(8192).decode("utf-8", "replace"))
    return reach


class _Rows:
    """Lines of `rev-list --parents` as lists of ids; remembers whether the end was seen."""

    def __init__(self, lines: object) -> None:
        self._lines = lines
        self.ended = False

    def __iter__(self) -> Iterator[list[str]]:
        for line in self._lines:  # type: ignore[attr-defined]
            yield line.decode("ascii").split()
        self.ended = True


def touched_by(
    git: Git, commits: Sequence[str], cache: FactCache, pathspec: Sequence[str] = ()
) -> dict[str, tuple[str, ...]]:
    """The paths that each commit changes; for a merge, those in which it differs from all its parents.

    With a pathspec only paths below it are told and nothing is cached. Raises GitFailed when git stops early.
    """
    if len(pathspec) > PATHSPEC_LIMIT:
        pathspec = ()
    known = {} if pathspec else cache.touched(commits)
    missing = [commit for commit in commits if commit not in known]
    if missing:
        fresh = dict(_touched(git, missing, pathspec))
        if not pathspec:
            cache.keep_touched(fresh)
        known |= fresh
    return known


def _touched(git: Git, commits: Sequence[str], pathspec: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    args = [
        "diff-tree", "--stdin", "-r", "-z", "-c", "--raw", "--abbrev=7", "--root", "--always", "--no-renames",
        "--no-ext-diff", "--no-textconv", "--ignore-submodules=none",
    ]  # fmt: skip
    if pathspec:
        args += ["--", *pathspec]
    with tempfile.TemporaryFile() as complaints, git.process(args, stderr=complaints) as running:
        assert running.stdin is not None and running.stdout is not None
        feeder = threading.Thread(target=_feed, args=(running.stdin, commits), daemon=True)
        feeder.start()
        yield from _records(running.stdout)
        feeder.join()
        running.stdin = None
        if running.wait():
            complaints.seek(0)
            raise GitFailed(["diff-tree"], running.returncode, complaints.read(8192).decode("utf-8", "replace"))


def _feed(stdin: object, commits: Sequence[str]) -> None:
    try:
        stdin.write("".join(f"{commit}\n" for commit in commits).encode())  # type: ignore[attr-defined]
        stdin.close()  # type: ignore[attr-defined]
    except OSError:  # git went away; its exit status tells why
        return


def _records(stdout: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(commit, paths) from `-z --raw`: a commit id, then pairs of `:modes ids status` and a path."""
    commit, paths, is_path = "", [], False
    rest = b""
    while chunk := stdout.read1(1 << 20):  # type: ignore[attr-defined]
        tokens = (rest + chunk).split(b"\0")
        rest = tokens.pop()
        for token in tokens:
            if is_path:
                paths.append(token.decode("utf-8", "surrogateescape"))
                is_path = False
            elif token.lstrip(b"\n").startswith(b":"):
                is_path = True
            else:
                if commit:
                    yield commit, tuple(paths)
                commit, paths = token.decode("ascii").strip(), []
    if commit:
        yield commit, tuple(paths)


def restorers_of(git: Git, deployed: str, target: str, paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Merges between the two commits that took one side whole, with those of `paths` that they changed that way.

    For a change that no single commit shows; newest first.
    """
    args = ["log", "--full-history", "--ancestry-path", "-m", "--raw", "-z", "--abbrev=7", "--format=%H",
            "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", "--max-count=50",
            "--end-of-options", f"{deployed}..{target}", "--", *paths]  # fmt: skip
    found: dict[str, tuple[str, ...]] = {}
    for commit, changed in _records(io.BytesIO(git.run(args))):
        found[commit] = tuple(dict.fromkeys((*found.get(commit, ()), *changed)))
    return found


def last_change_of(git: Git, tip: str, path: str) -> str | None:
    """The newest commit of `tip`'s history that changed `path`; None when none did."""
    out = git.run(["rev-list", "--max-count=1", "--end-of-options", tip, "--", path])
    return out.decode("ascii").strip() or None


def commits_saying(git: Git, tip: str, text: str, limit: int) -> tuple[str, ...]:
    """Commits of `tip`'s history whose message contains `text`, whatever the case, newest first."""
    if "\n" in text:  # git would look for any one of the lines
        return ()
    out = git.run(
        ["rev-list", f"--max-count={limit}", "--regexp-ignore-case", "--fixed-strings", f"--grep={text}",
         "--end-of-options", tip]
    )  # fmt: skip
    return tuple(out.decode("ascii").split())


def merge_base_of(git: Git, one: str, other: str) -> str | None:
    """The best common ancestor of two commits; None when they share none."""
    try:
        return git.run(["merge-base", "--end-of-options", one, other]).decode("ascii").split()[0]
    except (GitFailed, IndexError):
        return None
