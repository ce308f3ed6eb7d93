"""What the container starts, as far as Python is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from deploytool.domain.doubt import Doubt

SCRIPTS = (".py", ".sh", ".bash")
NOT_THERE = " is not in the image as far as git tells"  # how a doubt about a program ends


class StartKind(StrEnum):
    SCRIPT = "script"  # `python file.py`: runs as `__main__`, its folder is the first root
    MODULE = "module"  # `gunicorn package.module:app`: imported
    MAIN = "main"  # `python -m name`: `name/__main__.py`, or the module itself, runs as `__main__`


class Start(NamedTuple):
    """One thing that is loaded first."""

    kind: StartKind
    name: str  # an absolute path in the image for a script, else a dotted module name


@dataclass(frozen=True, slots=True)
class Program:
    """The program of an image. Without starts it is not Python, or it cannot be told (then `doubts` says why)."""

    starts: tuple[Start, ...] = ()
    roots: tuple[str, ...] = ()  # absolute folders of sys.path in its order; the folders of scripts come by themselves
    cwd: str = "/"
    words: tuple[str, ...] = ()  # further text that may name modules or files: arguments, values of the environment
    doubts: tuple[Doubt, ...] = ()  # any: everything in the image may be loaded
    python: bool = True  # False: another language, whose imports nobody reads here
    said: str = ""  # the command as a person would type it
