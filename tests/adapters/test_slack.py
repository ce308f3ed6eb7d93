"""Slack's webhook and any other, and everything that they can answer: said in one line, without the address."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from deploytool.adapters.addresses import Forbidden
from deploytool.adapters.posting import NotSent, address_in
from deploytool.adapters.slack import Slack
from deploytool.adapters.webhook import Webhook
from deploytool.domain.message import Message, Speak, State
from tests.adapters.fake_slack import SECRET, Double, slack

MESSAGE = Message(Speak.NEW, "drift", State.BAD, "one is stale", datetime(2026, 2, 5, tzinfo=UTC))


@pytest.fixture
def double() -> Iterator[Double]:
    with slack() as server:
        yield server


class Waits:
    """Nobody waits in a test; this is how long somebody would have."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def payload(message: Message) -> dict[str, Any]:
    return {"text": message.title}


def outlet(kind: type[Slack] | type[Webhook], url: str, **more: Any) -> Slack | Webhook:
    return kind(url, payload, **{"deadline": 1.0, "sleep": Waits(), **more})


def problem(kind: type[Slack] | type[Webhook], url: str, within: float = 30.0, **more: Any) -> NotSent:
    with pytest.raises(NotSent) as caught:
        outlet(kind, url, **more).send(MESSAGE, within)
    assert SECRET not in f"{caught.value!r} {caught.value.said}"
    assert caught.value.__cause__ is None
    return caught.value


BOTH = pytest.mark.parametrize("kind", [Slack, Webhook])


@BOTH
def test_one_post_with_the_message(double: Double, kind: type[Slack]) -> None:
    outlet(kind, f" {double.url}\n").send(MESSAGE, 30.0)
    assert double.got == [{"text": "one is stale"}]


@pytest.mark.parametrize(
    ("status", "body", "said", "maybe"),
    [
        (400, b"invalid_payload", "400 (invalid_payload: Slack does not take this message)", False),
        (403, b"action_prohibited", "403 (action_prohibited: an administrator does not allow it)", False),
        (404, b"no_service", "404 (no_service: the webhook is no more; make a new one)", False),
        (404, b"<b>whatever \x1b[31m</b>", "answered 404", False),
        (410, b"channel_is_archived", "410 (channel_is_archived: the channel of the webhook is archived)", False),
        (500, b"rollup_error", "500 (rollup_error: Slack failed)", True),
        (301, b"", "answered 301", False),
        (200, b"<html>sign in</html>", "an answer that is not Slack's", True),
        (200, b"x" * 100_000, "an answer that is not Slack's", True),
        (200, b"", "an answer that is not Slack's", True),
    ],
)
def test_what_slack_refuses_is_said_in_words_of_ours(
    double: Double, status: int, body: bytes, said: str, maybe: bool
) -> None:
    double.mood.status, double.mood.body = status, body
    double.mood.headers = {"location": "http://127.0.0.1:1/elsewhere"}
    found = problem(Slack, double.url)
    assert found.said.endswith(said)
    assert found.maybe is maybe
    assert "\x1b" not in found.said


@pytest.mark.parametrize("status", [200, 202, 204])
def test_any_success_of_a_webhook_will_do(double: Double, status: int) -> None:
    double.mood.status, double.mood.body = status, b""
    outlet(Webhook, double.url).send(MESSAGE, 30.0)


@BOTH
@pytest.mark.parametrize("status", [429, 500, 503])
def test_who_is_busy_is_asked_again_when_it_says(double: Double, kind: type[Slack], status: int) -> None:
    double.mood.first = [(status, {"retry-after": "3"}), (status, {})]
    waits = Waits()
    outlet(kind, double.url, sleep=waits).send(MESSAGE, 30.0)
    assert len(double.got) == 3
    assert waits.seconds == [3.0, 2.0]


@BOTH
def test_a_wait_that_does_not_fit_is_not_begun(double: Double, kind: type[Slack]) -> None:
    double.mood.status, double.mood.headers = 429, {"retry-after": "60"}
    begun = time.monotonic()
    assert "429" in problem(kind, double.url).said
    assert len(double.got) == 1
    assert time.monotonic() - begun < 5


@BOTH
def test_a_redirect_is_not_followed(double: Double, kind: type[Slack]) -> None:
    with slack() as other:
        double.mood.status, double.mood.headers = 307, {"location": other.url}
        assert "307" in problem(kind, double.url).said
        assert other.got == []


@BOTH
def test_who_is_slow_or_dribbles_is_left_in_time(double: Double, kind: type[Slack]) -> None:
    for mood in ({"slow": 5.0}, {"slow": 0.0, "dribble": 0.3}):
        vars(double.mood).update(mood)
        begun = time.monotonic()
        found = problem(kind, double.url)
        assert time.monotonic() - begun < 3
        assert found.maybe
        assert "no answer" in found.said
    assert len(double.got) == 2, "after no answer nobody asks again"


@BOTH
def test_who_hangs_up_may_have_heard(double: Double, kind: type[Slack]) -> None:
    double.mood.hang_up = True
    assert problem(kind, double.url).maybe
    assert len(double.got) == 1


@BOTH
def test_who_does_not_listen_has_not_heard(kind: type[Slack]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/{SECRET}"
        found = problem(kind, url)
    assert not found.maybe
    assert found.said == "it could not be reached"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "no address",
        f"http://hooks.slack.com/services/{SECRET}",
        f"https://hooks.slack.com.example.test/services/{SECRET}",
        f"https://hooks.slack.com@example.test/services/{SECRET}",
        f"https://user:{SECRET}@hooks.slack.com/services/x",
        f"https://hooks.slack.com:444/services/{SECRET}",
        f"https://example.test/services/{SECRET}",
        f"http://169.254.169.254/{SECRET}",
        f"http://metadata.google.internal/{SECRET}",
        f"ftp://hooks.slack.com/{SECRET}",
        f"file:///{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://hooks.slack.com/{SECRET}\nHost: x",
        "https://hooks.slack.com/" + "x" * 5_000,
    ],
)
def test_what_is_not_slacks_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Forbidden) as caught:
        address_in(url, hosts=("hooks.slack.com",))
    assert "SECRET" not in str(caught.value)
    assert "example" not in str(caught.value)


def test_slacks_own_address_and_another_of_https() -> None:
    assert address_in(f"https://hooks.slack.com/services/{SECRET}", hosts=("hooks.slack.com",)).secure
    assert address_in("https://alerts.example.test/x?y=1").target == "/x?y=1"
    with pytest.raises(Forbidden):
        address_in("http://alerts.example.test/x")
