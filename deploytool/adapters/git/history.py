"""Reading what git prints of history, and the questions about single commits."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from deploytool.adapters.git.process import Git, GitFailed


class Rows:
    """Lines of `rev-list --parents`, read in large pieces; remembers whether the end was seen."""

    def __init__(self, stdout: object) -> None:
        self._stdout = stdout
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        rest = ""
        while piece := self._stdout.read1(1 << 16):  # type: ignore[attr-defined]
            lines = (rest + piece.decode("ascii")).split("\n")
            rest = lines.pop()
            yield from lines
        if rest:
            yield rest
        self.ended = True


def records(stdout: object) -> Iterator[tuple[str, tuple[str, ...]]]:
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
    for commit, changed in records(io.BytesIO(git.run(args))):
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
