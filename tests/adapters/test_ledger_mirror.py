"""Two machines and one bucket: what one did the other knows, and neither goes on when it cannot know."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.adapters import ledger_copies, ledger_mirror
from deploytool.adapters.cloudrun import Patience
from deploytool.adapters.googleapi import GoogleApi
from deploytool.adapters.ledger import SqliteLedger
from deploytool.adapters.ledger_copies import BucketCopies
from deploytool.adapters.ledger_mirror import MirroredLedger
from deploytool.domain.model import Place
from deploytool.domain.release import Event, EventKind, Outcome, broken_links, quarantine_of, releases_of
from deploytool.errors import CouldNotLook, LeaseLost
from tests.adapters.fake_storage import BUCKET, Storage, Trouble, storage

API, WEB = Place("shop", "europe-west1", "api"), Place("shop", "europe-west1", "web")
START = datetime(2026, 2, 5, 0, 45, 0, 123456, UTC)
R1, R2, R3 = "20260205-004500-aaaa", "20260205-004600-bbbb", "20260205-004700-cccc"
QUICK = Patience(total=2.0, call=1.0, attempts=2, first_wait=0.001)


def name_of(release: str, place: Place = API) -> str:
    return f"runs/releases/{place.project}/{place.region}/{place.name}/{release}.json"


@dataclass
class Machine:
    """One checkout with its own ledger and its own cache; every command is a new MirroredLedger."""

    folder: Path
    url: str
    tick: Callable[[], datetime]
    places: tuple[Place, ...] = (API, WEB)
    said: list[str] = field(default_factory=list)
    ours: bool = True  # the address is one of our own

    @property
    def local(self) -> SqliteLedger:
        return SqliteLedger(self.folder / "ledger.sqlite", clock=self.tick)

    def command(self, *, patience: float = 2.0) -> MirroredLedger:
        api = GoogleApi(self.url, name="Cloud Storage", local=self.ours, patience=QUICK, session=requests.Session)
        copies = BucketCopies(api, f"gs://{BUCKET}/runs", self.places, self.folder / "cache")
        file = self.folder / "mirrored.sqlite"
        return MirroredLedger(self.local, copies, file, self.said.append, patience=patience)

    def holds(self) -> int:
        events, head = self.local.chain()
        assert broken_links(events, head) == ()
        return len(events)


@pytest.fixture(scope="module")
def server() -> Iterator[Storage]:
    with storage() as found:
        yield found


@pytest.fixture
def bucket(server: Storage) -> Storage:
    server.objects, server.asked, server.written, server.trouble, server.page = {}, [], [], Trouble(), 1000
    return server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_mirror, "BUSY", 60.0)


def ticking() -> Callable[[], datetime]:
    steps = count()
    return lambda: START + timedelta(seconds=next(steps))


@pytest.fixture
def machines(bucket: Storage, tmp_path: Path) -> tuple[Machine, Machine]:
    tick = ticking()
    return Machine(tmp_path / "a", bucket.url, tick), Machine(tmp_path / "b", bucket.url, tick)


def plan(place: Place = API, kind: str = "deploy", commit: str = "c1", **more: str) -> dict[str, Any]:
    names = {"project": place.project, "region": place.region, "service": place.name}
    return {**names, "kind": kind, "commit": commit, "scope": f"s-{commit}", **more}


def begin(ledger: MirroredLedger, release: str = R1, fence: int = 5, **more: Any) -> None:
    ledger.append(release, EventKind.BEGUN, "", plan(**more), fence=fence)
    ledger.append(release, EventKind.INTENT, "shift 50", {"traffic": []}, fence=fence)


def end(ledger: MirroredLedger, release: str = R1, fence: int = 5, outcome: str = "succeeded") -> Event:
    return ledger.append(release, EventKind.ENDED, "", {"outcome": outcome, "reason": "why"}, fence=fence)


def told(events: tuple[Event, ...]) -> list[tuple[Any, ...]]:
    """What happened, without where it lies in a ledger."""
    return [(e.release, e.at, e.kind, e.step, e.data, e.fence) for e in events]


def kinds(bucket: Storage, release: str) -> list[str]:
    lines: Any = bucket.json(name_of(release))["events"]
    return [line["kind"] for line in lines]


def test_another_machine_sees_what_was_done(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    end(ledger)
    begin(ledger, R2, place=WEB)
    assert told(b.command().events()) == told(a.command().events()) == told(a.local.events())
    assert told(b.command().events(R1)) == told(a.local.events(R1))
    assert b.command().events("other") == ()
    assert b.command().head() is None
    assert b.command().chain() == ((), None)
    assert sorted(bucket.objects) == [name_of(R1), name_of(R2, WEB)]
    assert bucket.json(name_of(R1))["schema"] == 1
    assert a.said == b.said == []


def test_what_was_rolled_back_elsewhere_is_held_back_here(machines: tuple[Machine, Machine]) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger, commit="bad")
    end(ledger, outcome="rolled-back")
    assert set(quarantine_of(releases_of(b.command().events()), API)) == {"bad", "s-bad"}
    mine = b.command()
    begin(mine, R2, fence=6, commit="bad")
    end(mine, R2, fence=6)
    assert quarantine_of(releases_of(a.command().events()), API) == {}


def test_a_release_that_was_left_elsewhere_is_ended_here(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    begin(a.command())
    mine = b.command()
    assert [one.outcome for one in releases_of(mine.events())] == [None]
    adopted = mine.adopt(R1)
    assert told(adopted) == told(a.local.events())
    assert b.holds() == 2
    mine.append(R1, EventKind.NOTED, "", {"aborted": "x"}, fence=7)
    end(mine, fence=7, outcome="aborted")
    assert b.holds() == 4
    assert kinds(bucket, R1) == ["begun", "intent", "noted", "ended"]
    (seen,) = releases_of(a.command().events())
    assert seen.outcome is Outcome.ABORTED
    assert a.holds() == 2
    assert told(a.command().adopt(R1)) == told(b.local.events())  # it has ended: nothing is taken over
    assert a.holds() == 2


def test_adopting_twice_copies_once(machines: tuple[Machine, Machine]) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    b.command().adopt(R1)
    assert b.command().adopt(R1) == b.local.events()
    ledger.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=5)
    assert told(b.command().adopt(R1)) == told(a.local.events())
    assert b.holds() == 3


def test_whoever_was_replaced_writes_no_more(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    other = b.command()
    other.adopt(R1)
    other.append(R1, EventKind.NOTED, "", {"resumed": True}, fence=7)
    before = bucket.objects[name_of(R1)]
    for _ in range(2):  # also when the newer copy has been seen from here by then
        with pytest.raises(LeaseLost, match="taken over by somebody else") as lost:
            ledger.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=5)
        assert f"deploytool releases show {R1}" in lost.value.hint
    assert bucket.objects[name_of(R1)] == before
    with pytest.raises(LeaseLost):
        a.command().append(R1, EventKind.INTENT, "shift 100", {}, fence=5)
    end(other, fence=7)
    with pytest.raises(LeaseLost, match="ended by somebody else"):
        a.command().append(R1, EventKind.NOTED, "", {}, fence=9)


def test_lines_of_a_replaced_holder_come_before_those_of_its_follower(machines: tuple[Machine, Machine]) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    other = b.command()
    other.adopt(R1)
    other.append(R1, EventKind.NOTED, "", {"resumed": True}, fence=7)
    with pytest.raises(LeaseLost):
        ledger.append(R1, EventKind.OBSERVED, "late", {}, fence=5)
    a.command().events()  # catches up
    other.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=7)
    end(other, fence=7)
    assert [e.fence for e in a.command().events()] == [5, 5, 5, 7, 7, 7]
    assert told(a.command().events()) == told(b.command().events())


def test_an_end_that_was_not_copied_in_time_stops_whoever_went_on(
    machines: tuple[Machine, Machine], bucket: Storage
) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    bucket.trouble.writes = 503
    end(ledger, outcome="rolled-back")
    bucket.trouble.writes = 0
    other = b.command()
    other.adopt(R1)
    other.append(R1, EventKind.NOTED, "", {"resumed": True}, fence=7)
    a.command().events()
    with pytest.raises(LeaseLost, match="ended"):
        other.append(R1, EventKind.INTENT, "shift 100", {}, fence=7)
    for machine in machines:
        (seen,) = releases_of(machine.command().events())
        assert seen.outcome is Outcome.ROLLED_BACK


def test_a_lost_answer_is_no_matter(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    ledger = a.command()
    bucket.trouble.lost = 1
    begin(ledger)
    end(ledger)
    assert told(b.command().events()) == told(a.local.events())


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_an_outage_in_the_middle_is_said_once_and_caught_up_with(
    machines: tuple[Machine, Machine], bucket: Storage, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_mirror, "REST", 0.0)
    a, b = machines
    ledger = a.command()
    begin(ledger)
    bucket.trouble.status = status
    ledger.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=5)
    ledger.append(R1, EventKind.INTENT, "bake 50", {}, fence=5)
    assert len(a.said) == 1
    assert f"gs://{BUCKET}/runs" in a.said[0]
    assert kinds(bucket, R1) == ["begun", "intent"]
    bucket.trouble.status = 0
    end(ledger)
    assert len(a.said) == 1
    assert told(b.command().events()) == told(a.local.events())


def test_the_next_command_copies_what_could_not_be_copied(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    bucket.trouble.writes = 403
    ledger = a.command()
    begin(ledger)
    end(ledger)
    begin(ledger, R2, place=WEB)
    bucket.trouble.writes = 0
    assert bucket.objects == {}
    a.command().append(R2, EventKind.OBSERVED, "shift 50", {}, fence=5)
    assert told(b.command().events()) == told(a.local.events())


def test_nothing_is_copied_twice(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    end(ledger)
    assert len(bucket.written) == 3
    a.command().events()
    b.command().events()
    begin(a.command(), R2)
    assert len(bucket.written) == 5
    (a.folder / "mirrored.sqlite").unlink()
    a.command().events()
    (a.folder / "cache" / "ledger" / "releases-1.sqlite").unlink()
    (a.folder / "mirrored.sqlite").unlink()
    a.command().events()
    assert len(bucket.written) == 5


def test_a_copy_is_read_once(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    begin(a.command())
    b.command().events()
    bucket.asked.clear()
    assert len(b.command().events()) == 2
    assert len(bucket.asked) == 1  # the list
    begin(a.command(), R2)
    assert len(b.command().events()) == 4
    assert len(bucket.asked) == 3


def test_in_a_step_nothing_new_is_asked_and_before_a_plan_everything(
    machines: tuple[Machine, Machine], bucket: Storage
) -> None:
    a, b = machines
    ledger = a.command()
    ledger.events()
    begin(ledger)
    bucket.trouble.status = 503
    assert len(ledger.events()) == 2  # a build asks for images while the bucket is away
    bucket.trouble.status = 0
    end(ledger)
    begin(b.command(), R2)
    assert len(ledger.events()) == 5


@pytest.mark.parametrize("status", [401, 403, 404, 503])
def test_unknown_is_never_nothing(machines: tuple[Machine, Machine], bucket: Storage, status: int) -> None:
    a, b = machines
    begin(a.command())
    a.ours = b.ours = False
    bucket.trouble.status = status
    asked = [a.command().events, b.command().events, lambda: b.command().events(R1), lambda: b.command().adopt(R1)]
    for ask in asked:
        with pytest.raises(CouldNotLook, match=f"gs://{BUCKET}/runs/releases/") as refused:
            ask()
        assert refused.value.hint
    assert len(a.command().events(R1)) == 2
    assert a.command().head() == a.local.head()


def test_whether_a_release_was_begun_is_told_without_the_bucket(
    machines: tuple[Machine, Machine], bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the first line is written: nothing may be waited for then."""
    a, _ = machines
    ledger = a.command()
    bucket.trouble.status = 503

    def interrupted(*given: Any, **named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(SqliteLedger, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        begin(ledger)
    assert ledger.events(R1) == ()


def test_a_bucket_that_is_slow_does_not_hold_a_release_up(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, _ = machines
    ledger = a.command(patience=0.1)
    bucket.trouble.slow = 0.3
    begin(ledger)
    ledger.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=5)
    assert len(bucket.written) <= 1
    assert len(a.said) == 1
    bucket.trouble.slow = 0.0
    end(ledger)
    assert len(kinds(bucket, R1)) == 4


def test_an_object_that_is_written_too_often_is_waited_for(
    machines: tuple[Machine, Machine], bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_mirror, "BUSY", 0.01)
    a, _ = machines
    bucket.trouble.busy = 2
    begin(a.command())
    assert kinds(bucket, R1) == ["begun", "intent"]
    assert a.said == []


def test_two_writers_at_once_both_keep_their_lines(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    """Two processes of one machine: one copies what the other has just written."""
    a, _ = machines
    ledger = a.command()
    begin(ledger)
    second = [True]

    def meanwhile(name: str) -> None:
        if second.pop() if second else False:
            a.command().events()

    bucket.trouble.before = meanwhile
    ledger.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=5)
    assert not second
    end(ledger)
    assert kinds(bucket, R1) == ["begun", "intent", "observed", "ended"]


def test_another_release_of_the_same_name_is_nobodys_to_write_over(machines: tuple[Machine, Machine]) -> None:
    a, b = machines
    begin(a.command())
    with pytest.raises(LeaseLost):
        begin(b.command(), fence=4)
    b.command().events(R1)
    b.command().events()
    assert "another release" in b.said[0]


def event_json(**change: Any) -> dict[str, Any]:
    return {
        "number": 1,
        "at": START.isoformat(),
        "kind": "begun",
        "step": "",
        "data": plan(),
        "fence": 1,
        "previous": "0" * 64,
        "hash": "0" * 64,
        **change,
    }


def damages(good: bytes) -> Iterator[bytes]:
    value = json.loads(good)
    yield b""
    yield b"[]"
    yield b"\xff\xfe"
    yield b"{" * 100_000
    yield b"[" * 200_000
    yield good[: len(good) // 2]
    yield json.dumps({**value, "schema": 2}).encode()
    yield json.dumps({**value, "release": R2}).encode()
    yield json.dumps({**value, "events": []}).encode()
    yield json.dumps({**value, "events": {"a": 1}}).encode()
    yield json.dumps({**value, "events": [[], 1]}).encode()
    yield json.dumps({**value, "events": value["events"][1:]}).encode()
    for change in (
        {"at": "x" * 1000},
        {"at": "2026-02-05"},
        {"kind": "new" * 1000},
        {"data": []},
        {"fence": -1},
        {"fence": 10**400},
    ):
        yield json.dumps({**value, "events": [event_json(**change)]}).encode()
    yield good.replace(b'"c1"', b'"c2"')
    yield b'{"schema": 1, "events": ' + b"9" * 5000 + b"}"


def test_a_damaged_copy_is_named_and_never_skipped(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    begin(a.command())
    good = bucket.objects[name_of(R1)][1]
    for content in damages(good):
        bucket.put(name_of(R1), content)
        for machine in machines:
            with pytest.raises(CouldNotLook, match=f"gs://{BUCKET}/{name_of(R1)} cannot be understood") as refused:
                machine.command().events()
            assert "gcloud storage" in refused.value.hint
            assert len(refused.value.message) < 300
    bucket.put(name_of(R1), good)
    assert len(b.command().events()) == 2


def test_a_damaged_copy_does_not_stop_the_release(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, _ = machines
    ledger = a.command()
    begin(ledger)
    bucket.put(name_of(R1), b"not ours")
    ledger.append(R1, EventKind.OBSERVED, "shift 50", {}, fence=5)
    assert name_of(R1) in a.said[0]
    assert bucket.objects[name_of(R1)][1] == b"not ours"


@pytest.mark.parametrize(
    "name", ["notes.txt", "x/y.json", ".json", f"{R1}.json.bak", "a b.json", f"{R2}/{R1}.json", "%2e.json"]
)
def test_a_foreign_object_is_named(machines: tuple[Machine, Machine], bucket: Storage, name: str) -> None:
    a, _ = machines
    bucket.put(name_of("x").replace("x.json", name), b"{}")
    with pytest.raises(CouldNotLook, match="is no release"):
        a.command().events()


def test_a_copy_of_another_service_is_refused(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    begin(a.command())
    bucket.put(name_of(R1, WEB), bucket.objects[name_of(R1)][1])
    with pytest.raises(CouldNotLook, match="of another service"):
        b.command().events()


def test_a_copy_that_is_too_big_is_not_fetched(
    machines: tuple[Machine, Machine], bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = machines
    begin(a.command())
    monkeypatch.setattr(ledger_copies, "MOST_BYTES", 100)
    bucket.asked.clear()
    with pytest.raises(CouldNotLook, match="bytes"):
        b.command().events()
    assert len(bucket.asked) == 1


def test_what_belongs_to_nobody_asked_for_is_left_alone(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    _, b = machines
    other = Place("shop", "europe-west1", "other")
    bucket.put(name_of(R1, other), b"whatever")
    bucket.put("runs/releases/shop/europe-west1/api/", b"")
    bucket.put("runs/releases/shop/europe-west1/", b"")
    assert b.command().events() == ()


def test_the_newest_of_many_are_read_over_all_pages(
    machines: tuple[Machine, Machine], bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_copies, "NEWEST", 3)
    a, b = machines
    bucket.page = 2
    for number in range(7):
        begin(a.command(), f"20260205-00450{number}-aaaa")
    begin(a.command(), R3, place=WEB)
    found = [one.id for one in releases_of(b.command().events())]
    assert found == ["20260205-004504-aaaa", "20260205-004505-aaaa", "20260205-004506-aaaa", R3]


def test_an_object_that_somebody_deleted_is_written_again(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    ledger = a.command()
    begin(ledger)
    del bucket.objects[name_of(R1)]
    end(ledger)
    assert told(b.command().events()) == told(a.local.events())


def test_a_damaged_memory_is_done_without(machines: tuple[Machine, Machine], bucket: Storage) -> None:
    a, b = machines
    begin(a.command())
    b.command().events()
    for machine in machines:
        for file in ("mirrored.sqlite", "cache/ledger/releases-1.sqlite"):
            (machine.folder / file).write_bytes(b"no database" * 1000)
    ledger = a.command()
    end(ledger)
    assert told(b.command().events()) == told(a.local.events())
    assert a.said == []


def test_a_line_that_was_changed_in_the_cache_is_read_again(machines: tuple[Machine, Machine]) -> None:
    a, b = machines
    begin(a.command())
    b.command().events()
    db = sqlite3.connect(b.folder / "cache" / "ledger" / "releases-1.sqlite", isolation_level=None)
    assert db.execute("UPDATE kept SET value = replace(value, 'c1', 'c9')").rowcount == 1
    db.close()
    assert told(b.command().events()) == told(a.local.events())


def test_only_the_owner_may_look(machines: tuple[Machine, Machine]) -> None:
    a, b = machines
    begin(a.command())
    b.command().events()
    for file in (a.folder / "mirrored.sqlite", b.folder / "cache" / "ledger" / "releases-1.sqlite"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((b.folder / "cache" / "ledger").stat().st_mode) == 0o700


Line = tuple[int, int, str]


def lines_of(events: tuple[Event, ...]) -> set[Line]:
    return {(e.fence, int(e.data["n"]), e.kind.value) for e in events}


class SlowTeam:
    """Two machines that release, and beside them what each must know, as sets of lines."""

    def __init__(self, folder: Path, server: Storage) -> None:
        self.server, tick = server, ticking()
        self.machines = [Machine(folder / name, server.url, tick) for name in ("a", "b")]
        self.mine: list[set[Line]] = [set(), set()]
        self.fences = [1, 0]
        self.ledgers: dict[int, MirroredLedger] = {}
        self.forget(0)
        self.forget(1)
        self.ledgers[0].append(R1, EventKind.BEGUN, "", {**plan(), "n": 0}, fence=1)
        self.mine[0].add((1, 0, "begun"))
        self.number = 0

    def forget(self, who: int) -> None:
        self.ledgers[who] = self.machines[who].command()

    def bucket(self, status: int) -> None:
        self.server.trouble.status = status

    def take(self, who: int) -> None:
        try:
            events = self.ledgers[who].adopt(R1)
        except CouldNotLook:
            assert self.server.trouble.status
            return
        self.fences[who] = max(self.fences) + 1
        if events and events[-1].kind is not EventKind.ENDED:
            assert lines_of(events) >= self.mine[who]
            self.mine[who] = lines_of(events)
        assert lines_of(self.machines[who].local.events()) == self.mine[who]

    def look(self, who: int) -> None:
        try:
            seen = self.ledgers[who].events()
        except CouldNotLook:
            assert self.server.trouble.status
            return
        assert self.mine[who] <= lines_of(seen) <= self.mine[0] | self.mine[1]
        assert len(lines_of(seen)) == len(seen)
        ends = [e.kind is EventKind.ENDED for e in seen]
        assert ends == sorted(ends)

    def append(self, who: int, kind: EventKind) -> None:
        if not self.mine[who]:
            return
        self.number += 1
        data = {"n": self.number, "outcome": "aborted"}
        others = self.mine[1 - who] - self.mine[who]
        must_not = any(line[2] == "ended" or line[0] > self.fences[who] for line in self.mine[who])
        may_fail = any(line[2] == "ended" or line[0] > self.fences[who] for line in others)
        before = self.machines[who].local.head()
        try:
            self.ledgers[who].append(R1, kind, "s", data, fence=self.fences[who])
            assert not must_not
        except LeaseLost:
            assert must_not or may_fail
        if self.machines[who].local.head() != before:
            self.mine[who].add((self.fences[who], self.number, kind.value))

    def comes_together(self) -> None:
        """Everything that happened anywhere is known everywhere in the end, in the same order."""
        self.server.trouble = Trouble()
        for _ in range(2):
            seen = [told(machine.command().events()) for machine in self.machines]
        assert seen[0] == seen[1]
        assert lines_of(self.machines[0].command().events()) == self.mine[0] | self.mine[1]
        for machine in self.machines:
            machine.holds()


machine = st.integers(0, 1)
moves = st.one_of(
    st.tuples(st.just("append"), machine, st.sampled_from([EventKind.INTENT, EventKind.OBSERVED])),
    st.tuples(st.just("append"), machine, st.just(EventKind.ENDED)),
    st.tuples(st.sampled_from(["take", "look", "forget"]), machine),
    st.tuples(st.just("bucket"), st.sampled_from([0, 403])),
)


@settings(max_examples=40)
@given(asked=st.lists(moves, max_size=14))
def test_any_order_of_work_outages_and_looks(
    server: Storage, tmp_path_factory: pytest.TempPathFactory, asked: list[Any]
) -> None:
    server.objects, server.trouble = {}, Trouble()
    team = SlowTeam(tmp_path_factory.mktemp("team"), server)
    for what, *given_ in asked:
        getattr(team, what)(*given_)
    team.comes_together()
