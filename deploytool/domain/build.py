"""What is to be built, what came out, and when an image that is there may be used again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from deploytool.domain.difference import files_taken
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image import Image, image_of
from deploytool.domain.links import trail_of
from deploytool.domain.tree import Tree

BuilderName = Literal["cloudbuild", "docker", "local"]
REVISION_LABEL = "org.opencontainers.image.revision"
SCOPE_LABEL = "deploytool-scope"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One image to be built. Paths are repository paths; context "" is the root."""

    service: str
    commit: str  # full id
    dockerfile: str | None
    context: str
    image: str  # repository of the image, without tag or digest
    timestamp: str  # RFC 3339 in UTC: the commit's own, so that equal inputs give equal images
    scope: str  # id of what the program is made of
    key: str  # hex digest of all inputs: the same key may use the same image again

    @property
    def arguments(self) -> Mapping[str, str]:
        """What the build is given; they count where the Dockerfile declares them with ARG."""
        return {"BUILD_COMMIT": self.commit, "BUILD_TIMESTAMP": self.timestamp}

    @property
    def labels(self) -> Mapping[str, str]:
        return {REVISION_LABEL: self.commit, SCOPE_LABEL: self.scope}


@dataclass(frozen=True, slots=True)
class Built:
    image: str  # NAME@sha256:…
    digest: str  # sha256:…
    reused: bool
    seconds: float
    notes: tuple[str, ...] = ()
    log: str = ""  # where to read it


def wanted_of(
    tree: Tree,
    *,
    service: str,
    commit: str,
    committed_at: datetime,
    dockerfile: str | None,
    context: str,
    image: str,
    scope: str,
    builder: BuilderName,
) -> Wanted:
    """The build of one service at a commit whose tree this is."""
    wanted = Wanted(service, commit, dockerfile, context, image, stamp_of(committed_at), scope, "")
    made = made_of(wanted, tree)
    key = key_of_build(wanted, builder, content_of_build(wanted, tree, made))
    return Wanted(service, commit, dockerfile, context, image, wanted.timestamp, scope, key)


def made_of(wanted: Wanted, tree: Tree) -> Image | None:
    """The image as the Dockerfile says it with the build's arguments; None without a Dockerfile to read."""
    if wanted.dockerfile is None:
        return None
    return image_of(wanted.dockerfile, wanted.context, tree, arguments=wanted.arguments)


def key_of_build(wanted: Wanted, builder: BuilderName, content: str) -> str:
    """The commit is one of the inputs, for the image carries it; `content` is what `content_of_build` says."""
    said = [wanted.image, wanted.commit, wanted.timestamp, wanted.scope, wanted.dockerfile, wanted.context]
    return sha256(json.dumps([builder, *said, content]).encode()).hexdigest()


def content_of_build(wanted: Wanted, tree: Tree, made: Image | None) -> str:
    """A digest of all that the build can take: the selection, or the whole context when that cannot be told."""
    if made is not None and made.complete:
        files = sorted((path, entry.mode, entry.oid) for path, entry in files_taken(tree, made.selection))
        return sha256(json.dumps(files).encode()).hexdigest()
    context = trail_of(tree, cleaned(wanted.context)).path
    entry = None if context is None else tree.entry(context)
    inputs = sorted(made.selection.inputs) if made is not None else []
    beside = [(path, found.oid) for path in inputs if (found := tree.entry(path)) is not None]
    return sha256(json.dumps([None if entry is None else entry.oid, beside]).encode()).hexdigest()


def stamp_of(moment: datetime) -> str:
    """2026-02-05T00:45:00Z"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
