"""The processes behind revisions: started on the first request, one per revision, ended with the server."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploytool.emulator.daemon import START_WAIT
from deploytool.emulator.images import NotRunnable, ingress_of, launch_of
from deploytool.emulator.journal import Journal
from deploytool.emulator.probe import Probe, answers, probe_of
from deploytool.emulator.program_output import Output

END_WAIT = 1.0  # seconds a program gets after SIGTERM
QUICK = 10.0  # seconds; a program that ends sooner has crashed at its start
CRASHES = 3  # so many of those in a row, and it rests
REST = 5.0  # seconds
PORTS = range(20000, 32000)  # below those that the system gives to outgoing connections
TRAMPOLINE = Path(__file__).with_name("trampoline.py")


@dataclass
class Program:
    """One started process, the port it was told to listen on, and who is in it."""

    process: subprocess.Popen[bytes]
    output: Output
    port: int
    started: float
    used: float
    inside: int = 0


@dataclass
class Crashes:
    """How often a revision's program ended soon after its start, in a row."""

    count: int = 0
    last: float = 0.0


@dataclass
class Programs:
    """All programs of one state folder. Used on the event loop's thread only: parent death means that thread's."""

    state: Path
    journal: Journal
    start_wait: float = START_WAIT
    _running: dict[str, Program] = field(default_factory=dict)
    _starting: dict[str, asyncio.Lock] = field(default_factory=dict)
    _crashes: dict[str, Crashes] = field(default_factory=dict)
    _failed: dict[str, tuple[float, str]] = field(default_factory=dict)  # when a start failed last, and why

    @asynccontextmanager
    async def at(self, revision: dict[str, Any]) -> AsyncIterator[int]:
        """The port on which a revision's program listens, for one request; NotRunnable when it cannot be."""
        program = await self._one_of(revision)
        program.inside += 1
        try:
            yield program.port
        finally:
            program.inside -= 1
            program.used = time.monotonic()

    def log_of(self, revision: str) -> Path:
        """`logs/PROJECT/REGION/SERVICE/REVISION.log` of a full revision name."""
        _, project, _, region, _, service, _, name = revision.split("/")
        return self.state / "logs" / project / region / service / f"{name}.log"

    async def _one_of(self, revision: dict[str, Any]) -> Program:
        name, asked = revision["name"], time.monotonic()
        async with self._starting.setdefault(name, asyncio.Lock()):
            program = self._running.get(name)
            if program is not None and program.process.poll() is not None:
                self._noticed(name)
                program = None
            if program is None:
                self._check_start(name, asked)
                program = self._running[name] = self._start(revision)
                program.inside += 1  # nobody ends it for idleness meanwhile
                await self._started(revision, program)
                program.inside -= 1
            return program

    def _start(self, revision: dict[str, Any]) -> Program:
        launch = launch_of(self.state / "images", revision)
        port = self._free_port()
        command = [sys.executable, "-I", "-S", str(TRAMPOLINE), str(os.getpid()), *launch.command]
        try:
            process = subprocess.Popen(
                command,
                cwd=launch.folder,
                env=launch.env | {"PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            output = Output(self.log_of(revision["name"]), self.journal.lines_of(revision))
        except (OSError, ValueError) as problem:
            raise NotRunnable(f"The program cannot be started: {problem}.") from problem
        assert process.stdout and process.stderr
        output.follow("stdout", process.stdout)
        output.follow("stderr", process.stderr)
        now = time.monotonic()
        return Program(process, output, port, now, now)

    async def _started(self, revision: dict[str, Any], program: Program) -> None:
        """Wait until it passes its probe. NotRunnable when it ends before, or takes too long."""
        name, probe = revision["name"], probe_of(ingress_of(revision), self.start_wait)
        try:
            problem = await self._waited(program, probe)
        except BaseException:
            await self.end(name)
            raise
        if problem is None:
            return
        if program.process.poll() is not None:
            self._note_end(name, self._running.pop(name, program))
        await self.end(name)
        self.journal.system(revision, "ERROR", f"The instance was not started. {problem}")
        told = f"{problem.rstrip('.')}; see {self.log_of(name)}."
        self._failed[name] = time.monotonic(), told
        raise NotRunnable(told)

    async def _waited(self, program: Program, probe: Probe) -> str | None:
        """Why it did not start; None when it did."""
        deadline, pause = time.monotonic() + probe.within, 0.01
        while time.monotonic() < deadline:
            if await answers(program.port, probe) and program.process.poll() is None:
                return None
            code = program.process.poll()
            if code is not None:
                return f"The program ended with code {code} before it listened."
            await asyncio.sleep(pause)
            pause = min(pause * 1.2, 0.2)
        return f"The program did not {probe} on PORT within {probe.within:g} s."

    def _noticed(self, name: str) -> None:
        """It ended while nobody looked."""
        program = self._running.pop(name)
        self._note_end(name, program)
        self.journal.system({"name": name}, "WARNING", f"The program ended with code {program.process.poll()}.")

    def _note_end(self, name: str, program: Program) -> None:
        """It ended by itself: count that when it was soon after the start, and end what it left behind."""
        now = time.monotonic()
        crashes = self._crashes.setdefault(name, Crashes())
        quick = now - program.started < QUICK
        self._crashes[name] = Crashes(crashes.count + 1 if quick else 0, now)
        self._kill(program)

    def _check_start(self, name: str, asked: float) -> None:
        """NotRunnable when a start failed while this request waited for it, or a few did just before."""
        failed_at, why = self._failed.get(name, (0.0, ""))
        if failed_at > asked:
            raise NotRunnable(why)
        crashes = self._crashes.get(name)
        if crashes is None or crashes.count < CRASHES:
            return
        left = crashes.last + REST - time.monotonic()
        if left > 0:
            times = f"The program ended {crashes.count} times soon after its start"
            raise NotRunnable(f"{times}; it is started again in {left:.0f} s. See {self.log_of(name)}.")

    def _free_port(self) -> int:
        """A port that nobody listens on, and that no program was told before us."""
        told = {program.port for program in self._running.values()}
        for port in random.sample(PORTS, 200):
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
            if port not in told:
                return port
        raise NotRunnable("No free port was found.")

    async def end(self, name: str) -> None:
        """End one program and its children; nothing happens when it does not run."""
        program = self._running.pop(name, None)
        if program is None:
            return
        program.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + END_WAIT
        while program.process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        self._kill(program)

    async def end_all(self) -> None:
        """End every program and forget what crashed."""
        await asyncio.gather(*(self.end(name) for name in list(self._running)))
        self._crashes.clear()

    def names(self) -> list[str]:
        """The revisions whose programs run."""
        return list(self._running)

    async def end_unless(self, alive: set[str], idle: float) -> None:
        """End the programs of revisions that are gone, and those that nobody asked for `idle` seconds."""
        for name in [name for name, p in self._running.items() if p.process.poll() is not None and not p.inside]:
            self._noticed(name)
        long_ago = time.monotonic() - idle
        unused = {name for name, p in self._running.items() if not p.inside and p.used < long_ago}
        await asyncio.gather(*(self.end(name) for name in (set(self._running) - alive) | unused))

    def kill_all(self) -> None:
        """The last resort when the server ends."""
        for name in list(self._running):
            self._kill(self._running.pop(name))

    @staticmethod
    def _kill(program: Program) -> None:
        """SIGUSR1 asks the trampoline to kill the program and its children."""
        if program.process.poll() is None:
            program.process.send_signal(signal.SIGUSR1)
            try:
                program.process.wait(END_WAIT)
            except subprocess.TimeoutExpired:
                program.process.kill()
                program.process.wait()
        program.output.close()
