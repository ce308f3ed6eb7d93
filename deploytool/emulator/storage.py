"""The JSON API of Cloud Storage, as far as sources, logs and locks need it."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploytool.emulator import paging
from deploytool.emulator.bodies import json_object, plain, raw_body
from deploytool.emulator.objects import Conditions, NotModified, Objects, StorageError

MAX_CONTENT = 64 * 1024 * 1024
MAX_NAME = 1024  # bytes
BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
PARAMETERS = {
    "generation": "ifGenerationMatch",
    "not_generation": "ifGenerationNotMatch",
    "metageneration": "ifMetagenerationMatch",
    "not_metageneration": "ifMetagenerationNotMatch",
}


def _objects(request: Request) -> Objects:
    objects: Objects = request.app.state.house.objects
    return objects


def _number(request: Request, parameter: str) -> int | None:
    text = request.query_params.get(parameter)
    if text is None:
        return None
    if not re.fullmatch(r"-?\d{1,19}", text):
        raise StorageError(400, "invalid", f"Invalid value for {parameter}: '{text}'.")
    return int(text)


def _conditions(request: Request) -> Conditions:
    return Conditions(**{field: _number(request, name) for field, name in PARAMETERS.items()})


async def _upload(request: Request) -> Response:
    bucket, kind = request.path_params["bucket"], request.query_params.get("uploadType")
    if not BUCKET.fullmatch(bucket):
        raise StorageError(400, "invalid", f"Invalid bucket name: '{bucket}'")
    how = _conditions(request)
    raw = await raw_body(request, MAX_CONTENT)
    content_type = request.headers.get("content-type", "")
    if kind == "media":
        sent: dict[str, Any] = {"contentType": content_type or None}
        content = raw
    elif kind == "multipart":
        sent, content = _parts(content_type, raw)
    else:
        raise StorageError(400, "invalid", "Only the upload types 'media' and 'multipart' are known here.")
    name = request.query_params.get("name") or sent.get("name")
    if not isinstance(name, str) or not 0 < len(name.encode()) <= MAX_NAME or "\n" in name or "\r" in name:
        raise StorageError(400, "required", "Required parameter: name")
    return plain(_objects(request).write(bucket, name, content, sent, how))


def _parts(content_type: str, raw: bytes) -> tuple[dict[str, Any], bytes]:
    """Metadata and content of a multipart/related body; 400 when it is not one."""
    found = re.search(r'boundary=("?)([^";]+)\1', content_type)
    pieces = raw.split(b"--" + found.group(2).encode()) if found else []
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise StorageError(400, "badContent", "A multipart upload has two parts: the metadata, then the content.")
    (_, metadata), (headers, content) = (_part(piece) for piece in pieces[1:3])
    try:
        value = json.loads(metadata or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise StorageError(400, "parseError", "The metadata of a multipart upload is a JSON object.")
    own = re.search(rb"content-type:[ \t]*([^\r\n]+)", headers, re.IGNORECASE)
    return ({"contentType": own.group(1).decode("latin-1")} if own else {}) | value, content


def _part(piece: bytes) -> tuple[bytes, bytes]:
    """Headers and content; the line breaks around them belong to the boundaries."""
    found = re.search(rb"\r?\n\r?\n", piece)  # some clients end their lines with a bare newline
    head, content = (piece[: found.start()], piece[found.end() :]) if found else (piece, b"")
    line_end = b"\r\n" if content.endswith(b"\r\n") else b"\n"
    return head, content.removesuffix(line_end)


async def _object(request: Request) -> Response:
    bucket, name = request.path_params["bucket"], request.path_params["object"]
    objects, how, generation = _objects(request), _conditions(request), _number(request, "generation")
    if request.method == "DELETE":
        objects.delete(bucket, name, how, generation)
        return Response(status_code=204)
    if request.method == "PATCH":
        return plain(objects.patch(bucket, name, await json_object(request), how))
    try:
        metadata, content = objects.get(bucket, name, how, generation)
    except NotModified:
        return Response(status_code=304)
    if request.query_params.get("alt") != "media":
        return plain(metadata)
    return _media(metadata, content, request.headers.get("range"))


def _media(metadata: dict[str, Any], content: bytes, asked: str | None) -> Response:
    """All of the content or the range of it that was asked for; 416 for one that begins behind its end."""
    headers = {"x-goog-generation": metadata["generation"], "x-goog-metageneration": metadata["metageneration"]}
    headers |= {"etag": metadata["etag"], "x-goog-hash": f"md5={metadata['md5Hash']}"}
    found = RANGE.fullmatch(asked or "")
    if not found or found.group() == "bytes=-":
        return Response(content, headers=headers, media_type=metadata["contentType"])
    first, last = found.groups()
    begin = int(first) if first else max(len(content) - int(last), 0)
    end = min(int(last) + 1 if first and last else len(content), len(content))
    if begin >= end:
        raise StorageError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
    headers["content-range"] = f"bytes {begin}-{end - 1}/{len(content)}"
    return Response(content[begin:end], 206, headers, media_type=metadata["contentType"])


async def _list(request: Request) -> Response:
    """One page, as `{kind, items?, nextPageToken?}`."""
    bucket, prefix = request.path_params["bucket"], request.query_params.get("prefix", "")
    size = paging.page_size(request.query_params.get("maxResults"))
    collection = f"b/{bucket}/o?{prefix}"
    after = paging.last_of(collection, request.query_params.get("pageToken"))
    found = [body for body in _objects(request).names(bucket, prefix) if after is None or body["name"] > after]
    answer: dict[str, Any] = {"kind": "storage#objects"}
    answer |= {"items": found[:size]} if found else {}
    if len(found) > size:
        answer["nextPageToken"] = paging.token_for(collection, found[size - 1]["name"])
    return plain(answer)


async def _bucket(request: Request) -> Response:
    return plain(_objects(request).bucket(request.path_params["bucket"]))


routes = [
    Route("/upload/storage/v1/b/{bucket}/o", _upload, methods=["POST"]),
    Route("/storage/v1/b/{bucket}", _bucket, methods=["GET"]),
    Route("/storage/v1/b/{bucket}/o", _list, methods=["GET"]),
    Route("/storage/v1/b/{bucket}/o/{object:path}", _object, methods=["GET", "PATCH", "DELETE"]),
    Route("/download/storage/v1/b/{bucket}/o/{object:path}", _object, methods=["GET"]),
]
