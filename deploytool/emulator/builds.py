"""Builds that make images: a source object and docker steps in, an image folder and a digest out."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploytool.emulator import lapses, steps
from deploytool.emulator.archive import Unbuildable
from deploytool.emulator.errors import ApiError, EmulatorError, failed_precondition, invalid
from deploytool.emulator.objects import Objects, StorageError
from deploytool.emulator.registry import tag_image
from deploytool.emulator.stamps import stamp
from deploytool.emulator.store import Row
from deploytool.emulator.templates import project_number
from deploytool.emulator.world import World

Resource = dict[str, Any]
BUILDS = "builds"
TICK = 0.01  # seconds between looks at the clock
RUNNING = ("QUEUED", "WORKING")
SENT = (
    "source", "steps", "images", "options", "substitutions", "tags", "timeout", "queueTtl", "logsBucket",
    "serviceAccount",
)  # fmt: skip
NOTHING_SENT: tuple[Any, ...] = (None, "", [], {})


class Builds:
    """All builds of a state folder; each is a task that ends by itself. `images` is where its images go."""

    def __init__(self, world: World, objects: Objects, images: Path) -> None:
        self.world = world
        self.objects = objects
        self.images = images
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def create(self, project: str, region: str, body: Resource) -> Row:
        """A queued build; 400 when it has no steps or no source in a bucket, 404 when that is not there."""
        number = uuid.uuid4()
        name = f"projects/{project}/locations/{region}/builds/{number}"
        build: Resource = {"name": name, "id": str(number), "projectId": project, "status": "QUEUED"}
        build |= {"createTime": self._now()} | {key: body[key] for key in SENT if body.get(key) not in NOTHING_SENT}
        if not build.get("steps") or not all(isinstance(step, dict) for step in build["steps"]):
            raise invalid("A build needs at least one step.", "build.steps")
        build["sourceProvenance"] = {"resolvedStorageSource": self._resolved(build)}
        bucket = str(build.get("logsBucket") or f"{project_number(project)}.cloudbuild-logs.googleusercontent.com")
        build["logsBucket"] = f"gs://{bucket.removeprefix('gs://')}"
        build |= {"logUrl": f"https://console.cloud.google.com/cloud-build/builds/{number}?project={project}"}
        begins = self.world.clock() + self.world.settle / 3
        hidden: Resource = {"begins": begins, "ends": self.world.clock() + self.world.settle}
        row = Row(name, BUILDS, "/".join(name.split("/")[:4]), build, hidden | lapses.hidden_of_operation())
        self.world.store.put(row)
        self._start(name)
        return row

    def _resolved(self, build: Resource) -> Resource:
        """The source with the generation that is there now."""
        source = (build.get("source") or {}).get("storageSource")
        if not isinstance(source, dict) or not source.get("bucket") or not source.get("object"):
            raise invalid("A build needs a source in a bucket: bucket and object.", "build.source.storageSource")
        asked = str(source.get("generation") or "")
        if asked and not re.fullmatch(r"[0-9]{1,19}", asked):
            raise invalid(f"Invalid generation: '{asked}'.", "build.source.storageSource.generation")
        generation = int(asked) if asked else None
        try:
            found, _ = self.objects.get(source["bucket"], source["object"], generation=generation)
        except StorageError as problem:
            raise ApiError(404, "NOT_FOUND", f"could not resolve source: {problem.message}") from None
        return {key: found[key] for key in ("bucket", "generation")} | {"object": found["name"]}

    def row(self, name: str) -> Row:
        row = self.world.store.get(name)
        if row is None or row.kind != BUILDS:
            raise ApiError(404, "NOT_FOUND", "Requested entity was not found.")
        return row

    def all_in(self, location: str) -> list[Resource]:
        """Newest first."""
        found = [row.body for row in self.world.store.children(BUILDS, location)]
        return sorted(found, key=lambda build: (build["createTime"], build["id"]), reverse=True)

    def cancel(self, name: str) -> Resource:
        """400 once it has ended."""
        build = self.row(name).body
        if build["status"] not in RUNNING:
            raise failed_precondition("The build is not running: it cannot be cancelled.")
        return self._change(name, {"status": "CANCELLED", "finishTime": self._now()})

    # the work

    def resume(self) -> None:
        """After a restart: go on with what was not done."""
        for leftover in [*self.images.glob(".build-*"), *self.images.glob(".making-*")]:
            shutil.rmtree(leftover, ignore_errors=True)
        for row in list(self.world.store.all_of(BUILDS)):
            if row.body["status"] in RUNNING:
                self._start(row.name)

    async def end_all(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, name: str) -> None:
        task = asyncio.create_task(self._work(name))
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _work(self, name: str) -> None:
        """From QUEUED to the end; what is cancelled meanwhile stays cancelled."""
        row = self.row(name)
        await self._until(row.hidden["begins"], name)
        if not self._runs(name):
            return
        build = self._change(name, {"status": "WORKING", "startTime": self._now()})
        try:
            log = [f'starting build "{build["id"]}"', "", "FETCHSOURCE"]
            self._write_log(build, log)
            outcome = await self._outcome(build)
            log += outcome.log
            self._write_log(build, log)
            await self._until(float("inf") if "never-settles" in _faults(row) else row.hidden["ends"], name)
            if self._runs(name):
                end = self._ended(build, outcome)
                self._write_log(build, [*log, "DONE" if end["status"] == "SUCCESS" else "ERROR"])
                self._change(name, end)
        except StorageError as problem:
            self._change(name, self._failure("LOGGING_FAILURE", problem.message))
        except Exception as problem:  # a task that ends silently would leave a build that works for ever
            detail = f"The build broke off: {type(problem).__name__}."
            with contextlib.suppress(ApiError, EmulatorError):
                self._change(name, self._failure("INTERNAL", detail) | {"status": "INTERNAL_ERROR"})

    async def _outcome(self, build: Resource) -> steps.Outcome:
        source = build["sourceProvenance"]["resolvedStorageSource"]
        try:
            _, content = self.objects.get(source["bucket"], source["object"], generation=int(source["generation"]))
        except StorageError as problem:
            return steps.Outcome(error=problem.message, log=[f"ERROR: {problem.message}"])
        self._change(build["name"], {"sourceProvenance": _provenance(build, content)})
        return await asyncio.to_thread(steps.build, build["steps"], _values(build), content, self.images)

    def _ended(self, build: Resource, outcome: steps.Outcome) -> Resource:
        """The fields of the end: the images that were asked for are there, or it is a failure."""
        if outcome.error is not None:
            return self._failure("USER_BUILD_STEP", outcome.error)
        wanted = self._wanted(build, outcome)
        if isinstance(wanted, str):
            return self._failure("PUSH_FAILED", f"failed to find one or more images after execution: {wanted}")
        now, pushed = self._now(), []
        for reference in sorted(wanted):
            digest = outcome.built[reference]
            tag_image(self.world.store, reference, digest)
            pushed.append({"name": reference, "digest": digest, "pushTiming": {"startTime": now, "endTime": now}})
        results = {"images": pushed, "buildStepImages": outcome.steps}
        return {"status": "SUCCESS", "finishTime": now, "results": results}

    def _wanted(self, build: Resource, outcome: steps.Outcome) -> set[str] | str:
        """References to push; the first one of `images` that no step built."""
        wanted = set(outcome.pushed)
        for text in build.get("images") or []:
            try:
                reference = steps.substituted(str(text), _values(build))
            except Unbuildable as problem:
                return str(problem)
            if reference not in outcome.built:
                return reference
            wanted.add(reference)
        return wanted

    def _failure(self, kind: str, detail: str) -> Resource:
        failure = {"type": kind, "detail": detail}
        return {"status": "FAILURE", "statusDetail": detail, "failureInfo": failure, "finishTime": self._now()}

    def _runs(self, name: str) -> bool:
        row = self.world.store.get(name)
        return row is not None and row.body["status"] in RUNNING

    async def _until(self, moment: float, name: str) -> None:
        while self.world.clock() < moment and self._runs(name):
            await asyncio.sleep(TICK)

    def _change(self, name: str, fields: Resource) -> Resource:
        row = self.row(name)
        body = row.body | fields
        self.world.store.put(Row(name, row.kind, row.parent, body, row.hidden))
        return body

    def _write_log(self, build: Resource, lines: list[str]) -> None:
        """`log-ID.txt` in the logs bucket, growing while the build works."""
        bucket, _, folder = build["logsBucket"].removeprefix("gs://").partition("/")
        name = f"{folder.rstrip('/')}/log-{build['id']}.txt".lstrip("/")
        text = "".join(f"{line}\n" for line in lines)
        self.objects.write(bucket, name, text.encode("utf-8", "replace"), {"contentType": "text/plain"})

    def _now(self) -> str:
        return stamp(datetime.fromtimestamp(self.world.clock(), UTC))


def _faults(row: Row) -> Resource:
    faults: Resource = row.hidden.get("faults", {})
    return faults


def _values(build: Resource) -> dict[str, str]:
    """Everything that `$NAME` may mean in a step."""
    project, region = build["projectId"], build["name"].split("/")[3]
    own = {
        "PROJECT_ID": project,
        "BUILD_ID": build["id"],
        "LOCATION": region,
        "PROJECT_NUMBER": project_number(project),
    }
    return own | {str(key): str(value) for key, value in (build.get("substitutions") or {}).items()}


def _provenance(build: Resource, content: bytes) -> Resource:
    """The source that was really read, with its hashes: MD5, and SHA256 where it is asked for."""
    source = build["sourceProvenance"]["resolvedStorageSource"]
    wanted = {"MD5", *((build.get("options") or {}).get("sourceProvenanceHash") or [])}
    hashes = []
    for kind in sorted(wanted):
        with contextlib.suppress(ValueError):  # a kind that this Python does not know
            raw = hashlib.new(kind.lower(), content, usedforsecurity=False).digest()
            hashes.append({"type": kind, "value": base64.b64encode(raw).decode()})
    place = f"gs://{source['bucket']}/{source['object']}#{source['generation']}"
    return {"resolvedStorageSource": source, "fileHashes": {place: {"fileHash": hashes}}}
