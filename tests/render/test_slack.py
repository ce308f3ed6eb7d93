"""A message in Slack and in JSON: within the limits, and whatever is in it does nothing but stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from deploytool.domain.message import Message, Speak, State
from deploytool.render.message_json import shape_of
from deploytool.render.slack import is_link, payload_of
from tests.render.hostile import HOSTILE

NOW = datetime(2026, 2, 5, 7, 0, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "deploytool" / "schemas" / "message.json").read_text())
MESSAGE = Message(
    Speak.NEW,
    "drift shop-prod main",
    State.BAD,
    "shop-prod: 1 stale of 2 services",
    NOW,
    ("api (europe-west1) is stale, for 1d 2h: 2 commits behind",),
    (("stale", "1"), ("target", "main 1a2b3c4d")),
    "deploytool drift --verbose",
    "https://ci.example.test/run/7",
)
SIGNS = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S012AB3CD>",
    "<@U012AB3CD>",
    "<@W012AB3CD|ann>",
    "<#C012AB3CD>",
    "<#C012AB3CD|general>",
    "<https://evil.example.test|look here>",
    "<mailto:a@b.example.test|write>",
    "<!date^1392734382^{date}^https://evil.example.test|x>",
    "&lt;!channel&gt;",
    "&amp;lt;!channel>",
    "<\u200b!channel>",
    "<!chan\nnel>",
    "@channel",
    "@here now",
    "@everyone",
    "#general",
    "https://evil.example.test/?a=<b>&c=d",
    "www.evil.example.test",
    "evil.example.test",
    "mailto:a@b.example.test",
    "*bold* _it_ ~no~ `code` ```block```",
    ":tada: :fire:",
    "> quote",
    "|x>",
    "<",
    ">",
    "&",
    "",
    " ",
    "x" * 9_000,
    "🧨" * 4_000,
    "<!channel>" * 400,
)
STRINGS = (*SIGNS, *(wrap.replace("{}", text) for wrap in ("x{}", "{}x", "a {} b") for text in SIGNS), *HOSTILE)


def texts_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every text object, wherever it is."""
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            yield value
        for below in value.values():
            yield from texts_in(below)
    elif isinstance(value, list):
        for below in value:
            yield from texts_in(below)


MARKUP = re.compile(r"<([^>]*)>")  # what Slack reads between its signs, whatever it is


def effects(payload: dict[str, Any], link: str) -> list[str]:
    """What Slack would do beyond showing text, as its documents have it. `link` is the one that is ours."""
    found = []
    for text in texts_in(payload["blocks"]):
        if text["type"] == "plain_text":
            # No markup is read in it; emoji codes are, unless that is said.
            found += [] if text.get("emoji") is False else ["emoji codes are read"]
            continue
        # `verbatim` ends the reading of bare addresses and names; signs are always read.
        found += [] if text.get("verbatim") is True else ["bare addresses and names are read"]
        signs = MARKUP.findall(text["text"])
        ours = link.replace("&", "&amp;")
        found += [sign for sign in signs if sign.partition("|")[0] != ours]
        rest = MARKUP.sub("", text["text"])
        found += ["a sign is left"] if re.search(r"[<>]", rest) else []
        found += ["an & of nobody"] if re.search(r"&(?!amp;|lt;|gt;)", rest) else []
    fallback = payload["text"]
    found += re.findall(r"[<>]|&(?!amp;|lt;|gt;)", fallback)
    found += re.findall(r"(?:@|#)\w+|\w+://|www\.\w|\w+\.(?:test|com|org)\b|mailto:\w+@\w", fallback)
    return found


def over(payload: dict[str, Any]) -> list[str]:
    """Which of Slack's limits do not hold."""
    blocks, wrong = payload["blocks"], []
    kinds = {"header", "section", "context"}
    wrong += ["blocks"] if not 1 <= len(blocks) <= 50 else []
    wrong += [f"kind {block['type']}" for block in blocks if block["type"] not in kinds]
    for block in blocks:
        texts = list(texts_in(block))
        size = max(len(text["text"].encode("utf-16-le")) // 2 for text in texts)
        least = min(len(text["text"]) for text in texts)
        most = {"header": 150, "context": 2_000, "section": 2_000 if "fields" in block else 3_000}[block["type"]]
        wrong += [f"{block['type']}: {size}"] if size > most or least < 1 else []
        wrong += ["fields"] if not 1 <= len(block.get("fields", [1])) <= 10 else []
        wrong += ["elements"] if not 1 <= len(block.get("elements", [1])) <= 10 else []
        wrong += ["header"] if block["type"] == "header" and texts[0]["type"] != "plain_text" else []
    wrong += ["whole"] if len(json.dumps(payload)) > 400_000 else []
    return wrong


def full_of(text: str) -> Message:
    return replace(
        MESSAGE,
        title=text,
        lines=(text,) * 3,
        fields=((text, text), ("name", text)),
        next_command=text,
        about=text,
        link="" if is_link(text) else text,
    )


def test_there_are_many_hostile_strings() -> None:
    assert len(set(STRINGS)) > 300


@pytest.mark.parametrize("kind", Speak)
@pytest.mark.parametrize("state", State)
def test_no_string_mentions_links_or_leaves_the_limits(kind: Speak, state: State) -> None:
    for text in STRINGS:
        message = replace(full_of(text), kind=kind, state=state)
        payload = payload_of(message)
        assert effects(payload, "none of these is a link") == [], text
        assert over(payload) == [], text
        json.dumps(payload).encode()


@given(st.text(max_size=300), st.integers(0, 60), st.integers(0, 15))
def test_neither_does_any_other(text: str, lines: int, fields: int) -> None:
    message = replace(full_of(text), link="", lines=(text,) * lines, fields=((text, text),) * fields)
    payload = payload_of(message)
    assert effects(payload, "") == []
    assert over(payload) == []
    assert list(Draft202012Validator(SCHEMA).iter_errors(shape_of(message))) == []


def test_the_judge_sees_what_is_wrong() -> None:
    """Slack's documented signs, each as a text that was not made harmless."""
    for text in SIGNS[:11]:
        payload = {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}
        assert effects(payload, ""), text
        assert effects({"text": text, "blocks": []}, ""), text
    for text in ("@channel", "#general", "https://evil.example.test", "www.evil.example.test", "a&b", "evil.test"):
        assert effects({"text": text, "blocks": []}, ""), text
    assert over({"text": "", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]})
    assert over({"text": "", "blocks": []})


def test_a_message_as_people_see_it() -> None:
    shown = [text["text"] for text in texts_in(payload_of(MESSAGE)["blocks"])]
    assert shown == [
        "❌ shop-prod: 1 stale of 2 services",
        "stale: 1",
        "target: main 1a2b3c4d",
        "• api (europe-west1) is stale, for 1d 2h: 2 commits behind",
        "next: deploytool drift --verbose",
        "deploytool, 2026-02-05 07:00 UTC",
        "<https://ci.example.test/run/7|the run>",
    ]
    for kind, word in ((Speak.CHANGED, "changed: "), (Speak.REMINDER, "still: "), (Speak.ALL_CLEAR, "all clear: ")):
        assert f"❌ {word}shop" in payload_of(replace(MESSAGE, kind=kind))["blocks"][0]["text"]["text"]
    assert "rehearsal" in payload_of(replace(MESSAGE, rehearsal=True))["text"]


def test_what_does_not_fit_is_counted() -> None:
    lines = tuple(f"service-{number} is stale: {'x' * 500}" for number in range(200))
    payload = payload_of(replace(MESSAGE, lines=lines, fields=(("a", "b"),) * 30))
    shown = " ".join(text["text"] for text in texts_in(payload["blocks"]))
    told = shown.count("is stale: ")
    assert f"… and {200 - told} more lines" in shown
    assert "… and 21 more" in shown
    cut = payload_of(replace(MESSAGE, title="x" * 200))["blocks"][0]["text"]["text"]
    assert cut.endswith(" … (cut)")


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://ci.example.test/run/7?a=b&c=d", True),
        ("http://ci.example.test/run/7", False),
        ("https://ci.example.test/run/7|x", False),
        ("https://ci.example.test/<!channel>", False),
        ("https://user@ci.example.test/", False),
        ("https:///x", False),
        ("", False),
    ],
)
def test_only_a_plain_address_becomes_our_link(link: str, shown: bool) -> None:
    payload = payload_of(replace(MESSAGE, link=link))
    assert any(text["type"] == "mrkdwn" for text in texts_in(payload)) is shown
    assert effects(payload, link) == []


@pytest.mark.parametrize("text", STRINGS[:60])
def test_the_webhooks_message_keeps_its_contract(text: str) -> None:
    shape = shape_of(replace(full_of(text), lines=(text,) * 300))
    assert list(Draft202012Validator(SCHEMA).iter_errors(shape)) == []
    assert shape["more_lines"] == 100
    json.dumps(shape).encode()


def test_the_schema_says_no_to_what_is_no_message() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    good = shape_of(MESSAGE)
    for damage in (
        {"kind": "loud"},
        {"state": None},
        {"lines": "x"},
        {"at": "2026-02-05T07:00:00+01:00"},
        {"schema": 1},
    ):
        assert list(Draft202012Validator(SCHEMA).iter_errors({**good, **damage}))
