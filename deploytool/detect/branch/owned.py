"""DT3xx: who owns what goes into the images, and where `paths` and an image disagree."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping

from deploytool.config import ServiceTable
from deploytool.detect.branch.side import Side
from deploytool.detect.coverage import claim_of
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.impact import Impact
from deploytool.domain.links import resolve
from deploytool.domain.outline import OutlineMemo, outline_of
from deploytool.domain.ownership import owned_by, unowned_dockerfiles, with_parents

Disagreement = tuple[Mapping[str, str], tuple[str, ...]]  # path to add -> a file there that is loaded; paths to drop


class Ownership:
    """Remembers by impact: where a commit changes nothing of a service, its paths were compared before."""

    def __init__(self, outlines: OutlineMemo) -> None:
        self.outlines = outlines
        self._known: dict[tuple[int, tuple[str, ...]], tuple[Impact, Disagreement]] = {}

    def findings(self, side: Side, changed: Collection[str]) -> Iterator[Finding]:
        """`changed`: repository paths that the branch touches. Raises KeyError for what is not in this clone."""
        yield from self._without_service(side)
        owned = {path for table in side.tables.values() for path in owned_by(claim_of(table), side.tree)}
        yield from _unowned(side, owned, changed)
        for table in side.tables.values():
            if table.paths and table.image_folder not in table.roots:
                yield from self._paths(side, table)

    def _without_service(self, side: Side) -> Iterator[Finding]:
        found = outline_of(side.tree.objects, side.tree.oid, self.outlines).dockerfiles
        for alone in unowned_dockerfiles(map(claim_of, side.tables.values()), side.tree, found):
            yield Finding(
                "DT302",
                Severity.WARNING,
                f"{alone.dockerfile} belongs to no service of services.toml.",
                hint=f"If it is deployed: [services.NAME] dockerfile = {_quoted(alone.dockerfile)}",
                path=alone.dockerfile,
                line=1,
                subject=alone.dockerfile,
            )

    def _paths(self, side: Side, table: ServiceTable) -> Iterator[Finding]:
        impact = side.impact(table)
        if impact is None:
            return
        key = (id(impact), table.roots)
        if key not in self._known:
            self._known[key] = impact, _disagreement(side, table, impact)
        narrow, wide = self._known[key][1]
        drop = {index for index, path in enumerate(table.roots) if path in wide}
        kept = [
            path
            for index, (path, root) in enumerate(zip(table.paths, table.roots, strict=True))
            if index not in drop and not narrow.keys() & {*with_parents(root)}
        ]
        written = f"paths = [{', '.join(map(_quoted, [*kept, *narrow]))}]"
        for path, example in narrow.items():
            message = f"{table.name} loads {example}, which none of its paths names."
            yield _at_paths(side, table, "DT303", message, written, path, [*impact.chain(example)])
        for path in wide:
            message = f"{path or 'The root'} is among the paths of {table.name}, and its image takes nothing from it."
            yield _at_paths(side, table, "DT304", message, written, path, [])


def _at_paths(
    side: Side, table: ServiceTable, rule: str, message: str, written: str, path: str, chain: list[str]
) -> Finding:
    return Finding(
        rule,
        Severity.WARNING,
        message,
        hint=f"Write: {written}",
        service=table.name,
        path=side.file,
        line=side.line_of("services", table.name, "paths"),
        subject=path,
        detail={"lines": [written], "path": path, "chain": chain},
    )


def _unowned(side: Side, owned: set[str], changed: Collection[str]) -> Iterator[Finding]:
    if "" in owned or not changed:
        return
    users: dict[str, list[ServiceTable]] = {}
    for table in side.tables.values():
        impact = side.impact(table) if table.paths else None
        for path in changed if impact else ():
            if impact and path in impact.by and not any(above in owned for above in with_parents(path)):
                users.setdefault(path, []).append(table)
    for path, tables in sorted(users.items()):
        impact = side.impact(tables[0])
        names = ", ".join(table.name for table in tables)
        yield Finding(
            "DT301",
            Severity.WARNING,
            f"{path} is imported by {names}, and no service's paths own it.",
            hint=f"Add it, or its folder, to the paths of {tables[0].name}.",
            service=tables[0].name,
            path=path,
            subject=path,
            detail={
                "services": [table.name for table in tables],
                "chain": [*impact.chain(path)] if impact else [],
            },
        )


def _disagreement(side: Side, table: ServiceTable, impact: Impact) -> Disagreement:
    declared = {root: _leads(side, root) for root in table.roots}
    roots = {path for paths in declared.values() for path in paths}
    selection = side.seen(table).made.selection
    narrow: dict[str, str] = {}
    inits = {f"{above}/__init__.py" for root in roots for above in with_parents(root)}  # on the way to what is owned
    for path in sorted(impact.live - selection.inputs - inits):
        if path.startswith("/"):
            continue  # text of the Dockerfile, by its place in the image: no file of the repository
        if "" not in roots and not any(above in roots for above in with_parents(path)):
            narrow.setdefault(_entry(path, selection.roots), path)
    taken = {above for path in _every(impact, selection.inputs) for above in (*with_parents(path), "")}
    wide = tuple(root for root, paths in declared.items() if not taken.intersection(paths))
    return narrow, wide


def _every(impact: Impact, inputs: Iterable[str]) -> Iterator[str]:
    yield from impact.by
    yield from impact.silent
    yield from impact.rest
    yield from inputs


def _leads(side: Side, root: str) -> tuple[str, ...]:
    real = resolve(side.tree, root)
    return (root,) if real is None else (root, real)


def _entry(path: str, taken: Collection[str]) -> str:
    """What to write so that `path` is named: what COPY names, or of a whole context the topmost folder."""
    return next((above for above in reversed([*with_parents(path)]) if above in taken), path.partition("/")[0])


def _quoted(path: str) -> str:
    return json.dumps(path, ensure_ascii=False)
