"""Commits on a terminal, each with what it changed: who, when, what; long lists are cut, and say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from deploytool.domain.report import CommitNote, FileChange, ServiceDrift
from deploytool.render.age import age
from deploytool.render.sheet import View, hanging, joined, words
from deploytool.render.wording import MOST_COMMITS, MOST_FILES, chain_of, counted, reaching_first, short, unexplained_of

AUTHOR_WIDTH = 20
FILE_INDENT = "    "  # under the commit, and early enough for long paths on 80 columns

FilesDrawn = Callable[[Sequence[FileChange], View], list[Text]]


def history_lines(service: ServiceDrift, view: View, drawn: FilesDrawn) -> list[Text]:
    """The commits that tell what serves from the target, with their files `drawn`, then what no commit explains."""
    lines: list[Text] = []
    shown = service.commits[:MOST_COMMITS]
    ages = max((len(age(commit.committed_at, view.now)) for commit in shown), default=0)
    authors = max((_author(commit).cell_len for commit in shown), default=0)
    for commit in shown:
        lines += commit_lines(commit, view, ages, authors)
        lines += drawn(commit.files, view)
    if len(service.commits) > len(shown):
        more = counted(len(service.commits) - len(shown), "more commit")
        lines.append(words(f"and {more}: --format json lists them all", "dim"))
    why, files = unexplained_of(service)
    if files:
        lines += hanging(Text(), words(f"{why}:"), view.width)
        lines += drawn(files, view)
    return lines


def commit_lines(commit: CommitNote, view: View, ages: int = 0, authors: int = 0) -> list[Text]:
    """One commit; `ages` and `authors` are the widths of those columns among its neighbours."""
    style = "" if commit.relevance.reaches else "dim"
    author = _author(commit)
    padded = joined(author, " " * (max(authors - author.cell_len, 0) + 2))
    sha = words(short(commit.sha), "cyan" if commit.relevance.reaches else "dim")
    prefix = joined(sha, "  ", words(f"{age(commit.committed_at, view.now):<{ages}}  ", "dim"), padded)
    subject = words(commit.subject, style)
    if view.width is not None and view.width - prefix.cell_len < 24:  # a narrow terminal: the subject gets its own line
        prefix.rstrip()
        return [*hanging(Text(), prefix, view.width), *hanging(words(FILE_INDENT), subject, view.width)]
    return hanging(prefix, subject, view.width)


def _author(commit: CommitNote) -> Text:
    author = words(commit.author)
    if author.cell_len > AUTHOR_WIDTH:
        author.truncate(AUTHOR_WIDTH - 3, overflow="crop")
        author = joined(author, "...")
    return author


def file_lines(files: Sequence[FileChange], view: View) -> list[Text]:
    """A line for each file, with the chain of imports and the note beneath it."""
    lines: list[Text] = []
    shown = reaching_first(files)[:MOST_FILES]
    widest = max((len(file.relevance) for file in shown), default=0)
    for file in shown:
        style = "" if file.relevance.reaches else "dim"
        prefix = words(f"{FILE_INDENT}{file.relevance:<{widest}}  ", style or "dim")
        lines += hanging(prefix, words(file.path, style), view.width)
        under = words(" " * prefix.cell_len)
        *importers, _ = chain_of(file)
        if importers:
            lines += hanging(under, words(f"from {view.arrow.join(importers)}", "dim"), view.width)
        if file.note:
            lines += hanging(under, words(file.note, "dim"), view.width)
    return [*lines, *more_files(files)]


def more_files(files: Sequence[FileChange], most: int = MOST_FILES) -> list[Text]:
    """What is said below a list of files that was cut at `most`."""
    if len(files) <= most:
        return []
    return [words(f"{FILE_INDENT}and {counted(len(files) - most, 'more file')}", "dim")]
