"""One service, one ledger, one lease, and whoever works on them: releases, and people at the console."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploytool.adapters.fleet import v2json
from deploytool.detect.planning import before_of
from deploytool.domain.build import Built
from deploytool.domain.changes import RELEASE_LABEL, changes_of
from deploytool.domain.check import Answer, CheckResult
from deploytool.domain.judge import RequestStats
from deploytool.domain.model import TrafficTarget
from deploytool.domain.plan import Plan, Watch, plan_of, release_id, revision_name, tag_for
from deploytool.domain.preflight import refusals, traffic_lines
from deploytool.domain.release import Kind, Release, releases_of
from deploytool.emulator.errors import ApiError
from deploytool.errors import CouldNotLook, LeaseHeld, PlanChanged
from deploytool.release.ending import Ending
from deploytool.release.runner import Runner
from deploytool.release.tools import Looked, Tools
from tests.release.small_cloud import (
    BY_NAME,
    LATEST,
    NAME,
    PLACE,
    Clock,
    Cloud,
    Death,
    Editor,
    Fault,
    Gate,
    Json,
    Writer,
)
from tests.release.small_judge import Facts, Judge
from tests.release.small_stores import TTL, Leases, MemoryLedger, SmallHold

STATS = {
    "good": RequestStats(200, p95_seconds=0.1),
    "bad": RequestStats(200, server_errors=100, p95_seconds=0.1),
    "few": RequestStats(0),
}
LONGEST = 7_000.0  # seconds that one operation may take at most


@dataclass(frozen=True)
class Weather:
    """How everything that a release asks answers, for one operation. `answers`: candidate, then live."""

    image: str = "local/api"
    answers: tuple[str, str] = ("pass", "pass")
    stats: str = "good"
    ask: bool | None = None


class Quiet:
    def step(self, text: str) -> None: ...

    tell = done = failed = step


class SmallWorld:
    def __init__(self) -> None:
        self.clock = Clock()
        self.cloud = Cloud(self.clock)
        self.judge = Judge(self.cloud, lambda: self.ledger.lines)
        self.gate = Gate(self.clock)
        self.ledger = MemoryLedger(self.gate, self.clock)
        self.leases = Leases(self.clock)
        self.holds: list[SmallHold] = []
        self.editors: list[Editor] = []
        self.serial = 0
        self.clock.passed = self._passed
        self.stood = 0.0  # seconds that processes stood still

    def close(self) -> None:
        self.cloud.close()

    def _passed(self) -> None:
        for hold in self.holds:
            hold.renewed()
        self.cloud.settle()
        self.judge.looked()

    # people

    def begin_with(self, how: str) -> None:
        """A service as it was before anybody used deploytool; `none` is no service."""
        if how == "none":
            return
        self.cloud.create(FIRST_SERVICE)
        self.clock.go(5.0)
        first = self._names()[0]
        rows = {
            "pinned": [{"type": BY_NAME, "revision": first, "percent": 100}],
            "tagged": [{"type": LATEST, "percent": 100}, {"type": BY_NAME, "revision": first, "tag": "blue"}],
        }
        if how in rows:
            self.by_hand(rows[how])
        if how in ("split", "frozen"):
            self.console("deploy" if how == "split" else "deploy-bad")
            self.clock.go(5.0)
        if how == "split":
            one, two = self._names()[:2]
            self.by_hand([_row(one, 70), _row(two, 30, "green")])
        self.clock.go(5.0)

    def _names(self) -> list[str]:
        return [one["name"].rpartition("/")[2] for one in self.cloud.revisions()]

    def ready_names(self) -> list[str]:
        return [
            one["name"].rpartition("/")[2]
            for one in self.cloud.revisions()
            if any(c["type"] == "Ready" and c["state"] == "CONDITION_SUCCEEDED" for c in one.get("conditions", []))
        ]

    def by_hand(self, rows: list[Json]) -> None:
        self.cloud.patch({"traffic": rows}, "traffic")

    def console(self, what: str, which: int = 0) -> None:
        """Somebody clicks; what Cloud Run does not take did not happen."""
        raw = copy.deepcopy(self.cloud.raw())
        if raw is None:
            return
        try:
            self._clicked(what, which, raw)
        except ApiError:
            return

    def _clicked(self, what: str, which: int, raw: Json) -> None:
        ready = self.ready_names() or ["nobody"]
        name = ready[which % len(ready)]
        ours = {facts.revision for facts in self.judge.facts.values() if facts.kind == "deploy"}
        theirs = [one for one in ready if one not in ours] or ["nobody"]
        tags = [{k: v for k, v in row.items() if k != "percent"} for row in raw.get("traffic", []) if row.get("tag")]
        match what:
            case "named":
                self.by_hand([_row(name, 100), *tags])
            case "latest":
                self.by_hand([{"type": LATEST, "percent": 100}, *tags])
            case "split" if len(ready) > 1:
                self.by_hand([_row(name, 60), _row(ready[(which + 1) % len(ready)], 40), *tags])
            case "tag":
                self.by_hand([*raw["traffic"], _row(name, 0, f"t{len(tags)}")])
            case "our-tag":
                name = theirs[which % len(theirs)]
                self.by_hand([*[r for r in raw["traffic"] if r.get("tag") != "candidate"], _row(name, 0, "candidate")])
            case "untag":
                self.by_hand([{k: v for k, v in r.items() if k != "tag"} for r in raw["traffic"] if r.get("percent")])
            case "label":
                self.cloud.patch({"labels": raw.get("labels", {}) | {"team": f"t{which}"}}, "labels")
            case "deploy" | "deploy-bad":
                template = raw["template"]
                template.pop("revision", None)
                template["containers"][0]["image"] = f"other/x{which}" if what == "deploy" else BROKEN
                template["containers"][0].setdefault("env", []).append({"name": f"N{which}", "value": str(self.clock)})
                self.cloud.patch({"template": template}, "template")
            case "delete":
                self.cloud.delete()

    # plans

    def open_release(self) -> Release | None:
        found = releases_of(tuple(self.ledger.lines))
        return next((one for one in reversed(found) if one.outcome is None), None)

    def plan_deploy(self, steps: tuple[int, ...], hold: bool) -> Plan | None:
        """As the command makes it; None when the preflight refuses. Nothing is changed by it (I13)."""
        changes = len(self.cloud.changes)
        raw = copy.deepcopy(self.cloud.raw())
        service = v2json.service_of(raw) if raw else None
        if self.open_release() or refusals(list(traffic_lines(service)), force=False):
            return None
        self.serial += 1
        commit = hashlib.sha1(str(self.serial).encode()).hexdigest()
        release = release_id(self.clock.now(), f"{self.serial:04x}")
        changed = changes_of(service, commit=commit, timestamp="2026-02-05T00:00:00Z", release=release, scope="s1")
        before = before_of(service, changed.service_labels, releases_of(self.ledger.lines)) if service else None
        held = [row["revision"] for row in (raw or {}).get("traffic", []) if row.get("tag") == "candidate"]
        if any(not self._is_leftover(name) for name in held):
            return None
        ready = set(self.ready_names())
        if before and any(row.revision not in ready for row in before.named if row.percent):
            return None
        plan = Plan(
            release, Kind.DEPLOY, PLACE, commit, "main", revision_name(PLACE.name, commit, release),
            tag=tag_for(PLACE.name), steps=steps if service else (100,), watch=Watch(bake=60.0), before=before,
            changes=changed, hold=hold, builder="local", image="local/api", key="k",
        )  # fmt: skip
        assert changes == len(self.cloud.changes), "I13"
        return self._known(plan, raw)

    def _is_leftover(self, name: str) -> bool:
        found = self.cloud.revision(name) or {}
        mine = found.get("labels", {}).get(RELEASE_LABEL)
        return any(one.id == mine and one.outcome is not None for one in releases_of(self.ledger.lines))

    def plan_rollback(self, which: int) -> Plan | None:
        raw = copy.deepcopy(self.cloud.raw())
        good = [name for name in self.ready_names() if name in self.judge.fine]
        service = v2json.service_of(raw) if raw else None
        if service is None or not service.settled or self.open_release() or not good:
            return None
        before = before_of(service, {}, releases_of(self.ledger.lines))
        goal = (TrafficTarget(good[which % len(good)], 100),)
        if not before.named or goal in (before.named, service.desired):
            return None
        self.serial += 1
        release = release_id(self.clock.now(), f"{self.serial:04x}")
        revision = goal[0].revision or ""
        plan = Plan(release, Kind.ROLLBACK, PLACE, "", "x", revision, tag="", before=before, goal=goal)
        return self._known(plan, raw)

    def _known(self, plan: Plan, raw: Json | None) -> Plan:
        own = {
            "labels": set(plan.changes.labels),
            "env": set(plan.changes.env),
            "service_labels": {*plan.changes.service_labels, "deploytool-fence"},
        }
        goal = {row.revision or "": row.percent for row in plan.goal} or None
        self.judge.begun(Facts(plan.id, plan.kind.value, plan.revision, plan.tag, own, plan.steps, goal, raw))
        return plan

    # releases

    def run(self, plan: Plan, how: str, weather: Weather, faults: list[Fault]) -> Ending | None:
        """begin, resume or abort; judged when it came back, or when its process died."""
        earlier = None if how == "begin" else self.open_release()
        self.gate.begin(faults)
        self.ledger.unread = 0
        try:
            hold = self.leases.give(plan.id) if earlier is not None else self.leases.take(plan.id)
        except LeaseHeld:
            return None
        began, stood = self.clock.seconds, self.stood
        ending = self._under(plan, how, weather, hold, self.gate, self.ledger, earlier)
        spent = self.clock.seconds - began - (self.stood - stood)
        assert spent < LONGEST, f"I12: it took {spent:.0f} s"
        self.after(plan, ending)
        return ending

    def _under(
        self, plan: Plan, how: str, weather: Weather, hold: SmallHold, gate: Gate, ledger: MemoryLedger,
        earlier: Release | None,
    ) -> Ending | None:  # fmt: skip
        writer = Writer(plan.id, lambda: hold.number, lambda: hold.ours)
        editor = Editor(self.cloud, gate, writer)
        self.holds.append(hold)
        gate.happen = lambda fault: self._happens(fault, plan, hold, weather)
        runner = Runner(plan, self._tools(plan, weather, editor, gate, ledger), hold, earlier)
        dead = False
        try:
            return runner.begin() if how == "begin" else runner.resume() if how == "resume" else runner.abort("by hand")
        except Death:
            dead = True
        except (KeyboardInterrupt, CouldNotLook, PlanChanged):
            pass
        finally:
            assert not writer.unfenced, f"I2: a write {writer.unfenced}"
            self.holds.remove(hold)
            if not dead:
                hold.freed()
        return None

    def after(self, plan: Plan, ending: Ending | None) -> None:
        """Right away, and once more when all that was on its way has arrived."""
        self.gate.begin([])
        self.ledger.down = 0
        for seconds in (0.0, 20.0):
            self.clock.go(seconds)
            mine = next((one for one in releases_of(self.ledger.lines) if one.id == plan.id), None)
            outcome = mine.outcome.value if mine and mine.outcome else None
            self.judge.ended(self.judge.facts[plan.id], outcome, ending, readable=not self.ledger.unread)
        self.judge.targets_are_there()

    def _happens(self, fault: Fault, plan: Plan, hold: SmallHold, weather: Weather) -> None:
        match fault.what:
            case "console":
                self.console(*fault.more)
            case "sick":
                self.cloud.sicken(plan.revision)
            case "swap":
                self.cloud.swap(plan.revision)
            case "jump":
                self.clock.skew += float(fault.more)
            case "stall" | "stall-abort" | "stall-resume":
                self._stands_still(hold, float(fault.more))
                if fault.what != "stall" and self.open_release() is not None:
                    self._by_another(plan, fault.what.removeprefix("stall-"), weather)

    def _stands_still(self, hold: SmallHold, seconds: float) -> None:
        hold.stopped = True
        self.clock.go(seconds)
        self.stood += seconds
        hold.stopped = not hold.ours

    def _by_another(self, plan: Plan, how: str, weather: Weather) -> None:
        """Another process takes the lapsed lease and brings the release to an end."""
        if self.leases.live:
            return
        gate = Gate(self.clock)
        ledger = MemoryLedger(gate, self.clock)
        ledger.lines = self.ledger.lines
        began, happen = self.clock.seconds, self.gate.happen
        self._under(plan, how, weather, self.leases.give(plan.id), gate, ledger, self.open_release())
        self.gate.happen = happen
        self.stood += self.clock.seconds - began

    def _tools(self, plan: Plan, weather: Weather, editor: Editor, gate: Gate, ledger: MemoryLedger) -> Tools:
        facts = self.judge.facts[plan.id]

        def build(plan: Plan, tell: Callable[[str], None]) -> Built:
            gate.call("build", lambda fault: self.clock.go(30.0))
            return Built(weather.image, "sha256:" + "1" * 64, False, 30.0)

        def check(when: str, looked: Looked) -> tuple[CheckResult, ...]:
            gate.call("check", lambda fault: self.clock.go(2.0))
            answer = weather.answers[when == "live"]
            results = RESULTS[answer]
            facts.checks.append((when, answer not in ("fail", "unclear")))
            if when == "candidate" and answer not in ("fail", "unclear"):
                self.judge.fine.add(looked.revision)
            return results

        def stats(names: tuple[str, ...], since: datetime, until: datetime) -> Mapping[str, RequestStats]:
            gate.call("check", lambda fault: None)
            if weather.stats == "unreadable":
                raise CouldNotLook("the logs are away", hint="wait")
            facts.bakes += weather.stats == "good"
            return {name: STATS[weather.stats] if name == plan.revision else STATS["good"] for name in names}

        def ask(question: str) -> bool:
            facts.bakes += bool(weather.ask)
            return bool(weather.ask)

        return Tools(
            editor, ledger, Slow(self.clock, gate), Quiet(), build, check, stats,
            ask=None if weather.ask is None else ask, shield=gate.shield,
        )  # fmt: skip

    def left_open(self) -> Plan | None:
        found = self.open_release()
        return None if found is None else plan_of(found.id, found.plan)

    def to_the_end(self) -> None:
        """I4: with everything in order again, what is open can be aborted, now or at the second try.

        What served before may be ill since; then a person says what should serve, and the release ends all the same.
        """
        for again in range(3):
            plan = self.left_open()
            if plan is not None:
                self.clock.go(2 * TTL)
                if again == 2 and self.cloud.sick:
                    self.by_hand([_row(next(one for one in self.ready_names() if one != plan.revision), 100)])
                ending = self.run(plan, "abort", Weather(), [])
                assert ending is not None
        found = self.open_release()
        assert found is None, f"I4: {found and found.id} has no end ({ending and ending.reason})"


class Slow:
    """The clock as a release has it: somebody may knock while it sleeps."""

    def __init__(self, clock: Clock, gate: Gate) -> None:
        self.clock, self.gate = clock, gate
        self.now, self.monotonic = clock.now, clock.monotonic

    def sleep(self, seconds: float) -> None:
        self.gate.call("sleep", lambda fault: self.clock.go(seconds))


def _row(name: str, percent: int, tag: str = "") -> Json:
    row: dict[str, Any] = {"type": BY_NAME, "revision": name}
    return row | ({"percent": percent} if percent else {}) | ({"tag": tag} if tag else {})


BROKEN = "other/emulator-fail:Broken"
RESULTS = {
    "pass": (CheckResult("health", "http", Answer.PASS, True, "answers 200"),),
    "none": (),
    "fail": (CheckResult("health", "http", Answer.FAIL, True, "answers 500"),),
    "unclear": (CheckResult("health", "http", Answer.COULD_NOT_TELL, True, "no answer"),),
    "warning": (CheckResult("extra", "http", Answer.FAIL, False, "answers 500"),),
}
FIRST_SERVICE: Json = {
    "name": NAME,
    "labels": {"team": "shop", "commit-sha": "0" * 40},
    "annotations": {"someone.example/keeps": "this"},
    "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "futureField": {"of": ["the", {"api": 1}]},
    "template": {
        "labels": {"commit-sha": "0" * 40, "tier": "web"},
        "annotations": {"client": "terraform"},
        "futureSetting": {"deep": {"er": True}},
        "scaling": {"minInstanceCount": 1, "maxInstanceCount": 7},
        "containers": [
            {
                "image": "local/api@sha256:" + "0" * 64,
                "ports": [{"containerPort": 8080}],
                "env": [
                    {"name": "GIT_SHA", "value": "0" * 40},
                    {"name": "PASSWORD", "valueSource": {"secretKeyRef": {"secret": "pw", "version": "latest"}}},
                    {"name": "LAST", "value": "x"},
                ],
            },
            {"image": "local/proxy:1", "name": "proxy"},
        ],
    },
}
