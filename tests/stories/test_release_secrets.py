"""No byte of a secret reaches people, the ledger, the leases, the cache or a crash file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploytool.emulator import client, wire
from deploytool.emulator.bodies import plain
from deploytool.emulator.errors import ApiError
from deploytool.release.journal import Journal
from tests.stories.conftest import Ran
from tests.stories.release_files import program
from tests.stories.release_shop import CANARY, ReleaseShop

SERVERS_OWN = ("cloudrun", "logs", "images")


def is_silent(shop: ReleaseShop, done: Ran) -> None:
    assert CANARY not in done.said
    files = [file for file in shop.state.rglob("*") if file.is_file()]
    own = [file for file in files if not file.relative_to(shop.state).parts[0].startswith(SERVERS_OWN)]
    assert any(file.name.startswith("ledger") for file in own)
    for file in (*own, *(file for file in Path(os.environ["XDG_CACHE_HOME"]).rglob("*") if file.is_file())):
        assert CANARY.encode() not in file.read_bytes(), file


TOKEN = 'os.environ["TOKEN"]'
TELLING = {
    "in its body": f"self.send_response(500); self.end_headers(); self.wfile.write({TOKEN}.encode()); return",
    "in a field": f"self.send_response(200); self.end_headers(); "
    f"self.wfile.write(json.dumps({{'status': {TOKEN}}}).encode()); return",
    "in a header": f"self.send_response(302); self.send_header('location', 'http://other.example/?' + {TOKEN}); "
    "self.end_headers(); return",
    "in its log": f"print({TOKEN}, file=sys.stderr, flush=True); os._exit(1)",
}


@pytest.mark.parametrize("where", TELLING)
def test_a_program_that_tells_its_secret_is_not_repeated(release_shop: ReleaseShop, where: str) -> None:
    shop = release_shop
    shop.commit({"api/main.py": program("api", line=TELLING[where])})
    with pytest.MonkeyPatch.context() as patch:
        from deploytool.adapters.probes import Prober

        patch.setitem(Prober.__init__.__kwdefaults__, "patience", 0.5)
        done = shop.deploy("api")
    assert done.code == 5, done.said
    is_silent(shop, done)


def test_a_refusal_that_quotes_a_value_is_not_repeated(
    release_shop: ReleaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = release_shop
    said = f"spec.containers[0].env[1].value: '{CANARY}' is not allowed here"
    monkeypatch.setattr(wire, "_refusal", lambda fault: plain(ApiError(400, "INVALID_ARGUMENT", said).body(), 400))
    client.add_fault(shop.cloud.address, {"path": "/v2/*/services/api", "method": "PATCH", "do": "status"})
    done = shop.deploy("api")
    client.clear_faults(shop.cloud.address)
    assert done.code == 5, done.said
    assert "is not allowed here" in shop.last().reason
    assert "$TOKEN" in shop.last().reason
    is_silent(shop, done)


def test_a_revision_whose_failure_quotes_a_value_is_not_repeated(
    release_shop: ReleaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = release_shop
    shop.commit({"api/main.py": program("api", start='raise SystemExit("no")')})
    monkeypatch.setattr(
        "deploytool.emulator.settling.revisions.failed_to_start",
        lambda revision, problem: _failure(f"it was started with {CANARY} and ended"),
    )
    done = shop.deploy("api")
    assert done.code == 5, done.said
    assert "it was started with $TOKEN" in shop.last().reason
    is_silent(shop, done)


def _failure(message: str) -> object:
    from deploytool.emulator.revisions import Failure

    return Failure("CONTAINER", message)


def test_a_crash_in_the_middle_puts_back_and_keeps_the_secret(
    release_shop: ReleaseShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, write = release_shop, Journal.observed

    def observed(self: Journal, step: str, **data: object) -> None:
        write(self, step, **data)
        if step == "verify":
            raise ZeroDivisionError(f"no {CANARY} for that")

    before = shop.serving()
    monkeypatch.setattr(Journal, "observed", observed)
    done = shop.run("deploy", "api", "--yes", TOKEN=CANARY)
    assert done.code == 70, done.said
    assert shop.outcomes() == ["failed-safe"]
    assert shop.serving() == shop.asked() == before
    shop.judged_alone()
    assert shop.crash() != "no crash file"
    is_silent(shop, done)
