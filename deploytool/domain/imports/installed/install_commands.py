"""Which command of a RUN line installs what: pip, uv, poetry, pipenv, pdm and the system's own installers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from deploytool.domain.imports.installed.distributions import normalised
from deploytool.domain.imports.installed.shell_words import Spoken


class Tool(StrEnum):
    """Tools that install what a project folder says, from its lock file when there is one."""

    UV = "uv.lock"
    POETRY = "poetry.lock"
    PIPENV = "Pipfile.lock"
    PDM = "pdm.lock"


@dataclass(frozen=True, slots=True)
class Install:
    """What one command installs. Files are named as in the command, to be looked up from `cwd`."""

    cwd: str
    words: tuple[str, ...] = ()  # plain requirements
    files: tuple[str, ...] = ()  # requirements files
    editable: tuple[str, ...] = ()
    tool: Tool | None = None
    installs_project: bool = False  # the folder itself becomes a package, too
    exports: bool = False  # writes requirements from the lock file for a later command
    distributions: tuple[str, ...] = ()  # known to come, by another way than pip
    groups: bool = True  # of a project file that it reads, optional groups too
    unclear: str = ""  # why more may be installed than is told here


_OPTIONS = """
    -c --constraint -i --index-url --extra-index-url --trusted-host --timeout --retries --root --prefix -t --target
    -f --find-links --python -p --cache-dir --platform --python-version --only-binary --no-binary --log --proxy --cert
    --client-cert --progress-bar --report --src --abi --implementation --upgrade-strategy --build-option --index
    --global-option --config-settings -C --exists-action --use-feature --use-deprecated --default-index --resolution
    --prerelease --index-strategy --keyring-provider --link-mode --exclude-newer --build-constraint --override -b
    --color --directory --project --config-file --refresh-package --upgrade-package -P --python-platform --group
    --reinstall-package --no-build-package --no-binary-package --no-build-isolation-package --only-group --extra
    --no-group -d --root-user-action --uploaded-prior-to
"""
_TAKES_VALUE = frozenset(_OPTIONS.split())
_GROUPS = frozenset(("--extra", "--all-extras", "--group", "--all-groups"))
_SCRIPTS = frozenset(("sh", "bash", "dash", "ash", "zsh", "source", "."))
_ANYTHING = "conda mamba micromamba easy_install pipx rye hatch make just task tox nox xargs eval nix"
_OTHERS = frozenset(_ANYTHING.split())
_PYTHON = re.compile(r"python[0-9.]*\Z")
_PIP = re.compile(r"pip[0-9.]*\Z")


def install_of(spoken: Spoken) -> Install | None:
    """None for a command that installs no Python distribution."""
    words = list(spoken.words)
    program = words[0].rsplit("/", 1)[-1]
    cwd = spoken.cwd
    if _PYTHON.match(program) and len(words) > 2 and words[1] == "-m":
        program, words = words[2], words[2:]
    if program in ("poetry", "pipenv", "pdm", "uv") and words[1:2] == ["run"] and len(words) > 2:
        return install_of(spoken._replace(words=tuple(words[2:])))
    found = _of_program(program, words[1:], cwd or "/", spoken)
    if found is not None and cwd is None and not found.unclear:
        return Install("/", unclear=f"the folder of `{' '.join(spoken.words)[:80]}` is not known")
    return found


def _of_program(program: str, rest: list[str], cwd: str, spoken: Spoken) -> Install | None:
    said = " ".join(spoken.words)[:80]
    if _PIP.match(program):
        return _pip(rest, cwd, said)
    if program == "uv":
        return _uv(rest, cwd, said)
    if program == "pip-sync":
        return Install(cwd, files=tuple(_values(rest)) or ("requirements.txt",))
    if program in ("poetry", "pipenv", "pdm"):
        return _project_tool(program, rest, cwd, said)
    if program in ("apt-get", "apt", "apk", "yum", "dnf", "microdnf"):
        return _system(rest, cwd)
    if program == "spacy" and rest[:1] == ["download"]:
        return Install(cwd, distributions=tuple(normalised(word) for word in rest[1:] if not word.startswith("-")))
    if _PYTHON.match(program):
        builds = any(word.endswith("setup.py") for word in rest)
        return Install(cwd, unclear=f"`{said}` installs what only its run tells") if builds else None
    runs_file = program in _SCRIPTS and any(not word.startswith("-") for word in rest)
    if runs_file or program in _OTHERS or ("/" in spoken.words[0] and program.endswith((".sh", ".bash"))):
        return Install(cwd, unclear=f"`{said}` may install anything")
    return None


def _pip(rest: list[str], cwd: str, said: str) -> Install | None:
    rest = _from_verb(rest, ("install", "sync"))
    if not rest:
        return None
    verb, rest = rest[0], rest[1:]
    words: list[str] = []
    files: list[str] = []
    editable: list[str] = []
    at = 0
    while at < len(rest):
        word = rest[at]
        name, equals, value = word.partition("=")
        at += 1
        if re.match(r"-[re][^-=]", word):  # `-rfile`
            name, equals, value = word[:2], "=", word[2:].lstrip("=")
        if not word.startswith("-"):
            (files if verb == "sync" else words).append(word)
            continue
        if not equals and (
            name in _TAKES_VALUE or name in ("-r", "--requirement", "--requirements", "-e", "--editable")
        ):
            value = rest[at] if at < len(rest) else ""
            at += 1
        if name in ("-r", "--requirement", "--requirements"):
            files.append(value)
        elif name in ("-e", "--editable"):
            editable.append(value)
    unclear = next((word for word in (*words, *files, *editable) if _unknown(word)), "")
    if unclear:
        return Install(cwd, unclear=f"`{said}`: {unclear[:60]} is not known before it runs")
    groups = any(word.partition("=")[0] in _GROUPS for word in rest)
    return Install(cwd, tuple(words), tuple(files), tuple(editable), groups=groups)


def _unknown(word: str) -> bool:
    """A variable that is the name; one in the version does not matter."""
    return "$" in re.split(r"[<>=!~]", word, maxsplit=1)[0] or "`" in word or "*" in word.partition("=")[0]


def _from_verb(rest: list[str], verbs: tuple[str, ...]) -> list[str]:
    """From the first of these verbs on, global options before it left out."""
    at = 0
    while at < len(rest) and rest[at].startswith("-"):
        at += 2 if rest[at] in _TAKES_VALUE else 1
    return rest[at:] if at < len(rest) and rest[at] in verbs else []


def _values(rest: list[str]) -> list[str]:
    return [word for at, word in enumerate(rest) if not word.startswith("-") and rest[at - 1 : at] != ["-o"]]


def _uv(rest: list[str], cwd: str, said: str) -> Install | None:
    folder = _folder(rest, cwd)
    after = _from_verb(rest, ("pip", "sync", "export", "add", "run", "tool", "lock", "build"))
    if not after:
        return None
    if after[0] == "pip":
        return _pip(after[1:], folder, said) or _compiles(after[1:], folder)
    if after[0] == "add":
        return _pip(["install", *after[1:]], folder, said)
    if after[0] == "export":
        return Install(folder, tool=Tool.UV, exports=True)
    if after[0] == "sync":
        return Install(folder, tool=Tool.UV, installs_project="--no-install-project" not in after)
    return None


def _compiles(after: list[str], cwd: str) -> Install | None:
    if after[:1] != ["compile"]:
        return None
    return Install(cwd, files=tuple(_values(after[1:])), exports=True)


def _folder(rest: list[str], cwd: str) -> str:
    for at, word in enumerate(rest):
        name, equals, value = word.partition("=")
        if name in ("--project", "--directory", "-C", "--chdir"):
            value = value if equals else (rest[at + 1] if at + 1 < len(rest) else "")
            return value if value.startswith("/") else f"{cwd}/{value}"
    return cwd


def _project_tool(program: str, rest: list[str], cwd: str, said: str) -> Install | None:
    tool = {"poetry": Tool.POETRY, "pipenv": Tool.PIPENV, "pdm": Tool.PDM}[program]
    folder = _folder(rest, cwd)
    verb = next((word for word in rest if not word.startswith("-") and word not in (folder, cwd)), "")
    if verb in ("install", "sync"):
        names = [word for word in rest[rest.index(verb) + 1 :] if not word.startswith("-")]
        if program == "pipenv" and names:
            return _pip([*rest[rest.index(verb) :]], folder, said)
        project = program != "pipenv" and not {"--no-root", "--no-self", "--only-root"} & set(rest)
        return Install(folder, tool=tool, installs_project=project)
    if verb in ("export", "requirements", "lock"):
        return Install(folder, tool=tool, exports=True)
    return Install(folder, unclear=f"`{said}` may install more") if verb in ("add", "update") else None


def _system(rest: list[str], cwd: str) -> Install | None:
    """`apt-get install python3-numpy`, `apk add py3-numpy`."""
    if not {"install", "add"} & set(rest):
        return None
    found = [match[1] for word in rest if (match := re.match(r"(?:python3?|py3)-([a-z0-9.+-]+?)(?:[=~<>].*)?\Z", word))]
    return Install(cwd, distributions=tuple(normalised(name) for name in found)) if found else None
