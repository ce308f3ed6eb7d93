"""What `drift --verbose` says under a service: where it stands, then each commit with its files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from deploytool.domain.report import CommitNote, FileChange, ServiceDrift, ServingRow, Source, Verdict
from deploytool.render.age import age, clock_time
from deploytool.render.sheet import View, hanging, joined, words
from deploytool.render.wording import counted, short, unexplained_of

MOST_COMMITS = 50  # a terminal is for reading; --format json has all of them
MOST_FILES = 20
AUTHOR_WIDTH = 20
FILE_INDENT = "    "  # under the commit, and early enough for long paths on 80 columns


def detail_lines(service: ServiceDrift, view: View) -> list[Text]:
    """Lines that fit the view; none for a service about which there is nothing more to say."""
    if service.verdict is Verdict.CURRENT and not (service.commits or service.conflicts or service.hint):
        return []
    lines = _standing(service, view)
    shown = service.commits[:MOST_COMMITS]
    ages = max((len(age(commit.committed_at, view.now)) for commit in shown), default=0)
    authors = max((_author(commit).cell_len for commit in shown), default=0)
    for commit in shown:
        lines += _commit_lines(commit, view, ages, authors)
        lines += _file_lines(commit.files, view)
    if len(service.commits) > len(shown):
        more = counted(len(service.commits) - len(shown), "more commit")
        lines.append(words(f"and {more}: --format json lists them all", "dim"))
    why, files = unexplained_of(service)
    if files:
        lines += hanging(Text(), words(f"{why}:"), view.width)
        lines += _file_lines(files, view)
    return lines


def _standing(service: ServiceDrift, view: View) -> list[Text]:
    said = [("serves", _revision(row, view.now)) for row in service.revisions]
    said += [("conflict", conflict) for conflict in service.conflicts]
    said += [("hint", service.hint)] if service.hint else []
    return [line for label, text in said for line in hanging(words(f"{label:<10}", "dim"), words(text), view.width)]


def _revision(row: ServingRow, now: datetime) -> str:
    deployed = f", deployed {clock_time(row.deployed_at)} ({age(row.deployed_at, now)})" if row.deployed_at else ""
    known = "commit not known" if row.source is Source.NONE else f"commit by {row.source}"
    tags = f", tagged {', '.join(row.tags)}" if row.tags else ""
    return f"{row.name or 'unnamed revision'}{deployed}, {known}{tags}"


def _commit_lines(commit: CommitNote, view: View, ages: int, authors: int) -> list[Text]:
    style = "" if commit.relevance.reaches else "dim"
    author = _author(commit)
    padded = joined(author, " " * (authors - author.cell_len + 2))
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


def _file_lines(files: Sequence[FileChange], view: View) -> list[Text]:
    lines: list[Text] = []
    widest = max((len(file.relevance) for file in files[:MOST_FILES]), default=0)
    for file in files[:MOST_FILES]:
        style = "" if file.relevance.reaches else "dim"
        prefix = words(f"{FILE_INDENT}{file.relevance:<{widest}}  ", style or "dim")
        lines += hanging(prefix, words(file.path, style), view.width)
        if len(file.chain) > 1:
            arrow = " → " if view.symbols else " -> "
            chain = words(f"from {arrow.join(file.chain[:-1])}", "dim")
            lines += hanging(words(" " * prefix.cell_len), chain, view.width)
    if len(files) > MOST_FILES:
        lines.append(words(f"{FILE_INDENT}and {counted(len(files) - MOST_FILES, 'more file')}", "dim"))
    return lines
