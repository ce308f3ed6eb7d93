"""One running server: socket, world, programs and front doors of one state folder."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uvicorn

from deploytool.emulator.faults import Plan
from deploytool.emulator.gate import Gate
from deploytool.emulator.journal import Journal
from deploytool.emulator.lines import Line
from deploytool.emulator.programs import Programs
from deploytool.emulator.server import application, bound_socket
from deploytool.emulator.store import Store
from deploytool.emulator.wire import Wire
from deploytool.emulator.world import World

TIDY = 1.0  # seconds between looks at what is no longer needed
CLOSING = 2  # seconds that open requests get when the server ends


class House:
    """Bound to its port from the start; `run` serves, `close` ends programs and the store."""

    def __init__(
        self, state: Path, *, port: int, settle: float, token: str, clock: Callable[[], float] = time.time
    ) -> None:
        self.token = token
        self.listener = bound_socket(port)
        self.port: int = self.listener.getsockname()[1]
        try:
            self.world = World(Store(state / "cloudrun.sqlite"), settle=settle, clock=clock)
        except BaseException:
            self.listener.close()
            raise
        self.programs = Programs(state)
        app = application(self.world, self.programs, base=f"http://127.0.0.1:{self.port}", token=token, folder=state)
        app.state.stop = self.stop
        self.builds = app.state.builds
        app.state.plan = Plan()
        app.state.journal = Journal(Wire(app, app.state.plan), clock)
        self.gate = Gate(app.state.journal)
        config = uvicorn.Config(
            self.gate,
            http=Line,
            date_header=False,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=CLOSING,
        )
        self.server = uvicorn.Server(config)

    def run(self, *, idle: float | None = None) -> None:
        """Serve until a signal, `stop`, or `idle` seconds without a request (None: for ever)."""
        if threading.current_thread() is threading.main_thread():
            # uvicorn raises a caught signal again after serving; the default would skip our own ending.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: None)
        asyncio.run(self._run(idle))

    async def _run(self, idle: float | None) -> None:
        self.builds.resume()
        watches = [asyncio.create_task(self._tidy())]
        if idle is not None:
            watches.append(asyncio.create_task(self._close_when_idle(idle)))
        try:
            await self.server.serve(sockets=[self.listener])
        finally:
            for watch in watches:
                watch.cancel()
            await self.builds.end_all()
            await self.programs.end_all()

    async def _close_when_idle(self, idle: float) -> None:
        while self.gate.idle_for() < idle:
            await asyncio.sleep(min(max(idle - self.gate.idle_for(), 0.05), 1.0))
        self.stop()

    async def _tidy(self) -> None:
        """End programs of revisions that are gone, and the whole server when its folder is."""
        folder = self.programs.state.stat().st_ino
        while True:
            await asyncio.sleep(TIDY)
            try:
                if self.programs.state.stat().st_ino != folder:
                    return self.stop()
            except OSError:
                return self.stop()
            if self.programs.any():
                await self.programs.end_unless({row.name for row in self.world.store.all_of("revisions")})

    def stop(self) -> None:
        self.server.should_exit = True

    def close(self) -> None:
        self.programs.kill_all()
        self.listener.close()
        self.world.store.close()
