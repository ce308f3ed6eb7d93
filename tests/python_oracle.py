"""What a program loads, told by Python itself: the image laid out in a folder, third parties replaced by stand-ins.

It shares no line with the resolver. `tests/under_python` is the program that runs in the other Python: there, the
folder is `/`, so that absolute paths, `parents[3]` and the working folder mean what they mean in a container.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

DRIVER = Path(__file__).parent / "under_python"
SECONDS = 120


class Start(NamedTuple):
    """How it is started: see `kind`."""

    kind: str  # script: python FILE; module: gunicorn MODULE:app; main: python -m NAME; config: gunicorn -c FILE;
    #            file: functions-framework --source FILE
    name: str


class Call(NamedTuple):
    """A function to call after the start, for imports that only its arguments decide."""

    module: str
    function: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Run:
    """What starts, and where; `path` is PYTHONPATH."""

    starts: tuple[Start, ...]
    cwd: str = "/"
    path: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """Files by their real path in the image, with a hash of what Python read there."""

    startup: Mapping[str, str]
    lazy: Mapping[str, str]  # by an import that did not run at startup
    guessed: Mapping[str, str]  # when an import by a computed name loads what it looks as if it could
    links: tuple[str, ...]  # passed on the way to them
    read: tuple[str, ...]  # other files opened at startup
    errors: tuple[str, ...]
    stand_ins: tuple[str, ...]  # modules that neither the image nor the standard library has

    @property
    def files(self) -> frozenset[str]:
        return frozenset(self.startup) | frozenset(self.lazy)


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link in the image leads."""

    target: str


Image = Mapping[str, bytes | Link]  # by absolute path


class OracleFailed(Exception):
    """Python ended without an answer."""


def lay_out(files: Iterable[tuple[str, bytes | Link]], root: Path) -> None:
    """Write the image into a folder; absolute links stay inside of it."""
    for path, content in files:
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            target = f"{root}{content.target}" if content.target.startswith("/") else content.target
            place.unlink(missing_ok=True)
            place.symlink_to(target)
        else:
            place.write_bytes(content)


def loaded_in(root: Path, run: Run, *, lazy: bool = True, guess: bool = False) -> Loaded:
    """Run the program of an image that lies in `root`. Raises OracleFailed, with what Python said."""
    (root / run.cwd.lstrip("/")).mkdir(parents=True, exist_ok=True)
    order = {
        "root": str(root.resolve()),
        "starts": run.starts,
        "cwd": run.cwd,
        "path": run.path,
        "arguments": run.arguments,
        "calls": [call._asdict() for call in run.calls],
        "environment": dict(run.environment),
        "lazy": lazy,
        "guess": guess,
        "loud": "ORACLE_LOUD" in os.environ,
    }
    with tempfile.TemporaryDirectory() as place:
        given, answer = Path(place, "order.json"), Path(place, "answer.json")
        given.write_text(json.dumps(order))
        command = [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(DRIVER), str(given), str(answer)]
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": place}
        ended = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS, check=False)
        said = answer.read_text() if answer.exists() else ""
    if ended.returncode != 0 or not said:
        raise OracleFailed(f"exit {ended.returncode}: {ended.stderr.decode(errors='replace')[-2000:]}")
    found = json.loads(said)
    return Loaded(**{name: tuple(value) if isinstance(value, list) else value for name, value in found.items()})


def loaded_by(image: Image, run: Run, **more: Any) -> Loaded:
    """Lay an image out, and run its program."""
    with tempfile.TemporaryDirectory() as place:
        lay_out(image.items(), Path(place))
        return loaded_in(Path(place), run, **more)
