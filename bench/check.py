"""`deploytool check` as a whole process, cold and warm; and the job of two greps over a Dockerfile, to compare finds.

The greps are what teams write by hand: the first names of a service's imports against the COPY lines of its Dockerfile.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.programs import DEPLOYTOOL, run
from bench.timing import Line, within
from deploytool.config import ServiceTable, load
from deploytool.domain.tree import FOLDER, Tree

APART = 50  # commits of the branch
COPY = re.compile(rb"^\s*COPY\s+(?:--\S+\s+)*(\S+)", re.MULTILINE | re.IGNORECASE)


def measure(runs: int, config: Path, repo: Path) -> Iterator[Line | str]:
    """Seconds from the shell's point of view, of a branch of 50 commits and of one that touches nothing."""
    target = load(config).project.target or "HEAD"
    where = "check, real repository"
    cold: list[float] = []
    warm: list[float] = []
    nothing: list[float] = []
    for _ in range(max(1, runs // 2)):
        folder = tempfile.mkdtemp()
        try:
            cold.append(_seconds(config, repo, folder, f"{target}~{APART}", target))
            warm.append(_seconds(config, repo, folder, f"{target}~{APART}", target))
            nothing.append(_seconds(config, repo, folder, target, target))
        finally:
            shutil.rmtree(folder)
    yield within(where, f"{APART} commits, cold", median(cold), 5.0, "s")
    yield within(where, f"{APART} commits, warm", median(warm), 0.7, "s")
    yield within(where, "nothing changed, warm", median(nothing), 0.7, "s")


def _seconds(config: Path, repo: Path, cache: str, base: str, head: str) -> float:
    command = [*DEPLOYTOOL, "check", "--config", str(config), "--repository", str(repo), "--base", base, "--head", head]
    return run(command, {"XDG_CACHE_HOME": cache}, (0, 1)).seconds


class Greps:
    """Which top-level folders a service's own files import and its Dockerfile does not name."""

    def __init__(self) -> None:
        self._imports: dict[str, frozenset[str]] = {}  # by blob id

    def lacking(self, table: ServiceTable, tree: Tree) -> frozenset[str]:
        dockerfile = tree.read(table.dockerfile or "")
        if dockerfile is None:
            return frozenset()
        copied = {found.decode("utf-8", "replace").strip("./").partition("/")[0] for found in COPY.findall(dockerfile)}
        ours = {name for name, entry in tree.objects.listing(tree.oid).items() if entry.mode == FOLDER}
        folder = (table.dockerfile or "").rpartition("/")[0]
        files = [(path, entry) for path, entry in tree.walk(folder) if path.endswith(".py") and "/tests/" not in path]
        asked = frozenset().union(*(self._names(tree, entry.oid) for _, entry in files))
        return frozenset() if "" in copied else (asked & ours) - copied

    def _names(self, tree: Tree, oid: str) -> frozenset[str]:
        if oid not in self._imports:
            try:
                nodes = list(ast.walk(ast.parse(tree.objects.blob(oid))))
            except (SyntaxError, ValueError, RecursionError):
                nodes = []
            plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
            froms = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
            self._imports[oid] = frozenset(name.partition(".")[0] for name in plain | froms)
        return self._imports[oid]
