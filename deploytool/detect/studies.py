"""Reading sources to the end: what a program can load of its image, and when one answer serves two commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from deploytool.adapters.facts import CachedFacts
from deploytool.adapters.git import Repository
from deploytool.config import ServiceTable
from deploytool.detect.sources import Seen
from deploytool.detect.worked_out import Noting, Reading, WorkedOut
from deploytool.domain.difference import LeafMemo, changed_paths, files_taken
from deploytool.domain.imports.facts import FactsOf, equal_but_for_lines
from deploytool.domain.imports.installed.bringing import imported_distributions
from deploytool.domain.imports.installed.distributions import Requirements
from deploytool.domain.imports.installed.requirements import requirements_of
from deploytool.domain.imports.lacking.missing import missing_of
from deploytool.domain.imports.lacking.missing_module import MissingModule
from deploytool.domain.imports.study import Study, impact_of, study_of
from deploytool.domain.model import Kind
from deploytool.domain.relevance import is_build_input
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Tree


class Studies:
    """Raises KeyError for what git does not have."""

    def __init__(self, repository: Repository) -> None:
        self.facts = CachedFacts(repository.objects, repository.cache)
        self.leaves: LeafMemo = {}
        self._last: tuple[ServiceTable, Seen, Study] | None = None  # whoever asked for the impact may ask for the proof

    def study(self, table: ServiceTable, seen: Seen, facts: FactsOf | None = None) -> Study:
        """The whole of it, for a person who wants the proof."""
        assert seen.made.image is not None
        if facts is None and self._last is not None and self._last[0] is table and self._last[1] == seen:
            return self._last[2]
        try:
            return study_of(
                seen.made.image,
                seen.tree,
                facts or self.facts,
                function=table.kind is Kind.FUNCTION,
                entrypoint=table.entrypoint,
                dynamic=table.dynamic,
            )
        finally:
            self.facts.keep()

    def worked_out(self, table: ServiceTable, seen: Seen) -> WorkedOut:
        taken = {path for path, _ in files_taken(seen.tree, seen.made.selection)}
        noting = Noting(self.facts)
        study = self.study(table, seen, noting)
        self._last = table, seen, study
        impact = impact_of(study, taken, seen.made.build_inputs)
        return WorkedOut(impact, study.texts, frozenset(noting.readings))

    def imported(self, table: ServiceTable, seen: Seen) -> Mapping[str, str]:
        """Each distribution that the program imports, and a file that does."""
        image = seen.made.image
        if image is None:
            return {}
        study = self.study(table, seen)
        return imported_distributions(study.closure, study.layout, requirements_of(image, seen.tree, study.layout))

    def requirements(self, study: Study, seen: Seen) -> Requirements:
        """What the installers are told to bring into the image."""
        assert seen.made.image is not None
        return requirements_of(seen.made.image, seen.tree, study.layout)

    def lacking(
        self, study: Study, seen: Seen, before: Collection[str] = (), tree: Tree | None = None
    ) -> tuple[MissingModule, ...]:
        """What the program imports and the image does not have; `tree` is looked in instead of what it was built of."""
        requirements = self.requirements(study, seen)
        return lacking_in(study, seen if tree is None else seen._replace(tree=tree), requirements, before)

    def like(self, seen: Seen, near: Seen, known: WorkedOut) -> WorkedOut | None:
        """What holds for `near`, when nothing that changed in between could make another impact."""
        if near.made.selection != seen.made.selection or near.made.doubts != seen.made.doubts:
            return None
        if near.made.overrides != seen.made.overrides:
            return None
        taken = seen.made.selection
        changed = tuple(changed_paths(near.tree, taken, seen.tree, taken, self.leaves))
        if any(doubt.path in changed for doubt in known.impact.doubts):
            return None
        readings = set(known.readings)
        for path in changed:
            found = self._read_alike(path, known, near, seen)
            if found is None:
                return None
            readings |= found
        return known._replace(readings=frozenset(readings))

    def _read_alike(self, path: str, known: WorkedOut, near: Seen, seen: Seen) -> set[Reading] | None:
        """What would be read of a file that has other content now; None when it may say something else."""
        old, new = near.tree.entry(path), seen.tree.entry(path)
        if old is None or new is None or old.mode != new.mode or new.mode in (FOLDER, LINK, SUBMODULE):
            return None
        if path in seen.made.build_inputs or is_build_input(path) or old.oid in known.texts:
            return None
        names = [name for oid, name in known.readings if oid == old.oid]
        for name in names:
            before, after = self.facts.of({old.oid: name}), self.facts.of({new.oid: name})
            if not equal_but_for_lines(before[old.oid], after[new.oid]):
                return None
        return {(new.oid, name) for name in names}


def lacking_in(
    study: Study, seen: Seen, requirements: Requirements | None, before: Collection[str] = ()
) -> tuple[MissingModule, ...]:
    """What the program imports and the image does not have. Raises KeyError for what git does not have."""
    assert seen.made.image is not None
    image = seen.made.image
    return missing_of(
        study.closure,
        study.layout,
        seen.tree,
        requirements,
        doubts=study.doubts,
        dockerfile=image.dockerfile,
        runs=image.runs,
        before=before,
    )
