"""What several keys of services.toml get wrong together.

These rules read the parsed document as it is, not the models: they speak in the same run as the mistakes of single
keys, and so they take nothing for granted about types. What has the wrong type is left to the models.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any
from urllib.parse import urlsplit

from deploytool.config.checks import KINDS
from deploytool.config.grammar import JOB_NAME, SERVICE_NAME
from deploytool.config.mistake import Key, Mistake
from deploytool.config.mistakes import value_text
from deploytool.config.nearest import listed, nearest_of, shown

Found = Iterator[Mistake]
Raw = Mapping[str, Any]
MOST_CYCLES = 10  # of release order; the first ones say what is wrong


def broken_rules(document: Raw) -> Found:
    """Every mistake that more than one key makes, in no particular order."""
    services = _table(document, "services")
    if document.get("services") == {}:
        yield Mistake(("services",), "is empty: no service is described; write a table [services.NAME] for each")
    for name, service in services.items():
        yield from _name(name, service)
        if isinstance(service, dict):
            for rule in SERVICE_RULES:
                yield from rule(("services", name), service)
    yield from _release_order(services)
    yield from _repeated(("project",), _table(document, "project"), "regions")
    yield from _locks(_table(document, "locks"))
    yield from _mirror(document)
    yield from _targets(document, services)
    if "sandbox" in document and _table(document, "project").get("cloud") == "google":
        yield Mistake(("sandbox",), 'goes only with cloud = "local"; leave it out, or change project.cloud')


def _name(name: str, service: Any) -> Found:
    job = isinstance(service, dict) and service.get("kind") == "job"
    if not re.fullmatch(JOB_NAME if job else SERVICE_NAME, name):
        most = 63 if job else 49
        folded = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:most].rstrip("-")
        near = f"; did you mean {shown(folded)}?" if re.match(r"[a-z]", folded) else ""
        rule = f"up to {most} small letters, digits and hyphens, a letter first, no hyphen last"
        yield Mistake(("services", name), f"is not a name that Cloud Run accepts: {rule}{near}")


def _made_of(key: Key, service: Raw) -> Found:
    if not {"paths", "dockerfile", "context"} & service.keys():
        function = service.get("kind") == "function"
        one = 'context = "FOLDER" (its source folder)' if function else 'dockerfile = "FOLDER/Dockerfile"'
        yield Mistake(key, f'does not say what it is made of: write paths = ["FOLDER"], or {one}')


def _commit(key: Key, service: Raw) -> Found:
    yield from _one_of((*key, "commit"), service.get("commit"), ("label", "env", "tag_regex"))


def _one_of(key: Key, value: Any, choices: tuple[str, ...]) -> Found:
    if isinstance(value, dict) and len(given := [choice for choice in choices if choice in value]) != 1:
        has = f"has {listed(given, 'and')}" if given else "has none of them"
        yield Mistake(key, f"needs exactly one of {listed(choices)}; it {has}")


def _regions(key: Key, service: Raw) -> Found:
    yield from _repeated(key, service, "regions")
    yield from _repeated(key, service, "after")


def _repeated(key: Key, table: Raw, name: str) -> Found:
    seen: set[str] = set()
    for index, value in enumerate(_list(table, name)):
        if isinstance(value, str):
            if value in seen:
                yield Mistake((*key, name, index), f"{shown(value)} is listed twice")
            seen.add(value)


def _checks(key: Key, service: Raw) -> Found:
    first: dict[str, int] = {}
    for index, check in enumerate(_list(service, "checks")):
        here = (*key, "checks", index)
        if not isinstance(check, dict):
            yield Mistake(here, f"must be a table, not {value_text(check)}")
            continue
        name = check.get("name")
        if isinstance(name, str) and first.setdefault(name, index) != index:
            yield Mistake((*here, "name"), f"{shown(name)} is the name of an earlier check of this service")
        yield from _check(here, check, service)


def _check(key: Key, check: Raw, service: Raw) -> Found:
    kinds = [kind for kind in KINDS if kind in check]
    if len(kinds) > 1:
        yield Mistake(key, f"is a check of {len(kinds)} kinds, {listed(kinds, 'and')}; write one check for each")
    elif not kinds:
        unknown = [word for word in check if word not in ("name", "when", "required", "fix")]
        meant = next((f"; did you mean {near[0]}?" for word in unknown if (near := nearest_of(word, KINDS))), "")
        yield Mistake(key, f"is a check of no kind: write one of {listed(KINDS)}{meant}")
    else:
        yield from CHECK_RULES[kinds[0]](key, check, service)


def _http(key: Key, check: Raw, service: Raw) -> Found:
    """A check may only call the service itself or a host that the service declares."""
    address = check["http"]
    if not isinstance(address, str) or not re.match(r"https?://", address):
        return
    try:
        host = urlsplit(address).netloc.lower()
    except ValueError:
        yield Mistake((*key, "http"), f"{shown(address)} is not an address")
        return
    hosts = [one.lower() for one in _list(service, "hosts") if isinstance(one, str)]
    if "@" not in host and host not in hosts:  # with a user in front it is no address of ours at all
        says = f"calls {shown(host)}, which is none of the service's hosts"
        yield Mistake((*key, "http"), says, host, hosts, f"; write hosts = [{shown(host)}], or only the path")


def _some_bound(*names: str) -> Callable[[Key, Raw, Raw], Found]:
    def rule(key: Key, check: Raw, _service: Raw) -> Found:
        if not any(name in check for name in names):
            yield Mistake(key, f"says nothing of what is good: write {listed(names)}")
        yield from _ordered(key, check, "min", "max")
        yield from _ordered(key, check, "min_rows", "max_rows")

    return rule


def _query(key: Key, check: Raw, service: Raw) -> Found:
    yield from _some_bound("max_rows", "min_rows", "row")(key, check, service)
    if "row" in check and ("min_rows" in check or "max_rows" in check):
        yield Mistake((*key, "row"), "asks for exactly one row; leave out min_rows and max_rows")
    for name, bounds in _table(check, "row").items():
        if isinstance(bounds, dict):
            yield from _some_bound("min", "max")((*key, "row", name), bounds, service)


def _freshness(key: Key, check: Raw, _service: Raw) -> Found:
    yield from _one_of((*key, "freshness"), check["freshness"], ("query", "logs"))


def _nothing(_key: Key, _check: Raw, _service: Raw) -> Found:
    yield from ()


def _ordered(key: Key, table: Raw, low: str, high: str) -> Found:
    least, most = table.get(low), table.get(high)
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        yield Mistake((*key, low), f"is larger than {high}, so that nothing can pass")


def _release_order(services: Raw) -> Found:
    """Unknown names in `after`, and circles of services that wait for one another."""
    waits: dict[str, list[str]] = {}
    for name, service in services.items():
        after = [one for one in _list(service, "after") if isinstance(one, str)] if isinstance(service, dict) else []
        if after:
            waits[name] = [one for one in after if one in services]
        for index, one in enumerate(_list(service, "after") if isinstance(service, dict) else ()):
            if isinstance(one, str) and one not in services:
                yield Mistake(("services", name, "after", index), f"there is no service {shown(one)}", one, services)
    for _ in range(MOST_CYCLES):
        circle = _circle(waits)
        if not circle:
            return
        waits[circle[0]] = [one for one in waits[circle[0]] if one != circle[1]]
        path = ", which waits for ".join(shown(one) for one in circle[1:]) if len(circle) > 2 else "itself"
        yield Mistake(("services", circle[0], "after"), f"waits for {path}: it could never be released")


def _circle(waits: Mapping[str, list[str]]) -> list[str]:
    """One circle, each name waiting for the next, the first one again at the end; empty when there is none."""
    try:
        TopologicalSorter(waits).prepare()
    except CycleError as problem:
        return list(reversed(problem.args[1]))  # graphlib lists each name before the one that waits for it
    return []


def _locks(locks: Raw) -> Found:
    needs = {"firestore": ("database", "collection"), "gcs": ("bucket",), "sqlite": ()}
    backend = locks.get("backend", "sqlite")
    if not isinstance(backend, str) or backend not in needs:
        return
    for other in ("database", "collection", "bucket"):
        if other in needs[backend] and other not in locks:
            yield Mistake(("locks", other), f'is missing: backend = "{backend}" needs it')
        if other in locks and other not in needs[backend]:
            home = "gcs" if other == "bucket" else "firestore"
            yield Mistake(("locks", other), f'goes only with backend = "{home}", and this is "{backend}"')


def _mirror(document: Raw) -> Found:
    """Who wrote last is told by the numbers of the leases, which count for all machines only where all share them."""
    backend = _table(document, "locks").get("backend", "sqlite")
    if backend == "sqlite" and "mirror" in _table(document, "ledger"):
        says = 'goes only with locks.backend = "firestore" or "gcs", which all machines share, and this is "sqlite"'
        yield Mistake(("ledger", "mirror"), says)


def _targets(document: Raw, services: Raw) -> Found:
    names = {name: _check_names(service) for name, service in services.items()}
    for index, target in enumerate(_list(document, "targets")):
        reference = target.get("check") if isinstance(target, dict) else None
        if not isinstance(reference, str) or "/" not in reference:
            continue
        name, _, wanted = reference.partition("/")
        key = ("targets", index, "check")
        if name not in names:
            yield Mistake(key, f"there is no service {shown(name)}", name, services)
        elif wanted not in names[name]:
            yield Mistake(key, f"{shown(name)} has no check {shown(wanted)}", wanted, names[name])


def _check_names(service: Any) -> dict[str, None]:
    checks = _list(service, "checks") if isinstance(service, dict) else ()
    names = (check.get("name") for check in checks if isinstance(check, dict))
    return {name: None for name in names if isinstance(name, str)}


def _table(document: Raw, name: str) -> Raw:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _list(table: Raw, name: str) -> list[Any]:
    value = table.get(name)
    return value if isinstance(value, list) else []


SERVICE_RULES = (_made_of, _commit, _regions, _checks)
CHECK_RULES: Mapping[str, Callable[[Key, Raw, Raw], Found]] = {
    "http": _http,
    "logs": _some_bound("min", "max"),
    "query": _query,
    "firestore": _some_bound("fields", "counts", "max_age"),
    "freshness": _freshness,
    "command": _nothing,
}
