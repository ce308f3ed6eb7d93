"""Sets the stage for `cloud = "local"`: the sandbox's repository, the embedded Cloud Run, and its programs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploytool.adapters.git import Repository
from deploytool.adapters.git.process import Git
from deploytool.config import Config
from deploytool.domain.dockerfile_command import Command
from deploytool.domain.image import Image, image_of
from deploytool.domain.image_layout import Placed
from deploytool.domain.tree import LINK, SUBMODULE, Tree
from deploytool.emulator import client, daemon
from deploytool.emulator.errors import EmulatorError
from deploytool.errors import CouldNotLook
from deploytool.sandbox import fleet_of, images_of, prepare


def repository_of(config: Config) -> str:
    """Make the sandbox's repository unless it is there; a sentence for people when something was done."""
    assert config.sandbox is not None
    return prepare(config.folder, config.sandbox.story, _git_in(config.folder)).notice


def emulator_of(config: Config, state: Path, repository: Repository) -> client.Address:
    """The one server of the state folder. With a sandbox, its story is in it from the first time on."""
    try:
        address = daemon.join_or_start(state)
        if config.sandbox is not None:
            _begin_story(config.sandbox.story, state, repository, address)
    except EmulatorError as error:
        raise CouldNotLook(str(error), hint=error.hint) from error
    return address


def forget_story(state: Path) -> None:
    """After a reset, the next command tells the story from its beginning."""
    _marker(state).unlink(missing_ok=True)


def _begin_story(story: str, state: Path, repository: Repository, address: client.Address) -> None:
    if _marker(state).exists():
        return
    with _only_one(state / "story.lock"):
        if _marker(state).exists():
            return
        for image in images_of(story):
            made = image_of(image.dockerfile, "", repository.trees([image.commit])[image.commit])
            if made is not None:
                _lay_out(made, repository.trees([image.commit])[image.commit], state / "images", image.reference)
        client.import_fleet(address, fleet_of(story))
        _marker(state).write_text(story)


def _marker(state: Path) -> Path:
    return state / "story-begun"


def _lay_out(image: Image, tree: Tree, store: Path, reference: str) -> None:
    """Put an image into the store: its files, and how it is started."""
    folder = store / reference.rpartition("sha256:")[2]
    if (folder / "config.json").exists():
        return
    making = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(making, ignore_errors=True)
    for path, placed in image.layout(tree).files.items():
        _place(tree, making / "rootfs" / path.lstrip("/"), placed)
    (making / "rootfs" / image.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
    config = {"cmd": _argv(image.command), "env": dict(image.environment), "workdir": image.workdir}
    (making / "config.json").write_text(json.dumps(config))
    making.rename(folder)


def _place(tree: Tree, at: Path, placed: Placed) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    if placed.mode == SUBMODULE:
        return
    content = tree.objects.blob(placed.oid) if placed.oid else placed.text.encode()
    if placed.mode == LINK:
        at.symlink_to(placed.text or os.fsdecode(content))
    else:
        at.write_bytes(content)
        at.chmod(0o755 if placed.mode & 0o100 else 0o644)


def _argv(command: Command | None) -> list[str]:
    return list(command.argv) if command is not None else []


def _git_in(folder: Path) -> Callable[[list[str], bytes], bytes]:
    git = Git(folder)
    return lambda args, stdin=b"": git.run(args, stdin)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
