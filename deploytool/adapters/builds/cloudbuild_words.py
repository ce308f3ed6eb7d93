"""What Cloud Build is asked for, and what its answers mean."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from deploytool.adapters.builds.objects import Stored
from deploytool.adapters.googleapi import Json
from deploytool.domain.build import DIGEST, Wanted
from deploytool.domain.ignorepattern import cleaned
from deploytool.errors import BuildFailed

RUNNING = frozenset(("QUEUED", "PENDING", "WORKING", "STATUS_UNKNOWN"))
ENDED = frozenset(("SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED"))
BUILDER = "gcr.io/cloud-builders/docker"


def tag_of(wanted: Wanted) -> str:
    return f"deploytool-{wanted.key}"


def request_of(wanted: Wanted, context: str, stored: Stored, seconds: int) -> Json:
    """One step: docker builds the archive; Cloud Build pushes and tells the digest."""
    image = f"{wanted.image}:{wanted.commit}"
    words = ["build"]
    words += [part for name, value in wanted.arguments.items() for part in ("--build-arg", f"{name}={value}")]
    words += [part for name, value in wanted.labels.items() for part in ("--label", f"{name}={value}")]
    words += ["--tag", image, "--file", f"./{cleaned(wanted.dockerfile or '')}", f"./{context}" if context else "."]
    return {
        "source": {"storageSource": {"bucket": stored.bucket, "object": stored.name, "generation": stored.generation}},
        "steps": [{"name": BUILDER, "args": [word.replace("$", "$$") for word in words], "env": ["DOCKER_BUILDKIT=1"]}],
        "images": [image],
        "tags": [tag_of(wanted)],
        "timeout": f"{seconds}s",
        "logsBucket": f"gs://{stored.bucket}",
        "options": {"logging": "GCS_ONLY", "sourceProvenanceHash": ["SHA256"]},
    }


def status_of(build: Json) -> str:
    return str(build.get("status") or "STATUS_UNKNOWN")


def takes(build: Json, stored: Stored) -> bool:
    """Was this build asked to take the archive of that name?"""
    source = _dict(_dict(build.get("source")).get("storageSource"))
    return (source.get("bucket"), source.get("object")) == (stored.bucket, stored.name)


def log_of(build: Json) -> tuple[str, str] | None:
    """(bucket, object) of the log."""
    where = str(build.get("logsBucket") or "").removeprefix("gs://").strip("/")
    if not where or not build.get("id"):
        return None
    bucket, _, folder = where.partition("/")
    return bucket, f"{folder}/log-{build['id']}.txt".lstrip("/")


def detail_of(build: Json) -> str:
    """Why it did not succeed, as far as Cloud Build says so; it may quote what the build said."""
    detail = _dict(build.get("failureInfo")).get("detail") or build.get("statusDetail") or ""
    return str(detail)[:300] if status_of(build) != "SUCCESS" else ""


def digest_of(build: Json, wanted: Wanted, stored: Stored, tail: tuple[str, ...] = ()) -> str:
    """The digest of what came out. Raises BuildFailed unless it succeeded, on the very source that it was given."""
    number, status = build.get("id", "?"), status_of(build)
    if status != "SUCCESS":
        where = build.get("logUrl") or "the lines above"
        raise BuildFailed(f"Build {number} ended with {status}.", hint=f"Read its log: {where}", tail=tail)
    _same_source(build, stored, tail)
    for row in _dict(build.get("results")).get("images") or ():
        if isinstance(row, dict) and row.get("name") == f"{wanted.image}:{wanted.commit}":
            digest = str(row.get("digest", ""))
            if DIGEST.fullmatch(digest):
                return digest
    raise BuildFailed(
        f"Build {number} succeeded and does not tell the digest of {wanted.image}:{wanted.commit}.",
        hint=f"See what it pushed: {build.get('logUrl') or 'the lines above'}",
        tail=tail,
    )


def _same_source(build: Json, stored: Stored, tail: tuple[str, ...]) -> None:
    """A build that took other sources than ours, however well it went, built something else."""
    provenance = _dict(build.get("sourceProvenance"))
    resolved = _dict(provenance.get("resolvedStorageSource"))
    took = (resolved.get("bucket"), resolved.get("object"), str(resolved.get("generation") or ""))
    wrong = ""
    if took != (stored.bucket, stored.name, stored.generation):
        told = f"gs://{took[0]}/{took[1]}#{took[2]}" if resolved else "nobody knows which source"
        wrong = f"took {told}, not gs://{stored.bucket}/{stored.name}#{stored.generation}"
    elif any(found != stored.sha256 for found in _hashes(provenance)):
        wrong = "took a source with another hash than that of the sources which were sent"
    if wrong:
        hint = "Its image is not deployed. Who else writes to the bucket or runs builds with this tag?"
        raise BuildFailed(f"Build {build.get('id', '?')} {wrong}.", hint=hint, tail=tail)


def _hashes(provenance: Json) -> list[bytes]:
    """The SHA-256 of every source file that is told."""
    found = []
    for told in _dict(provenance.get("fileHashes")).values():
        for row in _dict(told).get("fileHash") or ():
            if isinstance(row, dict) and row.get("type") == "SHA256":
                found.append(_decoded(str(row.get("value", ""))))
    return found


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
