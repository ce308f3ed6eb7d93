"""Cloud Run's words may quote what they complain about: a value of the environment becomes its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploytool.domain.changes import TIME
from deploytool.domain.provenance import ENV

SHORTEST = 6  # letters; shorter values ("1", "true") occur in any sentence
OURS = frozenset((*ENV, TIME))  # a commit and a build time are no secrets, and people look for them


def unsaid(text: str, raw: Mapping[str, Any]) -> str:
    """The text without any value that the service, revision or job `raw` has in its environment."""
    known = str(raw.get("name", ""))  # project, region and service are no secrets either
    values = {value: name for name, value in _variables(raw) if len(value) >= SHORTEST and value not in known}
    for value in sorted(values, key=len, reverse=True):  # the longest first: a value may contain another one
        text = text.replace(value, f"${values[value]}")
    return text


def _variables(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and plain values: a service has them in its template, a job one level deeper, a revision at the top."""
    containers = [one for one in raw.get("containers") or [] if isinstance(one, Mapping)]
    for container in containers:
        for entry in container.get("env") or []:
            if isinstance(entry, Mapping) and isinstance(entry.get("value"), str) and entry.get("name") not in OURS:
                yield str(entry.get("name", "")), entry["value"]
    inner = raw.get("template")
    if isinstance(inner, Mapping):
        yield from _variables(inner)
