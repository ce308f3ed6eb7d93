"""Judges what was seen of a service: what serves, what the ledger says, what was left behind."""

from __future__ import annotations

from collections.abc import Iterator

from deploytool.domain.changes import COMMIT_LABEL, MOST_LABEL, RELEASE_LABEL
from deploytool.domain.disagreements_traffic import mark_items, recorded, tag_is_free, traffic_items
from deploytool.domain.ledger_report import waits
from deploytool.domain.model import ConditionState, Service
from deploytool.domain.model import Kind as ServiceKind
from deploytool.domain.reconcile import Disagreement, Facts, Item, Mend, MendKind, Seen, item
from deploytool.domain.release import Kind, Release
from deploytool.domain.report import LookError
from deploytool.domain.traffic import in_flight
from deploytool.domain.traffic_plan import rows_of

FAR = 3.0  # times the ttl that a lease may have left before nobody believes its end


def items_of(facts: Facts) -> tuple[tuple[Item, ...], tuple[LookError, ...]]:
    """Everything that does not agree, service by service, and what could not be judged."""
    found: list[Item] = [_broken(facts)] if facts.breaks else []
    errors = [*facts.errors]
    for seen in facts.seen:
        doubt = doubt_of(seen)
        if doubt:
            errors.append(LookError(seen.place.region, f"{seen.place.name}: {doubt}"))
        else:
            found += _items_of(seen, facts)
    for check in facts.checks:
        place, name = check.place, check.name
        mend = Mend(MendKind.RUN_FIX, f"run the fix of {name}, then the check again", name) if check.fix else None
        hint = f"deploytool verify {place.name}"
        message = f"the check {name} of {place.name} does not pass: {check.said}"
        found.append(item(Disagreement.CHECK, message, hint, place=place, subject=name, mend=mend))
    return tuple(found), tuple(errors)


def doubt_of(seen: Seen) -> str:
    """Why nothing can be said of the service at this moment; "" when something can."""
    held = seen.lease.held if seen.lease else None
    if seen.begun:
        return f"release {seen.begun} has just begun; look again when it has ended"
    if held is not None and not seen.holder_gone and not _is_far(seen):
        return f"{held.holder.who} is at work on it ({held.holder.reason}); look again when that has ended"
    if seen.service is not None and seen.service.problems:
        return f"Cloud Run's answer was not understood: {seen.service.problems[0]}"
    if seen.service is not None and in_flight(seen.service):
        return "a change is being carried out; look again when it is done"
    return ""


def _items_of(seen: Seen, facts: Facts) -> Iterator[Item]:
    opened = [one for one in seen.releases if one.outcome is None]
    yield from _lease(seen, opened)
    yield from _left_open(seen, opened)
    if seen.service is None:
        if not opened:
            yield from _not_there(seen)
        return
    if seen.kind is ServiceKind.JOB:
        yield from _job(seen, seen.service)
        return
    if not any(not waits(one) for one in opened):  # its own --resume or --abort settles the traffic
        traffic = list(traffic_items(seen, seen.service, facts))
        yield from traffic
        yield from mark_items(seen, seen.service, {one.id for one in opened})
        if not opened:
            yield from _settings(seen, movable=not traffic and tag_is_free(seen, seen.service))
    yield from _labels(seen, facts)
    yield from _lost(seen, facts)
    yield from _way_back(seen)


def _broken(facts: Facts) -> Item:
    return item(
        Disagreement.CHAIN,
        f"the ledger was changed after it was written: {facts.breaks[0]}",
        "deploytool releases --verify",
        breaks=facts.breaks[:20],
    )


def _lease(seen: Seen, opened: list[Release]) -> Iterator[Item]:
    held = seen.lease.held if seen.lease else None
    if held is None or seen.lease is None:
        return
    left, who, what = seen.lease.seconds_left, held.holder.who, f"the lease on {seen.place.name}"
    if seen.holder_gone and held.holder.release in {one.id for one in opened}:
        return  # whoever resumes or aborts that release takes it over
    if seen.holder_gone:
        mend = Mend(MendKind.FREE_LEASE, f"free {what}", held.id)
        message = f"{what} is held by {who} ({held.holder.reason}), whose process is gone"
    else:
        mend = None
        message = f"{what} is held by {who} for {left:.0f} s more, and a lease is given for {seen.ttl:.0f} s"
    hint = f'deploytool lock break {held.id} --why "…"'
    yield item(
        Disagreement.STUCK_LEASE, message, hint, place=seen.place, subject=held.id, mend=mend,
        holder=who, process=held.holder.process, seconds_left=round(left),
    )  # fmt: skip


def _left_open(seen: Seen, opened: list[Release]) -> Iterator[Item]:
    for one in opened:
        if waits(one):
            continue
        name = seen.place.name
        steps = [step.name for step in one.steps]
        at = f" at {steps[-1]}" if steps else ""
        yield item(
            Disagreement.LEFT_OPEN,
            f"release {one.id} of {name} was left{at}, and nobody is at work on it",
            f"deploytool deploy {name} --resume, or deploytool deploy {name} --abort",
            place=seen.place, subject=one.id, release=one.id, by=one.by, steps=steps,
        )  # fmt: skip


def _not_there(seen: Seen) -> Iterator[Item]:
    last = recorded(seen.releases)
    if last is not None:
        yield item(
            Disagreement.NOT_SERVING,
            f"{last.id} released {seen.place.name}, and there is no {seen.kind} of that name any more",
            f"deploytool deploy {seen.place.name}, or take it out of services.toml",
            place=seen.place, release=last.id,
        )  # fmt: skip


def _job(seen: Seen, job: Service) -> Iterator[Item]:
    last = recorded(seen.releases)
    built = last.seen("build") if last is not None else None
    if last is None or built is None or job.template.image == built.get("image"):
        return
    yield item(
        Disagreement.NOT_SERVING,
        f"the next execution of {seen.place.name} does not run the image of {last.id}",
        f"deploytool deploy {seen.place.name}",
        place=seen.place, release=last.id, image=job.template.image, released=str(built.get("image")),
    )  # fmt: skip


def _settings(seen: Seen, *, movable: bool) -> Iterator[Item]:
    if not seen.settings:
        return
    place = seen.place
    hint = f"deploytool deploy {place.name} --force"
    if seen.kept_up:
        hint = f"gcloud run services update {place.name} --region {place.region} --min N"
    message = f"{place.name} does not have what services.toml declares: {', '.join(seen.settings)}"
    mend = _same_again(seen) if movable and not seen.kept_up else None
    yield item(Disagreement.SETTINGS, message, hint, place=place, subject="settings", mend=mend, settings=seen.settings)


def _same_again(seen: Seen) -> Mend | None:
    """Settings belong to a revision: where a release of ours made it, its image can be released again."""
    last, service = recorded(seen.releases), seen.service
    if last is None or last.kind is not Kind.DEPLOY or service is None or service.latest_created != last.revision:
        return None
    return Mend(MendKind.SETTINGS, f"release the image of {last.revision} again, with what is declared", last.id)


def _labels(seen: Seen, facts: Facts) -> Iterator[Item]:
    hint = f"deploytool deploy {seen.place.name}"
    for name, conflicts in seen.conflicts.items():
        for conflict in conflicts:
            yield item(Disagreement.LABEL, f"{name}: {conflict}", hint, place=seen.place, subject=f"{name}: {conflict}")
    for release in seen.releases:
        found = seen.revisions.get(release.revision)
        if release.started_at < facts.since or release.kind is not Kind.DEPLOY or found is None:
            continue
        built = release.seen("build")
        wrong = [
            what
            for what, is_, should in (
                (f"label {COMMIT_LABEL}", found.labels.get(COMMIT_LABEL), release.commit[:MOST_LABEL]),
                (f"label {RELEASE_LABEL}", found.labels.get(RELEASE_LABEL), release.id),
                ("image", found.image, built["image"] if built else found.image),
            )
            if is_ != should
        ]
        if wrong:
            message = f"{found.name}: {' and '.join(wrong)} not as release {release.id} recorded"
            yield item(Disagreement.LABEL, message, hint, place=seen.place, subject=release.id, release=release.id)


def _lost(seen: Seen, facts: Facts) -> Iterator[Item]:
    for release in seen.releases:
        if release.started_at >= facts.since and release.commit in facts.lost:
            yield item(
                Disagreement.COMMIT_GONE,
                f"{release.id} released {release.commit[:8]} of {seen.place.name}, which is not in this repository",
                "git fetch --all --tags",
                place=seen.place, subject=release.id, commit=release.commit,
            )  # fmt: skip


def _way_back(seen: Seen) -> Iterator[Item]:
    """What a rollback of the release that serves would go to."""
    last = recorded(seen.releases)
    if last is None or last.kind is not Kind.DEPLOY:
        return
    for row in rows_of((last.plan.get("before") or {}).get("named", ())):
        name = row.revision or ""
        if not row.percent or name not in seen.revisions:
            continue
        found = seen.revisions[name]
        if found is None or found.ready is not ConditionState.SUCCEEDED:
            what = "does not exist any more" if found is None else "is not ready"
            message = f"{name} {what}: a rollback of {seen.place.name} has nowhere to go"
            hint = f"deploytool rollback {seen.place.name} --to REVISION names another one"
            yield item(Disagreement.NO_WAY_BACK, message, hint, place=seen.place, subject=name, release=last.id)


def _is_far(seen: Seen) -> bool:
    return seen.lease is not None and seen.lease.seconds_left > FAR * seen.ttl
