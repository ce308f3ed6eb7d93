"""The image store of a state folder, which the embedded Cloud Run runs programs from.

`images/<sha256 hex>/config.json` and `rootfs/`. A folder appears whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from deploytool.adapters.builds.placing import make_folder, place, sync, sync_below
from deploytool.domain.dockerfile_command import halves_of
from deploytool.domain.dockerfile_recipe import Folder, Run
from deploytool.domain.dockerfile_runs import folders_made
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image import Image
from deploytool.domain.image_layout import Placed
from deploytool.domain.tree import LINK, SUBMODULE, Tree


class Content(NamedTuple):
    """An image to be kept: its files by path in the image, its empty folders, and how it is started."""

    files: Mapping[str, tuple[int, bytes]]  # (mode as git has it, bytes; of a link, where it leads)
    folders: tuple[str, ...]
    config: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """64 hex digits of all of it: the same content has the same digest on every machine."""
        rows = [(path, mode, sha256(content).hexdigest()) for path, (mode, content) in sorted(self.files.items())]
        told = json.dumps({"files": rows, "folders": self.folders, "config": self.config}, sort_keys=True)
        return sha256(told.encode()).hexdigest()


def content_of(image: Image, tree: Tree, labels: Mapping[str, str] | None = None) -> Content:
    """What the image holds, read from git. Raises KeyError when git lacks a file of it."""
    files = {
        path: (placed.mode, _bytes(tree, placed))
        for path, placed in image.layout(tree).files.items()
        if placed.mode != SUBMODULE
    }
    return Content(files, _folders(image), _config(image, labels))


def keep(content: Content, store: Path, name: str, *, durable: bool = True) -> bool:
    """Put the image into the store under the 64 hex digits `name`; False when it was there, undamaged."""
    folder = store / name
    if (folder / "config.json").exists() and _undamaged(content, folder):
        return False
    making = store / f".{name}.{os.getpid()}"
    shutil.rmtree(making, ignore_errors=True)
    try:
        _write(content, making)
        if durable:
            sync_below(making)
        _take_its_place(content, making, folder)
        if durable:
            sync(store)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return True


def holds(store: Path, name: str) -> bool:
    return (store / name / "config.json").is_file()


def _write(content: Content, making: Path) -> None:
    root = making / "rootfs"
    root.mkdir(parents=True)
    for path, (mode, data) in sorted(content.files.items()):
        place(root, path, mode, data)
    for path in content.folders:
        make_folder(root, path.strip("/"))
    (making / "config.json").write_text(json.dumps(content.config))


def _take_its_place(content: Content, making: Path, folder: Path) -> None:
    """One rename, unless something damaged is in the way: that is moved aside first."""
    with contextlib.suppress(OSError):
        making.rename(folder)
        return
    if (folder / "config.json").exists() and _undamaged(content, folder):
        return  # somebody else was quicker
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.damaged")
    folder.rename(aside)
    making.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _undamaged(content: Content, folder: Path) -> bool:
    """Is each file as it was laid out? Programs may have written others beside them."""
    try:
        if json.loads((folder / "config.json").read_text()) != content.config:
            return False
        return all(
            _read(folder / "rootfs" / path.lstrip("/"), mode) == data for path, (mode, data) in content.files.items()
        )
    except (OSError, ValueError):
        return False


def _read(at: Path, mode: int) -> bytes | None:
    if mode == LINK:
        return os.fsencode(os.readlink(at))
    if at.is_symlink() or bool(at.stat().st_mode & 0o100) != bool(mode & 0o100):
        return None
    return at.read_bytes()


def _bytes(tree: Tree, placed: Placed) -> bytes:
    if placed.mode == LINK and placed.text:
        return os.fsencode(placed.text)
    return tree.objects.blob(placed.oid) if placed.oid else placed.text.encode("utf-8", "surrogateescape")


def _config(image: Image, labels: Mapping[str, str] | None) -> dict[str, Any]:
    config: dict[str, Any] = {"env": dict(image.environment), "workdir": image.workdir}
    stages = image.recipe.stages if image.recipe is not None else ()
    entrypoint, cmd = halves_of(stages[-1]) if stages else ((), ())
    config["cmd"] = list(cmd)
    if entrypoint:
        config["entrypoint"] = list(entrypoint)
    if labels:
        config["labels"] = dict(labels)
    return config


def _folders(image: Image) -> tuple[str, ...]:
    """The folders that WORKDIR and mkdir make in the last stage and those it grows from."""
    found = {image.workdir}
    stages = image.recipe.stages if image.recipe is not None else ()
    number = len(stages) - 1 if stages else None
    while number is not None:
        for step in stages[number].steps:
            if isinstance(step, Folder):
                found.add(step.path)
            elif isinstance(step, Run):
                found.update(
                    cleaned(made if made.startswith("/") else f"{step.workdir}/{made}") for made in folders_made(step)
                )
        number = stages[number].parent
    return tuple(sorted(found - {"/"}))
