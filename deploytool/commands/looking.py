"""How `drift` and `explain` begin: the cloud and git are asked at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from deploytool.config import ServiceTable
from deploytool.detect.beside import asked_beside
from deploytool.detect.drift import Detection
from deploytool.detect.gather import with_missing
from deploytool.detect.serving import History
from deploytool.domain.model import Fleet
from deploytool.domain.report import Precision

if TYPE_CHECKING:
    from deploytool.app import App


class Look(NamedTuple):
    """A prepared detection, and what there is to judge."""

    detection: Detection
    fleet: Fleet
    history: History


def look(
    app: App, tables: Sequence[ServiceTable], *, fleet: Sequence[str], precision: str | None, fetch: bool, dated: bool
) -> Look:
    """Ask both. `fetch`: also get commits that this clone lacks; `dated`: the answer will show when it was deployed."""
    reader = app.fleet_reader(fleet)
    wanted = Precision(precision) if precision else None
    with asked_beside(partial(reader.fleet, dated=dated)) as answer:
        detection = Detection(app.config, tables, app.repository, wanted)
        detection.prepare()
        found = answer()
    if fetch:
        repository = with_missing(app.repository, detection.target, app.config, tables, found, app.cache)
        detection = Detection(app.config, tables, repository, wanted).aimed_as(detection)
    return Look(detection, found, reader.history)
