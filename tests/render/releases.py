"""Plans, endings and a ledger such as people see them, written down by hand."""

from __future__ import annotations

from datetime import timedelta

from deploytool.domain.ledger_report import LedgerReport, Standing
from deploytool.domain.model import Place, TrafficTarget
from deploytool.domain.plan import Before, Changes, Plan, sized
from deploytool.domain.preflight import bad, good, skipped
from deploytool.domain.release import Event, EventKind, Kind, Outcome, releases_of
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow
from deploytool.domain.report import CommitNote, Relevance
from deploytool.errors import ExitCode
from tests.render.reports import NOW, change

WORKER = Place("nba-props-platform", "us-west2", "prediction-worker")
WEB = Place("nba-props-platform", "us-west2", "web")
OLD, NEW = "1e00ee41" + "0" * 32, "7c406c20" + "1" * 32
SERVED = TrafficTarget("prediction-worker-00012", 95)
CANARY = TrafficTarget("prediction-worker-00013", 5)


def note(sha: str, subject: str, relevance: Relevance, author: str = "Ada", hours: int = 3) -> CommitNote:
    files = (change("shared/lock.py", relevance),)
    return CommitNote(sha * 5, author, NOW - timedelta(hours=hours), subject, relevance, files)


COMMITS = (
    note("53538250", "fix(shared): the processing lock is released when a worker is stopped", Relevance.IMPORTED),
    note("5297f0e8", "docs: how to read the lock", Relevance.NOT_IN_IMAGE, "Grace", 21),
    note("c91ab57f", "test: two workers", Relevance.NOT_IN_IMAGE, "Ada", 45),
)
PLAN = sized(
    Plan(
        id="20260205-004500-k3fz",
        kind=Kind.DEPLOY,
        place=WORKER,
        commit=NEW,
        ref="main",
        revision="prediction-worker-7c406c20-k3fz",
        by="ada@laptop",
        builder="cloudbuild",
        image="us-west2-docker.pkg.dev/nba-props-platform/nba-props/prediction-worker",
        steps=(5, 50, 100),
        before=Before((SERVED, CANARY), (SERVED, CANARY), latest=True),
        changes=Changes(labels={"commit-sha": NEW}),
        from_commit=OLD,
        settings=("min_instances 1 -> 0",),
        checks=("health (candidate, live)", "no errors (live)"),
        notes=("prediction-coordinator comes first",),
    ),
    COMMITS,
)
FIRST = Plan(
    id="20260205-004501-ab12",
    kind=Kind.DEPLOY,
    place=WEB,
    commit=NEW,
    ref="main",
    revision="web-7c406c20-ab12",
    image="us-west2-docker.pkg.dev/nba-props-platform/nba-props/web",
)
LINES = (
    good("work tree", "clean"),
    good("merged", "7c406c20 is on main"),
    skipped("pushed", "the repository has no remote"),
    bad(
        "traffic",
        "asked for 100 % LATEST, but 95 % prediction-worker-00012 + 5 % prediction-worker-00013 serves",
        "Decide what should serve: gcloud run services update-traffic",
    ),
)


def plan_report() -> PlanReport:
    return PlanReport(NOW, (PLAN, FIRST), {WORKER: LINES, WEB: LINES[:3]})


def release_report() -> ReleaseReport:
    done = ReleaseRow(
        PLAN.id, WORKER, Kind.DEPLOY, NEW, PLAN.revision, Outcome.SUCCEEDED, "", ExitCode.CLEAN,
        f"deploytool rollback {WORKER.name}", (SERVED, CANARY), (TrafficTarget(None, 100, latest=True),), 725.3,
    )  # fmt: skip
    refused = ReleaseRow(
        "", WEB, Kind.DEPLOY, NEW, "", None, "merged: 7c406c20 is not on main", ExitCode.FINDINGS, "git push"
    )
    return ReleaseReport(NOW, (done, refused))


def events() -> tuple[Event, ...]:
    """One release that was rolled back, one that waits, one without an end."""
    found: list[Event] = []

    def add(release: str, kind: EventKind, step: str, data: dict[str, object], seconds: float) -> None:
        at = NOW - timedelta(hours=5) + timedelta(seconds=seconds)
        found.append(Event(len(found) + 1, release, at, kind, step, data, 1, "", ""))

    one = PLAN.id
    add(one, EventKind.BEGUN, "", {**PLAN.record(), "by": "ada@laptop"}, 0)
    add(one, EventKind.INTENT, "build", {}, 1)
    add(one, EventKind.OBSERVED, "build", {"digest": "sha256:" + "a" * 64, "reused": False, "note": None}, 61.5)
    add(one, EventKind.INTENT, "shift 5", {}, 62)
    add(one, EventKind.OBSERVED, "shift 5", {"serving": [{"revision": "prediction-worker-00012", "percent": 95}]}, 64)
    add(one, EventKind.NOTED, "", {"resumed": True}, 70)
    add(one, EventKind.INTENT, "bake 5", {}, 71)
    add(one, EventKind.FAILED, "bake 5", {"reason": "5xx 12 % > 1 %", "requests": 61}, 371)
    add(one, EventKind.ENDED, "", {"outcome": "rolled-back", "reason": "5xx 12 % > 1 % at 5 % of traffic"}, 375)
    add("20260205-010000-wait", EventKind.BEGUN, "", PLAN.record(), 400)
    add("20260205-010000-wait", EventKind.NOTED, "", {"waiting": "at the verified candidate"}, 500)
    add("20260205-020000-open", EventKind.BEGUN, "", FIRST.record(), 600)
    add("20260205-020000-open", EventKind.INTENT, "build", {}, 601)
    return tuple(found)


def ledger_report() -> LedgerReport:
    newest = releases_of(events())[::-1]
    standings = {newest[0].id: Standing.UNSURE, newest[1].id: Standing.WAITING}
    return LedgerReport(NOW, newest, standings, left_out=3)


def one_report() -> LedgerReport:
    return LedgerReport(NOW, releases_of(events())[:1], one=True)


def broken_report() -> LedgerReport:
    return LedgerReport(NOW, (), verified=False, breaks=("event 2 was changed after it was written",), events=12)
