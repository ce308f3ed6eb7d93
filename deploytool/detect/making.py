"""What a service is made of at one commit, read to the end: its files, its program, what it needs from elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from deploytool.config import ServiceTable
from deploytool.detect.coverage import NOT_HERE
from deploytool.detect.drift import Detection
from deploytool.detect.grounds import Key
from deploytool.detect.serving import overrides_of
from deploytool.detect.sources import Seen
from deploytool.detect.studies import lacking_in
from deploytool.domain.difference import files_taken
from deploytool.domain.impact import Side
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.installed.bringing import bringing, is_standard, modules_of, shown_name
from deploytool.domain.imports.installed.distributions import Requirements
from deploytool.domain.imports.installed.requirements import requirements_of
from deploytool.domain.imports.lacking.missing_module import Level
from deploytool.domain.imports.study import Study, name_of
from deploytool.domain.model import AS_BUILT
from deploytool.domain.proof import MissingLevel, MissingRow, ThirdParty
from deploytool.domain.report import FileChange
from deploytool.errors import RepositoryError


@dataclass(frozen=True, slots=True)
class Making:
    """`study` and `requirements` are None where there is no image to read, or git lacks a file of it."""

    table: ServiceTable
    seen: Seen
    side: Side
    study: Study | None = None
    requirements: Requirements | None = None


def making_of(detection: Detection, table: ServiceTable) -> Making:
    """The service at the target, as Cloud Run would start it.

    Raises RepositoryError when git lacks what says which files it is made of.
    """
    grounds = detection.grounds
    overrides = next((overrides_of(entry) for entry in detection.declared), AS_BUILT)
    try:
        seen = grounds.seen(table, Key(table.name, detection.target, overrides))
    except KeyError:
        raise RepositoryError(
            f"What {table.name} is made of at {detection.ref} cannot be told: {NOT_HERE}.",
            hint=f"deploytool explain {table.name} --fetch",
        ) from None
    making = Making(table, seen, grounds.side(table, seen))
    if seen.made.image is None:
        return making
    try:
        making = replace(making, study=(study := grounds.impacts.studies.study(table, seen)))
        return replace(making, requirements=requirements_of(seen.made.image, seen.tree, study.layout))
    except KeyError:
        grounds.miss(table, seen)
        return making


def files_of(making: Making) -> Iterator[FileChange]:
    """Everything the service is made of, by path, each with what a change of it would mean."""
    paths = {path for path, _ in files_taken(making.seen.tree, making.seen.made.selection)}
    impact = making.side.impact
    for path in sorted(paths | (impact.by.keys() if impact else set())):
        change = making.side.change_of(path)
        if change is not None:
            yield change


def starts_of(study: Study) -> tuple[str, ...]:
    """Where the program begins, by repository path."""
    found = [place for place, reached in study.closure.reached.items() if reached.by is None]
    return tuple(dict.fromkeys(name_of(place, study.layout) for place in found))


def third_party_in(making: Making, missing: Collection[MissingRow]) -> tuple[ThirdParty, ...]:
    """What the program imports from distributions, each once, with the first file that does; less what is missing."""
    if making.study is None:
        return ()
    found: dict[str, ThirdParty] = {}
    requirements = making.requirements or Requirements()
    specs = {each.name: each.spec for each in requirements.distributions}
    gone = {row.name for row in missing}
    for needed in making.study.closure.needed:
        if needed.name.startswith("."):
            continue  # a relative import beyond the top: nobody brings that
        for module in modules_of(needed):
            name = shown_name(module)
            if needed.when is When.TYPE_CHECKING or is_standard(module) or {name, module, needed.name} & gone:
                continue
            distribution = next(iter(bringing(module, requirements)), None)
            path = name_of(needed.by, making.study.layout)
            found.setdefault(name, ThirdParty(name, distribution, specs.get(distribution or "", ""), path, needed.line))
    return tuple(found[name] for name in sorted(found))


def missing_in(making: Making) -> tuple[MissingRow, ...]:
    """What the program imports and the image does not have."""
    if making.study is None:
        return ()
    found = lacking_in(making.study, making.seen, making.requirements)
    return tuple(
        MissingRow(
            one.name,
            one.path,
            one.line,
            MissingLevel.ERROR if one.level is Level.ERROR else MissingLevel.WARNING,
            one.why,
            one.hint,
        )
        for one in found
    )
