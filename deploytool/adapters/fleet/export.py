"""A Fleet as the v2-shaped document that `--fleet` reads back to the same judgement.

No secret leaves by it: of the environment only the variables that carry a commit keep a value, and of those only
the commit, and those that say what Python loads. Of a command line the values of secret-sounding options are left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from deploytool.domain.model import ConditionState, Fleet, Kind, Place, Revision, Service, TrafficTarget, Unreachable
from deploytool.domain.provenance import ENV, Candidate
from deploytool.domain.report import Source

STATES = {
    ConditionState.SUCCEEDED: "CONDITION_SUCCEEDED",
    ConditionState.FAILED: "CONDITION_FAILED",
    ConditionState.PENDING: "CONDITION_PENDING",
    ConditionState.UNKNOWN: "STATE_UNSPECIFIED",
}
ALLOCATION = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
LEFT_OUT = "(left out)"  # the variable was there and held no commit: that it was there is part of the judgement
SECRET = re.compile(r"pass|pwd|secret|token|key|credential|auth", re.IGNORECASE)


def fleet_document(fleet: Fleet, env_names: Collection[str] = ()) -> dict[str, Any]:
    """The `fleet` of `deploytool status --format json`; `env_names` are those that services.toml reads commits from."""
    names = frozenset((*ENV, *env_names))
    services = [_service(service, names) for service in fleet.services if service.kind is not Kind.JOB]
    jobs = [_job(service, names) for service in fleet.services if service.kind is Kind.JOB]
    revisions = [_revision(place, revision, names) for (place, _), revision in fleet.revisions.items()]
    unreachable = [_unreachable(entry) for entry in fleet.unreachable]
    return {"services": services, "revisions": revisions, "jobs": jobs, "unreachable": unreachable}


def _service(service: Service, names: frozenset[str]) -> dict[str, Any]:
    template = {"revision": service.template.name, **_content(service.template, names)}
    created, ready = (_full(service.place, name) for name in (service.latest_created, service.latest_ready))
    return {
        "name": _name(service.place, "services"),
        **_state(service),
        "template": _said(template),
        "traffic": [_row(row) for row in service.desired],
        "trafficStatuses": [_row(row) for row in service.effective],
        **_said({"latestCreatedRevision": created, "latestReadyRevision": ready, "uri": service.uri}),
    }


def _job(job: Service, names: frozenset[str]) -> dict[str, Any]:
    content = _content(job.template, names)
    containers = content.pop("containers")
    template = {**content, "template": {"containers": containers}}
    return {"name": _name(job.place, "jobs"), **_state(job), "template": template}


def _state(service: Service) -> dict[str, Any]:
    condition = {"type": "Ready", "state": STATES[service.ready], "message": service.ready_reason}
    return _said(
        {
            "labels": dict(service.labels),
            "annotations": dict(service.annotations),
            "generation": _digits(service.generation),
            "observedGeneration": _digits(service.observed_generation),
            "reconciling": service.reconciling,
            "terminalCondition": _said(condition),
            "updateTime": _moment(service.updated_at),
            "etag": service.etag,
            "problems": list(service.problems),
        }
    )


def _revision(place: Place, revision: Revision, names: frozenset[str]) -> dict[str, Any]:
    ready = {"type": "Ready", "state": STATES[revision.ready]}
    return {
        "name": _full(place, revision.name),
        **_said({"createTime": _moment(revision.created_at)}),
        **_content(revision, names),
        "conditions": [ready],
    }


def _content(revision: Revision, names: frozenset[str]) -> dict[str, Any]:
    env = [{"name": name, "value": _commit_in(value)} for name, value in revision.env.items() if name in names]
    started = revision.overrides
    env += [{"name": name, "value": value} for name, value in started.environment if name not in names]
    told = {row["name"] for row in env}
    env += [{"name": name} for name in revision.variables if name not in told]  # that it is set, never to what
    words = {"command": _masked(started.command), "args": _masked(started.args), "workingDir": started.workdir}
    container = _said({"image": revision.image, **words, "env": env})
    kept = _said({"labels": dict(revision.labels), "annotations": dict(revision.annotations)})
    return {**kept, "containers": [container]}


def _masked(words: Sequence[str]) -> list[str]:
    """A command line without the values of options that sound like secrets."""
    shown: list[str] = []
    secret = False
    for word in words:
        name, equals, _ = word.partition("=")
        shown.append(LEFT_OUT if secret else f"{name}={LEFT_OUT}" if equals and SECRET.search(name) else word)
        secret = not equals and word.startswith("-") and SECRET.search(word) is not None
    return shown


def _commit_in(value: str) -> str:
    """The commit that a value names and nothing else of it."""
    candidate = Candidate(Source.ENV, value, "")
    if candidate.dirty:
        return "dirty"
    return candidate.hex or (LEFT_OUT if value else "")


def _row(row: TrafficTarget) -> dict[str, Any]:
    allocation = "LATEST" if row.latest else "REVISION" if row.revision else "UNSPECIFIED"
    named = {"revision": row.revision, "percent": row.percent, "tag": row.tag, "uri": row.uri}
    return {"type": ALLOCATION + allocation, **_said(named)}


def _unreachable(entry: Unreachable) -> dict[str, Any]:
    kinds = [] if entry.kinds == tuple(Kind) else [kind.value for kind in entry.kinds]
    said = _said({"hint": entry.hint, "kinds": kinds})
    return {"region": entry.region, "message": entry.message, **said}


def _name(place: Place, collection: str) -> str:
    return f"projects/{place.project}/locations/{place.region}/{collection}/{place.name}"


def _full(place: Place, revision: str | None) -> str | None:
    return f"{_name(place, 'services')}/revisions/{revision}" if revision else None


def _digits(number: int | None) -> str | None:
    return None if number is None else str(number)


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What has something to say: the API leaves out empty values too."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {}, False, 0)}
