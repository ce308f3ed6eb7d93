"""What did the writer probably mean? And how a value is shown without trusting it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_COMPARED = 80  # difflib is quadratic: a name longer than any of ours has no neighbour worth the time
LONGEST_SHOWN = 60


def nearest_of(word: str, choices: Iterable[str], count: int = 1) -> list[str]:
    """The choices spelled most like `word`, best first; none when nothing is close."""
    if len(word) > LONGEST_COMPARED:
        return []
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=count, cutoff=0.6)
    return [by_folded[folded] for folded in close]


def shown(text: str, longest: int = LONGEST_SHOWN) -> str:
    """The text in double quotes, shortened, with everything that a terminal could act on made visible."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return '"' + "".join(_visible(letter) for letter in cut) + '"'


def file_shown(path: object) -> str:
    """A path of this machine, as long as a path can be."""
    return shown(str(path), 4096)


def listed(words: Iterable[str], last: str = "or") -> str:
    """`"a", "b" or "c"`."""
    quoted = [shown(word) for word in words]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def _visible(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    return letter if letter.isprintable() else repr(letter)[1:-1]
