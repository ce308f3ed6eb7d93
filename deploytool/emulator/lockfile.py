"""One server per state folder: a lock file that says who serves it, and where.

The kernel's lock on the file is the truth (it goes with its process, however that ends); the text in
it - pid, port, token - only tells others where to look, and is believed after the server answered.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from deploytool.emulator.client import Address, health
from deploytool.emulator.errors import EmulatorError

HOST = "127.0.0.1"


def lock_path(state: Path) -> Path:
    return state / "cloudrun.lock"


@dataclass(frozen=True)
class Claim:
    """The text of the lock file."""

    pid: int
    port: int
    token: str

    @property
    def address(self) -> Address:
        return Address(HOST, self.port, self.token)


class Holding:
    """The kernel's lock on a file, held until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, claim: Claim | None) -> None:
        text = "" if claim is None else json.dumps(vars(claim)) + "\n"
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def release(self) -> None:
        os.close(self._descriptor)


def take(path: Path, *, wait: bool = False) -> Holding | None:
    """Take the lock; None when somebody else holds it and `wait` is false. EmulatorError when it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise EmulatorError(
            f"The state folder {path.parent} cannot be used: {problem.strerror}.",
            hint=f"Make it writable, or free some space on its disk: ls -ld {path.parent}; df {path.parent}",
        ) from problem
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Holding(descriptor)


def is_held(path: Path) -> bool:
    """Does a process hold the lock right now?"""
    holding = take(path)
    if holding is None:
        return True
    holding.release()
    return False


def claim_in(state: Path) -> Claim | None:
    """What the lock file says; None when it says nothing that can be read."""
    try:
        value = json.loads(lock_path(state).read_text())
        return Claim(int(value["pid"]), int(value["port"]), str(value["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def living(state: Path) -> Address | None:
    """The server of this folder, if it answers with the token: a pid alone may be somebody else's by now."""
    claim = claim_in(state)
    if claim is None:
        return None
    try:
        told = health(claim.address)
    except EmulatorError:
        return None
    return claim.address if told.get("state") == str(state.resolve()) else None
