"""Join the server of a state folder, or start it: consecutive and parallel commands see one world."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from deploytool.emulator.client import Address
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.lockfile import claim_in, is_held, living, lock_path, take

IDLE = 60.0  # seconds without a request after which a started server ends
SETTLE = 0.3  # seconds until a change is effective
SCALE_DOWN = 30.0  # seconds without a request after which a program ends
START_WAIT = 10.0  # seconds until a program must listen, whatever patience its probe has
PATIENCE = 15.0  # seconds to wait for a server to answer
MAX_LOG = 1_000_000  # bytes


def join_or_start(state: Path, *, settle: float = SETTLE, idle: float = IDLE, patience: float = PATIENCE) -> Address:
    """The address of the one server of this folder, started detached when there is none.

    It outlives its starter, ends after `idle` seconds without a request, and writes to `state/cloudrun.log`.
    Raises EmulatorError when the folder cannot be used or no server answers within `patience` seconds.
    """
    state = Path(os.path.abspath(state))
    address = living(state)
    if address:
        return address
    starting = take(state / "cloudrun.start", wait=True)
    assert starting is not None
    try:
        return _started(state, settle, idle, time.monotonic() + patience)
    finally:
        starting.release()


def _started(state: Path, settle: float, idle: float, deadline: float) -> Address:
    """Wait for whoever holds the folder; when nobody does, start a server. Only one client is in here."""
    child: subprocess.Popen[bytes] | None = None
    while time.monotonic() < deadline:
        address = living(state)
        if address:
            return address
        if child is not None and child.poll() not in {None, 0}:
            raise _failed(state)
        if (child is None or child.poll() == 0) and not is_held(lock_path(state)):
            child = _spawn(state, settle, idle)
        time.sleep(0.02)
    raise _silent(state)


def _spawn(state: Path, settle: float, idle: float) -> subprocess.Popen[bytes]:
    """A process of its own session: neither Ctrl-C nor a closed terminal of its starter reaches it."""
    command = [sys.executable, "-P", "-m", "deploytool.emulator", "--state", str(state), "--port", "0"]
    command += ["--idle", str(idle), "--settle", str(settle)]
    source = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    with _log(state).open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=state,
            env=os.environ | {"PYTHONPATH": path},
        )


def _log(state: Path) -> Path:
    path = state / "cloudrun.log"
    if path.exists() and path.stat().st_size > MAX_LOG:
        path.unlink()
    return path


def _failed(state: Path) -> EmulatorError:
    path = _log(state)
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return EmulatorError(
        f"The embedded Cloud Run of {state} did not start: {lines[-1] if lines else 'it left no message'}",
        hint=f"Read what it wrote: tail {path}",
    )


def _silent(state: Path) -> EmulatorError:
    claim = claim_in(state)
    who = f"process {claim.pid}" if claim else "another process"
    return EmulatorError(
        f"The embedded Cloud Run of {state} does not answer; {who} holds {lock_path(state)}.",
        hint=f"End it and try again: kill {claim.pid}" if claim else f"Read what it wrote: tail {_log(state)}",
    )
