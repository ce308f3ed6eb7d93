"""A traceback in one line: the exception, and where in the program it came from. Python's and those with `at`."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_READ = 16_000  # characters from the end: there Python says what happened
MOST_AT = 8_000  # characters from the beginning, where others say it
FRAMES = 2
FRAME = re.compile(r'[\s|]*File "(?P<file>[^"]*)", line \d+(?:, in (?P<function>.*))?')
AT = re.compile(r"\s+at (?P<where>\S.*)")
EXCEPTION = re.compile(r"(?P<kind>[^\W\d][\w.]*)(?:: (?P<said>.*))?")
LIBRARY = re.compile(
    r"(?:site|dist)-packages/|/lib(?:64)?/python\d|/python\d[\d.]*/lib/|^<frozen |^<string>|node_modules/|\bnode:"
    r"|^(?:java|javax|jdk|sun|kotlin|scala)\.|\(internal/"
)
INSIDE = re.compile(r"(?:^|(?<=\())/(?:[^ ]*?/)?(?:app|workspace|srv|code)/(?=.)")
LAST = re.compile(r":\d+(?::\d+)?(?=\)?$)")


def outline_of(text: str) -> str | None:
    """`ValueError: … | worker.py predict < main.py run`; None for what is no traceback."""
    if 'File "' in text:
        found = _python(text[-MOST_READ:].splitlines())
        if found is not None:
            return found
    if "\n" in text[:MOST_AT] and " at " in text[:MOST_AT].replace("\t", " "):
        return _others(text[:MOST_AT].splitlines())
    return None


def _python(lines: Sequence[str]) -> str | None:
    """The last exception of a chain is the one that nobody caught."""
    frames: list[tuple[str, str]] = []
    said = ""
    for line in lines:
        if found := FRAME.match(line):
            if said:
                frames, said = [], ""
            frames.append((found["file"], found["function"] or ""))
        elif frames and not said and line[:1] not in ("", " ", "\t", "|", "+"):
            said = line if EXCEPTION.fullmatch(line) else ""
    if not frames or not said:
        return None
    inside = [frame for frame in frames if not LIBRARY.search(frame[0])] or frames
    return _joined(said, [f"{_path(file)} {function}".rstrip() for file, function in reversed(inside[-FRAMES:])])


def _others(lines: Sequence[str]) -> str | None:
    frames = [found["where"] for line in lines if (found := AT.match(line))]
    said = next((line for line in lines if line.strip()), "")
    if not frames or AT.match(said):
        return None
    inside = [frame for frame in frames if not LIBRARY.search(frame)] or frames
    return _joined(said.strip(), [_path(LAST.sub("", frame)) for frame in inside[:FRAMES]])


def _joined(said: str, frames: Sequence[str]) -> str:
    return f"{said[:160]} | {' < '.join(frame[:100] for frame in frames)}"


def _path(file: str) -> str:
    """Without the folder that the image was laid out in."""
    return INSIDE.sub("", file, count=1)
