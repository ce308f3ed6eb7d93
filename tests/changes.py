"""What one commit of a random history can change: edits, moves, modes, links, submodules, whole folders."""

from __future__ import annotations

import posixpath
import random
from collections.abc import Callable
from typing import Protocol

from tests.repositories import Executable, Link, Submodule, Value

State = dict[str, Value]  # the whole content of a commit, as a flat map of paths

NAMES = ("main.py", "util.py", "README.md", "Dockerfile", "data.json")
ODD_NAMES = ("-f", ":!y", 'o"q', "n\nl.py", "caf\udce9.py", "*.py", "back\\slash", ":(glob)**", "\x01", "é", "#")
HARD = "api/docs"  # a folder that ignore patterns name; no link is ever made there


class Story(Protocol):
    """What a change needs to know of the history it is part of."""

    dice: random.Random
    folders: list[str]

    def fresh(self) -> bytes:
        """Content that never was before."""
        ...


def put(state: State, path: str, value: Value) -> None:
    """Set one path; whatever cannot be beside it goes: a file where its folder would be, a folder where it is."""
    steps = path.split("/")
    for cut in range(1, len(steps)):
        state.pop("/".join(steps[:cut]), None)
    for inside in [other for other in state if other.startswith(path + "/")]:
        del state[inside]
    state[path] = value


def files(state: State) -> list[str]:
    return sorted(path for path, value in state.items() if isinstance(value, bytes | Executable))


def inner_folders(state: State) -> list[str]:
    return sorted({path[:cut] for path in state for cut, sign in enumerate(path) if sign == "/"})


def edit(story: Story, state: State) -> None:
    if paths := files(state):
        state[story.dice.choice(paths)] = story.fresh()


def add(story: Story, state: State) -> None:
    name = story.dice.choice((*NAMES, *ODD_NAMES, "deep/er/file.py", "docs/guide.txt"))
    put(state, f"{story.dice.choice((*story.folders, 'api', HARD))}/{name}", story.fresh())


def delete(story: Story, state: State) -> None:
    if len(state) > 1:
        del state[story.dice.choice(sorted(state))]


def move(story: Story, state: State) -> None:
    """A rename, within a folder, into it or out of it; links go with their text, so they may lead elsewhere."""
    if paths := [path for path in sorted(state) if not isinstance(state[path], Link)]:
        path = story.dice.choice(paths)
        value = state.pop(path)
        put(state, f"{story.dice.choice(story.folders)}/{path.rpartition('/')[2]}", value)


def flip_mode(story: Story, state: State) -> None:
    if paths := files(state):
        path = story.dice.choice(paths)
        value = state[path]
        state[path] = value.data if isinstance(value, Executable) else Executable(value)  # type: ignore[arg-type]


def file_to_folder(story: Story, state: State) -> None:
    if paths := files(state):
        put(state, f"{story.dice.choice(paths)}/{story.dice.choice(NAMES)}", story.fresh())


def folder_to_file(story: Story, state: State) -> None:
    if folders := inner_folders(state):
        put(state, story.dice.choice(folders), story.fresh())


def drop_folder(story: Story, state: State) -> None:
    folder = story.dice.choice(story.folders)
    for path in [path for path in state if path.startswith(folder + "/")]:
        if len(state) > 1:
            del state[path]


def bump_submodule(story: Story, state: State) -> None:
    known = [path for path, value in state.items() if isinstance(value, Submodule)]
    path = story.dice.choice([*known, "sub", f"{story.dice.choice(story.folders)}/vendor"])
    put(state, path, Submodule(f"{story.dice.getrandbits(160):040x}"))


def widen(story: Story, state: State) -> None:
    folder = story.dice.choice(story.folders)
    for number in range(story.dice.choice((5, 30, 200))):
        put(state, f"{folder}/wide/{number % 7}/{number}.txt", story.fresh())


def link_text(story: Story, state: State, at: str) -> str:
    """Where a new link leads: mostly to something, sometimes to nothing, to itself, out of the repository."""
    dice = story.dice
    links = sorted(path for path, value in state.items() if isinstance(value, Link))
    somewhere = [*files(state)[:20], *inner_folders(state), *inner_folders(state), *links, *links, "sub/inside"]
    if dice.random() < 0.2:
        odd = ("gone/for/good", ".", "..", "../..", "../../../../etc/passwd", "/etc/passwd", "/api", "loop", "x/../..")
        return dice.choice((*odd, posixpath.basename(at)))
    text = posixpath.relpath("/" + dice.choice(somewhere or ["gone"]), posixpath.dirname("/" + at))
    if links and dice.random() < 0.1:
        text = posixpath.relpath("/" + dice.choice(links), posixpath.dirname("/" + at)) + dice.choice(("/lib", "/.."))
    return dice.choice(("", "", "", "./", ".//")) + text + dice.choice(("", "", "", "/"))


def add_link(story: Story, state: State) -> None:
    name = story.dice.choice(("link", "loop", "lib", "l\n", "caf\udce9-l", "deep/link"))
    at = f"{story.dice.choice(story.folders)}/{name}"
    put(state, at, Link(link_text(story, state, at)))


def turn_into_link(story: Story, state: State) -> None:
    """A file or a whole folder gives way to a link; or a link leads somewhere else from now on."""
    at = story.dice.choice(
        [path for path in (*sorted(state), *inner_folders(state)) if not path.startswith(HARD)] or ["l"]
    )
    if not at.endswith(".md") and not HARD.startswith(at + "/"):
        put(state, at, Link(link_text(story, state, at)))


def link_to_file(story: Story, state: State) -> None:
    if links := sorted(path for path, value in state.items() if isinstance(value, Link)):
        state[story.dice.choice(links)] = story.fresh()


CHANGES_AND_WEIGHTS: tuple[tuple[Callable[[Story, State], None], int], ...] = (
    (edit, 30),
    (add, 10),
    (delete, 5),
    (move, 8),
    (flip_mode, 4),
    (file_to_folder, 2),
    (folder_to_file, 2),
    (drop_folder, 2),
    (bump_submodule, 4),
    (widen, 1),
    (add_link, 8),
    (turn_into_link, 4),
    (link_to_file, 2),
)
CHANGES = [change for change, _ in CHANGES_AND_WEIGHTS]
