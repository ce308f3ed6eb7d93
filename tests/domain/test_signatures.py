"""A signature forgets what differs from one time to the next, keeps the rest, and takes no longer for a long text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.domain.signatures import MOST, NOTHING, signature

TRACEBACK = """Exception on /process [POST]
Traceback (most recent call last):
  File "/usr/local/lib/python3.11/site-packages/flask/app.py", line 1455, in wsgi_app
    response = self.full_dispatch_request()
  File "/app/predictions/worker/worker.py", line {line}, in predict
    features = load(player)
  File "/app/shared/features.py", line 12, in load
    raise ValueError(f"no features for {{player}}")
  File "/usr/local/lib/python3.11/json/decoder.py", line 355, in raw_decode
ValueError: no features for {player}
"""
CHAINED = (
    TRACEBACK
    + """
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/predictions/worker/worker.py", line 90, in predict
    raise Unready("gone") from problem
predictions.errors.Unready: gone
second line of the message
"""
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "2026-02-05T00:45:00.123Z worker-12 failed in 12.5ms: try 3",
            "<time> worker-<n> failed in <n>ms: try <n>",
        ),
        ("2026-02-05 00:45:00,123 late", "<time> late"),
        ("KeyError: 'player_lookup'", "KeyError: <text>"),
        ('no table "nba.games" in `there`', "no table <text> in <text>"),
        ("can't open it, don't retry", "can't open it, don't retry"),
        ("10.0.0.12:5432 refused", "<ip> refused"),
        ("[2001:db8::8a2e:370:7334] refused", "[<ip>] refused"),
        ("id 6f9619ff-8b86-d011-b42d-00c04fc964ff gone", "id <id> gone"),
        ("commit 4def1124, at 0x7f3a9c", "commit <n>, at <n>"),
        ("user ann@example.com", "user <mail>"),
        ("no /games/20260204/players/abc123xyz456", "no /games/<n>/players/<id>"),
        ("prediction-worker-00042-x2p is gone", "prediction-worker-<n> is gone"),
        ("rows [1, 2, 3]", "rows [<n>…]"),
        ("std::vector of deadbeef", "std::vector of deadbeef"),
        ("first\nsecond 1", "first"),
        ("\n  \n", NOTHING),
        ("", NOTHING),
        ("TypeError: x\n at f (/app/src/a.js:1:5)\n  at g (/app/node_modules/b.js:1:2)", "TypeError: x | f (src/a.js)"),
    ],
)  # fmt: skip
def test_what_differs_is_folded(text: str, wanted: str) -> None:
    assert signature(text) == wanted


def test_a_traceback_is_its_exception_and_the_innermost_places_of_the_program() -> None:
    wanted = "ValueError: no features for <n> | shared/features.py load < predictions/worker/worker.py predict"
    assert signature(TRACEBACK.format(line=88, player=1234)) == wanted
    assert signature(TRACEBACK.format(line=91, player=7)) == wanted


def test_of_a_chain_the_last_one_counts() -> None:
    assert signature(CHAINED.format(line=1, player=1)) == (
        "predictions.errors.Unready: gone | predictions/worker/worker.py predict"
    )


def test_a_traceback_within_libraries_alone_keeps_its_places() -> None:
    text = 'Traceback (most recent call last):\n  File "/usr/lib/python3.11/json/x.py", line 3, in loads\nOSError: no'
    assert signature(text) == "OSError: no | /usr/lib/python<n>.<n>/json/x.py loads"


PIECES = st.sampled_from(
    [
        *"0123456789abcdefxZ'\"`@.:-/<> \n,;|_²٣é…",
        *("<n>", "<id>", "<time>", "<ip>", "<text>", "x-00042-abc", "10.0.0.1", "a@b.c", "0x"),
        *("Traceback (most recent call last):\n", '  File "/app/x.py", line 3, in f\n', "ValueError: x 3"),
        *("\n    at f (a.js:1)", "2026-02-05T00:45:00Z", "2026-02-05 ", "6f9619ff-8b86-d011-b42d-00c04fc964ff"),
    ]
)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=40).map("".join),
    st.lists(PIECES, min_size=200, max_size=400).map("".join),
    st.text(max_size=80),
)


@settings(max_examples=400)
@given(TEXTS)
def test_a_signature_is_its_own_signature(text: str) -> None:
    found = signature(text)
    assert signature(found) == found
    assert 0 < len(found) <= MOST
    assert "\n" not in found


@given(TEXTS)
def test_which_digit_it_is_does_not_matter(text: str) -> None:
    other = text.translate(str.maketrans("0123456789", "7777777777"))
    assert signature(other) == signature(text)


@pytest.mark.parametrize(
    "part",
    [
        *("1", "1a ", "'a ", "a.", "a-1.", "a@", "a@a.", "0x", "2026-02-05 ", " ", "\n", "abcdef1", "a:1:", "::", '"'),
        *('  File "x", line 3, in f\n', "x\n at f\n", "\x1b[", "Traceback (most recent call last):\n"),
    ],
)
def test_ten_megabytes_take_no_time(part: str) -> None:
    text = part * (10_000_000 // len(part))
    began = time.process_time()
    found = signature(text)
    assert time.process_time() - began < 1.0
    assert signature(found) == found
