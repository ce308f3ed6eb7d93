"""Running whole programs: how long they took, how much memory they needed at most, what they said."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEPLOYTOOL = (sys.executable, "-m", "deploytool")
PATIENCE = 30.0  # seconds until a server must answer


@dataclass(frozen=True, slots=True)
class Ran:
    seconds: float
    peak_mb: float  # of the process or its largest child
    stdout: bytes


class ProgramFailedError(RuntimeError):
    """A program could not be run, or ended as it should not."""


def run(command: Sequence[str], env: Mapping[str, str] | None = None, accept: Sequence[int] = (0,)) -> Ran:
    """Run to the end in the project's folder; the exit code must be one of `accept`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=ROOT, env=environment(env)
        )
        # wait4 and not wait: only it tells the memory of this process alone.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode not in accept:
            said = (err.read() or out.read())[-2000:].decode("utf-8", "replace").strip()
            raise ProgramFailedError(f"{' '.join(command)} ended with {process.returncode}: {said}")
        return Ran(seconds, usage.ru_maxrss / 1024, out.read())


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, **(more or {})}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def emulator(state: Path) -> Iterator[dict[str, str]]:
    """An embedded Cloud Run of our own, with an empty world; yields the environment that leads to it."""
    port = free_port()
    serve = [*DEPLOYTOOL, "emulator", "serve", "--port", str(port), "--state", str(state)]
    server = subprocess.Popen(serve, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment())
    try:
        wait_for(port, server)
        yield {"CLOUD_RUN_EMULATOR_HOST": f"127.0.0.1:{port}"}
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def fill(state: Path, env: Mapping[str, str], fleet: Path) -> None:
    """Import a fleet file into the server of that state folder; its token lies there."""
    run([*DEPLOYTOOL, "emulator", "import", str(fleet), "--state", str(state)], env)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise ProgramFailedError(f"the embedded Cloud Run ended with {server.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise ProgramFailedError(f"the embedded Cloud Run does not answer on port {port}")
