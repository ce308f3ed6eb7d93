"""One change of a service: what it names is written, everything else stays byte for byte as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deploytool.domain.model import TrafficTarget
from deploytool.domain.plan import Changes


@dataclass(frozen=True, slots=True)
class NewRevision:
    """The revision to make from the template that is there."""

    name: str
    image: str  # by digest
    changes: Changes
    without: tuple[str, ...] = ()  # variables that are taken away again, where they hold a plain value


@dataclass(frozen=True, slots=True)
class Edit:
    """`traffic` and `labels` of the service, and a new revision; None and empty leave things alone."""

    traffic: tuple[TrafficTarget, ...] | None = None
    labels: Mapping[str, str | None] = field(default_factory=dict)  # None takes a label away
    revision: NewRevision | None = None
