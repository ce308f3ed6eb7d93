"""`deploytool config check` and `config schema`: every mistake in services.toml, and what may be written there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploytool.config import schema_text
from deploytool.errors import ExitCode, RepositoryError
from deploytool.render.screen import say
from deploytool.render.text import printable

if TYPE_CHECKING:
    from deploytool.app import App


def check(app: App) -> ExitCode:
    """2 when the file has mistakes; remarks about the repository alone are 0."""
    from deploytool.detect.coverage import FETCH, coverage_of, unowned_in

    config = app.config
    ref, target = app.repository.target(config.project.target)
    try:
        tree = app.repository.trees([target])[target]
        remarks = coverage_of(config, tuple(config.services.values()), tree, {})
        unowned = unowned_in(config, tree)
    except KeyError as absent:
        raise RepositoryError(f"The content of the target {ref} is not in this clone.", hint=FETCH) from absent
    for remark in (*remarks, *unowned):
        say(printable(f"remark: {remark.message}"))
        if remark.hint:
            say(printable(f"  hint: {remark.hint}"))
    say(printable(f"{config.file.name}: {len(config.services)} services, no mistakes, against {ref} {target[:8]}"))
    return ExitCode.CLEAN


def schema(app: App) -> ExitCode:
    """The JSON Schema, on stdout."""
    say(schema_text())
    return ExitCode.CLEAN
