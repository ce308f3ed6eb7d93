"""What is wrong with one image at one commit: worked out from the sources once, then remembered by content."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from deploytool.config import ServiceTable
from deploytool.detect.branch.lost import Lost
from deploytool.detect.branch.side import Side
from deploytool.detect.impact import Impacts, key_of
from deploytool.detect.sources import Seen
from deploytool.domain.doubt import HARMLESS, REFUSED, Doubt, DoubtKind
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.image import Image
from deploytool.domain.image_sources import is_remote
from deploytool.domain.impact import Impact
from deploytool.domain.imports.lacking.missing_module import Cause, Hits, Level, MissingModule
from deploytool.domain.imports.program import NOT_THERE
from deploytool.domain.outline import OutlineMemo, outline_of

WORKING = 10  # how faults are worked out; raise it when the same content could give others
RULE_OF = {
    Cause.NOT_COPIED: "DT201",
    Cause.NOWHERE: "DT201",
    Cause.SHADOWED: "DT202",
    Cause.NOT_INSTALLED: "DT203",
    Cause.NOT_STARTED: "DT206",
}
MOST_IMPORTERS = 20
_HITS = tuple(Hits)  # gravest first


class Faults:
    """Remembers across commits: most change nothing of most services. Raises KeyError for what git does not have."""

    def __init__(self, impacts: Impacts) -> None:
        self.impacts, self.cache = impacts, impacts.cache
        self.outlines: OutlineMemo = {}
        self._known: dict[str, tuple[Finding, ...]] = {}

    def of(self, table: ServiceTable, seen: Seen) -> tuple[Finding, ...]:
        """DT2xx of the service as it is there, each once, sorted; nothing for a service without an image."""
        image = seen.made.image
        if image is None:
            return ()
        return self._remembered(table, seen, "", lambda: self._worked_out(table, seen, image))

    def of_lost(self, table: ServiceTable, seen: Seen, lost: Lost) -> tuple[Finding, ...]:
        """The same of modules that the image had before, and that its program goes on importing."""
        image = seen.made.image
        if image is None:
            return ()
        return self._remembered(table, seen, lost.id, lambda: self._lost(table, seen, image, lost))

    def _remembered(
        self, table: ServiceTable, seen: Seen, further: str, work: Callable[[], tuple[Finding, ...]]
    ) -> tuple[Finding, ...]:
        outline = outline_of(seen.tree.objects, seen.tree.oid, self.outlines).id
        key = hashlib.sha256(f"{WORKING} {key_of(table, seen)} {outline}{further}".encode()).hexdigest()
        found = self._known.get(key)
        if found is None:
            found = _decoded(self.cache.kept("faults", [key]).get(key))
            if found is None:
                found = work()
                self.cache.keep("faults", {key: _encoded(found)})
            self._known[key] = found
        return tuple(replace(one, service=table.name) for one in found)

    def _lost(self, table: ServiceTable, seen: Seen, image: Image, lost: Lost) -> tuple[Finding, ...]:
        study = self.impacts.studies.study(table, seen)
        missing = self.impacts.studies.lacking(study, seen, lost.sure, lost.restored(seen.tree))
        found = _missing_modules(lost.told(missing, seen.tree), self.impacts.of(table, seen), image)
        return tuple(sorted(_once(found), key=_order))

    def _worked_out(self, table: ServiceTable, seen: Seen, image: Image) -> tuple[Finding, ...]:
        from deploytool.detect.branch.building import unbuilt, unstarted  # with all that reads sources

        impact = self.impacts.of(table, seen)
        study = self.impacts.studies.study(table, seen)  # the same one, when that was worked out just now
        requirements = self.impacts.studies.requirements(study, seen)
        missing = self.impacts.studies.lacking(study, seen)
        found = [
            *_missing_modules(missing, impact, image),
            *_outside(image),
            *(_doubted(one, impact, image) for one in study.doubts if _tells(one, proven=study.proven)),
            *unbuilt(study, image, requirements),
            *unstarted(study, image, seen.tree),
        ]
        return tuple(sorted(_once(found), key=_order))


def described_anew(old: ServiceTable, new: ServiceTable, base: Side, head: Side) -> bool:
    """Does services.toml say otherwise what an image loads that is built as before?"""
    if (old.entrypoint, old.dynamic) == (new.entrypoint, new.dynamic):
        return False
    if (old.kind, old.dockerfile, old.context_path) != (new.kind, new.dockerfile, new.context_path):
        return False
    inputs = [side.seen(table).made.build_inputs for side, table in ((base, old), (head, new))]
    return inputs[0] == inputs[1] and all(base.tree.entry(path) == head.tree.entry(path) for path in inputs[0])


def _once(found: Iterable[Finding]) -> Iterable[Finding]:
    """Of findings about the same thing, the gravest; of equal ones the first."""
    kept: dict[tuple[str, str, str], Finding] = {}
    for one in found:
        known = kept.setdefault(one.identity, one)
        if one.severity.rank > known.severity.rank:
            kept[one.identity] = one
    return kept.values()


def _order(finding: Finding) -> tuple[str, str, int, str]:
    return finding.rule, finding.path or "", finding.line or 0, finding.subject


def _missing_modules(missing: Iterable[MissingModule], impact: Impact | None, image: Image) -> Iterator[Finding]:
    """One finding for each module, however many files import it; for a hidden package, one for all its modules."""
    groups: dict[tuple[str, str], list[MissingModule]] = {}
    for one in missing:
        subject = one.name.partition(".")[0] if one.cause is Cause.SHADOWED else one.name
        groups.setdefault((_rule_of(one, image), subject), []).append(one)
    for (rule, subject), alike in groups.items():
        worst = min(alike, key=lambda one: (one.level is not Level.ERROR, _HITS.index(one.hits)))
        yield _missing(rule, subject, worst, alike, impact, image)


def _rule_of(one: MissingModule, image: Image) -> str:
    left_out = one.home and image.ignore.ignores(one.home) and image.selection.under_root(one.home)
    return "DT205" if left_out else RULE_OF[one.cause]


def _missing(
    rule: str, subject: str, worst: MissingModule, alike: list[MissingModule], impact: Impact | None, image: Image
) -> Finding:
    more = _more(worst, len(alike) - 1)
    chain = impact.chain(worst.path) if impact else ()
    hits = Counter(one.hits.value for one in alike)
    detail: dict[str, Any] = {"module": worst.name, "chain": list(chain), "hits": dict(sorted(hits.items()))}
    if worst.home:
        detail["home"] = worst.home
    if len(alike) > 1:
        detail["importers"] = [{"path": one.path, "line": one.line} for one in alike[:MOST_IMPORTERS]]
    why, hint = worst.why, worst.hint
    if rule == "DT205":
        ignoring = next((path for path in image.selection.inputs if path.endswith(".dockerignore")), ".dockerignore")
        why = f"COPY names {worst.home}, and {ignoring} leaves it out"
        hint = f"Add to {ignoring}, behind the pattern that leaves it out: !{_in_context(worst.home, image)}"
    verb = "is started" if worst.started else "is imported"
    return Finding(
        rule,
        Severity.ERROR if worst.level is Level.ERROR else Severity.WARNING,
        f"{worst.name} {verb}{more}: {why}.",
        hint=hint,
        path=worst.path or None,
        line=worst.line or None,
        subject=subject,
        detail=detail,
    )


def _more(worst: MissingModule, others: int) -> str:
    if not others:
        return ""
    if worst.cause is Cause.SHADOWED:
        return f" (and {others} more of its package)"
    return f" (and in {others} more file{'' if others == 1 else 's'})"


def _in_context(path: str, image: Image) -> str:
    return path.removeprefix(f"{image.context}/") if image.context else path


def _outside(image: Image) -> Iterator[Finding]:
    """COPY sources that git does not hold: a mistake, or put there before the build."""
    for source, line in dict.fromkeys(image.outside):
        if not is_remote(source):
            yield Finding(
                "DT204",
                Severity.WARNING,
                f"COPY {source}: the repository has nothing of that name in the build context.",
                hint="Correct the line, unless something puts it there before the build.",
                path=image.dockerfile,
                line=line,
                subject=source,
            )


def _tells(doubt: Doubt, *, proven: bool) -> bool:
    if doubt.kind is DoubtKind.IGNORED_SOURCE:
        return True
    if doubt.kind in (DoubtKind.ABSENT_PROGRAM, *REFUSED):
        return False  # said as what it is
    if doubt.kind is DoubtKind.UNKNOWN_PROGRAM and not doubt.path and doubt.why.endswith(NOT_THERE):
        return False  # the same as a module that is missing
    return not proven and doubt.kind not in HARMLESS


def _doubted(doubt: Doubt, impact: Impact | None, image: Image) -> Finding:
    place = Finding("DT208", Severity.WARNING, "", path=doubt.path or None, line=doubt.line or None)
    if doubt.path.startswith("/"):
        place = replace(place, path=image.dockerfile, line=None)  # text of the Dockerfile, by its place in the image
    if doubt.kind is DoubtKind.IGNORED_SOURCE:
        hint = "Take the pattern of the ignore file back for it, or take the COPY out."
        message = f"{doubt.why}."
        return replace(place, rule="DT205", severity=Severity.ERROR, message=message, hint=hint, subject=doubt.why)
    if doubt.kind is DoubtKind.UNPARSABLE_SOURCE:
        detail = {"chain": list(impact.chain(doubt.path))} if impact else {}
        hint = f"python -m py_compile {shlex.quote(doubt.path)}"
        message = f"{doubt.path} is loaded and cannot be read as Python: {doubt.why}."
        return replace(place, rule="DT207", message=message, hint=hint, subject=doubt.path, detail=detail)
    hint = "Say in services.toml what is started (`entrypoint`) or may be loaded (`dynamic`)."
    message = f"What the program loads cannot be followed: {doubt.why}."
    return replace(place, message=message, hint=hint, subject=f"{doubt.kind} {doubt.path}")


def _encoded(found: Iterable[Finding]) -> str:
    return json.dumps(
        [[one.rule, one.severity, one.message, one.hint, one.path, one.line, one.subject, one.detail] for one in found],
        separators=(",", ":"),
    )


def _decoded(value: str | None) -> tuple[Finding, ...] | None:
    """None for what is not there, or is there from another version."""
    if value is None:
        return None
    with suppress(ValueError, TypeError, RecursionError):
        rows: list[tuple[Any, ...]] = json.loads(value)
        return tuple(
            Finding(rule, Severity(level), message, hint, None, path, line, subject, detail=_mapping(detail))
            for rule, level, message, hint, path, line, subject, detail in rows
        )
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
