"""From chapters to the stream that `git fast-import` reads: the same bytes, so the same commit ids, everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploytool.sandbox.chapters import MAIN, BrokenStory, Chapter, Edit, File

Files = dict[str, File]


@dataclass(frozen=True, slots=True)
class Commit:
    """A chapter with its place in the graph; numbers count commits from 1."""

    number: int
    parents: tuple[int, ...]
    chapter: Chapter
    changed: Mapping[str, File]  # against the first parent


@dataclass(slots=True)
class Branch:
    """Where a branch stands while the story is told."""

    tip: int  # 0 before the first commit
    files: Files
    forked_from: Files


def commits_of(chapters: Iterable[Chapter]) -> tuple[Commit, ...]:
    """Tell the chapters one after the other. A branch forks from main where it first appears."""
    branches = {MAIN: Branch(0, {}, {})}
    commits: list[Commit] = []
    for number, chapter in enumerate(chapters, start=1):
        main = branches[MAIN]
        branch = branches.setdefault(chapter.branch, Branch(main.tip, dict(main.files), dict(main.files)))
        merged = branches.pop(chapter.merges) if chapter.merges else None
        changed = brought_by(chapter, merged, branch) if merged else changes_of(chapter, branch.files)
        parents = tuple(tip for tip in (branch.tip, merged.tip if merged else 0) if tip)
        commits.append(Commit(number, parents, chapter, changed))
        branch.files.update(changed)
        branch.tip = number
    if len(branches) > 1:
        raise BrokenStory(f"never merged: {', '.join(sorted(branches.keys() - {MAIN}))}")
    return tuple(commits)


def changes_of(chapter: Chapter, files: Files) -> Files:
    """The files as the chapter leaves them, for those that it touches."""
    changed = dict(chapter.files)
    for edit in chapter.edits:
        before = changed.get(edit.path) or files.get(edit.path)
        if before is None:
            raise BrokenStory(f"{chapter.name}: edits {edit.path}, which is not there")
        changed[edit.path] = edited(chapter.name, before, edit)
    return changed


def edited(name: str, before: File, edit: Edit) -> File:
    """Whole lines only: a line feed in front keeps `edit.was` from matching the end of a longer line."""
    text = "\n" + before.content.decode()
    if text.count("\n" + edit.was) != 1:
        raise BrokenStory(f"{name}: the lines to edit do not stand exactly once in {edit.path}")
    return File(before.mode, text.replace("\n" + edit.was, "\n" + edit.becomes)[1:].encode())


def brought_by(chapter: Chapter, merged: Branch, into: Branch) -> Files:
    """What a merge brings: all that its branch changed, none of which changed on the other side meanwhile."""
    brought = {path: file for path, file in merged.files.items() if merged.forked_from.get(path) != file}
    for path in brought:
        if into.files.get(path) != merged.forked_from.get(path):
            raise BrokenStory(f"{chapter.name}: {path} changed on both sides")
    return brought


def stream_of(commits: Iterable[Commit]) -> bytes:
    """The whole history for `git fast-import --done`; every commit is reached from main alone."""
    return b"".join(command_of(commit) for commit in commits) + b"done\n"


def command_of(commit: Commit) -> bytes:
    told = commit.chapter
    when = f"{int(told.told_at.timestamp())} {told.told_at.strftime('%z')}"
    parts = [f"commit refs/heads/{MAIN}\nmark :{commit.number}\n".encode()]
    parts += [f"{role} {told.author} {when}\n".encode() for role in ("author", "committer")]
    parts.append(data(told.message.encode()))
    parts += [f"{word} :{at}\n".encode() for word, at in zip(("from", "merge"), commit.parents, strict=False)]
    for path, file in sorted(commit.changed.items()):
        parts += [f"M {file.mode:o} inline {path}\n".encode(), data(file.content)]
    return b"".join(parts)


def data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
