"""Facts in, items out: what each disagreement is called, whether it can be mended, and what explains it away."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.changes import FENCE_LABEL
from deploytool.domain.disagreements import items_of
from deploytool.domain.lease import Holder, Lease, LeaseRecord
from deploytool.domain.model import ConditionState, Place, Revision, Service, TrafficTarget
from deploytool.domain.model import Kind as ServiceKind
from deploytool.domain.reconcile import Facts, FailedCheck, Item, MendKind, Seen
from deploytool.domain.release import FIRST, Event, EventKind, Kind, Outcome, Release
from deploytool.domain.template import settings_off

NOW = datetime(2026, 2, 5, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
API = Place("p", "r", "api")
A, B, C = "api-a", "api-b", "api-c"
SHA = "1" * 40
LATEST = (TrafficTarget(None, 100, latest=True),)


def on(name: str, percent: int = 100, tag: str | None = None) -> TrafficTarget:
    return TrafficTarget(name, percent, tag=tag)


def revision(name: str, release: str = "", **more: Any) -> Revision:
    labels = {"deploytool-release": release, "commit-sha": SHA} if release else {}
    return Revision(name, **{"labels": labels, "created_at": NOW, "ready": ConditionState.SUCCEEDED, **more})


def service(serving: str = B, asked: Any = LATEST, newest: str = "", **more: Any) -> Service:
    newest = newest or serving
    told: dict[str, Any] = {
        "template": revision(newest), "generation": 3, "observed_generation": 3, "ready": ConditionState.SUCCEEDED,
        "latest_created": newest, "latest_ready": newest, "desired": asked, "effective": (on(serving),),
    }  # fmt: skip
    return Service(API, ServiceKind.SERVICE, **{**told, **more})


def release(name: str, outcome: Outcome | None = Outcome.SUCCEEDED, *, id: str = "", **more: Any) -> Release:
    plan = {
        "commit": SHA, "revision": name, "before": {"named": [{"revision": A, "percent": 100}]}, "goal": [],
    }  # fmt: skip
    kind = more.pop("kind", Kind.DEPLOY)
    events = tuple(_event(kind_, step, data) for kind_, step, data in more.pop("events", ()))
    return Release(
        id or f"of-{name}", kind, API, {**plan, **more}, NOW, ended_at=NOW if outcome else None, outcome=outcome,
        events=events,
    )  # fmt: skip


def _event(kind: EventKind, step: str, data: dict[str, Any]) -> Event:
    return Event(1, "x", NOW, kind, step, data, 1, FIRST)


ASKED_LATEST = [(EventKind.OBSERVED, "shift 100", {"asked": [{"percent": 100, "latest": True}]})]
HELD = [(EventKind.NOTED, "", {"waiting": "at the verified candidate"})]
MADE = {A: revision(A), B: revision(B, f"of-{B}"), C: revision(C)}
GOOD = Seen(API, service=service(), releases=(release(B, events=ASKED_LATEST),), revisions=MADE)


OURS = {**MADE, C: revision(C, f"of-{C}")}


def lease(release: str = "of-b", left: float = 60.0) -> LeaseRecord:
    holder = Holder("ada", "laptop", 7, "", release, "deploy 11111111")
    return LeaseRecord("p/r/api", Lease("l1", "p/r/api", holder, 5, NOW, NOW), left)


def judged(seen: Seen, **more: Any) -> tuple[Item, ...]:
    items, errors = items_of(Facts(NOW, SINCE, (seen,), **more))
    assert not errors
    return items


def told(items: tuple[Item, ...]) -> list[tuple[str, MendKind | None]]:
    return [(item.finding.rule, item.mend.kind if item.mend else None) for item in items]


def with_(**more: Any) -> Seen:
    return replace(GOOD, **more)


ROLLED_BACK = release(B, id="back", kind=Kind.ROLLBACK, goal=[{"revision": A, "percent": 100}])
ROLLED_BACK = replace(
    ROLLED_BACK, plan={**ROLLED_BACK.plan, "revision": A, "before": {"named": [{"revision": B, "percent": 100}]}}
)
ADOPTED = release(C, id="adopted", kind=Kind.ADOPTED, goal=[{"revision": C, "percent": 100}], before={"named": []})
BY_HAND = {"named": [{"revision": C, "percent": 100}]}
LATER = NOW + timedelta(minutes=1)

ROWS: dict[str, tuple[Seen, list[tuple[str, MendKind | None]]]] = {
    "all is well": (GOOD, []),
    "nothing was ever released, and what serves is young": (
        with_(releases=(), service=service(C)), [("DT602", MendKind.ADOPT)]),
    "nothing was ever released, and what serves is old": (
        with_(releases=(), service=service(C), revisions={C: revision(C, created_at=SINCE - timedelta(1))}), []),
    "a function is deployed by others": (with_(releases=(), service=service(C), kind=ServiceKind.FUNCTION), []),
    "deployed by hand after a release": (with_(service=service(C)), [("DT602", MendKind.ADOPT)]),
    "by hand, and a release of ours failed on top of it": (
        with_(service=service(C), releases=(*GOOD.releases, release("api-d", Outcome.FAILED_SAFE, before=BY_HAND))),
        [("DT602", MendKind.ADOPT)]),
    "a person went back to what we chose in between": (
        with_(service=service(C, (on(C),), B), releases=(replace(ADOPTED, started_at=SINCE), *GOOD.releases)),
        [("DT601", MendKind.ADOPT)]),
    "by hand, and adopted since": (
        with_(service=service(C), releases=(*GOOD.releases, replace(ADOPTED, started_at=LATER))), []),
    "a person went back": (with_(service=service(A, (on(A),), B)), [("DT601", MendKind.ADOPT)]),
    "our rollback went back": (
        with_(service=service(A, (on(A),), B), releases=(*GOOD.releases, ROLLED_BACK)), []),
    "a failed release put back what was": (
        with_(service=service(B, (on(B),), C), releases=(*GOOD.releases, release(C, Outcome.ROLLED_BACK)),
              revisions=OURS), []),
    "a failed release serves": (
        with_(service=service(C), releases=(*GOOD.releases, release(C, Outcome.FAILED_SAFE)), revisions=OURS),
        [("DT603", MendKind.ADOPT)]),
    "the service is gone": (with_(service=None), [("DT601", None)]),
    "nothing was released and there is no service": (with_(service=None, releases=()), []),
    "asked for is not what serves": (
        with_(service=service(B, (on(A, 50), on(B, 50)))), [("DT607", None)]),
    "pinned to the newest, which was LATEST": (
        with_(service=service(B, (on(B),))), [("DT606", MendKind.FOLLOW_LATEST)]),
    "pinned to the newest, as it always was": (with_(service=service(B, (on(B),)), releases=(release(B),)), []),
    "pinned by a release of ours": (
        with_(service=service(B, (on(B),)), releases=(release(B),), follows=True),
        [("DT606", MendKind.FOLLOW_LATEST)]),
    "pinned, and a newer one is not ready": (
        with_(service=service(B, (on(B),), latest_created=C, latest_ready=B)), []),
    "pinned, and a newer one gets nothing": (with_(service=service(B, (on(B),), C)), [("DT606", None)]),
    "our tag, left over": (
        with_(service=service(B, (*LATEST, on(B, 0, "candidate")))), [("DT605", MendKind.DROP_TAG)]),
    "our tag, of a release that the ledger does not know": (
        with_(service=service(B, (*LATEST, on(C, 0, "candidate"))), revisions={**MADE, C: revision(C, "elsewhere")}),
        [("DT605", None)]),
    "a tag of somebody else": (with_(service=service(B, (*LATEST, on(C, 0, "candidate")))), []),
    "another tag": (with_(service=service(B, (*LATEST, on(B, 0, "blue")))), []),
    "our fence, left over": (
        with_(service=service(labels={FENCE_LABEL: "of-api-b"})), [("DT605", MendKind.DROP_FENCE)]),
    "a fence of nobody": (with_(service=service(labels={FENCE_LABEL: "?"})), [("DT605", None)]),
    "left open": (
        with_(releases=(*GOOD.releases, release(C, None)), revisions=OURS, service=service(A)), [("DT609", None)]),
    "left open, with the lease of a process that is gone": (
        with_(releases=(*GOOD.releases, release(C, None)), revisions=OURS, lease=lease(f"of-{C}"), holder_gone=True),
        [("DT609", None)]),
    "waits at its candidate": (with_(releases=(*GOOD.releases, release(C, None, events=HELD)), revisions=OURS), []),
    "a lease of a process that is gone": (
        with_(lease=lease(), holder_gone=True), [("DT608", MendKind.FREE_LEASE)]),
    "a lease without a sensible end": (with_(lease=lease(left=1e6)), [("DT608", None)]),
    "settings are not as declared": (with_(settings=("min_instances 1, declared 2",)), [("DT610", MendKind.SETTINGS)]),
    "the service itself keeps more": (with_(settings=("x",), kept_up=True), [("DT610", None)]),
    "settings of what was deployed by hand": (
        with_(settings=("x",), service=service(C)), [("DT602", MendKind.ADOPT), ("DT610", None)]),
    "settings, while somebody has our tag": (
        with_(settings=("x",), service=service(B, (*LATEST, on(C, 0, "candidate")))), [("DT610", None)]),
    "a label that lies": (with_(conflicts={B: ("env says 2, label says 1",)}), [("DT604", None)]),
    "a revision that is not as it was recorded": (
        with_(revisions={**MADE, B: revision(B, "another")}), [("DT604", None)]),
    "the way back is gone": (with_(revisions={**MADE, A: None}), [("DT611", None)]),
    "the way back is not ready": (
        with_(revisions={**MADE, A: revision(A, ready=ConditionState.FAILED)}), [("DT611", None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_each_disagreement_has_its_name_and_its_way_out(name: str) -> None:
    seen, expected = ROWS[name]
    items = judged(seen)
    assert told(items) == expected
    assert len({item.id for item in items}) == len(items)
    assert all(item.finding.hint and item.finding.message and item.finding.service == "api" for item in items)


def test_a_job_runs_the_image_that_was_released() -> None:
    built = [(EventKind.OBSERVED, "build", {"image": "i@sha256:1"})]
    job = service(template=Revision(None, image="i@sha256:1"))
    seen = with_(kind=ServiceKind.JOB, service=job, releases=(release(B, events=built),))
    assert judged(seen) == ()
    other = replace(seen, service=replace(job, template=Revision(None, image="i@sha256:2")))
    assert told(judged(other)) == [("DT601", None)]


def test_ledger_git_and_checks() -> None:
    facts = {"breaks": ("event 2 was changed",), "lost": frozenset({SHA})}
    check = FailedCheck(API, "rows", "12 of 14", fix=True)
    items = judged(GOOD, **facts, checks=(check, replace(check, name="other", fix=False)))
    assert told(items) == [("DT612", None), ("DT613", None), ("DT614", MendKind.RUN_FIX), ("DT614", None)]
    assert (items[0].id, items[2].id) == ("DT612", "DT614/api/r/rows")


@pytest.mark.parametrize(
    "seen",
    [
        with_(lease=lease()),
        with_(begun="of-c"),
        with_(service=service(reconciling=True)),
        with_(service=service(problems=("a row that was not understood",))),
    ],
)
def test_what_cannot_be_judged_now_is_no_pass(seen: Seen) -> None:
    items, errors = items_of(Facts(NOW, SINCE, (replace(seen, conflicts={B: ("x",)}),)))
    assert items == ()
    assert len(errors) == 1
    assert errors[0].message.startswith("api: ")


def all_on(name: str) -> dict[str, Any]:
    return {"revision": name, "percent": 100}


names = st.sampled_from([A, B, C])
rows = st.one_of(st.just(LATEST), names.map(lambda name: (on(name),)), st.just((on(A, 40), on(B, 60))))
outcomes = st.sampled_from([None, *Outcome])
made = st.builds(
    lambda name, outcome, kind, events, goal: release(
        name,
        outcome,
        id=f"{name}-{kind}-{outcome}",
        kind=kind,
        events=events,
        goal=[{"revision": goal, "percent": 100}],
    ),
    names,
    outcomes,
    st.sampled_from(Kind),
    st.sampled_from([(), ASKED_LATEST]),
    names,
)


@given(names, rows, names, names, st.lists(made, max_size=4), st.booleans())
def test_no_mend_moves_a_request(
    serving: str, asked: Any, created: str, ready: str, releases: list[Release], follows: bool
) -> None:
    told_ = service(serving, asked, latest_created=created, latest_ready=ready)
    seen = with_(service=told_, releases=tuple(releases), follows=follows, settings=("x",))
    for item in judged(seen):
        kind = item.mend.kind if item.mend else None
        if kind is MendKind.FOLLOW_LATEST:
            assert serving == created == ready
            assert asked == (on(serving),)
        if kind is MendKind.SETTINGS:
            last = [one for one in releases if one.outcome is Outcome.SUCCEEDED][-1]
            assert serving == created == last.revision
            assert all(one.outcome is not None for one in releases)


HIGH = ("min_instances 3, declared 2",)


@pytest.mark.parametrize(
    ("service", "revision", "expected"),
    [
        ({}, {"scaling": {"minInstanceCount": 2}}, ()),
        ({}, {}, ("min_instances 0, declared 2", "cpu_throttling false, declared true")),
        ({"scaling": {"minInstanceCount": 2}}, {"containers": [{"resources": {"cpuIdle": True}}]}, ()),
        (
            {"scaling": {"minInstanceCount": 3}},
            {},
            ("min_instances 3, declared 2", "cpu_throttling false, declared true"),
        ),
    ],
)
def test_settings_are_those_of_what_serves(service: Any, revision: Any, expected: tuple[str, ...]) -> None:
    throttled = True if expected or "containers" in revision else None
    assert settings_off(service, revision, 2, throttled) == expected
