"""Changes one service at a time. Every change carries the etag of what was read, and is sent once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from deploytool.adapters.cloudrun.edits import etag_of, job_patch_of, new_job, new_service, patch_of
from deploytool.adapters.cloudrun.newest import Newest
from deploytool.adapters.cloudrun.unsaid import unsaid
from deploytool.adapters.fleet import v2json
from deploytool.adapters.googleapi import GoogleApi, NoAnswer, Refused
from deploytool.domain.edit import Edit
from deploytool.domain.model import Place
from deploytool.errors import CouldNotLook, WriteRefused, WriteUnclear
from deploytool.ports import SeenRevision, SeenService

GOOGLE = "https://run.googleapis.com"
LOOK = "Look what serves now: deploytool status"


class CloudRunEditor:
    """`endpoint` is an address of our own (http://127.0.0.1:PORT); None is Google's."""

    def __init__(self, endpoint: str | None = None, *, api: GoogleApi | None = None) -> None:
        self.api = api or GoogleApi(endpoint or GOOGLE, name="Cloud Run", local=endpoint is not None)
        self._newest = Newest()

    def read(self, place: Place) -> SeenService | None:
        """The service; None when there is none. Raises CouldNotLook."""
        raw = self._current(_name(place))
        if raw is None:
            return None
        service = v2json.service_of(raw)
        if service is None or service.place != place:
            raise CouldNotLook(f"Cloud Run answered with something else than {place.name}.", hint=LOOK)
        return SeenService(service, raw)

    def revision(self, place: Place, name: str) -> SeenRevision | None:
        raw = self._found(f"{_name(place)}/revisions/{name}")
        if raw is None:
            return None
        found = v2json.revision_of(raw)
        if found is None or found[0] != place or found[1].name != name:
            raise CouldNotLook(f"Cloud Run answered with something else than revision {name}.", hint=LOOK)
        return SeenRevision(found[1], _why_not_ready(raw), raw)

    def create(self, place: Place, edit: Edit) -> None:
        parent = f"/v2/projects/{place.project}/locations/{place.region}/services"
        self._write(lambda: self.api.send("POST", parent, new_service(edit), {"serviceId": place.name}), None)

    def change(self, seen: SeenService, edit: Edit) -> None:
        body, mask = patch_of(seen.raw, edit)
        place = seen.service.place
        self._write(lambda: self.api.send("PATCH", f"/v2/{_name(place)}", body, {"updateMask": mask}), seen)

    def delete(self, seen: SeenService) -> None:
        name, etag = _name(seen.service.place), etag_of(seen.raw)
        self._write(lambda: self.api.send("DELETE", f"/v2/{name}", None, {"etag": etag}), seen)

    def read_job(self, place: Place) -> SeenService | None:
        """The job as a service whose only revision is its template; None when there is none."""
        raw = self._current(_name(place, "jobs"))
        if raw is None:
            return None
        job = v2json.job_of(raw)
        if job is None or job.place != place:
            raise CouldNotLook(f"Cloud Run answered with something else than job {place.name}.", hint=LOOK)
        return SeenService(job, raw)

    def create_job(self, place: Place, edit: Edit) -> None:
        parent = f"/v2/projects/{place.project}/locations/{place.region}/jobs"
        self._write(lambda: self.api.send("POST", parent, new_job(edit), {"jobId": place.name}), None)

    def change_job(self, seen: SeenService, edit: Edit) -> None:
        body, mask = job_patch_of(seen.raw, edit)
        place = seen.service.place
        self._write(lambda: self.api.send("PATCH", f"/v2/{_name(place, 'jobs')}", body, {"updateMask": mask}), seen)

    def delete_job(self, seen: SeenService) -> None:
        name, etag = _name(seen.service.place, "jobs"), etag_of(seen.raw)
        self._write(lambda: self.api.send("DELETE", f"/v2/{name}", None, {"etag": etag}), seen)

    def _current(self, name: str) -> dict[str, Any] | None:
        """As it is now: an answer that is older than one before is asked for again."""
        patience = self.api.patience
        for attempt in range(patience.attempts):
            raw = self._found(name)
            if raw is None or self._newest.note(raw):
                return raw
            time.sleep(patience.first_wait * 2**attempt)
        what = name.rpartition("/")[2]
        raise CouldNotLook(f"Cloud Run answers with an older state of {what} than before.", hint="Run it again.")

    def _found(self, name: str) -> dict[str, Any] | None:
        try:
            return self.api.get(f"/v2/{name}")
        except Refused as refused:
            if refused.code == 404:
                return None
            raise

    def _write(self, send: Callable[[], Mapping[str, Any]], seen: SeenService | None) -> None:
        raw = seen.raw if seen else {}
        try:
            self._newest.note(send().get("metadata"))  # of the operation: the service as it will be
        except NoAnswer as lost:
            if lost.acted:
                raise WriteUnclear(lost.message, hint=LOOK) from lost
            raise WriteRefused(lost.message, hint=lost.hint, passing=True) from lost
        except Refused as refused:
            if refused.acted:
                raise WriteUnclear(unsaid(refused.message, raw), hint=LOOK) from None
            conflict = refused.code in (409, 412)
            passing = refused.code in (408, 429)
            raise WriteRefused(
                unsaid(refused.message, raw), hint=refused.hint, conflict=conflict, passing=passing, wait=refused.wait
            ) from None


def _name(place: Place, kind: str = "services") -> str:
    return f"projects/{place.project}/locations/{place.region}/{kind}/{place.name}"


def _why_not_ready(raw: dict[str, Any]) -> str:
    """What the revision's own Ready condition says, in Cloud Run's words."""
    for condition in raw.get("conditions") or []:
        if isinstance(condition, dict) and condition.get("type") == "Ready":
            said = condition.get("message") or condition.get("revisionReason") or condition.get("reason")
            return unsaid(str(said or ""), raw)
    return ""
