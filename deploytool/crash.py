"""A bug of ours: write down what happened for whoever mends it, without telling anybody's secrets."""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deploytool.render.text import printable

PACKAGES = ("deploytool", "typer", "rich", "pydantic", "google-cloud-run", "jinja2", "starlette", "uvicorn")
LONGEST_LINE = 500  # messages may quote data; a traceback needs no more than this
SHORTEST_SECRET = 6  # shorter values of the environment ("1", "en") occur in any text


def record_crash(error: BaseException, config: Path | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Write the crash file, readable by its owner only, and say where it is. Raises OSError when nobody can."""
    text = crash_text(error, sys.argv, environ)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    *preferred, last = _folders(config)
    for folder in preferred:
        try:
            return _written(folder / name, text)
        except OSError:
            continue  # a read-only checkout is common in CI: the next folder may be writable
    return _written(last / name, text)


def crash_text(error: BaseException, argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """Versions and traceback: no local variables, and every environment value replaced by its name."""
    versions = [f"{name} {version_of(name)}" for name in PACKAGES]
    lines = [f"deploytool crashed at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", f"command: {' '.join(argv[1:])}"]
    lines += [f"Python {platform.python_version()} on {platform.platform()}", *versions, ""]
    lines += "".join(traceback.format_exception(error)).splitlines()
    told = _without_values("\n".join(lines), environ).split("\n")
    cut = (line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..." for line in told)
    return "".join(f"{printable(line)}\n" for line in cut)


def _without_values(text: str, environ: Mapping[str, str]) -> str:
    """Every environment value, as it is, as Python quotes it, and line by line, becomes `$NAME`."""
    forms = {
        form: name
        for name, value in environ.items()
        for form in (value, repr(value)[1:-1], *value.splitlines())
        if len(form) >= SHORTEST_SECRET
    }
    for form in sorted(forms, key=len, reverse=True):  # the longest first: a value may contain another one
        text = text.replace(form, f"${forms[form]}")
    return text


def version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _folders(config: Path | None) -> list[Path]:
    """Beside services.toml when there is one, then the user's own state folder."""
    here = Path.cwd()
    candidates = [config] if config else [folder / "services.toml" for folder in (here, *here.parents)]
    found = next((file for file in candidates if file.is_file()), None)
    beside = [found.resolve().parent / ".deploytool" / "crashes"] if found else []
    from platformdirs import user_state_path

    return [*beside, user_state_path("deploytool") / "crashes"]


def _written(file: Path, text: str) -> Path:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
        stream.write(text)
    return file
