"""Judges what serves by what the ledger tells, and what a release of ours left on a service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploytool.domain.changes import FENCE_LABEL, RELEASE_LABEL
from deploytool.domain.model import Kind as ServiceKind
from deploytool.domain.model import Service
from deploytool.domain.plan import tag_for
from deploytool.domain.reconcile import Disagreement, Facts, Item, Mend, MendKind, Seen, item
from deploytool.domain.release import Kind, Outcome, Release
from deploytool.domain.traffic_plan import LATEST, Rows, json_of, named_rows, resolved, rows_of, said, same_wish, tagged


def recorded(releases: tuple[Release, ...]) -> Release | None:
    """The release whose traffic should stand: what failed after it put that map back."""
    return next((one for one in reversed(releases) if one.outcome is Outcome.SUCCEEDED), None)


def map_of(release: Release) -> Rows:
    """The percentages that a release ended with, every revision by its name."""
    if release.kind is not Kind.DEPLOY:
        return tuple(row for row in rows_of(release.plan.get("goal", ())) if row.percent)
    return rows_of([{"revision": release.revision, "percent": 100}])


def traffic_items(seen: Seen, service: Service, facts: Facts) -> Iterator[Item]:
    place, asked = seen.place, service.desired or LATEST
    serving = tuple(row for row in named_rows(service) if row.percent)
    evidence: dict[str, Any] = {"asked": json_of(asked), "serving": json_of(serving)}
    if not same_wish(resolved(asked, service), serving):
        message = f"{said(asked)} is asked for, and {said(serving) if serving else 'nothing'} serves"
        hint = f"deploytool status {place.name}"
        yield item(Disagreement.DESIRED_DIFFERS, message, hint, place=place, **evidence)
        return
    last = recorded(seen.releases)
    if last is None or not same_wish(map_of(last), serving):
        yield from _other_serves(seen, serving, last, facts, evidence)
    else:
        yield from _pinned(seen, service, last, evidence)


def _other_serves(
    seen: Seen, serving: Rows, last: Release | None, facts: Facts, evidence: dict[str, Any]
) -> Iterator[Item]:
    """Something else serves than the ledger tells: how does the ledger know what does, if it does?"""
    place = seen.place
    names = [row.revision or "" for row in serving]
    made = {one.revision: one for one in seen.releases if one.kind is Kind.DEPLOY}
    bad = [made[name] for name in names if name in made and made[name].outcome not in (Outcome.SUCCEEDED, None)]
    known = {*made, *_told_of(seen.releases)}
    adopt = Mend(MendKind.ADOPT, f"record that {said(serving)} is what should serve (--adopt)")
    instead = "put back what was released" if last else f"deploytool deploy {place.name}"
    accept = f"deploytool reconcile {place.name} --adopt, or {instead}"
    told = evidence | ({"release": last.id, "released": json_of(map_of(last))} if last else {})
    if bad:
        message = f"{bad[0].revision} serves, and its release {bad[0].id} ended as {bad[0].outcome}"
        yield item(Disagreement.FAILED_SERVES, message, accept, place=place, mend=adopt, **told)
    elif [name for name in names if name not in known]:
        if not _unrecorded_matters(seen, names, facts):
            return
        by_hand = ", ".join(name for name in names if name not in known)
        message = f"{by_hand} serves, and is in no release: it was deployed by hand, or by another tool"
        yield item(Disagreement.UNRECORDED, message, accept, place=place, subject=by_hand, mend=adopt, **told)
    elif last is not None:
        message = f"{last.id} released {said(map_of(last))}, and {said(serving)} serves"
        hint = f"deploytool rollback {place.name} --to {map_of(last)[0].revision}, or {accept.partition(', ')[0]}"
        yield item(Disagreement.NOT_SERVING, message, hint, place=place, mend=adopt, **told)


def _told_of(releases: tuple[Release, ...]) -> Iterator[str | None]:
    """Revisions that the ledger knows and no release made: from before the first one, or chosen since."""
    first = True
    for one in releases:
        good = one.outcome is Outcome.SUCCEEDED
        if first:
            yield from (row.revision for row in rows_of((one.plan.get("before") or {}).get("named", ())))
        if good:
            yield from (row.revision for row in rows_of(one.plan.get("goal", ())))
        first = first and not good


def _named_in(release: Release) -> Rows:
    before = release.plan.get("before") or {}
    return (*rows_of(before.get("named", ())), *rows_of(release.plan.get("goal", ())))


def _unrecorded_matters(seen: Seen, names: list[str], facts: Facts) -> bool:
    """Where the ledger knows nothing of a service, only what is as young as the releases that are looked at."""
    if seen.kind is ServiceKind.FUNCTION:
        return False  # Cloud Functions deploys it: no ledger of ours could know
    if seen.releases:
        return True
    made = [found.created_at for name in names if (found := seen.revisions.get(name)) is not None]
    return any(at is None or at >= facts.since for at in made) or len(made) < len(names)


def _pinned(seen: Seen, service: Service, last: Release, evidence: dict[str, Any]) -> Iterator[Item]:
    """What should serve does; but by its name, so that what is deployed next gets no traffic by itself."""
    place, asked = seen.place, service.desired or LATEST
    rows = [row for row in asked if row.percent]
    if len(rows) != 1 or rows[0].latest:
        return
    name, newest = rows[0].revision, service.latest_ready
    if name == newest == service.latest_created:
        if seen.follows or _asked_latest(last):
            mend = Mend(MendKind.FOLLOW_LATEST, f"let traffic follow the newest revision; {name} goes on serving", "",
                        name or "")  # fmt: skip
            message = f"traffic is pinned to {name} by name, and it followed the newest revision before"
            hint = f"gcloud run services update-traffic {place.name} --region {place.region} --to-latest"
            yield item(Disagreement.PINNED, message, hint, place=place, mend=mend, release=last.id, **evidence)
    elif newest and newest != name and newest not in _set_aside(seen.releases):
        message = f"traffic is pinned to {name} by name, and {newest} is newer, ready, and gets none"
        hint = f"deploytool deploy {place.name}, or deploytool rollback {place.name} --to {newest}"
        yield item(Disagreement.PINNED, message, hint, place=place, subject=newest, release=last.id, **evidence)


def _asked_latest(release: Release) -> bool:
    asked = (release.seen("shift 100") or {}).get("asked", ())
    return any(row.latest and row.percent for row in rows_of(asked))


def _set_aside(releases: tuple[Release, ...]) -> set[str | None]:
    """Revisions that a release of ours left, or never put in place: that they get no traffic is meant."""
    found: set[str | None] = set()
    for one in releases:
        if one.kind is Kind.ADOPTED and one.outcome is Outcome.SUCCEEDED:
            found |= {earlier.revision for earlier in releases if earlier.started_at < one.started_at}
        if one.kind is Kind.DEPLOY and one.outcome is not Outcome.SUCCEEDED:
            found.add(one.revision)
        elif one.kind is Kind.ROLLBACK and one.outcome is Outcome.SUCCEEDED:
            found |= {row.revision for row in _named_in(one)}
    return found


def mark_items(seen: Seen, service: Service, opened: set[str]) -> Iterator[Item]:
    """Our tag and our fence belong to a release under way."""
    place, tag = seen.place, tag_for(seen.place.name)
    name, release, ours = _tag_holder(seen, service)
    if name is not None and release and release not in opened:
        mend = Mend(MendKind.DROP_TAG, f"take the tag {tag} off {name}", tag, name) if ours else None
        whose = f"release {release}" if ours else f"release {release}, which is not in this ledger"
        hint = f"gcloud run services update-traffic {place.name} --region {place.region} --remove-tags {tag}"
        message = f"the tag {tag} was left on {name} by {whose}"
        yield item(Disagreement.LEFTOVER, message, hint, place=place, subject=tag, mend=mend, release=release)
    fence = service.labels.get(FENCE_LABEL)
    if fence is not None and fence not in opened:
        mend = Mend(MendKind.DROP_FENCE, f"take the label {FENCE_LABEL} off", fence) if fence in _ended(seen) else None
        hint = f"gcloud run services update {place.name} --region {place.region} --remove-labels {FENCE_LABEL}"
        message = f"the label {FENCE_LABEL} was left on {place.name}"
        yield item(Disagreement.LEFTOVER, message, hint, place=place, subject=FENCE_LABEL, mend=mend, release=fence)


def tag_is_free(seen: Seen, service: Service) -> bool:
    """May a release of ours put its tag on the service?"""
    name, _, ours = _tag_holder(seen, service)
    return name is None or ours


def _tag_holder(seen: Seen, service: Service) -> tuple[str | None, str, bool]:
    """The revision that our tag is on, the release that it says made it, and whether the ledger saw that one end."""
    tag = tag_for(seen.place.name)
    name = tagged(service.desired, tag) if tag else None
    revision = seen.revisions.get(name) if name else None
    said_ = revision.labels.get(RELEASE_LABEL, "") if revision is not None else ""
    made = next((one.id for one in seen.releases if one.kind is Kind.DEPLOY and one.revision == name), "")
    release = made or said_
    return name, release, release in _ended(seen)


def _ended(seen: Seen) -> set[str]:
    return {one.id for one in seen.releases if one.outcome is not None}
