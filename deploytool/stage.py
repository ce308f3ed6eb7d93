"""Sets the stage for `cloud = "local"`: the sandbox's repository, the embedded Cloud Run, and its programs."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deploytool.adapters.builds.store import content_of, keep
from deploytool.adapters.git import Repository
from deploytool.adapters.git.process import Git
from deploytool.config import Config
from deploytool.domain.image import image_of
from deploytool.domain.model import Place
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


def visit(address: client.Address, place: Place, per_second: float, seconds: float) -> None:
    """Have the server send requests to a service; 0 seconds ends that. Visitors that do not come are no failure."""
    with suppress(EmulatorError):
        client.visit(
            address,
            project=place.project,
            region=place.region,
            service=place.name,
            per_second=per_second,
            seconds=seconds,
            path="/health",
        )


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
            tree = repository.trees([image.commit])[image.commit]
            made = image_of(image.dockerfile, "", tree)
            if made is not None:
                name = image.reference.rpartition("sha256:")[2]  # the story's own: no digest of the content
                keep(content_of(made, tree), state / "images", name, durable=False)
        client.import_fleet(address, fleet_of(story))
        _marker(state).write_text(story)


def _marker(state: Path) -> Path:
    return state / "story-begun"


def _git_in(folder: Path) -> Callable[[list[str], bytes], bytes]:
    git = Git(folder)

    def run(args: list[str], stdin: bytes = b"") -> bytes:
        return git.run(args, stdin)

    return run


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
