"""services.toml as one commit says it: the values, or its mistakes as findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploytool.config import Config, read
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.links import resolve
from deploytool.domain.tree import Tree
from deploytool.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Told:
    config: Config | None  # None: there is no such file, or it has mistakes
    findings: tuple[Finding, ...] = ()
    there: bool = True


def told_at(tree: Tree, path: str, file: Path, repository: Path) -> Told:
    """services.toml at `path` of a tree; `file` and `repository` are where they lie on this machine."""
    real = resolve(tree, path)
    content = None if real is None else tree.read(real)
    if content is None:
        return Told(None, there=False)
    try:
        return Told(read(content, file, path, repository=repository))
    except ConfigurationError as error:
        return Told(None, tuple(_mistakes(error, path)))


def gone(path: str) -> Finding:
    """The branch takes services.toml away."""
    return Finding(
        "DT101",
        Severity.ERROR,
        f"{path} is gone: after the merge nobody knows what the services are made of.",
        hint=f"Put it back: git checkout BASE -- {path}",
        path=path,
        subject="the file",
    )


def _mistakes(error: ConfigurationError, path: str) -> Iterator[Finding]:
    for mistake in error.mistakes or (error.message,):
        found = re.fullmatch(re.escape(path) + r":([0-9]+)(?::[0-9]+)?: (.*)", mistake, re.DOTALL)
        line, says = (int(found[1]), found[2]) if found else (None, mistake.removeprefix(f"{path}: "))
        yield Finding(
            "DT101",
            Severity.ERROR,
            f"{says}." if not says.endswith((".", "?", "!")) else says,
            hint="Correct it; all mistakes at once: deploytool config check",
            path=path,
            line=line,
            subject=says,
        )
