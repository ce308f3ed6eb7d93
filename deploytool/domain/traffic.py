"""Which revisions get the requests, and is that what was asked for?

Judged from effective traffic, never from the template or the newest revision. Tag rows do not serve.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from deploytool.domain.model import ConditionState, Kind, Place, Revision, Service, TrafficTarget
from deploytool.domain.report import ServingState

Revisions = Mapping[tuple[Place, str], Revision]
NO_REVISIONS: Revisions = MappingProxyType({})
NOBODY = "?"  # a row that names neither LATEST nor a revision: it must not be taken for LATEST
ALL_TO_LATEST = (TrafficTarget(revision=None, percent=100, latest=True),)  # what an empty list asks for


@dataclass(frozen=True, slots=True)
class Share:
    """One revision that serves. `revision` is None when Cloud Run cannot name it now, and for a job."""

    revision: str | None
    percent: int
    tags: tuple[str, ...] = ()
    template_says: bool = False  # the service's template describes this revision


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves. With `problems` the answer was not understood in full: the verdict is unknown, never current."""

    state: ServingState
    shares: tuple[Share, ...]
    reason: str = ""
    problems: tuple[str, ...] = ()


def serving_of(service: Service, revisions: Revisions = NO_REVISIONS) -> Serving:
    """The serving axis: the first state that matches, and the shares, largest first."""
    if service.kind is Kind.JOB:
        return _serving_of_job(service)
    rows = _effective_rows(service)
    doubts = _doubts_of(service, rows)
    shares = _shares_of(service, rows)
    state, reason = _state_of(service, rows, shares, revisions, doubtful=bool(doubts))
    if service.ready is ConditionState.UNKNOWN:
        doubts = (*doubts, "Cloud Run does not say whether the service is ready")
    return Serving(state, shares, doubts[0] if doubts else reason, (*service.problems, *doubts))


def revision_of(service: Service, share: Share, revisions: Revisions) -> Revision | None:
    """What is known of a serving revision: its own record, else the template where that describes it."""
    found = revisions.get((service.place, share.revision)) if share.revision is not None else None
    if found is not None:
        return found
    return service.template if share.template_says else None


def in_flight(service: Service) -> bool:
    """A change is still being carried out, so what LATEST means right now cannot be told."""
    return not service.settled or service.ready is ConditionState.PENDING


def wish_of(rows: Iterable[TrafficTarget]) -> dict[str | None, int]:
    """What a traffic map means: percent by revision name, LATEST under None.

    Order, tags and rows without percent do not matter. LATEST and the same revision pinned by name are
    different wishes: only one of them follows the next deployment.
    """
    wish: dict[str | None, int] = {}
    for row in tuple(rows) or ALL_TO_LATEST:
        if row.percent:
            key = None if row.latest else row.revision or NOBODY
            wish[key] = wish.get(key, 0) + row.percent
    return wish


def _serving_of_job(job: Service) -> Serving:
    """A job has one row, its template: the next execution runs that, whatever ran before."""
    shares = (Share(None, 100, (), template_says=True),)
    state, reason = ServingState.LATEST, ""
    if job.reconciling or not (job.observed_generation is None or job.settled):
        state, reason = ServingState.RECONCILING, "a change of the job is still being carried out"
    elif job.ready is ConditionState.FAILED:
        state, reason = ServingState.NEWEST_NOT_READY, f"the job is not ready{_because(job)}"
    return Serving(state, shares, reason, job.problems)


def _effective_rows(service: Service) -> tuple[TrafficTarget, ...]:
    """The rows that serve; an empty list means LATEST only where LATEST was asked for and is there."""
    if service.effective or service.latest_ready is None or wish_of(service.desired) != wish_of(()):
        return service.effective
    return ALL_TO_LATEST


def _name_of(service: Service, row: TrafficTarget) -> str | None:
    if not row.latest:
        return row.revision
    return None if in_flight(service) else row.revision or service.latest_ready


def _serves(service: Service, row: TrafficTarget) -> bool:
    return row.percent > 0 and not (row.latest and row.revision is None and service.latest_ready is None)


def _shares_of(service: Service, rows: Sequence[TrafficTarget]) -> tuple[Share, ...]:
    """Percent rows and tag rows of one revision are one share."""
    percents: dict[str | None, int] = {}
    tags: dict[str | None, set[str]] = {}
    for row in rows:
        name = _name_of(service, row)
        if _serves(service, row):
            percents[name] = percents.get(name, 0) + row.percent
        if row.tag:
            tags.setdefault(name, set()).add(row.tag)
    shares = [
        Share(name, percent, tuple(sorted(tags.get(name, ()))), _template_says(service, name))
        for name, percent in percents.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.percent, share.revision or "")))


def _template_says(service: Service, name: str | None) -> bool:
    """The template is that of the latest created revision once the newest generation was carried out.

    After a failure it need not be: a wish may fail before there is a revision of it.
    """
    return (
        name is not None
        and name == service.latest_created
        and service.generation is not None
        and service.carried_out
        and not in_flight(service)
        and service.template.name in (None, name)
    )


def _state_of(
    service: Service, rows: Sequence[TrafficTarget], shares: Sequence[Share], revisions: Revisions, *, doubtful: bool
) -> tuple[ServingState, str]:
    if not shares:
        return ServingState.NONE, f"no revision serves{_because(service)}"
    if in_flight(service) and any(row.latest and _serves(service, row) for row in rows):
        return ServingState.RECONCILING, "a change is still being carried out: which revision serves cannot be named"
    if doubtful or wish_of(service.desired) != wish_of(rows):
        return ServingState.DESIRED_DIFFERS, f"asked for {_said(service.desired)}, but {_said(rows)} serves"
    if _newest_not_ready(service, revisions):
        return ServingState.NEWEST_NOT_READY, f"the newest revision{_newest(service)} is not ready{_because(service)}"
    return _settled_state(service, rows, shares)


def _settled_state(
    service: Service, rows: Sequence[TrafficTarget], shares: Sequence[Share]
) -> tuple[ServingState, str]:
    if len(shares) > 1:
        return ServingState.SPLIT, "traffic is split: " + ", ".join(f"{s.percent} % {s.revision}" for s in shares)
    (only,) = shares
    if only.revision != service.latest_ready:
        return ServingState.NEWEST_NOT_SERVING, f"all traffic is on {only.revision}, not on {service.latest_ready}"
    if any(row.percent and not row.latest for row in rows):
        return ServingState.PINNED, f"pinned to {only.revision}: a new revision will get no traffic by itself"
    return ServingState.LATEST, ""


def _newest_not_ready(service: Service, revisions: Revisions) -> bool:
    newest = revisions.get((service.place, service.latest_created or ""))
    return (
        service.latest_created != service.latest_ready
        or service.ready in (ConditionState.FAILED, ConditionState.UNKNOWN)
        or (newest is not None and newest.ready is ConditionState.FAILED)
    )


def _doubts_of(service: Service, rows: Sequence[TrafficTarget]) -> tuple[str, ...]:
    """Whatever keeps this traffic from being understood: none of it may end as healthy."""
    doubts = [*_map_doubts("what serves", service.effective), *_map_doubts("the asked-for traffic", service.desired)]
    total = sum(row.percent for row in rows)
    if service.latest_ready is not None and total == 0:
        doubts.append("Cloud Run does not say what serves")
    elif total not in (0, 100):
        doubts.append(f"the shares of what serves add up to {total} %, not to 100 %")
    if service.desired and (asked := sum(row.percent for row in service.desired)) != 100:
        doubts.append(f"the asked-for shares add up to {asked} %, not to 100 %")
    if not in_flight(service):
        doubts.extend(_naming_doubts(service, rows))
    return tuple(doubts)


def _naming_doubts(service: Service, rows: Sequence[TrafficTarget]) -> Iterable[str]:
    for row in rows:
        if not row.latest or row.percent <= 0:
            continue
        if service.latest_ready is None and len(rows) > 1 and row.revision is None:
            yield "part of the traffic goes to the latest ready revision, and there is none"
        if row.revision and service.latest_ready and row.revision != service.latest_ready:
            yield f"LATEST is said to be {row.revision} in one place and {service.latest_ready} in another"


def _map_doubts(title: str, rows: Iterable[TrafficTarget]) -> Iterable[str]:
    for row in rows:
        if not 0 <= row.percent <= 100:
            yield f"{title} has a row whose percent was not understood"
        if not row.latest and row.revision is None:
            yield f"{title} has a row that names neither LATEST nor a revision"


def _said(rows: Iterable[TrafficTarget]) -> str:
    wish = sorted(wish_of(rows).items(), key=lambda item: (-item[1], item[0] or ""))
    return " + ".join(f"{percent} % {name or 'LATEST'}" for name, percent in wish) or "nothing"


def _newest(service: Service) -> str:
    return f" {service.latest_created}" if service.latest_created else ""


def _because(service: Service) -> str:
    return f" ({service.ready_reason})" if service.ready_reason else ""
