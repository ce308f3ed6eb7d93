"""Items of a list in Markdown that several reports have: commits, their files, what is said beside a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from deploytool.domain.report import CommitNote, FileChange, LookError, Remark, ServiceDrift, Unmanaged
from deploytool.render.age import age
from deploytool.render.markdown_text import code, prose
from deploytool.render.wording import (
    MOST_COMMITS,
    MOST_FILES,
    chain_of,
    counted,
    reaching_first,
    short,
    unexplained_of,
    unmanaged_of,
)


def history_items(service: ServiceDrift, now: datetime) -> list[str]:
    """The commits with their files, then the files that no commit explains."""
    lines: list[str] = []
    for commit in service.commits[:MOST_COMMITS]:
        lines += [f"- {commit_said(commit, now)}", *(f"  {line}" for line in file_items(commit.files))]
    if len(service.commits) > MOST_COMMITS:
        lines.append(f"- and {counted(len(service.commits) - MOST_COMMITS, 'more commit')}")
    why, files = unexplained_of(service)
    return [*lines, f"- {why}:", *(f"  {line}" for line in file_items(files))] if files else lines


def commit_said(commit: CommitNote, now: datetime) -> str:
    parts = [code(short(commit.sha)), age(commit.committed_at, now), code(commit.author), code(commit.subject)]
    return " ".join(part for part in parts if part)


def file_items(files: Sequence[FileChange], most: int = MOST_FILES) -> list[str]:
    lines = [f"- {file.relevance}: {file_said(file)}" for file in reaching_first(files)[:most]]
    return [*lines, f"- and {counted(len(files) - most, 'more file')}"] if len(files) > most else lines


def file_said(file: FileChange) -> str:
    """The path, the chain of imports and the note."""
    *importers, path = chain_of(file)
    chain = f" from {' → '.join(code(step) for step in importers)}" if importers else ""
    note = f" ({prose(file.note)})" if file.note.strip() else ""
    return f"{code(path)}{chain}{note}"


def beside(errors: Sequence[LookError], unmanaged: Sequence[Unmanaged], remarks: Sequence[Remark]) -> str:
    lines = []
    for error in errors:
        where = f" at {code(error.region)}" if error.region else ""
        lines.append(f"- **could not look**{where}: {prose(error.message)}")
    if unmanaged:
        lines.append(f"- {prose(unmanaged_of(unmanaged))}")
    for remark in remarks:
        hint = f" (hint: {code(remark.hint)})" if remark.hint else ""
        lines.append(f"- remark: {prose(remark.message)}{hint}")
    return "\n".join(lines)
