"""Modules that an image had at the base and lacks at the head, while its program goes on importing them.

Of the head alone much of that is a matter of doubt: `from package import name` may mean an attribute, an edit of
sys.path may lead to a folder that nobody sees, a deploy may bring what git does not show. The base shows where it came
from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from deploytool.adapters.git.grown import grown
from deploytool.adapters.git.objects import GitObjects
from deploytool.config import ServiceTable
from deploytool.detect.branch.side import Side
from deploytool.domain.finding import Finding
from deploytool.domain.impact import Impact
from deploytool.domain.imports.lacking.hiding import hiding_in
from deploytool.domain.imports.lacking.missing_module import Cause, Hits, MissingModule
from deploytool.domain.tree import Entry, Tree


@dataclass(frozen=True, slots=True)
class Lost:
    """`files` were loaded at the base, each with what it was; those in `sure` nothing at the head can bring."""

    files: Mapping[str, Entry]
    sure: frozenset[str]

    @property
    def id(self) -> str:
        told = repr((sorted(self.files.items()), sorted(self.sure)))
        return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()

    def restored(self, tree: Tree) -> Tree:
        """The head's tree with the files that the branch deletes."""
        back = {path.encode("utf-8", "surrogateescape"): entry for path, entry in self._deleted(tree).items()}
        objects = tree.objects
        return grown(objects, tree, back, len(tree.oid)) if back and isinstance(objects, GitObjects) else tree

    def told(self, missing: Iterable[MissingModule], tree: Tree) -> Iterator[MissingModule]:
        """Of what is missing, what the branch takes away; less what is caught where the file itself is gone."""
        deleted = self._deleted(tree)
        for one in missing:
            if one.cause is not Cause.NOT_COPIED or one.home not in self.files:
                continue
            if one.home not in deleted:
                yield one
            elif one.hits is not Hits.CAUGHT:
                further = one.why.removeprefix(f"{one.home} is in the repository and not in the image")
                hint = "Put it back, or take the import out."
                yield replace(one, why=f"the branch deletes {one.home}{further}", hint=hint)

    def _deleted(self, tree: Tree) -> dict[str, Entry]:
        return {path: entry for path, entry in self.files.items() if tree.entry(path) is None}


def lost_in(base: Side, head: Side, table: ServiceTable) -> Lost | None:
    """Raises KeyError for what is not in this clone."""
    before, after = base.impact(table), head.impact(table)
    if before is None or after is None:
        return None
    gone = [path for path in before.by if path.endswith(".py") and not _has(after, path)]
    files = {path: entry for path in gone if (entry := base.tree.entry(path)) is not None}
    if not files:
        return None
    hidden, hid = hiding_in(after.doubts), hiding_in(before.doubts)
    sure = (path for path in files if hidden is None or (hid is not None and head.tree.entry(path) is not None))
    return Lost(files, frozenset(sure))


def _has(impact: Impact, path: str) -> bool:
    return path in impact.by or path in impact.silent or path in impact.rest


def with_lost(found: Iterable[Finding], lost: Iterable[Finding]) -> Iterator[Finding]:
    """Of one module both may tell: then the graver, and of equal ones what says that the branch does it."""
    told = {one.detail["module"]: one for one in lost}
    for finding in found:
        module = finding.detail.get("module", "")
        other = told.get(module)
        if other is not None and other.severity.rank < finding.severity.rank:
            del told[module]
        elif other is not None or (finding.rule == "DT203" and any(name.startswith(f"{module}.") for name in told)):
            continue  # the whole package went
        yield finding
    yield from told.values()
