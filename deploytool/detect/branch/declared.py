"""DT1xx: what services.toml says that does not hold in the repository."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from deploytool.config import ServiceTable
from deploytool.detect.branch.side import Side
from deploytool.detect.coverage import claim_of, key_of_path
from deploytool.detect.sources import precision_of
from deploytool.domain.check_rules import RULES
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.links import resolve
from deploytool.domain.ownership import nearest_path
from deploytool.domain.report import Precision


def declared_in(side: Side, today: date) -> Iterator[Finding]:
    """Paths that lead nowhere, and accepted findings that are none. Raises KeyError for what is not in this clone."""
    if side.own:
        for table in side.tables.values():
            yield from _paths(side, table)
        yield from _ignored(side, today)
    for table in side.tables.values():
        yield from _hidden(side, table)


def _paths(side: Side, table: ServiceTable) -> Iterator[Finding]:
    for key, path in claim_of(table).named:
        if resolve(side.tree, path) is None:
            yield Finding(
                "DT103" if key == "dockerfile" else "DT102",
                Severity.ERROR,
                f'services.{table.name}.{key}: "{path}" does not exist.',
                service=table.name,
                path=side.file,
                line=side.line_of("services", table.name, *key_of_path(key)),
                subject=f"{key.partition('[')[0]} {path}",
                detail={"key": key, "path": path},
            )


def pointed(finding: Finding, side: Side) -> Finding:
    """The same with the path that was probably meant; looking for it reads the whole tree."""
    if finding.rule not in ("DT102", "DT103") or finding.hint:
        return finding
    key, path = finding.detail["key"], finding.detail["path"]
    near = nearest_path(side.tree, path)
    if near is None:
        return replace(finding, hint=f"Write where it is now, or take {key} out of services.toml.")
    written = json.dumps(near, ensure_ascii=False)
    name = key.partition("[")[0]
    line = f"{name} = {written}" if name == key else f"{written} in {name}"
    return replace(finding, hint=f"Is this where it went? Write: {line}")


def _ignored(side: Side, today: date) -> Iterator[Finding]:
    for index, entry in enumerate(side.config.ignore):
        if entry.rule not in RULES:
            says, key = f"no rule is called {entry.rule}", "rule"
        elif entry.until <= today:
            says, key = f"it was accepted until {entry.until}", "until"
        else:
            continue
        yield Finding(
            "DT105",
            Severity.WARNING,
            f"The [[ignore]] of {entry.rule} at {entry.path} does nothing: {says}.",
            hint="Settle the finding and take the entry out, or give it a later day and a reason that holds.",
            path=side.file,
            line=side.line_of("ignore", index, key),
            subject=f"{entry.rule} {entry.path}",
        )


def _hidden(side: Side, table: ServiceTable) -> Iterator[Finding]:
    """`ignore` cannot hide what the program loads: such a file is judged all the same."""
    if not table.ignore or precision_of(table, None) is not Precision.IMPORT:
        return
    impact, taken = side.impact(table), side.seen(table).made.selection
    named = sorted(path for path in (impact.by if impact else ()) if not taken.takes(path))
    if impact is None or not named:
        return
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    yield Finding(
        "DT106",
        Severity.WARNING,
        f"services.{table.name}.ignore leaves out {named[0]}{more}, which the program imports: judged all the same.",
        hint="Make the pattern narrower.",
        service=table.name,
        path=side.file,
        line=side.line_of("services", table.name, "ignore"),
        subject=named[0],
        detail={"chain": list(impact.chain(named[0])), "files": len(named)},
    )
