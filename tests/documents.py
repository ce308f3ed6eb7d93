"""What the documents quote, made by running it: `bin/docs` writes it, test_docs.py sees that it is still so.

A quoted block stands between `<!-- begin: COMMAND -->` and `<!-- end -->`. COMMAND is run on the shipped services.toml
in an empty folder; its words before the program's name are environment variables. Some blocks are no command's output
but a table of ours: those of `TABLES`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploytool.config import schema_text
from deploytool.domain.check_rules import RULES

ROOT = Path(__file__).parents[1]
DOCUMENTS = tuple(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))
SCHEMA = ROOT / "deploytool" / "schemas" / "config.json"
BLOCK = re.compile(r"(?<=<!-- begin: )(?P<command>[^\n]+)(?P<open> -->\n)(?P<text>.*?)(?=<!-- end -->)", re.DOTALL)
PROGRAMS = ("deploytool", "bin/deploytool")
OTHERS = ("DEPLOYTOOL_", "CLOUD_RUN_", "GIT_", "PYTHON")


class Stage:
    """A folder with the shipped services.toml, and an environment that is the same on every machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copy(ROOT / "services.toml", folder)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
        made = {"HOME": str(folder), "XDG_CACHE_HOME": f"{folder}/.cache", "COLUMNS": "120", "NO_COLOR": "1"}
        self.environ = {**kept, **made, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """One quoted command line. Raises ValueError when it is of another program."""
        words = shlex.split(command)
        named = [words.pop(0).split("=", 1) for _ in range(sum("=" in word for word in words[: _first_program(words)]))]
        if words[:1] == [] or words.pop(0) not in PROGRAMS:
            raise ValueError(f"only deploytool can be quoted, not: {command}")
        return subprocess.run(
            [sys.executable, "-m", "deploytool", *words],
            cwd=self.folder,
            env={**self.environ, **dict(named)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def quoted(self, command: str) -> str:
        """What a person who types it sees: the command, the answer, and the exit code when it is not 0."""
        done = self.run(command)
        if not done.stdout:
            raise ValueError(f"{command} printed nothing: {done.stderr}")
        code = f"$ echo $?\n{done.returncode}\n" if done.returncode else ""
        return f"```console\n$ {command}\n{done.stdout.rstrip()}\n{code}```\n"

    def filled(self, text: str) -> str:
        """A document with every quoted block as it is today."""
        return BLOCK.sub(lambda found: f"{found['command']}{found['open']}{self._block(found['command'])}", text)

    def _block(self, command: str) -> str:
        return TABLES[command]() if command in TABLES else self.quoted(command)


def rules_of_check() -> str:
    rows = (f"| `{rule.id}` | {rule.severity} | {rule.title}. {rule.help} |" for rule in RULES.values())
    return "\n".join(("| rule | at most | what it means |", "|---|---|---|", *rows, ""))


TABLES = {"the rules of check": rules_of_check}


def _first_program(words: list[str]) -> int:
    return next((number for number, word in enumerate(words) if "=" not in word), len(words))


def generated(folder: Path) -> dict[Path, str]:
    """Every file that is written by a program, wholly or in parts, and what it should hold."""
    stage = Stage(folder)
    return {SCHEMA: schema_text(), **{file: stage.filled(file.read_text(encoding="utf-8")) for file in DOCUMENTS}}


def main() -> None:
    """Rewrite what is out of date, and say what was."""
    with tempfile.TemporaryDirectory() as folder:
        for file, text in generated(Path(folder)).items():
            if file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")
                print(f"rewrote {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
