"""Where an answer goes and what it is written as: what `--format` says, once or several times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from deploytool.errors import UsageError
from deploytool.render import READERS, Format, formats_of

STDOUT = "-"


@dataclass(frozen=True, slots=True)
class Output:
    format: Format
    file: Path | None = None  # None: standard output


def outputs_in(said: Iterable[str], command: str) -> tuple[Output, ...]:
    """`table`, `sarif:FILE`, in the order that they were said; a table on standard output when nothing was.

    Raises UsageError for what this command cannot be written as, and for two answers on standard output.
    """
    outputs = tuple(_output(text, command) for text in said) or (Output(Format.TABLE),)
    shown = [output.format for output in outputs if output.file is None]
    if len(shown) > 1:
        raise UsageError(
            f"Only one answer goes to standard output, not {listed(shown, 'and')}.",
            hint=f"Give the others a file each, such as --format {shown[-1]}:FILE",
        )
    return outputs


def _output(text: str, command: str) -> Output:
    word, colon, file = text.partition(":")
    format = format_in(word, command)
    if colon and not file:
        raise UsageError(f"--format {text} names no file.", hint=f"--format {word}:FILE, or --format {word}")
    return Output(format, Path(file) if colon and file != STDOUT else None)


def format_in(word: str, command: str) -> Format:
    """The format of this name. Raises UsageError when there is none, or none that reads the command's answer."""
    can = formats_of(command)
    if word in can:
        return Format(word)
    these = f"{command or 'This answer'} can be written as {listed(can)}."
    if word not in [*Format]:
        near = get_close_matches(word, can, 1, cutoff=0.5)
        raise UsageError(f"There is no format {word!r}.", hint=f"Did you mean {near[0]}? {these}" if near else these)
    others = listed([name for name, formats in READERS.items() if word in formats], "and")
    raise UsageError(f"This answer cannot be written as {word}; those of {others} can.", hint=these)


def listed(words: Sequence[str], last: str = "or") -> str:
    """`table, json or markdown`."""
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end
