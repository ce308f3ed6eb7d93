"""Images by Cloud Build: the commit's archive is uploaded once, built by one request, watched, and known by digest.

A build that may have been begun is looked for by its tag before another one is: the tag names all inputs.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from deploytool.adapters.builds.cloudbuild_watch import Watched, watch
from deploytool.adapters.builds.cloudbuild_words import RUNNING, digest_of, request_of, status_of, tag_of, takes
from deploytool.adapters.builds.export import export_to_archive, notes_of
from deploytool.adapters.builds.objects import SourceBucket, Stored
from deploytool.adapters.builds.registry import Registry
from deploytool.adapters.builds.sources import Source, Sources
from deploytool.adapters.cloudrun.retry import Patience
from deploytool.adapters.git import Repository
from deploytool.adapters.googleapi import GoogleApi, Json, NoAnswer, Refused
from deploytool.domain.build import Built, Wanted
from deploytool.domain.build_doubts import Refusal, unnamed
from deploytool.errors import BuildFailed, CouldNotLook

DEADLINE = 3600.0  # seconds that one build may take
PACE = 2.0  # seconds between two looks
SEARCHES = 5  # looks for a build whose answer was lost
MOST_PAGES = 5

Tell = Callable[[str], None]


class CloudBuilder:
    """`endpoint`: the address of our own that stands for Cloud Build, Cloud Storage and the registry."""

    name = "cloudbuild"

    def __init__(
        self,
        repository: Repository,
        *,
        project: str,
        region: str,
        bucket: str | None,
        endpoint: str | None = None,
        patience: Patience | None = None,
        deadline: float = DEADLINE,
        pace: float = PACE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        local = endpoint is not None
        told: dict[str, Any] = {"local": local, "patience": patience, "sleep": sleep}
        self.sources = Sources(repository)
        self.api = GoogleApi(endpoint or "https://cloudbuild.googleapis.com", name="Cloud Build", **told)
        storage = GoogleApi(endpoint or "https://storage.googleapis.com", name="Cloud Storage", **told)
        self.bucket = SourceBucket(storage, bucket, sleep) if bucket else None
        self.registry = Registry(endpoint, sleep)
        self.path = f"/v1/projects/{quote(project, safe='')}/locations/{quote(region, safe='')}/builds"
        self.deadline, self.pace, self._sleep = deadline, pace, sleep

    def reachable(self) -> str:
        if self.bucket is None:
            return NO_BUCKET
        try:
            self.api.get(self.path, {"pageSize": 1})
        except CouldNotLook as problem:
            return problem.message
        return ""

    def refusal(self, wanted: Wanted) -> Refusal | None:
        source = self.sources.of(wanted)
        if not isinstance(source, Source):
            return source
        if self.bucket is None:
            return NO_BUCKET, BUCKET_HINT
        return unnamed(wanted) or self.sources.pointers(source)

    def has(self, image: str) -> bool:
        return self.registry.has(image)

    def build(self, wanted: Wanted, tell: Tell) -> Built:
        began = time.monotonic()
        source = self.sources.checked(wanted)
        refused = unnamed(wanted) or ((NO_BUCKET, BUCKET_HINT) if self.bucket is None else None)
        if refused is not None or self.bucket is None:
            raise BuildFailed((refused or (NO_BUCKET,))[0], hint=(refused or ("", BUCKET_HINT))[1])
        archive = export_to_archive(self.sources, source, wanted)
        tell(f"Sending the sources of {wanted.commit[:8]}: {len(archive)} bytes")
        stored = self.bucket.put(archive)
        earlier = self._builds(tag_of(wanted), stored)
        for build in earlier:
            if status_of(build) == "SUCCESS" and (digest := self._still(build, wanted, stored)):
                tell(f"Build {build.get('id')} made it before")
                return self._built(wanted, source, Watched(build, ()), digest, began, reused=True)
        running = next((build for build in earlier if status_of(build) in RUNNING), None)
        watched = self._watched(wanted, source, stored, running, {str(build.get("id")) for build in earlier}, tell)
        digest = digest_of(watched.build, wanted, stored, watched.tail)
        if not self.registry.has(f"{wanted.image}@{digest}"):
            raise BuildFailed(
                f"Build {watched.build.get('id')} succeeded, and the registry does not have {wanted.image}@{digest}.",
                hint="Was it deleted meanwhile? Run it again.",
            )
        return self._built(wanted, source, watched, digest, began)

    def _built(
        self, wanted: Wanted, source: Source, watched: Watched, digest: str, began: float, *, reused: bool = False
    ) -> Built:
        log = str(watched.build.get("logUrl") or "")
        return Built(f"{wanted.image}@{digest}", digest, reused, time.monotonic() - began, notes_of(source), log)

    def _still(self, build: Json, wanted: Wanted, stored: Stored) -> str:
        """The digest of an earlier build of the same inputs, when it is beyond doubt and still in the registry."""
        try:
            digest = digest_of(build, wanted, stored)
        except BuildFailed:
            return ""
        return digest if self.registry.has(f"{wanted.image}@{digest}") else ""

    def _watched(
        self, wanted: Wanted, source: Source, stored: Stored, running: Json | None, known: set[str], tell: Tell
    ) -> Watched:
        """Follow the build that runs, or one that is begun now; the latter is cancelled when we are interrupted."""
        assert self.bucket is not None
        if running is not None:
            tell(f"Build {running.get('id')} is at it already")
            return watch(self.api, self._of(running), self.bucket, tell, self.deadline, self.pace, self._sleep)
        begun: Json | None = None
        try:
            begun = self._begun(request_of(wanted, source.made.context, stored, int(self.deadline)), stored, known)
            tell(f"Build {begun.get('id')} was begun: {begun.get('logUrl') or 'its log follows'}")
            return watch(self.api, self._of(begun), self.bucket, tell, self.deadline, self.pace, self._sleep)
        except BaseException:
            self._cancel(begun, tag_of(wanted), stored, known)
            raise

    def _begun(self, request: Json, stored: Stored, known: set[str]) -> Json:
        """The build that the request begins; when its answer is lost, the one with our tag that was not there yet."""
        try:
            answer = self._sent(request)
            build = (answer.get("metadata") or {}).get("build") or {}
            if isinstance(build, dict) and build.get("id"):
                return build
        except (NoAnswer, Refused) as lost:
            if not lost.acted:
                raise BuildFailed(f"No build was begun. {lost.message}", hint=lost.hint) from lost
        for _ in range(SEARCHES):
            self._sleep(self.pace)
            with contextlib.suppress(CouldNotLook):
                for build in self._builds(request["tags"][0], stored):
                    if str(build.get("id")) not in known:
                        return build
        raise BuildFailed(
            "Whether a build was begun cannot be told: its answer was lost, and it is not in the list.",
            hint="Run it again in a minute: a build that was begun is found by its tag, and used.",
        )

    def _sent(self, request: Json) -> Json:
        """Sent again only after "too many requests", which says that nothing was begun."""
        for _ in range(SEARCHES):
            try:
                return self.api.send("POST", self.path, request)
            except Refused as refused:
                if refused.code != 429:
                    raise
                self._sleep(min(max(refused.wait, self.pace), 60.0))
        return self.api.send("POST", self.path, request)

    def _builds(self, tag: str, stored: Stored) -> list[Json]:
        """Builds with this tag and this source, newest first. Raises CouldNotLook."""
        found: list[Json] = []
        params: dict[str, Any] = {"filter": f'tags="{tag}"', "pageSize": 50}
        for _ in range(MOST_PAGES):
            answer = self.api.get(self.path, params)
            rows = [row for row in answer.get("builds") or () if isinstance(row, dict)]
            found += [row for row in rows if tag in (row.get("tags") or ()) and takes(row, stored)]
            if not answer.get("nextPageToken"):
                break
            params["pageToken"] = answer["nextPageToken"]
        return found

    def _cancel(self, begun: Json | None, tag: str, stored: Stored, known: set[str]) -> None:
        """As far as it can be done: nobody waits for that build any more."""
        with contextlib.suppress(CouldNotLook):
            builds = [begun] if begun is not None else self._builds(tag, stored)
            for build in builds:
                if build is not None and str(build.get("id")) not in known:
                    self.api.send("POST", f"{self._of(build)}:cancel", {})

    def _of(self, build: Json) -> str:
        return f"{self.path}/{quote(str(build.get('id', '')), safe='')}"


NO_BUCKET = "Cloud Build takes sources from a bucket, and services.toml names none."
BUCKET_HINT = 'Name one that you may write to: [build] bucket = "NAME" in services.toml.'
