"""Serve one state folder, in the foreground, until a signal comes or nobody does."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from deploytool.emulator.client import Address
from deploytool.emulator.daemon import SCALE_DOWN, SETTLE, START_WAIT
from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.lockfile import HOST, Claim, Holding, living, lock_path, take

HANDOVER = 5.0  # seconds a server that just became idle may take to leave the folder


def serve(
    port: int,
    state: Path,
    *,
    settle: float = SETTLE,
    idle: float | None = None,
    scale_down: float = SCALE_DOWN,
    start_wait: float = START_WAIT,
    ready: Callable[[Address], None] = lambda address: None,
) -> None:
    """Serve `state` on 127.0.0.1:`port` (0: any free one); `ready` is called once clients can come.

    `idle` seconds without a request end it; None serves until SIGINT or SIGTERM. A program ends after `scale_down`
    seconds without one, and must listen `start_wait` seconds after its start.
    Raises EmulatorError when another server has the folder, or the folder or port cannot be used.
    """
    from deploytool.emulator.house import House

    state = state.resolve()
    holding = _take_folder(state)
    try:
        token = secrets.token_urlsafe(24)
        house = House(state, port=port, settle=settle, token=token, scale_down=scale_down, start_wait=start_wait)
        try:
            holding.write(Claim(os.getpid(), house.port, house.token))
            ready(Address(HOST, house.port, house.token))
            house.run(idle=idle)
        finally:
            house.close()
    finally:
        holding.write(None)
        holding.release()


def _take_folder(state: Path) -> Holding:
    deadline = time.monotonic() + HANDOVER
    while True:
        holding = take(lock_path(state))
        if holding is not None:
            return holding
        address = living(state)
        if address or time.monotonic() > deadline:
            where = f" at {address.url}" if address else ""
            raise EmulatorError(
                f"Another embedded Cloud Run already serves {state}{where}.",
                hint=f"Use it: CLOUD_RUN_EMULATOR_HOST={address.host}:{address.port}" if address else "Try again.",
            )
        time.sleep(0.05)
