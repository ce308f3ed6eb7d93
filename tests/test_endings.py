"""How a real process ends: signals, full disks, closed pipes and streams."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SAYS = "import sys; sys.path.insert(0, {root!r}); from deploytool import __main__ as front; {body}; front.main()"


def child(body: str, **named: Any) -> subprocess.Popen[str]:
    code = SAYS.format(root=str(ROOT), body=body)
    return subprocess.Popen([sys.executable, "-c", code], text=True, stderr=subprocess.PIPE, **named)


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    body = "from deploytool.render.screen import say; front.run = lambda argv, **_: say('x' * 10**6) or 1"
    process = child(body, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.close()
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (1, "")


def test_a_full_disk_is_told() -> None:
    body = (
        "from deploytool.cli import looking as cli; from deploytool.render.screen import say;"
        "cli.fuse_box = lambda *_: say('answer'); import deploytool.commands as c; c.drift = c; c.run = None;"
        "sys.argv[1:] = ['drift']"
    )
    with open("/dev/full", "w", encoding="utf-8") as full:
        process = child(body, stdout=full)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 3
    assert said.startswith("error: The answer could not be written: No space left on device.\nhint: ")


def test_closed_streams_are_survived() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m deploytool --version <&- >&- 2>&-"], cwd=ROOT, check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_run_with_its_code(sent: signal.Signals, code: int) -> None:
    body = (
        "import time; from deploytool.cli import looking as cli; import deploytool.commands as c;"
        "c.drift = c; c.run = None;"
        "cli.fuse_box = lambda *_: (print('ready', flush=True), time.sleep(20));"
        "sys.argv[1:] = ['drift']"
    )
    process = child(body, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    start = time.monotonic()
    process.send_signal(sent)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in said
    assert time.monotonic() - start < 15
