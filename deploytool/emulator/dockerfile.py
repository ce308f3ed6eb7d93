"""Dockerfiles read: instructions, words, variables. What they do is `layout`'s business."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deploytool.emulator.archive import Unbuildable

MAX_TEXT = 1024 * 1024
VARIABLE = re.compile(r"\\\$|\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?P<how>:[-+](?P<other>[^}]*))?\})")
FLAG = re.compile(r"--([a-z][a-z-]*)(?:=(\S*))?\s*")


@dataclass(frozen=True)
class Instruction:
    """One instruction: where it begins, its keyword in capitals, `--flag=value`s, and the rest as written."""

    line: int
    keyword: str
    flags: dict[str, str]
    rest: str

    def listed(self) -> list[str] | None:
        """The JSON form, such as `["python", "main.py"]`; None for the shell form."""
        if not self.rest.startswith("["):
            return None
        try:
            words = json.loads(self.rest)
        except (ValueError, RecursionError):
            return None
        return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None

    def words(self) -> list[str]:
        try:
            return shlex.split(self.rest)
        except ValueError:
            raise self.wrong("a quote is not closed") from None

    def pairs(self) -> list[tuple[str, str]]:
        """`A=1 B="2 3"`, or the old form `A one and more`."""
        words = self.words()
        if words and "=" not in words[0]:
            key, _, value = self.rest.partition(" ")
            return [(key, value.strip())]
        pairs = [word.partition("=") for word in words]
        if not pairs or not all(key and mark for key, mark, _ in pairs):
            raise self.wrong("it needs KEY=VALUE")
        return [(key, value) for key, _, value in pairs]

    def wrong(self, why: str) -> Unbuildable:
        return Unbuildable(f"Dockerfile line {self.line}: {self.keyword}: {why}.")


def instructions_of(text: str) -> list[Instruction]:
    """In order; lines that end with a backslash are one, comments and empty lines between them are none."""
    if len(text) > MAX_TEXT:
        raise Unbuildable("The Dockerfile is too large.")
    found: list[Instruction] = []
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun = begun if parts else number
        parts.append(line.rstrip().removesuffix("\\"))
        if not line.rstrip().endswith("\\"):
            found.append(_instruction(begun, " ".join(part.strip() for part in parts)))
            parts = []
    if parts:
        found.append(_instruction(begun, " ".join(part.strip() for part in parts)))
    return found


def _instruction(line: int, text: str) -> Instruction:
    keyword, _, rest = text.strip().partition(" ")
    rest, flags = rest.strip(), {}
    while keyword.upper() != "RUN" and (flag := FLAG.match(rest)):
        flags[flag.group(1)] = flag.group(2) or ""
        rest = rest[flag.end() :]
    instruction = Instruction(line, keyword.upper(), flags, rest)
    if re.search(r"<<-?[\"']?[A-Za-z_]", rest) and keyword.upper() in {"RUN", "COPY", "ADD"}:
        raise instruction.wrong("here-documents are not understood here")
    return instruction


def with_variables(text: str, values: Mapping[str, str]) -> str:
    """`$A`, `${A}`, `${A:-other}` and `${A:+other}` replaced; what is not set is empty."""

    def value(found: re.Match[str]) -> str:
        if found.group() == r"\$":
            return "$"
        known = values.get(found["plain"] or found["name"], "")
        if not found["how"]:
            return known
        other = with_variables(found["other"], values)
        return (known or other) if found["how"].startswith(":-") else (other if known else "")

    return VARIABLE.sub(value, text)


def command_of(instruction: Instruction) -> list[str]:
    """CMD and ENTRYPOINT: the JSON form is the command, the shell form is a shell's."""
    listed = instruction.listed()
    return listed if listed is not None else ["/bin/sh", "-c", instruction.rest]


def ignored_of(text: str) -> Any:
    """The question whether a .dockerignore leaves out a path of the context; the last rule that matches decides."""
    rules: list[tuple[bool, re.Pattern[str]]] = []
    for line in text.splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        keeps = rule.startswith("!")
        rules.append((keeps, _pattern(rule.removeprefix("!").strip().strip("/").removeprefix("./"))))

    def ignored(path: str) -> bool:
        verdict = False
        for keeps, pattern in rules:
            if pattern.match(path):
                verdict = not keeps
        return verdict

    return ignored


def _pattern(rule: str) -> re.Pattern[str]:
    """Matches the path itself, or a folder above it."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", rule)
    forms = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(forms.get(part, re.escape(part)) for part in parts) + r"(?:/|$)")
