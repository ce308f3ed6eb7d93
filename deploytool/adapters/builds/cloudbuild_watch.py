"""Follows one build to its end, and shows its log as it grows."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from deploytool.adapters.builds.cloudbuild_words import ENDED, detail_of, log_of, status_of
from deploytool.adapters.builds.masking import masked
from deploytool.adapters.builds.objects import SourceBucket, may_pass
from deploytool.adapters.googleapi import GoogleApi, Json, NoAnswer, Refused
from deploytool.errors import BuildFailed

TAIL = 50  # lines that are kept
LONGEST = 10_000  # characters of one line


class Watched(NamedTuple):
    build: Json
    tail: tuple[str, ...]


def watch(
    api: GoogleApi,
    path: str,
    bucket: SourceBucket,
    tell: Callable[[str], None],
    deadline: float,
    pace: float,
    sleep: Callable[[float], None],
) -> Watched:
    """The build when it has ended, however it ended. Raises BuildFailed when `deadline` seconds pass before that."""
    end = time.monotonic() + deadline
    log = _Log(bucket, tell)
    trouble = ""
    while True:
        try:
            build = api.get(path)
            trouble = ""
            log.show(build)
            if status_of(build) in ENDED:
                log.close()
                if detail := detail_of(build):
                    log.tell(masked(detail))
                return Watched(build, tuple(log.tail))
        except (NoAnswer, Refused) as error:
            if not may_pass(error):
                raise BuildFailed(
                    f"The build cannot be watched any more. {error.message}", hint=error.hint, tail=tuple(log.tail)
                ) from error
            if error.message != trouble:
                trouble = error.message
                tell(f"{trouble} Looking again.")
        if time.monotonic() >= end:
            raise BuildFailed(
                f"The build was not done within {deadline:g} s." + (f" {trouble}" if trouble else ""),
                hint="See what it waits for in its log; a build that waits in a queue may lack quota.",
                tail=tuple(log.tail),
            )
        sleep(pace)


@dataclass(slots=True)
class _Log:
    bucket: SourceBucket
    tell: Callable[[str], None]
    offset: int = 0
    rest: bytes = b""  # a line that is not whole yet
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))

    def show(self, build: Json) -> None:
        where = log_of(build)
        new = self.bucket.read_from(*where, self.offset) if where is not None else b""
        self.offset += len(new)
        *lines, self.rest = (self.rest + new).split(b"\n")
        for line in lines:
            self._line(line)

    def close(self) -> None:
        if self.rest:
            self._line(self.rest)
        self.rest = b""

    def _line(self, line: bytes) -> None:
        text = masked(line.decode("utf-8", "replace").rstrip("\r")[:LONGEST])
        self.tail.append(text)
        self.tell(text)
