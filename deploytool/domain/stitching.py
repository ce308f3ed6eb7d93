"""Tracebacks that came line by line, each an entry of its own without a severity, put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploytool.domain.logfilter import TRACEBACK
from deploytool.domain.logline import LEVELS, LogLine

LONGEST = 300  # lines of one traceback
PARTS = (" ", "\t", "|", "+")  # how its lines begin; the one that says what happened begins with a letter


def is_beginning(line: LogLine) -> bool:
    """Only how a traceback begins, without the rest; one that has a severity is an error by itself."""
    return line.text.strip().rstrip(":") == TRACEBACK and LEVELS[line.severity] < LEVELS["ERROR"]


def stitched(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Each traceback as one line, at the time at which it began. `lines` come in the order of time."""
    opened: dict[tuple[str, str, str], list[LogLine]] = {}
    for line in lines:
        where = (line.service, line.region, line.revision)
        parts = opened.get(where)
        if is_beginning(line):
            opened[where] = [line]
        elif parts is not None:
            parts.append(line)
            if len(parts) > LONGEST:
                del opened[where]
            elif len(parts) > 1 and line.text[:1] not in PARTS:
                yield parts[0]._replace(text="\n".join(part.text for part in parts))
                del opened[where]
