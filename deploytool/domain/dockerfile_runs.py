"""Which RUN lines could read or change the files that were copied.

Only commands that are known to work beside them (package installs, users, folders, permissions) are neutral; anything
else may build, move, delete or generate code, and what is in the image can then not be told from COPY alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploytool.domain.dockerfile_recipe import Run

_BESIDE = """
    apk apt apt-get apt-key addgroup adduser arch cd chgrp chmod chown command curl date dnf dpkg echo exit export
    false fc-cache getent gpg groupadd groupmod hash id install_packages ldconfig locale-gen localedef lsb_release
    microdnf mkdir nproc printf pwd readonly rpm set setcap sleep test touch tr true type ulimit umask uname unset
    update-alternatives update-ca-certificates update-locale useradd usermod wget which whoami yum [ [[ :
    add-apt-repository apt-add-repository apt-mark chpasswd dpkg-reconfigure gcloud passwd pip-compile pip-sync
    playwright
"""
_BEFORE = "sudo exec nice time command env then else do if while until elif ! {"
_AFTER = "fi done } esac"
NEUTRAL = frozenset(_BESIDE.split())
PREFIXES = frozenset(_BEFORE.split())
CLOSERS = frozenset(_AFTER.split())
SCRATCH = ("/var/", "/tmp/", "/tmp", "/root/.cache", "/root/.npm", "/usr/share/doc", "/usr/share/man", "~/.cache")

_BREAKS = re.compile(r"[;|&\n()]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=\S*\Z")
# Scripts that install a tool and look at nothing of ours, piped into a shell.
_INSTALLERS = re.compile(
    r"(?:curl|wget)\b[^|;&\n]*https://(?:astral\.sh|install\.python-poetry\.org|deb\.nodesource\.com|sh\.rustup\.rs|"
    r"pdm-project\.org)(?=[/\s|])[^|;&\n]*\|\s*(?:[A-Z_]+=\S*\s+)*(?:sudo\s+(?:-E\s+)?)?"
    r"(?:(?:ba|da|z)?sh|python3?)\b(?:\s+-[\w-]*)*"
)
_INNER = re.compile(r"\$\(([^()`]*)\)|`([^`]*)`")
_QUOTED = re.compile(r"\"((?:[^\"\\]++|\\.)*)\"|'([^']*)'")
_REDIRECT = re.compile(r"\d*(?:&>>?|>>?|<{1,3}-?)[ \t]*&?[^\s;|&()]*")
_DEEPEST = 8  # what is nested deeper stays in the text, where no command is known
_LONGEST = 20_000  # characters of one RUN; longer scripts are not read


def consumes(run: Run) -> str:
    """The first command of the line that could use copied files, "" when all are neutral."""
    if run.argv:
        return "" if _neutral(list(run.argv)) else " ".join(run.argv)[:80]
    script = _script(run)
    if len(script) > _LONGEST:
        return script[:80]
    for command in _commands(script):
        if not _neutral(command):
            return " ".join(command)[:80]
    return ""


def folders_made(run: Run) -> Iterator[str]:
    """The absolute or workdir-relative folders that a plain `mkdir` in this line makes."""
    if run.argv or len(run.text) > _LONGEST:
        return
    for command in _commands(run.text):
        if command[0] == "mkdir":
            yield from (word for word in command[1:] if not word.startswith("-") and "$" not in word)


def commands_in(run: Run) -> list[list[str]] | None:
    """The simple commands of the line, without assignments and redirections; None when it is too long to be read."""
    if run.argv:
        return [list(run.argv)]
    script = _script(run)
    return None if len(script) > _LONGEST else list(_commands(script))


def _script(run: Run) -> str:
    """The shell text: with only a heredoc on the line, its body is the script; else the body is mere input."""
    if not run.heredocs:
        return _INSTALLERS.sub("curl", run.text[: _LONGEST + 1])
    left = re.sub(r"\d*<<-?\S+", "", run.text).strip()
    if left:
        return left
    body = "".join(heredoc.text for heredoc in run.heredocs)
    return "script " + body[2:82].split("\n", 1)[0] if body.startswith("#!") else body.replace("\\\n", " ")


def _commands(script: str) -> Iterator[list[str]]:
    """Simple commands, those inside `$( )` first. Quoted words lose what could look like syntax."""
    for _ in range(_DEEPEST):
        inner = [match[1] or match[2] or "" for match in _INNER.finditer(script)]
        if not inner:
            break
        for one in inner:
            yield from _split(one)
        script = _INNER.sub("_", script)
    yield from _split(script)


def _split(script: str) -> Iterator[list[str]]:
    flat = _QUOTED.sub(lambda match: re.sub(r"[\s;|&<>()]", "_", match[1] or match[2] or ""), script)
    lines = (line for line in flat.split("\n") if not line.lstrip().startswith("#"))
    for part in _BREAKS.split(_REDIRECT.sub(" ", "\n".join(lines))):
        words = part.replace("\\", " ").split()
        while words and (words[0] in PREFIXES or _ASSIGNMENT.match(words[0]) or words[0].startswith("--mount")):
            words.pop(0)
        if words and words[0] not in CLOSERS:
            yield words


def _neutral(words: list[str]) -> bool:
    program, rest = words[0].rsplit("/", 1)[-1], words[1:]
    if program.startswith("python") and rest[:1] == ["-m"] and len(rest) > 1:
        program, rest = rest[1], rest[2:]
    if re.fullmatch(r"pip[0-9.]*", program):
        return _pip_is_neutral(rest)
    if program == "uv":
        return _uv_is_neutral(rest)
    if program == "find":
        return _find_is_neutral(rest)
    if program == "rm":
        return all(word.startswith(("-", *SCRATCH)) and ".." not in word for word in rest)
    if program in ("venv", "virtualenv", "ensurepip", "compileall"):
        return True
    if program == "poetry":
        return rest[:1] in (["config"], ["export"]) or (rest[:1] == ["install"] and "--no-root" in rest)
    if program in ("npm", "yarn", "pnpm"):
        return bool({"-g", "--global"} & set(rest)) and not any(map(_is_local_package, rest))
    return program in NEUTRAL


def _uv_is_neutral(words: list[str]) -> bool:
    """`uv sync` installs the project itself, which may be any code, unless it is told not to."""
    if words[:2] in (["pip", "compile"], ["python", "install"]):
        return True
    if words[:1] == ["pip"]:
        return _pip_is_neutral(words[1:])
    if words[:1] == ["sync"]:
        return "--no-install-project" in words or "--no-install-workspace" in words or "--no-install-local" in words
    return bool(words) and words[0] in ("venv", "cache", "export", "lock", "--version")


def _find_is_neutral(words: list[str]) -> bool:
    """It may look, and change permissions."""
    for at, word in enumerate(words):
        if word in ("-exec", "-execdir", "-ok", "-okdir") and words[at + 1 : at + 2] not in (["chmod"], ["chown"]):
            return False
    return not {"-delete", "-fprint", "-fprintf", "-fls"} & set(words)


def _is_local_package(word: str) -> bool:
    return word.startswith((".", "/", "file:")) or "$" in word


_PIP_OPTIONS = """
    -r --requirement -c --constraint -i --index-url --extra-index-url --trusted-host --timeout --retries --root --prefix
    -t --target -f --find-links --python --cache-dir --platform --python-version --only-binary --no-binary
"""
_PIP_TAKES_VALUE = frozenset(_PIP_OPTIONS.split())


def _pip_is_neutral(words: list[str]) -> bool:
    """`pip install name` and `-r file` are; `.`, a path, an archive or `-e` build copied code."""
    if words[:1] != ["install"]:
        return bool(words) and words[0] in ("config", "cache", "check", "list", "freeze", "--version", "uninstall")
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
            continue
        if word in ("-e", "--editable") or word.startswith("--editable="):
            return False
        skip = word in _PIP_TAKES_VALUE
        if not word.startswith("-") and _is_local(word):
            return False
    return True


def _is_local(word: str) -> bool:
    name = re.split(r"[\[<>=!~@]", word, maxsplit=1)[0]
    return "/" in name or name in (".", "..", "") or word.endswith((".whl", ".tar.gz", ".zip")) or "$" in name
