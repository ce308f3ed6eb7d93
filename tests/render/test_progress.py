"""Progress: one line for each change in a pipe, one live line on a terminal, and never anybody's problem."""

from __future__ import annotations

import io
import os
import pty
import threading
import time
from collections.abc import Callable

import pytest

from deploytool.render.progress import Progress
from deploytool.render.screen import Screen


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def until(true: Callable[[], object]) -> None:
    for _ in range(400):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come")


def test_a_pipe_gets_one_line_for_each_change() -> None:
    stream, clock = io.StringIO(), Time()
    with Progress(stream, Screen(), clock) as progress:
        web = progress.of("web")
        web.step("build")
        clock.now = 3
        web.tell("pulling")
        clock.now = 75
        web.done("sha256:abc")
        web.step("ready")
        clock.now = 76
        web.failed("")
    assert stream.getvalue().splitlines() == [
        "web: build ...",
        "  pulling",
        "✓ web: build: sha256:abc (1m 15s)",
        "web: ready ...",
        "✗ web: ready: failed (1.0s)",
    ]


def test_silence_is_broken_by_a_heartbeat() -> None:
    stream, clock = io.StringIO(), Time()
    with Progress(stream, Screen(), clock, heartbeat=30, tick=0.005) as progress:
        progress.step("", "verify")
        clock.now = 29
        time.sleep(0.03)
        assert "still" not in stream.getvalue()
        clock.now = 90
        until(lambda: "  still: verify, 1m 30s\n" in stream.getvalue())
        time.sleep(0.03)
        assert stream.getvalue().count("still") == 1
        clock.now = 121
        until(lambda: "  still: verify, 2m 1s\n" in stream.getvalue())
        progress.done()
        clock.now = 500
        time.sleep(0.03)
    assert stream.getvalue().count("still") == 2


def test_a_terminal_gets_one_line_that_lives() -> None:
    stream, clock = Terminal(), Time()
    with Progress(stream, Screen(width=40), clock, tick=0.005) as progress:
        progress.step("web", "build")
        progress.tell("x" * 100)
        clock.now = 61
        until(lambda: "1m 1s" in stream.getvalue())
        progress.done("built")
    pictures = stream.getvalue().split("\r\x1b[K")
    assert all(len(picture.rstrip("\n")) <= 39 for picture in pictures)
    assert pictures[-1] == "✓ web: build: built (1m 1s)\n"
    assert stream.getvalue().count("\n") == 1


def test_colour_only_where_it_is_wanted() -> None:
    for colour in (True, False):
        stream = Terminal()
        with Progress(stream, Screen(80, colour, symbols=False)) as progress:
            progress.step("web", "build")
            progress.failed("no")
        assert ("\x1b[1;31mx\x1b[0m" in stream.getvalue()) is colour
        assert ("\x1b[1;31m" in stream.getvalue()) is colour


def test_an_exception_leaves_an_empty_line() -> None:
    stream = Terminal()
    progress = Progress(stream, Screen(80), tick=0.005)

    def interrupted() -> None:
        with progress:
            progress.step("web", "build")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stream.getvalue().endswith("\r\x1b[K")
    said = stream.getvalue()
    time.sleep(0.03)
    progress.step("web", "more")
    assert stream.getvalue() == said


@pytest.mark.parametrize("terminal", [True, False])
def test_what_others_wrote_is_only_text(terminal: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    with Progress(stream, Screen(200)) as progress:
        progress.step("a\x1b[31m", "b\rc\u202e")
        progress.tell("::error::x\n::set-output y\udcff")
        progress.done("d\x1b]0;t\x07")
    said = stream.getvalue().replace("\r\x1b[K", "")
    assert not set(said) & set("\x1b\r\u202e\x07\udcff")
    assert "d\\x1b]0;t\\x07" in said
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]


def test_a_reader_that_is_gone_is_nobodys_problem() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream, Progress(stream, Screen(), tick=0.005) as progress:
        progress.step("web", "build")
        progress.tell("x")
        progress.done("y")
    closed = io.StringIO()
    closed.close()
    with Progress(closed, Screen()) as progress:
        progress.step("web", "build")
        progress.failed("y")


def test_a_terminal_that_hangs_up_is_nobodys_problem() -> None:
    master, slave = pty.openpty()
    with open(slave, "w", buffering=1) as stream, Progress(stream, Screen(80), tick=0.005) as progress:
        progress.step("web", "build")
        os.close(master)
        progress.tell("x")
        progress.done("y")


def test_a_stream_that_knows_only_ascii() -> None:
    raw = io.BytesIO()
    with Progress(io.TextIOWrapper(raw, "ascii"), Screen(symbols=False)) as progress:
        progress.step("名前", "build")
        progress.done("é")
        assert raw.getvalue().decode() == "\\u540d\\u524d: build ...\n+ \\u540d\\u524d: build: \\xe9 (0.0s)\n"


def test_threads_do_not_mix_their_lines() -> None:
    stream = io.StringIO()
    with Progress(stream, Screen()) as progress:

        def talk(name: str) -> None:
            for number in range(200):
                progress.tell(f"{name}{number}" * 3)

        threads = [threading.Thread(target=talk, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expected = {f"  {f'{name}{number}' * 3}" for name in "abcd" for number in range(200)}
    assert set(stream.getvalue().splitlines()) == expected
