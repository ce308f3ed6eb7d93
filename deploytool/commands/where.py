"""`deploytool where`: which services serve a commit, the last change of a path, or commits that say something."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from deploytool.detect.beside import asked_beside
from deploytool.detect.serving import declared_in
from deploytool.detect.where import answers_of, asked
from deploytool.domain.report import Contains, LookError, WhereReport
from deploytool.errors import ExitCode, UsageError
from deploytool.render import Format

if TYPE_CHECKING:
    from deploytool.app import App


def run(app: App, *, question: str, format: Format, fleet: Sequence[str]) -> ExitCode:
    """0 when every service serves it, 1 when one does not, 3 when one could not be told."""
    tables = app.config.select([])
    reader = app.fleet_reader(fleet)
    with asked_beside(partial(reader.fleet, dated=True)) as answer:
        repository = app.repository
        _, target = repository.target(app.config.project.target)
        kind, commits = asked(repository, target, question)
        found = answer()
    if not commits:
        raise UsageError(
            f"Nothing in the history of the target is called, holds or says {question!r}.",
            hint="Give a commit, a path from the repository's root, or words of a commit message.",
        )
    declared = declared_in(app.config, tables, found, repository, reader.history)
    report = WhereReport(
        generated_at=app.now(),
        question=question,
        asked_as=kind,
        answers=answers_of(repository, declared, commits),
        errors=tuple(LookError(gone.region, gone.message) for gone in found.unreachable),
    )
    app.say(report, format)
    return _code(report)


def _code(report: WhereReport) -> ExitCode:
    answers = [row.contains for answer in report.answers for row in answer.rows]
    if Contains.NO in answers:
        return ExitCode.FINDINGS
    return ExitCode.UNDETERMINED if Contains.UNKNOWN in answers or not answers else ExitCode.CLEAN
