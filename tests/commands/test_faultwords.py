"""Faults in words: what the server takes, and what a slip of the fingers is told."""

from pathlib import Path

import pytest

from deploytool.app import App
from deploytool.commands import emulator
from deploytool.commands.faultwords import fault_in, words_of
from deploytool.emulator import client, daemon
from deploytool.emulator.faults import KINDS
from deploytool.errors import ExitCode, UsageError

SERVICES = "/v2/*/services/*"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            f"PATCH {SERVICES} status=503 times=2 after=1",
            {"method": "PATCH", "path": SERVICES, "do": "status", "code": 503, "times": 2, "after": 1},
        ),
        (f"* {SERVICES}  delay=0.5", {"method": "*", "path": SERVICES, "do": "delay", "seconds": 0.5}),
        (f"GET {SERVICES} stale-read=3", {"method": "GET", "path": SERVICES, "do": "stale-read", "changes": 3}),
        (
            f"GET {SERVICES} unknown-enum=type",
            {"method": "GET", "path": SERVICES, "do": "unknown-enum", "field": "type"},
        ),
        (
            f"PATCH {SERVICES} lose-reply query=*updateMask=*traffic*",
            {"method": "PATCH", "path": SERVICES, "do": "lose-reply", "query": "*updateMask=*traffic*"},
        ),
        (
            "GET /v2/* status=429 retry_after=7",
            {"method": "GET", "path": "/v2/*", "do": "status", "code": 429, "retry_after": 7},
        ),
    ],
)
def test_words_are_a_fault_and_back(text, fault):
    assert fault_in(text) == fault
    assert words_of(fault) == " ".join(sorted_words(text))


def sorted_words(text):
    """Options in the order in which they are written back."""
    order = ["times", "after", "query", "retry_after"]
    words = text.split()
    return words[:3] + sorted(words[3:], key=lambda word: order.index(word.partition("=")[0]))


@pytest.mark.parametrize("do", list(KINDS))
def test_every_kind_can_be_said_without_a_value(do):
    assert fault_in(f"* * {do}")["do"] == do


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("PATCH /v2", "it needs a method, a path and a kind", "--add 'PATCH"),
        ("PATCH /v2 lose-replay", 'there is no kind "lose-replay"', 'Did you mean "lose-reply"?'),
        ("PATCH /v2 \x1b[31m", r"there is no kind \"\x1b[31m\"".replace('\\"', '"'), "Known:"),
        ("patch /v2 drop", '"patch" is no method', 'Did you mean "PATCH"?'),
        ("PATCH /v2 drop=1", "drop takes no value", "Leave it out: drop"),
        ("PATCH /v2 drop tims=2", '"tims=2" is not KEY=VALUE', 'Did you mean "times"?'),
        ("PATCH /v2 drop times", '"times" is not KEY=VALUE', 'Did you mean "times"?'),
        ("PATCH /v2 drop times=two", "'times' is a number from 0", "--add 'PATCH"),
        ("PATCH /v2 delay=nan", "'seconds' is a number from 0", "--add 'PATCH"),
        ("PATCH /v2 delay=-1", "'seconds' is a number from 0", "--add 'PATCH"),
        ("PATCH /v2 status=418", "'code' is one of 401", "--add 'PATCH"),
        ("PATCH v2 drop", "A path begins with /", "--add 'PATCH"),
    ],
)
def test_a_slip_names_what_is_wrong_and_the_nearest(text, said, hint):
    with pytest.raises(UsageError) as slip:
        fault_in(text)
    assert said in slip.value.message
    assert hint in slip.value.hint
    assert "\x1b" not in slip.value.message + slip.value.hint


def test_faults_are_added_listed_and_cleared(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = tmp_path / "state"
    app = App()

    def asked(*add, clear=False):
        assert emulator.faults(app, add=list(add), clear=clear, state=state) is ExitCode.CLEAN
        return capsys.readouterr()

    address = daemon.join_or_start(state)
    try:
        assert "has no faults" in asked().err
        told = asked(f"PATCH {SERVICES} status=503 times=2", "GET /v2/* drop")
        assert told.out.splitlines() == [
            f"PATCH {SERVICES} status=503 times=2 after=0  # hit 0 of 0",
            "GET /v2/* drop times=1 after=0  # hit 0 of 0",
        ]
        assert asked(f"GET {SERVICES} never-ready", clear=True).out.count("\n") == 1
        assert "has no faults" in asked(clear=True).err
        with pytest.raises(UsageError):
            emulator.faults(app, add=["GET /v2/* drop", "nonsense"], clear=True, state=state)
    finally:
        client.stop(address)
