"""Files in, one Fleet out: whose services these are, what the files do not hold, where they disagree."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, BinaryIO

from deploytool.adapters.fleet import knative, v2json
from deploytool.adapters.fleet.document import Parts, parts_of
from deploytool.adapters.fleet.source import json_in, title_of
from deploytool.domain.model import Fleet, Kind, Place, Revision, Service, Unreachable
from deploytool.errors import UsageError

SERVICE_READERS: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Service | None]] = {
    ("v2", "Service"): v2json.service_of,
    ("v2", "Job"): v2json.job_of,
    ("v1", "Service"): knative.service_of,
    ("v1", "Job"): knative.job_of,
}
REVISION_READERS = {"v2": v2json.revision_of, "v1": knative.revision_of}


def read_fleet(paths: Sequence[str], stdin: BinaryIO | None, project: str, regions: Sequence[str]) -> Fleet:
    """All files as one fleet. Raises CouldNotLook for a file that is no fleet.

    What a file is known not to hold becomes `unreachable`, so that a service it lacks is unknown, not missing.
    A project *number* (gcloud's namespace) is taken for `project`; another project's id is not.
    """
    if list(paths).count("-") > 1:
        raise UsageError("Standard input can be read only once.", hint="Give --fleet - once, and files for the rest.")
    gathering = Gathering(project, regions)
    with _without_collection():
        for path in paths:
            gathering.add(parts_of(json_in(path, stdin), title_of(path)), title_of(path))
    return gathering.fleet(", ".join(map(title_of, paths)))


@contextmanager
def _without_collection() -> Iterator[None]:
    """Parsing makes many objects and no garbage cycles: the collector would only walk them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Gathering:
    """The fleet while files are added to it."""

    def __init__(self, project: str, regions: Sequence[str]) -> None:
        self.project, self.regions = project, tuple(regions)
        self.numbers: set[str] = set()  # project numbers seen: more than one cannot all be `project`
        self.services: dict[tuple[Place, bool], Service] = {}
        self.revisions: dict[tuple[Place, str], Revision] = {}
        self.odd: dict[Place, list[str]] = {}  # problems of revisions belong to their service
        self.unreachable: dict[tuple[str, str], Unreachable] = {}

    def add(self, parts: Parts, title: str) -> None:
        for gap in parts.gaps:
            self._everywhere(f"{title} may not hold every service: {gap}.")
        for dialect, kind, raw in parts.objects:
            if kind == "Revision":
                self._add_revision(REVISION_READERS[dialect](raw), title)
            else:
                self._add_service(SERVICE_READERS[dialect, kind](raw), title)
        for entry in parts.unreachable:
            self._add_unreachable(entry, title)

    def fleet(self, source: str) -> Fleet:
        if len(self.numbers) > 1:
            self._everywhere(f"{source} holds services of {len(self.numbers)} projects, told apart only by number.")
        services = (
            replace(service, problems=(*service.problems, *odd)) if (odd := self.odd.get(service.place)) else service
            for service in self.services.values()
        )
        return Fleet(tuple(services), self.revisions, tuple(self.unreachable.values()), source)

    def _add_service(self, service: Service | None, title: str) -> None:
        if service is None:
            self._everywhere(f"{title} holds a service or job that does not say its name, project and region.")
            return
        place = self._place(service.place, title)
        if place is not service.place:
            service = replace(service, place=place)
        known = self.services.setdefault((place, service.kind is Kind.JOB), service)
        if known != service:
            self._odd(place, "the fleet holds it twice, with different content")

    def _add_revision(self, found: tuple[Place, Revision, tuple[str, ...]] | None, title: str) -> None:
        if found is None:
            self._everywhere(f"{title} holds a revision that does not say whose it is.")
            return
        place, revision, problems = found
        place, name = self._place(place, title), revision.name or ""
        for problem in problems:
            self._odd(place, f"revision {name}: {problem}")
        if self.revisions.setdefault((place, name), revision) != revision:
            self._odd(place, f"the fleet holds revision {name} twice, with different content")

    def _odd(self, place: Place, problem: str) -> None:
        found = self.odd.setdefault(place, [])
        if problem not in found:
            found.append(problem)

    def _place(self, place: Place, title: str) -> Place:
        """Where it is in this project's words; a place of another project stays there and matches nothing."""
        if place.project == self.project:
            return place
        if place.project.isdigit() and not self.project.isdigit():
            self.numbers.add(place.project)
            if len(self.numbers) == 1:
                return replace(place, project=self.project)
        message = f"{title} holds services of project {place.project}, not of {self.project}."
        self._unreachable(place.region, message, hint="Export the fleet of the project that services.toml names.")
        return place

    def _add_unreachable(self, entry: object, title: str) -> None:
        """`{"region", "message"}` of ours, or a bare location as the API lists it."""
        if isinstance(entry, str):
            entry = {"region": entry.rpartition("/")[2], "message": f"{title} says that it could not be reached."}
        region = entry.get("region") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(region, str) or not region:
            self._everywhere(f"{title} says that something could not be reached, but not what.")
            return
        message, hint = entry.get("message"), entry.get("hint")
        said = message if isinstance(message, str) and message else f"{title} says that it could not be reached."
        kinds = entry.get("kinds")
        known = tuple(kind for kind in Kind if isinstance(kinds, list) and kind.value in kinds) or tuple(Kind)
        self._unreachable(region, said, hint if isinstance(hint, str) else "", known)

    def _everywhere(self, message: str) -> None:
        for region in self.regions:
            self._unreachable(region, message, hint="Export the whole list again.")

    def _unreachable(self, region: str, message: str, hint: str, kinds: tuple[Kind, ...] = tuple(Kind)) -> None:
        self.unreachable.setdefault((region, message), Unreachable(self.project, region, message, hint, kinds))
