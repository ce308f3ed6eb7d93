"""Where a rollback leads: the last map that was verified, or the revision or commit that a person names."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from deploytool.adapters.git import Repository
from deploytool.detect.planning import before_of
from deploytool.domain.changes import COMMIT_LABEL, SCOPE_LABEL
from deploytool.domain.model import ConditionState, Place, Revision, Service, TrafficTarget
from deploytool.domain.plan import Plan, release_id
from deploytool.domain.release import Kind, Outcome, Release
from deploytool.domain.traffic_plan import Rows, named_rows, rows_of, said, same_wish
from deploytool.errors import UsageError
from deploytool.ports import FleetReader, SeenRevision, ServiceEditor


def rollback_plan(
    place: Place,
    to: str | None,
    *,
    service: Service,
    releases: Sequence[Release],
    editor: ServiceEditor,
    reader: FleetReader,
    repository: Repository,
    by: str,
    now: datetime,
) -> Plan | None:
    """The plan of a rollback; None when what is asked for serves already. Raises UsageError with why it cannot."""
    serving = named_rows(service)
    if not serving:
        raise UsageError(
            f"Nothing of {place.name} serves, so there is nothing to go back from.", hint="deploytool status"
        )
    goal, notes = (
        _last_verified(place, serving, releases) if to is None else (_named(place, to, reader, repository), ())
    )
    if same_wish(goal, service.desired) and same_wish(goal, serving):
        return None
    for row in goal:
        _must_be_ready(place, row.revision or "", editor)
    most, main = _most(serving), _most(goal)
    old, new = editor.revision(place, most), editor.revision(place, main)
    release = release_id(now, secrets.token_hex(2))
    return Plan(
        id=release,
        kind=Kind.ROLLBACK,
        place=place,
        commit=_commit(new, repository),
        ref=main,
        revision=main,
        by=by,
        tag="",
        before=before_of(service, {}, releases),
        goal=goal,
        from_commit=_commit(old, repository),
        from_scope=_label(old, SCOPE_LABEL),
        notes=notes,
    )


def _last_verified(place: Place, serving: Rows, releases: Sequence[Release]) -> tuple[Rows, tuple[str, ...]]:
    """The map before the release that made what serves now."""
    most = _most(serving)
    shares = [row.revision for row in serving if row.percent]
    if len(shares) > 1:
        raise UsageError(
            f"Traffic of {place.name} is split: {said(serving)}. Which of them is good is not known.",
            hint=f"Name it: deploytool rollback {place.name} --to {most}",
        )
    ours = [one for one in releases if one.place == place and one.outcome is Outcome.SUCCEEDED]
    made = next((one for one in reversed(ours) if one.kind is Kind.DEPLOY and one.revision == most), None)
    if made is None:
        raise UsageError(
            f"No release of ours made {most}, which serves: what was verified before it is not known.",
            hint=f"Name one: deploytool rollback {place.name} --to REVISION",
        )
    before: Mapping[str, object] | None = made.plan.get("before")
    if before is None:
        raise UsageError(
            f"{most} was the first deployment of {place.name}: there is nothing to go back to.",
            hint=f"Name one: deploytool rollback {place.name} --to REVISION",
        )
    goal = tuple(row for row in rows_of(made.plan["before"]["named"]) if row.percent)
    verified = {one.revision for one in ours if one.kind is not Kind.ADOPTED}
    unproven = [row.revision for row in goal if row.revision not in verified]
    note = f"{', '.join(filter(None, unproven))} served before {made.id}; no release of ours verified it"
    return goal, (note,) if unproven else ()


def _named(place: Place, to: str, reader: FleetReader, repository: Repository) -> Rows:
    """All traffic to one revision: the one of that name, or the newest ready one of that commit."""
    known = {revision.name: revision for revision in reader.history(place) if revision.name}
    if to in known:
        return (TrafficTarget(to, 100),)
    commit = repository.named(to)
    if commit is not None:
        for name, revision in known.items():
            if revision.ready is ConditionState.SUCCEEDED and _is_of(revision, commit, repository):
                return (TrafficTarget(name, 100),)
    from difflib import get_close_matches

    near = get_close_matches(to, known, 3, cutoff=0.4) or list(known)[:3]
    what = (
        f"no ready revision of {place.name} has the commit {commit[:8]}" if commit else f"there is no revision {to!r}"
    )
    raise UsageError(
        f"{what[:1].upper()}{what[1:]}.", hint=f"Did you mean {', '.join(near)}?" if near else "deploytool status"
    )


def _is_of(revision: Revision, commit: str, repository: Repository) -> bool:
    said_ = revision.labels.get(COMMIT_LABEL, "").lower()
    return len(said_) >= 7 and repository.resolve([said_]).get(said_) == (commit,)


def _must_be_ready(place: Place, name: str, editor: ServiceEditor) -> None:
    found = editor.revision(place, name)
    if found is not None and found.revision.ready is ConditionState.SUCCEEDED:
        return
    what = "does not exist any more" if found is None else "is not ready"
    raise UsageError(
        f"{name} {what}: traffic cannot go back to it.", hint=f"deploytool rollback {place.name} --to REVISION"
    )


def _most(rows: Rows) -> str:
    return max(rows, key=lambda row: row.percent).revision or said(rows)


def _commit(seen: SeenRevision | None, repository: Repository) -> str:
    """The proven commit of a revision, or what its label says."""
    value = _label(seen, COMMIT_LABEL).lower()
    found = repository.resolve([value]).get(value, ()) if value else ()
    return found[0] if len(found) == 1 else value


def _label(seen: SeenRevision | None, name: str) -> str:
    return seen.revision.labels.get(name, "") if seen else ""
