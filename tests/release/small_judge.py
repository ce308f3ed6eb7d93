"""What must be true of every release, whatever happens: judged from what Cloud Run holds and what the ledger says.

Plain JSON and plain rules; nothing of the code that is judged is asked. The numbers are those of the invariants in
ARCHITECTURE.md's section on releases.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.release.small_cloud import LATEST, Change, Cloud, Json

Wish = dict[str, int]
OUTPUT = (
    "etag", "generation", "observedGeneration", "updateTime", "lastModifier", "terminalCondition", "conditions",
    "reconciling", "latestReadyRevision", "latestCreatedRevision", "trafficStatuses", "traffic",
)  # fmt: skip
EXITS = {"succeeded": {0}, "rolled-back": {5}, "failed-safe": {5}, "aborted": {0, 5, 130, 143}, "needs-human": {6}}


@dataclass
class Facts:
    """What the judge knows of one release from its beginning."""

    id: str
    kind: str
    revision: str
    tag: str
    own: dict[str, set[str]]  # names that it may write: labels, env, service_labels
    steps: tuple[int, ...]
    goal: Wish | None
    at_first: Json | None
    wishes: list[Wish | None] = field(default_factory=list)  # the first, and what it asked for itself
    others: int = 0  # changes of other people since
    checks: list[tuple[str, bool]] = field(default_factory=list)
    too_late: bool = False  # its create came when it had ended: a create has no etag, so nothing can refuse it
    bakes: int = 0  # looks at the logs that were good, or that a person let pass


class Judge:
    def __init__(self, cloud: Cloud, lines: Callable[[], Sequence[Any]]) -> None:
        self.cloud, self.lines = cloud, lines
        self.facts: dict[str, Facts] = {}
        self.fine: set[str] = set()  # revisions that may serve: proven, or other people's wish
        self.fence = 0
        self.deleted = False  # by other people
        cloud.judge = self.changed

    def begun(self, facts: Facts) -> None:
        facts.wishes.append(self.wish(facts.at_first))
        self.facts[facts.id] = facts
        if facts.at_first is None:
            self.fine.add(facts.revision)

    # what traffic means

    def newest(self, raw: Json) -> str:
        """Who gets what LATEST gets, now or as soon as it is ready."""
        created, ready = (_short(raw.get(f"latest{word}Revision")) for word in ("Created", "Ready"))
        if ready and not raw.get("reconciling"):
            return ready
        found = self.cloud.world.store.get(f"{raw['name']}/revisions/{created}")
        states = [one["state"] for one in (found.body if found else {}).get("conditions", []) if one["type"] == "Ready"]
        return ready if ready and states == ["CONDITION_FAILED"] else created

    def wish(self, raw: Json | None) -> Wish | None:
        if raw is None:
            return None
        rows = raw.get("traffic") or [{"type": LATEST, "percent": 100}]
        return _added((self.newest(raw) if r["type"] == LATEST else r["revision"], r.get("percent", 0)) for r in rows)

    def serving(self, raw: Json) -> Wish:
        ready = _short(raw.get("latestReadyRevision"))
        rows = raw.get("trafficStatuses") or []
        return _added((ready if r["type"] == LATEST else r["revision"], r.get("percent", 0)) for r in rows)

    def meant(self, facts: Facts) -> list[Wish]:
        """Maps that it wrote down before it asked for them: who asks for the very same cannot be told from it."""
        steps = [e for e in self.lines() if e.release == facts.id and e.kind == "intent" and "traffic" in e.data]
        return [
            _added((r.get("revision") or facts.revision, r.get("percent", 0)) for r in e.data["traffic"]) for e in steps
        ]

    # after every change, and while time goes by

    def looked(self) -> None:
        """I1: what serves was proven, or other people wanted it."""
        row = self.cloud.world.store.get(f"{self._name}")
        if row is not None:
            strange = set(self.serving(row.body)) - self.fine
            assert not strange, f"I1: {strange} serves and was never proven"

    def changed(self, change: Change) -> None:
        if not change.release:
            self._by_others(change)
            return
        facts = self.facts[change.release]
        ended = [line for line in self.lines() if line.release == facts.id and line.kind == "ended"]
        facts.too_late = facts.too_late or (change.before is None and bool(ended))
        assert change.fence >= self.fence or facts.too_late, "I3: a superseded holder wrote"
        self.fence = max(self.fence, change.fence)
        before = self.wish(change.before)
        after = None if change.after is None or change.after.get("deleteTime") else self._after(change)
        if before != after and _asked(change.before) != _asked(change.after):
            assert before in facts.wishes or before in self.meant(facts), (
                f"I8: {before} was somebody else's wish, and {after} was written over it"
            )
        self._was_meant(facts, change, before, after)
        facts.wishes.append(after)
        if change.before is not None and change.after is not None:
            _must_leave_alone(facts, change.before, change.after)

    def _after(self, change: Change) -> Wish | None:
        return self.wish(change.after)

    def _was_meant(self, facts: Facts, change: Change, before: Wish | None, after: Wish | None) -> None:
        """I4: what is done was written down before, so that others can go on with it."""
        steps = [line.step for line in self.lines() if line.release == facts.id and line.kind == "intent"]
        newest = [_short((raw or {}).get("latestCreatedRevision")) for raw in (change.before, change.after)]
        if newest[0] != newest[1] and newest[1] == facts.revision:
            assert "candidate" in steps, "I4: a revision was made, and nobody wrote down that it would be"
        elif after not in (before, facts.wishes[0], self._served_at_first(facts)) and _asked(change.before) != _asked(
            change.after
        ):
            assert after in self.meant(facts), f"I4: {after} was asked for, and nobody wrote that down"

    def _by_others(self, change: Change) -> None:
        after = change.after
        if after is None or after.get("deleteTime"):
            self.deleted = True
        else:
            wish = self.wish(after) or {}
            self.fine |= set(wish) | {_short(after.get("latestReadyRevision")) if _follows(after) else ""}
            if _short(after.get("latestCreatedRevision")) != _short((change.before or {}).get("latestCreatedRevision")):
                self.fine.add(_short(after.get("latestCreatedRevision")))
        for facts in self.facts.values():
            facts.others += 1

    @property
    def _name(self) -> str:
        from tests.release.small_cloud import NAME

        return NAME

    # when a release has ended, or says that it has

    def ended(self, facts: Facts, recorded: str | None, said: Any, *, readable: bool) -> None:
        """`recorded`: the outcome in the ledger; `said`: the Ending, or None when it did not come back."""
        if said is not None and (readable or said.outcome is not None):
            outcome = said.outcome.value if said.outcome else None
            assert outcome == recorded, f"I7: it says {outcome}, and the ledger {recorded} ({said.reason})"
            code = int(said.exit_code)
            assert code in (EXITS[outcome] if outcome else {0, 6, 130, 143}), f"I7: {outcome} and exit code {code}"
            if said.reason.endswith("othing was changed."):
                mine = [one for one in self.cloud.changes if one.release == facts.id]
                ours = [one for one in mine if one.edit is None or one.edit.traffic or one.edit.revision]
                assert not ours, "I7: it says that nothing was changed"
        if recorded is not None:
            self._terminal(facts, recorded)

    def _terminal(self, facts: Facts, outcome: str) -> None:
        raw = self.cloud.raw()
        if facts.too_late:
            return
        if raw is None or raw.get("deleteTime"):
            assert facts.at_first is None or self.deleted, "somebody else's service was deleted"
            assert outcome != "succeeded" or self.deleted, "I7: it succeeded, and there is no service"
            return
        rows = raw.get("traffic", []) + ([] if raw.get("reconciling") else raw.get("trafficStatuses", []))
        held = [row for row in rows if row.get("tag") == facts.tag]
        assert not facts.tag or facts.revision not in [r.get("revision") for r in held], "I6: our tag is still there"
        assert "deploytool-fence" not in raw.get("labels", {}), "I10: our mark is still on the service"
        if outcome == "succeeded":
            self._proven(facts)
        if outcome == "needs-human":
            return
        if facts.others == 0:
            assert not raw.get("reconciling"), "I6: something is in flight"
            wish = self.wish(raw)
            as_it_was = facts.at_first is not None and outcome != "succeeded" and self._stands(raw, facts.at_first)
            assert wish == self.serving(raw) or as_it_was, f"I6: asked for {wish}, {self.serving(raw)} serves"
            assert sum((wish or {}).values()) == 100, "I6: it does not add up"
            wanted = (facts.goal or {facts.revision: 100}) if outcome == "succeeded" else facts.wishes[0]
            served = outcome != "succeeded" and wish == self._served_at_first(facts)
            assert wish == wanted or served, f"I7, I8: {outcome}, and {wish} is asked for, not {wanted}"
        elif outcome != "succeeded" and facts.kind == "deploy" and facts.at_first is not None:
            assert not self.serving(raw).get(facts.revision) or facts.revision in self.fine, "I8: it still serves"

    def _served_at_first(self, facts: Facts) -> Wish | None:
        """Where more was asked for than served, what served is what can be put back."""
        return None if facts.at_first is None else self.serving(facts.at_first)

    def _stands(self, now: Json, before: Json) -> bool:
        """A wish that did not come true before a rollback began is no more than that after it was undone."""
        return self.wish(now) == self.wish(before) and self.serving(now) == self.serving(before)

    def _proven(self, facts: Facts) -> None:
        """I9: what could not be told was no pass."""
        last = dict(facts.checks)
        wanted = ("live",) if facts.kind == "rollback" else ("candidate", "live")
        assert all(last.get(when) for when in wanted), f"I9: it succeeded with the checks {facts.checks}"
        below = len([step for step in facts.steps if step < 100])
        assert facts.bakes >= below, f"I9: {below} steps were watched, {facts.bakes} were found good"

    def targets_are_there(self) -> None:
        """I5: what served when the last release began is there and ready."""
        facts = next(reversed(self.facts.values()), None)
        if facts is None or facts.at_first is None or self.deleted:
            return
        for name in set(facts.wishes[0] or {}) - self.cloud.sick:
            found = self.cloud.revision(name)
            assert found is not None, f"I5: {name} is gone"
            ready = [one["state"] for one in found["conditions"] if one["type"] == "Ready"]
            assert ready == ["CONDITION_SUCCEEDED"] or name not in self.serving(facts.at_first), f"I5: {name} {ready}"


def _asked(raw: Json | None) -> list[tuple[str, str, int]]:
    """The wish to the letter: what LATEST means may change while a write is carried out."""
    rows = (raw or {}).get("traffic") or []
    return sorted((r["type"], r.get("revision", ""), r["percent"]) for r in rows if r.get("percent"))


def _must_leave_alone(facts: Facts, before: Json, after: Json) -> None:
    """I10: fields and tags that are not ours are as they were."""
    if before.get("uid") != after.get("uid") or after.get("deleteTime"):
        return
    assert _rest(before, facts) == _rest(after, facts), "I10: something was changed that is not ours"
    mine = {facts.tag: facts.revision}
    old = {r["tag"]: _target(r) for r in before.get("traffic", []) if r.get("tag")}
    new = {r["tag"]: _target(r) for r in after.get("traffic", []) if r.get("tag")}
    for tag, where in old.items():
        taken = tag == facts.tag and new.get(tag) == facts.revision and facts.wishes[0:1] == facts.wishes[0:-1]
        assert mine.get(tag) == where or new.get(tag) == where or taken, f"I10: the tag {tag} was on {where}"
    assert set(new) - set(old) <= {facts.tag}, "I10: a tag that nobody asked for"


def _target(row: Json) -> str:
    return row.get("revision") or LATEST


def _rest(raw: Json, facts: Facts) -> Json:
    rest = {key: copy.deepcopy(value) for key, value in raw.items() if key not in OUTPUT}
    rest["labels"] = {k: v for k, v in rest.get("labels", {}).items() if k not in facts.own["service_labels"]}
    template = rest["template"]
    template.pop("revision", None)
    template["labels"] = {k: v for k, v in template.get("labels", {}).items() if k not in facts.own["labels"]}
    first = template["containers"][0]
    first.pop("image")
    first["env"] = [one for one in first.get("env", []) if one["name"] not in facts.own["env"]]
    return rest


def _follows(raw: Json) -> bool:
    return any(r["type"] == LATEST and r.get("percent") for r in raw.get("traffic") or [{"type": LATEST, "percent": 1}])


def _added(pairs: Any) -> Wish:
    found: Wish = {}
    for name, percent in pairs:
        if percent:
            found[name] = found.get(name, 0) + percent
    return found


def _short(name: str | None) -> str:
    return (name or "").rpartition("/")[2]
