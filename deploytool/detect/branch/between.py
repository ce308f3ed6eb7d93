"""What only both sides together tell: a file of the image that was there and is gone, a variable that is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from deploytool.config import ServiceTable
from deploytool.detect.branch.side import Side
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.image_sources import Context
from deploytool.domain.impact import Impact
from deploytool.domain.model import Fleet

# What Cloud Run and every container bring; https://cloud.google.com/run/docs/container-contract
PROVIDED = frozenset(
    (
        "PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION", "CLOUD_RUN_JOB", "CLOUD_RUN_EXECUTION",
        "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_ATTEMPT", "CLOUD_RUN_TASK_COUNT", "FUNCTION_TARGET",
        "FUNCTION_SIGNATURE_TYPE", "PATH", "HOME", "HOSTNAME", "PWD", "USER", "LANG", "TZ", "TMPDIR",
        "PYTHONPATH", "PYTHONUNBUFFERED", "VIRTUAL_ENV",
    )
)  # fmt: skip
MOST_SOURCES = 500  # of one service, read for their variables


def lost_sources(findings: Iterable[Finding], base: Side, table: ServiceTable) -> Iterator[Finding]:
    """A COPY source that the branch takes away fails the build; of one that git never had nobody can say."""
    image = base.seen(table).made.image
    context = None if image is None else Context(base.tree, image.context, image.ignore)
    for finding in findings:
        if finding.rule == "DT204" and context is not None and context.sources(finding.subject).sources:
            message = f"COPY {finding.subject}: the branch takes it away, so the build fails."
            hint = "Correct the line, or put the file back."
            yield replace(finding, severity=Severity.ERROR, message=message, hint=hint)
        else:
            yield finding


def lost_start(base: Side, head: Side, table: ServiceTable, found: Iterable[Finding]) -> Iterator[Finding]:
    """What the container starts was found at the base and is not at the head, unless `found` says so already."""
    before, after = base.impact(table), head.impact(table)
    if before is None or after is None or before.command != after.command or _starts(after):
        return
    image = head.seen(table).made.image
    dockerfile = image.dockerfile if image else None
    if any(one.rule == "DT206" or (one.path == dockerfile and one.rule in ("DT201", "DT205")) for one in found):
        return
    for path in _starts(before):
        lost = "the branch takes it away" if head.tree.entry(path) is None else "it is no longer where it was copied to"
        yield Finding(
            "DT206",
            Severity.ERROR,
            f"{path} is started ({before.command}), and {lost}.",
            hint="Put it back, or start what takes its place.",
            service=table.name,
            path=dockerfile,
            subject=path,
        )


def _starts(impact: Impact) -> list[str]:
    return [path for path, above in impact.by.items() if above is None]


def new_variables(
    base: Side, head: Side, table: ServiceTable, changed: Collection[str], live: Collection[str] | None
) -> Iterator[Finding]:
    """DT403: names that the program newly reads and the service does not have. `live`: set on what serves, if known."""
    required = table.release.env.required
    after = head.impact(table) if required or live is not None else None
    if after is None:
        return
    before = base.impact(table)
    image = head.seen(table).made.image
    had = {*required, *(live or ()), *(image.environment if image else ()), *PROVIDED}
    news = _sources(after, before, changed)
    olds = _sources(before, after, changed) if before is not None else ()
    known = {name for path in olds for name, _, _ in _read_in(base, path)}
    for path in news:
        for name, line, default in _read_in(head, path):
            if name not in had and name not in known:
                had.add(name)
                yield _undeclared(table, after, path, name, line, default, looked=live is not None)


def _sources(impact: Impact, other: Impact | None, changed: Collection[str]) -> list[str]:
    """Of what is loaded on one side: the files that the branch touches, and those that the other side does not load."""
    loaded = other.by if other is not None else {}
    found = [path for path in impact.by if path.endswith(".py") and (path in changed or path not in loaded)]
    return sorted(found)[:MOST_SOURCES]


def _read_in(side: Side, path: str) -> Iterator[tuple[str, int, bool]]:
    from deploytool.domain.imports.variables import variables_read_in

    content = side.tree.read(path)
    if content is not None:
        yield from variables_read_in(content)


def _undeclared(
    table: ServiceTable, impact: Impact, path: str, name: str, line: int, default: bool, *, looked: bool
) -> Finding:
    where = "is neither declared nor set on what serves" if looked else "is not declared"
    without = "; without it the default counts" if default else ""
    return Finding(
        "DT403",
        Severity.NOTE,
        f"{table.name} newly reads {name}, which {where}{without}.",
        hint=f"Set it before the release, and declare it: services.{table.name}.release.env required",
        service=table.name,
        path=path,
        line=line,
        subject=name,
        detail={"name": name, "has_default": default, "chain": list(impact.chain(path))},
    )


def names_set_in(fleet: Fleet, project: str, table: ServiceTable, regions: Collection[str]) -> frozenset[str] | None:
    """The variables of the service's next revision, secrets among them; None where it is not known.

    In several regions, those that all of them have.
    """
    found = [
        frozenset(one.template.variables)
        for one in fleet.services
        if one.place.project == project and one.place.name == table.name and one.place.region in regions
    ]
    return frozenset.intersection(*found) if found else None
