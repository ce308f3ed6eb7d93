"""What commands in `$( )` print, as far as it can be told without running them."""

from __future__ import annotations

from collections.abc import Callable

from deploytool.domain.imports.launch.shell import Node, Simple, Word
from deploytool.domain.imports.launch.values import UNKNOWN, Field, State, Ways, as_one, joined

# They print settings for the shell, of their own environments.
_SET_UP = frozenset(("conda", "mamba", "micromamba", "pyenv", "ssh-agent", "direnv"))


def printed_by(body: tuple[Node, ...], state: State, arguments: Callable[[tuple[Word, ...]], Ways]) -> Field:
    """What `$(pwd)`, `$(dirname "$0")`, `$(cd … && pwd)` and a few others print; anything else is unknown."""
    cwd = state.cwds[0] if len(state.cwds) == 1 else UNKNOWN
    result = UNKNOWN
    for node in body:
        if not isinstance(node, Simple) or not node.words:
            return UNKNOWN
        ways = arguments(node.words)
        if len(ways) != 1 or not ways[0]:
            return UNKNOWN
        name, *rest = ways[0]
        last = rest[-1] if rest else Field("")
        if name.text == "cd" and last.text:
            cwd = joined(cwd, last)
        else:
            result = _printed(name.text, [field for field in rest if not field.text.startswith("-")], cwd)
    return result


def _printed(name: str, words: list[Field], cwd: Field) -> Field:
    if name == "pwd":
        return cwd
    if name.rpartition("/")[2] in _SET_UP:
        return Field("")
    if not words:
        return UNKNOWN
    text, unknown = words[0]
    if name == "dirname":
        return Field(text.rpartition("/")[0] or ("/" if text.startswith("/") else "."), unknown)
    if name == "basename":
        return Field(text.rstrip("/").rpartition("/")[2].removesuffix(words[1].text if words[1:] else ""), unknown)
    if name in ("realpath", "readlink"):
        return joined(cwd, words[0])
    if name in ("which", "command"):
        return words[0]
    if name == "echo":
        return as_one(tuple(words))
    return UNKNOWN
