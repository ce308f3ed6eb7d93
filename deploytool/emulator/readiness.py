"""Does a new revision become ready? Its program is started, and its startup probe asked, to find out."""

from __future__ import annotations

import asyncio

from deploytool.emulator.images import NotRunnable, has_image
from deploytool.emulator.programs import Programs
from deploytool.emulator.world import Resource, World

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
        problem: str | None = None
        if revision is not None:
            async with self._room:
                try:
                    async with self._programs.at(revision):
                        pass
                except NotRunnable as reason:
                    problem = str(reason)
        self._world.tried(operation, problem)
