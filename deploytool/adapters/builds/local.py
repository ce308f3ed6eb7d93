"""Images without docker: the Dockerfile laid out on the commit's files, for the embedded Cloud Run to run from."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from deploytool.adapters.builds.sources import Source, Sources
from deploytool.adapters.builds.store import content_of, holds, keep
from deploytool.adapters.git import Repository
from deploytool.domain.build import DIGEST, Built, Wanted
from deploytool.domain.build_doubts import Refusal, beyond_a_layout, skipped_in
from deploytool.errors import BuildFailed, CouldNotLook


class LocalBuilder:
    """Builds into `store`, where nothing but what git holds is ever put."""

    name = "local"

    def __init__(self, repository: Repository, store: Path) -> None:
        self.repository, self.sources, self.store = repository, Sources(repository), store

    def reachable(self) -> str:
        """Only looked at, for a dry run asks too: what is not there yet is made by the first build."""
        there = next(one for one in (self.store, *self.store.parents) if os.path.lexists(one))
        if not there.is_dir():
            return f"{self.store} cannot be made: {there} is not a folder."
        return "" if os.access(there, os.W_OK | os.X_OK) else f"{there} may not be written to."

    def refusal(self, wanted: Wanted) -> Refusal | None:
        source = self.sources.of(wanted)
        if not isinstance(source, Source):
            return source
        return beyond_a_layout(source.made, source.tree) or self.sources.pointers(source)

    def has(self, image: str) -> bool:
        digest = image.rpartition("@")[2]
        if not DIGEST.fullmatch(digest):
            raise CouldNotLook(f"{image[:200]!r} names no digest.", hint="Name the image as NAME@sha256:DIGEST.")
        return holds(self.store, digest.removeprefix("sha256:"))

    def build(self, wanted: Wanted, tell: Callable[[str], None]) -> Built:
        """Lay the image out. The digest is that of the content, so an image that is there is the same one."""
        began = time.monotonic()
        refused = self.refusal(wanted)
        if refused is not None:
            raise BuildFailed(refused[0], hint=refused[1])
        source = self.sources.of(wanted)
        assert isinstance(source, Source)
        tell(f"Laying out {wanted.dockerfile} at {wanted.commit[:8]}")
        try:
            self.store.mkdir(parents=True, exist_ok=True)
            content = content_of(source.made, source.tree, wanted.labels)
            fresh = keep(content, self.store, content.digest)
        except OSError as problem:
            raise BuildFailed(
                f"The image of {wanted.service} could not be written: {problem.strerror}.",
                hint=f"Is there space, and may you write there? df -h {self.store}",
            ) from problem
        notes = skipped_in(source.made)
        for note in notes:
            tell(note)
        digest = f"sha256:{content.digest}"
        name = wanted.image or f"local/{wanted.service}"
        tell(f"{name}@{digest} has {len(content.files)} files" + ("" if fresh else "; it was there already"))
        return Built(f"{name}@{digest}", digest, not fresh, time.monotonic() - began, notes)
