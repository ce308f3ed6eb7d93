"""The processes behind revisions: started on the first request, one per revision, ended with the server."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploytool.emulator.images import NotRunnable, launch_of

START_WAIT = 10.0  # seconds until a program must listen
END_WAIT = 1.0  # seconds a program gets after SIGTERM
TRAMPOLINE = Path(__file__).with_name("trampoline.py")


@dataclass
class Program:
    """One started process and the port it was told to listen on."""

    process: subprocess.Popen[bytes]
    port: int


@dataclass
class Programs:
    """All programs of one state folder. Used on the event loop's thread only: parent death means that thread's."""

    state: Path
    start_wait: float = START_WAIT
    _running: dict[str, Program] = field(default_factory=dict)
    _starting: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def port_of(self, revision: dict[str, Any]) -> int:
        """The port on which a revision's program listens, started if needed; NotRunnable when it cannot be."""
        name = revision["name"]
        async with self._starting.setdefault(name, asyncio.Lock()):
            program = self._running.get(name)
            if program is None or program.process.poll() is not None:
                program = self._start(revision)
                self._running[name] = program
                await self._listening(name, program)
            return program.port

    def log_of(self, revision: str) -> Path:
        """`logs/PROJECT/REGION/SERVICE/REVISION.log` of a full revision name."""
        _, project, _, region, _, service, _, name = revision.split("/")
        return self.state / "logs" / project / region / service / f"{name}.log"

    def _start(self, revision: dict[str, Any]) -> Program:
        launch = launch_of(self.state / "images", revision)
        port = _free_port()
        log = self.log_of(revision["name"])
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-I", "-S", str(TRAMPOLINE), str(os.getpid()), *launch.command]
        with log.open("ab") as out:
            process = subprocess.Popen(
                command,
                cwd=launch.folder,
                env=launch.env | {"PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        return Program(process, port)

    async def _listening(self, name: str, program: Program) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.start_wait
        while loop.time() < deadline:
            code = program.process.poll()
            if code is not None:
                raise NotRunnable(f"The program ended with code {code} before it listened; see {self.log_of(name)}.")
            if await _answers(program.port):
                return
            await asyncio.sleep(0.02)
        await self.end(name)
        raise NotRunnable(f"The program did not listen on PORT within {self.start_wait:g} s; see {self.log_of(name)}.")

    async def end(self, name: str) -> None:
        """End one program and its group; nothing happens when it does not run."""
        program = self._running.pop(name, None)
        if program is None:
            return
        _signal(program, signal.SIGTERM)
        deadline = asyncio.get_running_loop().time() + END_WAIT
        while program.process.poll() is None and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        self._kill(program)

    async def end_all(self) -> None:
        await asyncio.gather(*(self.end(name) for name in list(self._running)))

    def any(self) -> bool:
        return bool(self._running)

    async def end_unless(self, alive: set[str]) -> None:
        """End the programs of revisions that are gone."""
        await asyncio.gather(*(self.end(name) for name in set(self._running) - alive))

    def kill_all(self) -> None:
        """The last resort when the server ends."""
        for name in list(self._running):
            self._kill(self._running.pop(name))

    @staticmethod
    def _kill(program: Program) -> None:
        _signal(program, signal.SIGKILL)
        program.process.wait()


def _signal(program: Program, number: int) -> None:
    """To the whole group, so that the program's own children go with it."""
    try:
        os.killpg(program.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # already gone


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
