"""Which RUN lines a build without containers may leave out: installs, and what only a container has a use for."""

from __future__ import annotations

import re

from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.dockerfile_runs import commands_in, consumes

INSTALLS = "it only installs packages"
BESIDE = "it changes only the system around the program"

_INSTALLERS = "apk apt apt-get dnf install_packages microdnf npm pip-sync pnpm poetry uv yarn yum"
_SYSTEM = """
    add-apt-repository addgroup adduser apt-add-repository apt-key apt-mark chown dpkg-reconfigure fc-cache groupadd
    groupmod ldconfig locale-gen localedef passwd chpasswd update-alternatives update-ca-certificates update-locale
    useradd usermod
"""
_SILENT = """
    : [ [[ arch cd command date echo exit export false getent hash id mkdir nproc printf pwd rm set sleep test true type
    ulimit umask uname unset which whoami
"""
_INSTALLING = frozenset(_INSTALLERS.split())
_AROUND = frozenset(_SYSTEM.split())
_NOTHING = frozenset(_SILENT.split())
_WRITES = re.compile(r"(?<![0-9&])[0-9]*&?>>?\|?\s*(?![>&|]|/dev/null\b)\S")
_MAKES_FILES = re.compile(r"\b(?:pip|uv) +(?:pip +)?(?:compile|lock|export|freeze|download|wheel|init)\b")


def skipped_as(run: Run) -> str:
    """Why this line may be left out; "" when it may make or change files that belong to the program."""
    commands = commands_in(run)
    if commands is None or consumes(run) or _writes(run):
        return ""
    kinds = {_kind(command) for command in commands}
    if "" in kinds:
        return ""
    return INSTALLS if INSTALLS in kinds else BESIDE


def _kind(command: list[str]) -> str:
    program, rest = command[0].rsplit("/", 1)[-1], command[1:]
    if program.startswith("python") and rest[:1] == ["-m"] and len(rest) > 1:
        program, rest = rest[1], rest[2:]
    if program == "poetry" and rest[:1] not in (["install"], ["config"]):
        return ""
    if program in _INSTALLING or re.fullmatch(r"pip[0-9.]*|venv|virtualenv|ensurepip", program):
        return INSTALLS
    if program in _AROUND or program in _NOTHING:
        return BESIDE
    return ""


def _writes(run: Run) -> bool:
    """Does it send text into a file, or is it a tool that writes one?"""
    text = run.text or " ".join(run.argv)
    bodies = "\n".join(heredoc.text for heredoc in run.heredocs)
    told = re.sub(r"\d*<<-?\S+", "", text) + "\n" + bodies
    quiet = re.sub(r"\"[^\"$`]*\"|'[^']*'", "_", told)  # `'numpy>=2'` is no redirection
    return bool(_WRITES.search(quiet) or _MAKES_FILES.search(quiet))
