"""The image store of a state folder: `images/<sha256 hex>/config.json` and `rootfs/`.

config.json: `{"cmd": […], "entrypoint"?: […], "env"?: {…}, "workdir"?: "/app"}`.
There is no container: the program runs as a plain process inside the unpacked files.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIGEST = re.compile(r"@sha256:([0-9a-f]{64})$")
KEPT_FROM_HOST = ("PATH", "LANG", "TZ", "TMPDIR")  # nothing else of the caller's environment reaches a program


class NotRunnable(Exception):
    """This image cannot be run here; the text says why."""


@dataclass(frozen=True)
class Launch:
    """What to start: command, folder, whole environment (PORT is added at the start)."""

    command: tuple[str, ...]
    folder: Path
    env: dict[str, str]


def launch_of(images: Path, revision: dict[str, Any]) -> Launch:
    """How to run a revision (v2 shape); NotRunnable when its image is not in the store."""
    container = ingress_of(revision)
    rootfs, config = _image(images, str(container.get("image", "")))
    folder = _inside(rootfs, str(container.get("workingDir") or config.get("workdir") or "/"))
    if not folder.is_dir():
        raise NotRunnable(f"The working folder '{config.get('workdir')}' is not in the image.")
    command = tuple(_mapped(rootfs, word) for word in _command(container, config))
    if not command:
        raise NotRunnable("The image has no command.")
    return Launch(command, folder, _env(rootfs, config, container, revision))


def ingress_of(revision: dict[str, Any]) -> dict[str, Any]:
    """The container that takes the requests: of several the one with ports."""
    containers: list[dict[str, Any]] = revision.get("containers") or [{}]
    return next((container for container in containers if container.get("ports")), containers[0])


def has_image(images: Path, revision: dict[str, Any]) -> bool:
    """Is the revision's image in the store, readable or not?"""
    found = DIGEST.search(str(ingress_of(revision).get("image", "")))
    return found is not None and (images / found.group(1) / "config.json").exists()


def _image(images: Path, reference: str) -> tuple[Path, dict[str, Any]]:
    found = DIGEST.search(reference)
    if not found:
        raise NotRunnable(f"Image '{reference}' has no digest, so the local image store cannot have it.")
    folder = images / found.group(1)
    try:
        config = json.loads((folder / "config.json").read_text())
    except FileNotFoundError:
        raise NotRunnable(f"Image '{reference}' is not in the local image store.") from None
    except (OSError, ValueError) as problem:
        raise NotRunnable(f"Image '{reference}' cannot be read: {problem}.") from problem
    if not isinstance(config, dict):
        raise NotRunnable(f"Image '{reference}' has no readable configuration.")
    return (folder / "rootfs").resolve(), config


def _command(container: dict[str, Any], config: dict[str, Any]) -> list[str]:
    """Docker's rule: `command` replaces the entrypoint and drops CMD, `args` replaces CMD."""
    if container.get("command"):
        return [str(word) for word in [*container["command"], *(container.get("args") or [])]]
    words = [*(config.get("entrypoint") or []), *(container.get("args") or config.get("cmd") or [])]
    return [str(word) for word in words]


def _inside(rootfs: Path, path: str) -> Path:
    result = (rootfs / path.lstrip("/")).resolve()
    if not result.is_relative_to(rootfs):
        raise NotRunnable(f"'{path}' leads out of the image.")
    return result


def _mapped(rootfs: Path, word: str) -> str:
    """`python` is this Python; an absolute path that the image has is the one in the image."""
    if word in {"python", "python3"} or re.fullmatch(r"/usr(/local)?/bin/python3?(\.\d+)?", word):
        return sys.executable
    if word.startswith("/") and os.path.lexists(rootfs / word.lstrip("/")):
        return str(_inside(rootfs, word))
    return word


def _env(rootfs: Path, config: dict[str, Any], container: dict[str, Any], revision: dict[str, Any]) -> dict[str, str]:
    """Host essentials, then the image's, then the revision's, then what Cloud Run sets. Secrets stay out."""
    env = {key: os.environ[key] for key in KEPT_FROM_HOST if key in os.environ} | {"PYTHONUNBUFFERED": "1"}
    for key, value in (config.get("env") or {}).items():
        if key != "PATH":
            env[key] = os.pathsep.join(_mapped(rootfs, part) for part in str(value).split(os.pathsep))
    for entry in container.get("env") or []:
        if "valueSource" not in entry:
            env[str(entry["name"])] = str(entry.get("value", ""))
    service, name = str(revision["service"]), str(revision["name"]).rsplit("/", 1)[-1]
    own = {"K_SERVICE": service, "K_REVISION": name, "K_CONFIGURATION": service}
    return env | own | {"HOST": "127.0.0.1"}  # without a container, 0.0.0.0 would be everybody's
