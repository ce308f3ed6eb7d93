"""services.toml as one commit says it: the values, or its mistakes as findings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deploytool.config import Config, read
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.links import resolve
from deploytool.domain.tree import FOLDER, SUBMODULE, Tree
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
        entry = tree.entry(path)
        return Told(None, there=False) if entry is None else Told(None, (_no_file(path, entry.mode),))
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
        hint=f"Put it back: git checkout BASE -- {shlex.quote(path)}",
        path=path,
        subject="the file",
    )


def _no_file(path: str, mode: int) -> Finding:
    """Something of this name is there, and no commit of the repository holds what it says."""
    what = {FOLDER: "a folder", SUBMODULE: "a submodule"}.get(mode, "a link that leads nowhere in the repository")
    return replace(gone(path), message=f"{path} is {what}: after the merge nobody knows what the services are made of.")


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
