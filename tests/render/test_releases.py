"""Plans, endings and the ledger as people read them, at 80 columns and in a pipe."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploytool.domain.ledger_report import LedgerReport, Standing, next_command_of, standing_of
from deploytool.domain.model import TrafficTarget
from deploytool.domain.plan import Before
from deploytool.domain.release import Kind, Outcome, releases_of
from deploytool.domain.release_report import PlanReport, ReleaseReport
from deploytool.render import Format, render
from deploytool.render.release_wording import evidence_of, took
from tests.render.releases import (
    CANARY,
    LINES,
    PLAN,
    SERVED,
    WORKER,
    broken_report,
    events,
    ledger_report,
    one_report,
    plan_report,
    release_report,
)
from tests.render.reports import NOW


def table(report: PlanReport | ReleaseReport | LedgerReport, width: int | None = None) -> str:
    return render(report, Format.TABLE, now=NOW, width=width)


def lines(report: PlanReport | ReleaseReport | LedgerReport, width: int | None = None) -> list[str]:
    return table(report, width).splitlines()


def test_a_plan_says_what_goes_live_and_how() -> None:
    said = lines(plan_report())
    assert said[:4] == [
        "prediction-worker  1e00ee41 → 7c406c20 (main)",
        "  goes live  3 commits of 2 people, 1 reaches it (small)",
        "    53538250  3h      Ada    fix(shared): the processing lock is released when a worker is stopped",
        "        imported  shared/lock.py",
    ]
    for line in (
        "  traffic    5 % → 50 % → 100 %, watched for 5m each",
        "             traffic was pinned by name: it will follow the newest revision again when the release is proven",
        "  setting    min_instances 1 -> 0",
        "  OK    work tree  clean",
        "  SKIP  pushed     the repository has no remote",
        "                   hint: Decide what should serve: gcloud run services update-traffic",
        "  first      the first deployment: there is nothing to go back to",
    ):
        assert line in said
    assert said[-1] == "2 releases planned: 1 ready, 1 with something that speaks against it"


@pytest.mark.parametrize("report", [plan_report(), release_report(), ledger_report(), one_report(), broken_report()])
@pytest.mark.parametrize("width", [80, 100, 160])
def test_nothing_is_wider_than_the_terminal(report: LedgerReport, width: int) -> None:
    assert max(len(line) for line in lines(report, width)) <= width


def test_an_id_can_be_copied_from_80_columns() -> None:
    assert all(release.id in table(ledger_report(), 80) for release in ledger_report().releases)


def test_our_own_words_are_ascii_when_asked() -> None:
    for report in (plan_report(), release_report(), ledger_report(), one_report()):
        assert render(report, Format.TABLE, now=NOW, symbols=False).isascii()


def pinned(before: Before, kind: Kind = Kind.DEPLOY) -> str:
    plan = replace(PLAN, before=before, kind=kind)
    said = lines(PlanReport(NOW, (plan,), {WORKER: LINES[:1]}))
    return next((line.strip() for line in said if "pinned" in line), "")


def test_a_pin_is_said_with_what_becomes_of_it() -> None:
    latest = (TrafficTarget(None, 100, latest=True),)
    tagged = (*latest, TrafficTarget("a", 0, False, "tag"))
    assert pinned(Before(latest, (SERVED,), latest=True)) == ""
    assert pinned(Before(tagged, (SERVED,), latest=True)) == ""
    assert "follow the newest revision again" in pinned(Before((SERVED, CANARY), (SERVED, CANARY), latest=True))
    assert "be pinned to prediction-worker-7c406c20-k3fz" in pinned(Before((SERVED,), (SERVED,), latest=False))


def test_a_rollback_names_the_map_that_comes_back() -> None:
    plan = replace(PLAN, kind=Kind.ROLLBACK, goal=(SERVED, CANARY), reason="errors", commits=(), reaching=0)
    said = lines(PlanReport(NOW, (plan,), {}))
    assert "  traffic    at once to 95 % prediction-worker-00012 + 5 % prediction-worker-00013" in said
    assert "  because    errors" in said
    assert not [line for line in said if "goes live" in line]


def test_nothing_to_release_is_said() -> None:
    assert lines(PlanReport(NOW, ())) == lines(ReleaseReport(NOW, ())) == ["Nothing to release."]


def test_an_ending_says_what_serves_and_what_to_type() -> None:
    said = lines(release_report())
    assert said[1].split() == ["prediction-worker", PLAN.id, "deploy", "7c406c20", "12m", "5s", "✓", "succeeded"]
    assert said[2].endswith("95 % prediction-worker-00012 + 5 % prediction-worker-00013 → 100 % LATEST")
    assert said[3] == "  next      deploytool rollback prediction-worker"
    assert said[4].split()[:3] == ["web", "not", "begun"]
    assert said[-1] == "1 succeeded, 1 refused"


def test_the_ledger_has_the_newest_first() -> None:
    said = lines(ledger_report())
    assert [line.split()[1] for line in said[1:4]] == [release.id for release in ledger_report().releases]
    assert said[1].endswith("? running or left behind")
    assert said[2].endswith("? waiting at its candidate")
    assert said[3].endswith("5xx 12 % > 1 % at 5 % of traffic")
    assert "3 older releases not shown: --last 6" in said


def test_one_release_shows_every_step_with_its_evidence() -> None:
    said = table(one_report())
    for part in (
        "19:45:01  build: done in 1m\n    digest    sha256:aaaa",
        "19:46:02  shift 5: done in 2.0s\n    serving   95 % prediction-worker-00012\n",
        "19:46:10  noted\n    resumed   yes\n",
        "19:46:11  bake 5: failed in 5m\n    reason    5xx 12 % > 1 %\n    requests  61\n",
        "\nnext: deploytool drift prediction-worker --verbose\n",
    ):
        assert part in said
    opened = releases_of(events())[-1]
    said = table(LedgerReport(NOW, (opened,), one=True))
    assert "build: not known how it ended" in said
    assert "next: deploytool deploy web --resume (or --abort)" in said


def test_verifying_says_how_many_events_or_every_break() -> None:
    assert table(LedgerReport(NOW, (), verified=True, events=1)) == "The chain of 1 event holds.\n"
    assert lines(broken_report()) == [
        "- event 2 was changed after it was written",
        "",
        "The chain of 12 events does not hold in 1 place.",
    ]
    assert broken_report().exit_code == 1


@pytest.mark.parametrize(
    ("alive", "standing"),
    [(True, Standing.RUNNING), (False, Standing.LEFT_BEHIND), (None, Standing.UNSURE)],
)
def test_without_an_end_the_process_decides(alive: bool | None, standing: Standing) -> None:
    _, waiting, opened = releases_of(events())
    assert standing_of(opened, alive) is standing
    assert standing_of(waiting, alive) is (Standing.RUNNING if alive else Standing.WAITING)


def test_every_ending_has_something_to_type_next() -> None:
    release = releases_of(events())[0]
    for word in (*Outcome, *Standing):
        assert next_command_of(release, word).startswith("deploytool ")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-1, "0.0s"), (0.25, "0.2s"), (12.4, "12s"), (59.7, "1m"), (61, "1m 1s"), (300, "5m"), (3725, "1h 2m")],
)
def test_how_long_it_took(seconds: float, said: str) -> None:
    assert took(seconds) == said


def test_evidence_is_one_line_each() -> None:
    data = {"a_b": 1, "none": None, "yes": True, "list": ["a", 2], "map": [{"percent": "x"}], "deep": {"a": [1]}}
    assert evidence_of(data) == [
        ("a b", "1"),
        ("yes", "yes"),
        ("list", "a, 2"),
        ("map", '[{"percent": "x"}]'),
        ("deep", '{"a": [1]}'),
    ]
    assert len(evidence_of({"log": "x" * 9999})[0][1]) < 700


def test_json_hashes_can_be_checked_by_anybody() -> None:
    import json
    from hashlib import sha256

    from deploytool.domain.release import hash_of

    event = replace(events()[2], at=NOW + timedelta(microseconds=5))
    event = replace(event, hash=hash_of(event))
    release = replace(releases_of(events())[0], events=(event,))
    [told] = json.loads(render(LedgerReport(NOW, (release,)), Format.JSON, now=NOW))["releases"]
    [said] = told["events"]
    names = ("number", "at", "kind", "step", "data", "fence", "previous")
    parts = [said[name] for name in names]
    parts.insert(1, event.release)
    assert sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest() == said["hash"]
