"""Every fault of Cloud Run in every step of a release: it ends done, undone or handed over, and says which.

`DEPLOYTOOL_TEST_FULL=1` runs the whole matrix; without it, a sample.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.probes import Prober
from deploytool.emulator import client
from deploytool.release.journal import Journal
from deploytool.release.tools import Limits
from tests.stories.release_shop import STEPS, ReleaseShop, program

SERVICE = "/v2/projects/*/locations/*/services/api*"
SHORT = Limits(ready=2.0, write=1.5, effective=1.0, undo=1.5, poll=0.02)
STEPS_HIT = ("candidate", "verify", "shift 50", "bake 50", "shift 100", "confirm", "undo")
FOR_EVER = 0

# name: (fault, method that is hit; * is any)
FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "429 with Retry-After": ({"do": "status", "code": 429, "retry_after": 1}, "*"),
    "500 once": ({"do": "status", "code": 500}, "*"),
    "502 in a burst": ({"do": "status", "code": 502, "times": 3}, "*"),
    "503 for ever": ({"do": "status", "code": 503, "times": FOR_EVER}, "*"),
    "503 of writes for ever": ({"do": "status", "code": 503, "times": FOR_EVER}, "PATCH"),
    "401 from then on": ({"do": "status", "code": 401, "times": FOR_EVER}, "*"),
    "403 of writes": ({"do": "status", "code": 403, "times": FOR_EVER}, "PATCH"),
    "404 once": ({"do": "status", "code": 404}, "GET"),
    "409 once": ({"do": "status", "code": 409}, "PATCH"),
    "409 for ever": ({"do": "status", "code": 409, "times": FOR_EVER}, "PATCH"),
    "dropped": ({"do": "drop"}, "*"),
    "dropped for ever": ({"do": "drop", "times": FOR_EVER}, "*"),
    "reply lost": ({"do": "lose-reply"}, "PATCH"),
    "every reply lost": ({"do": "lose-reply", "times": FOR_EVER}, "PATCH"),
    "reply lost with a status": ({"do": "lose-reply-status", "code": 503}, "PATCH"),
    "operation never ends": ({"do": "operation-never-ends"}, "PATCH"),
    "operation fails": ({"do": "operation-fails"}, "PATCH"),
    "operation lost": ({"do": "operation-lost"}, "PATCH"),
    "never ready": ({"do": "never-ready"}, "PATCH"),
    "never settles": ({"do": "never-settles"}, "PATCH"),
    "dies later": ({"do": "dies-later", "seconds": 0.2}, "PATCH"),
    "flaps": ({"do": "flapping", "seconds": 0.2}, "PATCH"),
    "traffic not effective": ({"do": "traffic-not-effective"}, "PATCH"),
    "traffic late": ({"do": "traffic-late", "seconds": 0.3}, "PATCH"),
    "one stale read": ({"do": "stale-read"}, "GET"),
    "stale reads": ({"do": "stale-read", "times": 3}, "GET"),
    "unknown condition": ({"do": "unknown-enum", "field": "state", "times": FOR_EVER}, "GET"),
    "unknown condition once": ({"do": "unknown-enum", "field": "state"}, "GET"),
    "unknown traffic": ({"do": "unknown-enum", "field": "type", "times": FOR_EVER}, "GET"),
    "slow": ({"do": "delay", "seconds": 0.4, "times": 3}, "*"),
    "broken JSON": ({"do": "malformed", "how": "broken"}, "*"),
    "broken JSON for ever": ({"do": "malformed", "how": "broken", "times": FOR_EVER}, "*"),
    "truncated": ({"do": "malformed", "how": "truncated"}, "*"),
}
PAIRS = [(step, name) for step in STEPS_HIT for name in FAULTS]
FULL = bool(os.environ.get("DEPLOYTOOL_TEST_FULL"))
# What passes by itself must not end a release: it is asked again, or read again.
PASSING = (
    *("429 with Retry-After", "500 once", "409 once", "dropped", "reply lost", "reply lost with a status"),
    *("traffic late", "one stale read", "slow", "broken JSON", "truncated"),
)
ALWAYS = [
    ("candidate", "every reply lost"),
    ("candidate", "never ready"),
    ("candidate", "operation lost"),
    ("verify", "unknown condition"),
    ("shift 50", "reply lost"),
    ("bake 50", "dies later"),
    ("bake 50", "403 of writes"),
    ("shift 100", "409 once"),
    ("shift 100", "traffic not effective"),
    ("shift 100", "traffic late"),
    ("candidate", "reply lost"),
    ("confirm", "401 from then on"),
    ("undo", "stale reads"),
    ("undo", "503 for ever"),
]
CHOSEN = PAIRS if FULL else [*ALWAYS, *random.Random(20).sample(sorted(set(PAIRS) - set(ALWAYS)), 11)]


@pytest.fixture
def quick(release_shop: ReleaseShop) -> Iterator[ReleaseShop]:
    """The shop with a patience that fits into a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deploytool.commands.releasing.LOCAL", SHORT)
        short = Patience(attempts=2, first_wait=0.02, total=1.5)
        patch.setattr("deploytool.adapters.googleapi.Patience", lambda: short)
        patch.setitem(Prober.__init__.__kwdefaults__, "patience", 0.5)
        client.clear_faults(release_shop.cloud.address)
        yield release_shop
        client.clear_faults(release_shop.cloud.address)


def at(shop: ReleaseShop, patch: pytest.MonkeyPatch, step: str, *faults: dict[str, Any]) -> None:
    """From the beginning of that step on."""
    write = Journal.intent
    added: list[str] = []

    def intent(self: Journal, name: str, **data: Any) -> None:
        write(self, name, **data)
        if name == step and not added:
            added.append(name)
            client.add_fault(shop.cloud.address, *faults)

    patch.setattr(Journal, "intent", intent)


@pytest.mark.parametrize(("step", "name"), CHOSEN)
def test_a_release_ends_whatever_cloud_run_does(quick: ReleaseShop, step: str, name: str) -> None:
    shop, (fault, method) = quick, FAULTS[name]
    first = shop.serving()
    if step == "undo":
        shop.commit({"api/main.py": program("api", says="web")})
    if step.endswith(" 50"):
        shop.configure(STEPS)
        shop.visit()
    with pytest.MonkeyPatch.context() as patch:
        at(shop, patch, step, {"path": SERVICE, "method": method, **fault})
        done = shop.run("deploy", "api", "--yes")
    client.clear_faults(shop.cloud.address)
    allowed = (0, 1, 3, 5, 6) if name not in PASSING else (5,) if step == "undo" else (0,)
    assert done.code in allowed, done.said + shop.crash()
    assert "Traceback" not in done.said
    (release,) = shop.releases() or (None,)
    if release is not None and release.outcome is None:
        assert done.code == 6, done.said  # it stays open, and a person is told
        ended = shop.run("deploy", "api", "--abort")
        if name in ("never settles", "traffic not effective") and shop.last().outcome is None:
            assert ended.code == 6, ended.said  # only a new change by somebody moves Cloud Run again
            shop.patch({"labels": {**shop.service()["labels"], "deploytool-scope": "moved"}}, "labels")
            ended = shop.run("deploy", "api", "--abort")
        assert ended.code in (0, 6), ended.said + shop.crash()
        assert shop.last().outcome is not None, ended.said
    _is_consistent(shop, done.code, first)


def _is_consistent(shop: ReleaseShop, code: int, first: dict[str, int]) -> None:
    """I1, I4, I6, I7, I8 and I10, after whatever happened."""
    shop.settled()
    outcome = shop.outcomes()[-1]
    expected = {"succeeded": {0}, "failed-safe": {5}, "rolled-back": {5}, "aborted": {5, 6}, "needs-human": {6}}
    assert code in expected[outcome], (code, outcome, shop.last().reason)
    new = shop.last().revision
    if outcome == "succeeded":
        assert shop.serving() == {new: 100}
        assert shop.health()["commit"] == shop.last().commit
    elif outcome != "needs-human":
        assert shop.serving() == first
        assert shop.health()["commit"] == shop.first
    if outcome != "needs-human":
        assert "candidate" not in shop.tags()
        shop.judged_alone()
