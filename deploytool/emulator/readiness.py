"""Does a new revision become ready? Its program is started, and its startup probe asked, to find out."""

from __future__ import annotations

import asyncio

from deploytool.emulator.errors import EmulatorError
from deploytool.emulator.images import NotRunnable, has_image
from deploytool.emulator.programs import Programs
from deploytool.emulator.world import Resource, World

RETRY = 1.0  # seconds
AT_ONCE = 4  # programs that are started at the same time: a whole fleet may be deployed in one go


class Readiness:
    """Trials of new revisions. What an earlier server left untried is tried again by `begin_again`."""

    def __init__(self, world: World, programs: Programs) -> None:
        self._world = world
        self._programs = programs
        self._trials: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    @property
    def busy(self) -> bool:
        return bool(self._trials)

    def can_run(self, revision: Resource) -> bool:
        """An image that is not here says nothing about the revision: such a one becomes ready by time alone."""
        return has_image(self._programs.state / "images", revision)

    def begin(self, operation: str) -> None:
        """Try the revision that an operation made."""
        task = asyncio.get_running_loop().create_task(self._try(operation))
        self._trials[operation] = task
        task.add_done_callback(lambda _: self._trials.pop(operation, None))

    def begin_again(self) -> None:
        for operation in self._world.untried():
            self.begin(operation)

    async def end(self) -> None:
        """Give up all trials; they stay untried."""
        tasks = list(self._trials.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _try(self, operation: str) -> None:
        revision = self._world.made_by(operation)
        async with self._room:
            problem = None if revision is None else await self._problem_of(revision)
        while True:
            try:
                return self._world.tried(operation, problem)
            except EmulatorError:  # no room on the disk, say: nobody else would end the operation
                await asyncio.sleep(RETRY)

    async def _problem_of(self, revision: Resource) -> str | None:
        """Why its program does not start; None when it does."""
        try:
            async with self._programs.at(revision):
                return None
        except NotRunnable as problem:
            return str(problem)
        except Exception as problem:  # an image whose configuration nobody expected fails like any other
            return f"The image cannot be run: {type(problem).__name__}."
