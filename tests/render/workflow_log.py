"""What a GitHub runner does with the log of a step and with the files of a step, written from its documentation.

Workflow commands: `::name key=value,key=value::message` at the beginning of a line, where blanks before it do not
count; `%0D`, `%0A` and `%25` in a message, and `%3A` and `%2C` besides in a value, stand for what would end it. The
older `##[name key=value;]message` is taken anywhere in a line. Output files hold `name=value` lines, or `name<<WORD`,
the value's lines and `WORD`.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def obeyed_in(log: str) -> list[Command]:
    """Every command that the runner would obey."""
    return [command for line in log.split("\n") for command in [_new(line) or _old(line)] if command]


def _new(line: str) -> Command | None:
    line = line.strip()
    if not line.startswith("::"):
        return None
    head, found, message = line[2:].partition("::")
    if not found:
        return None
    name, _, rest = head.partition(" ")
    said = [part.split("=", 1) for part in rest.strip().split(",") if "=" in part]
    properties = {key: _plain(value, {"%3A": ":", "%2C": ","}) for key, value in said}
    return Command(name, properties, _plain(message, {}))


def _old(line: str) -> Command | None:
    _, found, rest = line.partition("##[")
    head, closed, message = rest.partition("]")
    return Command(head.split(" ")[0], {}, message) if found and closed else None


def _plain(text: str, more: dict[str, str]) -> str:
    for escape, plain in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(escape, plain)
    return text


def outputs_in(file: str) -> dict[str, str]:
    """What the next job can read. Raises ValueError where the runner fails the step."""
    outputs: dict[str, str] = {}
    lines = iter(file.removesuffix("\n").split("\n"))
    for line in lines:
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line.split("=", 1)
        elif heredoc >= 0:
            name, delimiter = line.split("<<", 1)
            value = "\n".join(_until(delimiter, lines))
        else:
            raise ValueError(f"neither name=value nor name<<delimiter: {line}")
        if not name:
            raise ValueError("an output without a name")
        outputs[name] = value
    return outputs


def _until(delimiter: str, lines):  # type: ignore[no-untyped-def]
    if not delimiter:
        raise ValueError("an empty delimiter")
    for line in lines:
        if line == delimiter:
            return
        yield line
    raise ValueError(f"{delimiter} never comes")
