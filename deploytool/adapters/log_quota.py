"""Cloud Logging answers 60 questions a minute to a whole project: we leave some to others and wait for our turn."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

MOST = 50
MINUTE = 60.0


class Quota:
    """Says when the next question may be asked, and remembers it."""

    def __init__(
        self,
        most: int = MOST,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._asked: deque[float] = deque(maxlen=most)
        self._clock, self._sleep = clock, sleep

    def turn(self, end: float) -> bool:
        """Wait for a turn; False, without waiting, when it would come after `end` of the same clock."""
        now = self._clock()
        if len(self._asked) == self._asked.maxlen and (free := self._asked[0] + MINUTE) > now:
            if free > end:
                return False
            self._sleep(free - now)
        self._asked.append(self._clock())
        return True
