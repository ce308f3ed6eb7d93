"""One mistake in services.toml, and how many of them become lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from deploytool.config.nearest import nearest_of, shown

Key = tuple[str | int, ...]
MOST_LINES = 1_000  # a file with more mistakes is not a services.toml; how many there are is said all the same
MOST_COMPARED = 8_000  # words, for all suggestions together: a fifth of a second


class Mistake(NamedTuple):
    """A key and what is wrong with it. `word` is a spelling that none of `choices` has."""

    key: Key
    says: str
    word: str = ""
    choices: Iterable[str] = ()
    otherwise: str = ""  # ends the sentence when no choice is close


def mistake_lines(mistakes: Iterable[Mistake], lines: Mapping[Key, int], said: str) -> tuple[str, ...]:
    """`FILE:LINE: KEY: what is wrong; did you mean …?`, in the order of the file."""
    by_line = sorted(((nearest_line(lines, one.key), one) for one in mistakes), key=lambda placed: placed[0])
    first = sorted(((line, key_text(one.key), one) for line, one in by_line[:MOST_LINES]), key=_place)
    told = dict.fromkeys(_lines(first, said))
    more = len(by_line) - MOST_LINES
    return (*told, f"{said}: and {more} more mistakes") if more > 0 else tuple(told)


def nearest_line(lines: Mapping[Key, int], key: Key) -> int:
    """The line of the key, or of the nearest table around it."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def key_text(key: Key) -> str:
    """`services.worker.checks[0].http`; parts that TOML would want in quotes are in quotes."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _is_bare(part) else shown(part))
    return text


def _place(placed: tuple[int, str, Mistake]) -> tuple[int, str, str]:
    line, key, mistake = placed
    return line, key, mistake.says


def _lines(placed: Iterable[tuple[int, str, Mistake]], said: str) -> Iterator[str]:
    left = MOST_COMPARED
    for line, key, one in placed:
        choices = list(one.choices) if one.word else []
        left -= len(choices)
        close = nearest_of(one.word, choices) if choices and left >= 0 else []
        ending = f"; did you mean {shown(close[0])}?" if close else one.otherwise
        yield _printable(f"{said}:{line}: {key}: {one.says}{ending}")


def _is_bare(part: str) -> bool:
    return 0 < len(part) <= 100 and part.isascii() and part.replace("-", "").replace("_", "").isalnum()


def _printable(text: str) -> str:
    """The last fence between what a file says and a terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
