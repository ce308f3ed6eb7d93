"""A registry for reading: manifests by digest, or by a tag that a build wrote."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import imagestore
from deploytool.emulator.bodies import plain
from deploytool.emulator.store import Row, Store

TAGS = "tags"
HOST = re.compile(r"[^/]*[.:][^/]*|localhost")


def tag_image(store: Store, reference: str, digest: str) -> None:
    """`HOST/NAME:TAG` (or `NAME`, which is `NAME:latest`) points at this digest from now on."""
    name, tag = _parted(reference)
    store.put(Row(f"tags/{name}:{tag}", TAGS, f"tags/{name}", {"digest": digest}))


def _parted(reference: str) -> tuple[str, str]:
    """Name without its host, and tag."""
    first, _, rest = reference.partition("/")
    name = rest if rest and HOST.fullmatch(first) else reference
    head, mark, tag = name.rpartition(":")
    return (head, tag) if mark and "/" not in tag else (name, "latest")


def digest_of(store: Store, name: str, reference: str) -> str | None:
    """The digest that a reference (`sha256:…` or a tag) of this name means; None for a tag that nobody wrote."""
    if ":" in reference:
        return reference
    row = store.get(f"tags/{name}:{reference}")
    return str(row.body["digest"]) if row else None


async def _manifest(request: Request) -> Response:
    store, images = request.app.state.world.store, request.app.state.folder / "images"
    name, reference = request.path_params["name"], request.path_params["reference"]
    digest = digest_of(store, name, reference)
    content = imagestore.manifest_of(images, digest) if digest else None
    if digest is None or content is None:
        return _unknown("MANIFEST_UNKNOWN", "manifest unknown", f"{name}:{reference}")
    headers = {"docker-content-digest": digest, "content-type": imagestore.MANIFEST}
    return Response(content, 200, headers)


async def _blob(request: Request) -> Response:
    """Configurations only: nobody pulls layers from here."""
    images, wanted = request.app.state.folder / "images", request.path_params["digest"]
    content = imagestore.config_of(images, imagestore.digests(images), wanted)
    if content is None:
        return _unknown("BLOB_UNKNOWN", "blob unknown to registry", wanted)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Response(content, 200, {"docker-content-digest": digest, "content-type": imagestore.CONFIG})


async def _tags(request: Request) -> Response:
    name = request.path_params["name"]
    rows = request.app.state.world.store.children(TAGS, f"tags/{name}")
    if not rows:
        return _unknown("NAME_UNKNOWN", "repository name not known to registry", name)
    return plain({"name": name, "tags": [row.name.rpartition(":")[2] for row in rows]})


def _unknown(code: str, message: str, detail: str) -> Response:
    return plain({"errors": [{"code": code, "message": message, "detail": detail}]}, 404)


async def _here(request: Request) -> Response:
    return plain({})


# After the routes of Cloud Run, which begin with /v2/projects/.
routes = [
    Route("/v2/", _here, methods=["GET"]),
    Route("/v2/{name:path}/manifests/{reference}", _manifest, methods=["GET"]),
    Route("/v2/{name:path}/blobs/{digest}", _blob, methods=["GET"]),
    Route("/v2/{name:path}/tags/list", _tags, methods=["GET"]),
]
