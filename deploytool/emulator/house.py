"""One running server: socket, world, programs and front doors of one state folder."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn

from deploytool.emulator import lapses
from deploytool.emulator.builds import Builds
from deploytool.emulator.daemon import SCALE_DOWN, START_WAIT
from deploytool.emulator.faults import Plan
from deploytool.emulator.forwarding import Forwarding
from deploytool.emulator.gate import Gate
from deploytool.emulator.journal import Journal
from deploytool.emulator.lines import Line
from deploytool.emulator.log_store import LogStore
from deploytool.emulator.objects import Objects
from deploytool.emulator.programs import Programs
from deploytool.emulator.readiness import Readiness
from deploytool.emulator.request_journal import RequestJournal
from deploytool.emulator.server import application, bound_socket
from deploytool.emulator.store import Store
from deploytool.emulator.visitors import Visitors
from deploytool.emulator.wire import Wire
from deploytool.emulator.world import World

TIDY = 1.0  # seconds between looks at what is no longer needed
AT_ONCE = 64  # requests that wait for programs at the same time
CLOSING = 2  # seconds that open requests get when the server ends


class House:
    """Bound to its port from the start; `run` serves, `close` ends programs and the store."""

    def __init__(
        self,
        state: Path,
        *,
        port: int,
        settle: float,
        token: str,
        clock: Callable[[], float] = time.time,
        scale_down: float = SCALE_DOWN,
        start_wait: float = START_WAIT,
    ) -> None:
        self.token = token
        self.scale_down = scale_down
        self.listener = bound_socket(port)
        self.port: int = self.listener.getsockname()[1]
        try:
            self.world = World(Store(state / "cloudrun.sqlite"), settle=settle, clock=clock)
            self.journal = Journal(LogStore(state / "logs.sqlite"), clock)
        except BaseException:
            self.listener.close()
            raise
        self.programs = Programs(state, self.journal, start_wait)
        self.readiness = self.world.trials = Readiness(self.world, self.programs)
        self.forwarding = Forwarding(self.world, self.programs, self.journal)
        self.visitors = Visitors(self.forwarding, f"http://127.0.0.1:{self.port}")
        self.objects = Objects(self.world.store, state / "storage", clock)
        self.builds = Builds(self.world, self.objects, state / "images")
        self.plan = Plan()
        self.requests = RequestJournal(Wire(application(self, state), self.plan), clock)
        self.gate = Gate(self.requests)
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
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE))
        watches = [asyncio.create_task(self._tidy()), asyncio.create_task(self.journal.keep_writing())]
        if idle is not None:
            watches.append(asyncio.create_task(self._close_when_idle(idle)))
        self.readiness.begin_again()
        self.builds.resume()
        try:
            await self.server.serve(sockets=[self.listener])
        finally:
            for watch in watches:
                watch.cancel()
            await self.quiet()

    async def quiet(self) -> None:
        """End everything that goes on by itself: visitors, trials, builds and programs."""
        await self.visitors.end()
        await self.readiness.end()
        await self.builds.end_all()
        await self.programs.end_all()

    async def reset(self) -> None:
        """End everything, then forget everything, the plan of faults too."""
        await self.quiet()
        with self.world.store.writing():
            self.world.store.clear()
        self.objects.clear()
        self.plan.clear()
        self.requests.clear()
        self.journal.store.clear()

    async def _close_when_idle(self, idle: float) -> None:
        while (left := idle - self._idle_for()) > 0:
            await asyncio.sleep(min(max(left, 0.05), 1.0))
        self.stop()

    def _idle_for(self) -> float:
        """Seconds in which nobody came and nothing went on."""
        return 0.0 if self.readiness.busy or self.visitors.any() else self.gate.idle_for()

    async def _tidy(self) -> None:
        """End programs that are no longer needed, and the whole server when its folder is gone."""
        folder = self.programs.state.stat().st_ino
        while True:
            await asyncio.sleep(min(TIDY, self.scale_down))
            try:
                if self.programs.state.stat().st_ino != folder:
                    return self.stop()
            except OSError:
                return self.stop()
            if self.programs.names():
                alive = {name for name in self.programs.names() if lapses.is_alive(self.world.store, name)}
                await self.programs.end_unless(alive, self.scale_down)

    def stop(self) -> None:
        self.server.should_exit = True

    def close(self) -> None:
        self.programs.kill_all()
        self.listener.close()
        self.world.store.close()
        self.journal.close()
