"""What services.toml leaves out of a service, and what it cannot leave out."""

from __future__ import annotations

from dataclasses import dataclass

from deploytool.domain.content import Rules
from deploytool.domain.relevance import is_build_input


@dataclass(frozen=True, slots=True)
class Declared:
    """The `ignore` patterns of a service. They never hide what the build reads: requirements, lock files."""

    rules: Rules

    def ignores(self, path: str) -> bool:
        return self.rules.ignores(path) and not is_build_input(path)

    def prunes(self, folder: str) -> bool:
        """Never: a requirements file may lie in any folder."""
        return False
