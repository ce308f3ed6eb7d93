"""An impact together with all that was read to work it out, and both as text for the cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.impact import Impact

if TYPE_CHECKING:
    from deploytool.domain.imports.facts import Facts, FactsOf

Reading = tuple[str, str]  # a blob id, and the file name that told the language it was read in


class WorkedOut(NamedTuple):
    """The impact holds for whatever has the same files by name and mode, as long as what was read says the same."""

    impact: Impact
    texts: frozenset[str]  # blob ids of files that were read as text, to find out what is started
    readings: frozenset[Reading]  # files whose facts were asked for


@dataclass(frozen=True, slots=True)
class Noting:
    """Passes questions on, and notes what was asked."""

    facts: FactsOf
    readings: set[Reading] = field(default_factory=set)

    def of(self, blobs: Mapping[str, str]) -> Mapping[str, Facts]:
        self.readings.update(blobs.items())
        return self.facts.of(blobs)

    def of_text(self, text: str, name: str) -> Facts:
        return self.facts.of_text(text, name)


def encoded(found: WorkedOut) -> str:
    impact = found.impact
    names = sorted({*impact.by, *impact.silent, *impact.rest, *(name for _, name in found.readings)})
    number = {name: index for index, name in enumerate(names)}
    shape = {
        "names": names,
        "by": [(number[path], None if above is None else number[above]) for path, above in impact.by.items()],
        "silent": sorted(number[path] for path in impact.silent),
        "rest": sorted(number[path] for path in impact.rest),
        "proven": impact.proven,
        "doubts": [(doubt.path, doubt.line, doubt.why, doubt.kind) for doubt in impact.doubts],
        "command": impact.command,
        "texts": sorted(found.texts),
        "readings": sorted((oid, number[name]) for oid, name in found.readings),
    }
    return json.dumps(shape, separators=(",", ":"))


def decoded(value: str | None) -> WorkedOut | None:
    """None for what is not there, or is there from another version."""
    if value is None:
        return None
    try:
        shape = json.loads(value)
        names = shape["names"]
        impact = Impact(
            by={names[path]: None if above is None else names[above] for path, above in shape["by"]},
            silent=frozenset(names[path] for path in shape["silent"]),
            rest=frozenset(names[path] for path in shape["rest"]),
            proven=shape["proven"],
            doubts=tuple(Doubt(path, line, why, DoubtKind(kind)) for path, line, why, kind in shape["doubts"]),
            command=shape["command"],
        )
        readings = frozenset((oid, names[name]) for oid, name in shape["readings"])
        return WorkedOut(impact, frozenset(shape["texts"]), readings)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
