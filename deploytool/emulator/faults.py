"""What can go wrong on demand: faults by route and count, and which request each of them hits."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from deploytool.emulator.errors import invalid

STATUSES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
CUTS = ("broken", "truncated")  # JSON that does not end; fewer bytes than the length that was promised
ENUMS = ("state", "type")  # of a condition; of a traffic target
MAX_SECONDS = 86_400
MAX_COUNT = 1_000_000
METHODS = ("*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Kind:
    """One way to go wrong. `argument` is the one that `KIND=VALUE` sets; `in_world` ones change what comes after."""

    argument: str | None = None
    default: Any = None
    choices: tuple[Any, ...] = ()
    in_world: bool = False


KINDS = {
    # on the wire
    "delay": Kind("seconds", 1.0),
    "status": Kind("code", 503, tuple(STATUSES)),
    "malformed": Kind("how", "broken", CUTS),
    "drop": Kind(),
    "lose-reply": Kind(),
    "lose-reply-status": Kind("code", 503, tuple(STATUSES)),
    "unknown-enum": Kind("field", "state", ENUMS),
    # in the world
    "stale-read": Kind("changes", 1, in_world=True),
    "operation-never-ends": Kind(in_world=True),
    "operation-fails": Kind(in_world=True),
    "operation-lost": Kind(in_world=True),
    "never-ready": Kind(in_world=True),
    "never-settles": Kind(in_world=True),
    "flapping": Kind("seconds", 1.0, in_world=True),
    "dies-later": Kind("seconds", 1.0, in_world=True),
    "traffic-not-effective": Kind(in_world=True),
    "traffic-late": Kind("seconds", 1.0, in_world=True),
}
PLACE = ("method", "path", "query", "after", "times", "do")


@dataclass(frozen=True)
class Fault:
    """Which requests (`*` in `path` and `query` spans slashes), how many of them, and what happens to them.

    `after` matching requests pass first; then `times` are hit, 0 for all. `value` belongs to the kind.
    """

    method: str
    path: str
    do: str
    value: Any = None
    query: str | None = None
    after: int = 0
    times: int = 1
    retry_after: int | None = None

    def matches(self, method: str, path: str, query: str) -> bool:
        if self.method not in {"*", method} or not _glob(self.path).fullmatch(path):
            return False
        if self.do == "stale-read" and method != "GET":
            return False  # a write that believed old news would spoil the world, not the answer
        return self.query is None or _glob(self.query).fullmatch(query) is not None

    def body(self) -> dict[str, Any]:
        """The fault as JSON; `fault_of` reads it again."""
        result: dict[str, Any] = {"method": self.method, "path": self.path, "after": self.after, "times": self.times}
        result["do"] = self.do
        argument = KINDS[self.do].argument
        result |= {argument: self.value} if argument else {}
        optional = {"query": self.query, "retry_after": self.retry_after}
        return result | {key: value for key, value in optional.items() if value is not None}


def _glob(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)


def fault_of(value: Any) -> Fault:
    """The fault that a JSON object describes; 400 with the wrong field named otherwise."""
    if not isinstance(value, dict):
        raise invalid("A fault is an object.")
    do = value.get("do")
    if do not in KINDS:
        raise invalid(f"Unknown fault '{do}': one of {', '.join(KINDS)}.", "do")
    kind = KINDS[do]
    takes = {*PLACE, *([kind.argument] if kind.argument else []), *(["retry_after"] if do == "status" else [])}
    for key in value:
        if key not in takes:
            raise invalid(f"A fault of kind '{do}' has no '{key}'.", str(key))
    method, path, query = value.get("method", "*"), value.get("path"), value.get("query")
    if method not in METHODS:
        raise invalid(f"Unknown method '{method}': one of {', '.join(METHODS)}.", "method")
    if not isinstance(path, str) or not path.startswith(("/", "*")):
        raise invalid("A path begins with / or *, such as /v2/*/services/*.", "path")
    if query is not None and not isinstance(query, str):
        raise invalid("A query is a text, such as *updateMask=*traffic*.", "query")
    retry = _number(value, "retry_after", None, int) if "retry_after" in value else None
    after, times = _number(value, "after", 0, int), _number(value, "times", 1, int)
    return Fault(method, path, do, _argument(kind, value), query, after, times, retry)


def _argument(kind: Kind, value: dict[str, Any]) -> Any:
    if kind.argument is None:
        return None
    if not kind.choices:
        return _number(value, kind.argument, kind.default, type(kind.default))
    chosen = value.get(kind.argument, kind.default)
    if type(chosen) is not type(kind.default) or chosen not in kind.choices:
        known = ", ".join(map(str, kind.choices))
        raise invalid(f"'{kind.argument}' is one of {known}, not '{chosen}'.", kind.argument)
    return chosen


def _number(value: dict[str, Any], key: str, default: Any, shape: type) -> Any:
    given: Any = value.get(key, default)
    limit = MAX_SECONDS if shape is float else MAX_COUNT
    numeric = isinstance(given, int | shape) and not isinstance(given, bool)
    if not numeric or not 0 <= given <= limit:
        raise invalid(f"'{key}' is a number from 0 to {limit}, not '{given}'.", key)
    return shape(given)


@dataclass
class Planned:
    """A fault with its counts: matching requests seen, and those it hit."""

    fault: Fault
    seen: int = 0
    hits: int = 0

    def hit(self, method: str, path: str, query: str) -> bool:
        """Count one request; is it one of those that are hit?"""
        if not self.fault.matches(method, path, query):
            return False
        self.seen += 1
        last = self.fault.after + self.fault.times
        if self.seen <= self.fault.after or (self.fault.times and self.seen > last):
            return False
        self.hits += 1
        return True

    def body(self) -> dict[str, Any]:
        return self.fault.body() | {"seen": self.seen, "hits": self.hits}


@dataclass
class Plan:
    """All faults of a running server, in the order in which they were added."""

    entries: list[Planned] = field(default_factory=list)

    def add(self, faults: list[Fault]) -> None:
        self.entries += [Planned(fault) for fault in faults]

    def clear(self) -> None:
        self.entries = []

    def body(self) -> dict[str, Any]:
        return {"faults": [entry.body() for entry in self.entries]}


@dataclass(frozen=True)
class Asked:
    """The faults that the request in hand shall leave in the world."""

    faults: tuple[Fault, ...] = ()

    def with_one(self, fault: Fault) -> Asked:
        return replace(self, faults=(*self.faults, fault))

    def value_of(self, do: str) -> Any:
        """The value of the first fault of this kind; None when there is none."""
        return next((fault.value for fault in self.faults if fault.do == do), None)


NOTHING = Asked()
ASKED: ContextVar[Asked] = ContextVar("asked", default=NOTHING)
