"""An API that answers slowly, endlessly or with nonsense is an API that did not answer."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from deploytool.adapters import googleapi
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.googleapi import GoogleApi, NoAnswer, Refused
from deploytool.errors import CouldNotLook
from tests.adapters.hostile import Hostile, Reply, answering, page, raw

ONCE = Patience(attempts=1, call=1.0)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DEEP = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
Ask = Callable[[GoogleApi], Any]


def read(api: GoogleApi) -> Any:
    return api.get("/x")


def write(api: GoogleApi) -> Any:
    return api.send("POST", "/x", {"a": 1})


def failure(reply: Reply, ask: Ask, patience: Patience = ONCE) -> NoAnswer | Refused:
    with answering(reply) as server:
        with pytest.raises((NoAnswer, Refused)) as failed:
            ask(api_of(server, patience))
        assert isinstance(failed.value, (NoAnswer, Refused))
        return failed.value


def api_of(server: Hostile, patience: Patience = ONCE) -> GoogleApi:
    return GoogleApi(f"http://{server.host}", name="Cloud Test", local=True, patience=patience)


@pytest.mark.parametrize("ask", [read, write])
@pytest.mark.parametrize("reply", [raw(HEAD, forever=b"x", every=0.2), raw(CHUNKED, forever=b"1\r\nx\r\n", every=0.2)])
def test_a_byte_now_and_then_keeps_nobody_waiting(reply: Reply, ask: Ask) -> None:
    began = time.monotonic()
    failed = failure(reply, ask)
    assert time.monotonic() - began < 2.5
    assert failed.message == "Cloud Test did not answer in time."
    assert failed.acted, "a write may have been carried out"


@pytest.mark.parametrize("ask", [read, write])
def test_what_is_too_large_is_not_kept(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GoogleApi.call.__kwdefaults__, "most", 100_000)
    failed = failure(raw(CHUNKED, forever=b"10000\r\n" + b"x" * 0x10000 + b"\r\n"), ask)
    assert failed.message == "Cloud Test answered with more than 100000 bytes."
    assert failed.acted or ask is read


def test_what_unpacks_to_too_much_is_not_kept_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GoogleApi.call.__kwdefaults__, "most", 100_000)
    assert "more than" in failure(page(body=gzip.compress(b" " * 10_000_000), Content_Encoding="gzip"), read).message


@pytest.mark.parametrize("ask", [read, write])
@pytest.mark.parametrize(
    "reply",
    [
        page(body=DEEP),
        page(body=b"[]"),
        page(body=b"{"),
        page(body=b"not packed", Content_Encoding="gzip"),
        raw(HEAD, b"{}"),
        raw(CHUNKED, b"5\r\n{}"),
    ],
)
def test_what_cannot_be_understood_is_no_answer(reply: Reply, ask: Ask) -> None:
    failed = failure(reply, ask)
    assert isinstance(failed, NoAnswer)
    assert failed.acted or ask is read


def test_a_refusal_is_one_with_and_without_its_words() -> None:
    words = json.dumps({"error": {"status": "ABORTED", "message": "no\nand more"}}).encode()
    failed = failure(page(409, words), write)
    assert isinstance(failed, Refused)
    assert (failed.code, failed.status, failed.said, failed.acted) == (409, "ABORTED", "no", False)
    for reply in (raw(HEAD.replace(b"200", b"409"), b"{"), page(409, b"x" * googleapi.MOST_WORDS * 2), page(409, DEEP)):
        failed = failure(reply, write)
        assert isinstance(failed, Refused)
        assert (failed.code, failed.said, failed.acted) == (409, "", False)


def test_a_body_comes_whole_however_it_is_sent() -> None:
    body = json.dumps({"a": "x" * 300_000}).encode()
    with answering(page(body=gzip.compress(body), Content_Encoding="gzip")) as server:
        assert api_of(server).get("/x") == json.loads(body)
    with answering(raw(CHUNKED, b"2\r\n{}\r\n", b"0\r\n\r\n")) as server:
        assert api_of(server).get("/x") == {}
    with answering(raw(b"HTTP/1.0 200 OK\r\n\r\n{}")) as server:
        assert api_of(server).get("/x") == {}


@pytest.mark.parametrize("content", ["", "[]", '{"type": "authorized_user"}', '{"type": "from the future"}'])
@pytest.mark.parametrize("ask", [read, write])
def test_credentials_that_cannot_be_used_are_one_sentence(ask, content, tmp_path, monkeypatch) -> None:
    file = tmp_path / "login.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(CouldNotLook) as caught:
        ask(GoogleApi("https://run.googleapis.com", name="Cloud Run", local=False, patience=ONCE))
    assert "credentials" in caught.value.message
    assert caught.value.hint == "gcloud auth application-default login"
    assert content not in caught.value.message or not content
