"""Images by digest in `images/` of the state folder, each with the manifest whose hash is the digest.

Beside `config.json` and `rootfs/` (what `images` starts) a folder holds `manifest.json` and `image.json`,
byte for byte as a registry gives them out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from pathlib import Path
from typing import Any

HEX = re.compile(r"[0-9a-f]{64}")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def kept(images: Path, rootfs: Path, config: dict[str, Any]) -> str:
    """Move a laid out image into the store; answers `sha256:…`. The same content has the same digest."""
    layer = _listing(rootfs)
    whole = _image_json(config, _sha(layer))
    manifest = _bytes(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": _sha(whole), "size": len(whole)},
            "layers": [{"mediaType": LAYER, "digest": _sha(layer), "size": len(layer)}],
        }
    )
    digest = _sha(manifest)
    making = images / f".making-{uuid.uuid4().hex}"
    making.mkdir(parents=True)
    rootfs.rename(making / "rootfs")
    for name, content in {"config.json": _bytes(config), "image.json": whole, "manifest.json": manifest}.items():
        (making / name).write_bytes(content)
    try:
        making.rename(images / digest.removeprefix("sha256:"))
    except OSError:  # it is there already
        shutil.rmtree(making)
    return digest


def manifest_of(images: Path, digest: str) -> bytes | None:
    """The manifest of an image in the store; a bare one for an image that somebody put there by hand."""
    folder = _folder(images, digest)
    if folder is None:
        return None
    try:
        return (folder / "manifest.json").read_bytes()
    except FileNotFoundError:
        return _bytes({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []})


def config_of(images: Path, manifest_digests: list[str], wanted: str) -> bytes | None:
    """The configuration blob with this digest, among those of the images given."""
    for digest in manifest_digests:
        folder = _folder(images, digest)
        path = folder / "image.json" if folder else None
        if path is not None and path.exists() and _sha(content := path.read_bytes()) == wanted:
            return content
    return None


def digests(images: Path) -> list[str]:
    return [f"sha256:{entry.name}" for entry in images.glob("*") if HEX.fullmatch(entry.name)]


def _folder(images: Path, digest: str) -> Path | None:
    name = digest.removeprefix("sha256:")
    folder = images / name
    return folder if digest.startswith("sha256:") and HEX.fullmatch(name) and folder.is_dir() else None


def _image_json(config: dict[str, Any], layer: str) -> bytes:
    """The configuration as a registry has it: labels and start as `docker inspect` shows them."""
    env = [f"{key}={value}" for key, value in config["env"].items()]
    start = {"Env": env, "Cmd": config["cmd"], "Entrypoint": config.get("entrypoint"), "Labels": config["labels"]}
    whole = {"architecture": "amd64", "os": "linux", "config": start | {"WorkingDir": config["workdir"]}}
    return _bytes(whole | {"rootfs": {"type": "layers", "diff_ids": [layer]}})


def _listing(rootfs: Path) -> bytes:
    """What is in the image: one line per file, link and folder, with what makes it that one."""
    lines = []
    for folder, folders, files in os.walk(rootfs):
        for name in [*folders, *files]:
            path = Path(folder) / name
            place = path.relative_to(rootfs).as_posix()
            if path.is_symlink():
                lines.append(["link", place, os.readlink(path)])
            elif path.is_dir():
                lines.append(["folder", place, ""])
            else:
                kind = "program" if path.stat().st_mode & 0o100 else "file"
                lines.append([kind, place, hashlib.sha256(path.read_bytes()).hexdigest()])
    return _bytes(sorted(lines))


def _bytes(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogateescape")


def _sha(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
