"""What counts in a file's content: comments in a Dockerfile do not, nor how a source file is laid out."""

from __future__ import annotations

import ast
import hashlib
import warnings
from typing import TYPE_CHECKING

from deploytool.adapters.git import Repository

if TYPE_CHECKING:
    from deploytool.domain.imports.installed.input_changes import FileDifference

LONGEST = 2 * 1024 * 1024  # bytes of a source whose syntax tree is looked at


class Contents:
    """Blobs of one repository, compared by what they mean. Raises KeyError for what git does not have."""

    def __init__(self, repository: Repository) -> None:
        self.objects, self.cache = repository.objects, repository.cache

    def same_program(self, old: str, new: str) -> bool:
        """Have both sources the same syntax tree? Docstrings are part of it: frameworks read them."""
        shapes = self._shapes((old, new))
        return bool(shapes[old]) and shapes[old] == shapes[new]

    def change(self, path: str, old: str, new: str) -> FileDifference:
        """What changed in a build input, comments aside."""
        from deploytool.domain.imports.installed.input_changes import (
            changes_between,  # readers of ten formats, seldom needed
        )

        return changes_between(self.objects.blob(old), self.objects.blob(new), path)

    def essence(self, path: str, oid: str) -> str:
        """What counts in a build input, as an id: comments do not."""
        from deploytool.domain.imports.installed.input_changes import essence_of

        return hashlib.sha256(essence_of(self.objects.blob(oid), path)).hexdigest()

    def _shapes(self, oids: tuple[str, ...]) -> dict[str, str]:
        known = self.cache.kept("shape", oids)
        found = {oid: _shape_of(self.objects.blob(oid)) for oid in oids if oid not in known}
        self.cache.keep("shape", found)
        return {**known, **found}


def _shape_of(source: bytes) -> str:
    """A digest of the syntax tree; "" for what cannot be read, which is equal to nothing."""
    if len(source) > LONGEST:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
