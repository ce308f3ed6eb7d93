"""What a shell does itself: folders, variables, arguments, other scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from deploytool.domain.imports.launch.scripts import Scripts, file_of
from deploytool.domain.imports.launch.values import MOST_WAYS, UNKNOWN, Field, Fields, State, joined

ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_TAKES_NAME = re.compile(r"[-+][a-z]*o\Z")  # `set -euo pipefail`
_SIGNALS = re.compile(r"[A-Z0-9]+\Z")
# Sourced files that set variables of a shell or a virtual environment, no more.
_WELL_KNOWN = ("activate", ".env", ".bashrc", ".profile", ".bash_profile", "profile", "bashrc", "conda.sh")


def built_in(scripts: Scripts, argv: Fields, state: State) -> bool:
    """Obey one; False for what is none."""
    name = argv[0].text
    if name in scripts.functions:
        scripts.call(argv, state)
        return True
    action = _ACTIONS.get(name)
    if action is not None:
        action(scripts, argv[1:], state)
    return action is not None


def _cd(scripts: Scripts, argv: Fields, state: State) -> None:
    words = [field for field in argv if not field.text.startswith("-")]
    home = state.known("HOME")
    target = words[0] if words else Field(home) if home else UNKNOWN
    state.cwds = tuple(dict.fromkeys(joined(cwd, target) for cwd in state.cwds))[:MOST_WAYS]


def _export(scripts: Scripts, argv: Fields, state: State) -> None:
    for field in argv:
        match = ASSIGNMENT.match(field.text)
        if match:
            state.variables[match[1]] = ((Field(match[2], field.unknown),),)


def _set(scripts: Scripts, argv: Fields, state: State) -> None:
    at = 0
    while at < len(argv):
        text = argv[at].text
        if text == "--":
            state.positional = (tuple(argv[at + 1 :]),)
            return
        if text[:1] not in ("-", "+"):
            state.positional = (tuple(argv[at:]),)
            return
        at += 2 if _TAKES_NAME.match(text) else 1


def _shift(scripts: Scripts, argv: Fields, state: State) -> None:
    by = int(argv[0].text) if argv and re.fullmatch(r"\d{1,3}", argv[0].text, re.ASCII) else 1
    state.positional = tuple(dict.fromkeys(way[by:] for way in state.positional))


def _source(scripts: Scripts, argv: Fields, state: State) -> None:
    if not argv:
        return
    place = scripts.found.place
    path = file_of(place, argv[0], state) or file_of(place, argv[0], state, search=False)
    if path is not None:
        script, positional = state.script, state.positional
        state.script = path
        if argv[1:]:
            state.positional = (tuple(argv[1:]),)
        scripts.source(path, state)
        state.script, state.positional = script, positional
    elif argv[0].text.rpartition("/")[2] not in _WELL_KNOWN:
        scripts.found.doubt(scripts.where, f"the script {argv[0].text} is not in the image as far as git tells")


def _eval(scripts: Scripts, argv: Fields, state: State) -> None:
    scripts.inline(Field(" ".join(field.text for field in argv), any(field.unknown for field in argv)), state)


def _trap(scripts: Scripts, argv: Fields, state: State) -> None:
    words = [field for field in argv if field.text not in ("--", "-")]
    if len(words) > 1 and words[0].text and not _SIGNALS.match(words[0].text):
        scripts.inline(words[0], state.apart())


def _unset(scripts: Scripts, argv: Fields, state: State) -> None:
    for field in argv:
        state.variables[field.text] = ((Field(""),),)


_ACTIONS: Mapping[str, Callable[[Scripts, Fields, State], None]] = {
    **dict.fromkeys(("cd", "pushd"), _cd),
    **dict.fromkeys(("export", "declare", "local", "readonly", "typeset"), _export),
    **dict.fromkeys((".", "source"), _source),
    "set": _set,
    "shift": _shift,
    "eval": _eval,
    "trap": _trap,
    "unset": _unset,
}
