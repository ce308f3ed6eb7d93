"""What runs in Cloud Run, read with as few questions as can be: one paged list per region and kind.

The list holds the templates. A revision is asked for by name only where it serves and no template describes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from deploytool.adapters.cloudrun import wire
from deploytool.adapters.cloudrun.client import AT_ONCE, Clients, connect, pages_of
from deploytool.adapters.cloudrun.faults import could_not_look, is_outside
from deploytool.adapters.cloudrun.parallel import answers_of
from deploytool.adapters.cloudrun.retry import Patience, Patient
from deploytool.adapters.fleet import v2json
from deploytool.domain.model import Fleet, Kind, Place, Revision, Service, Unreachable
from deploytool.domain.traffic import serving_of
from deploytool.errors import CouldNotLook

ALL_KINDS = tuple(Kind)
SERVICES = (Kind.SERVICE, Kind.FUNCTION)
HISTORY = 1000  # revisions that Cloud Run keeps per service


@dataclass(slots=True)
class Looked:
    """What one list brought, and what of it was not understood."""

    found: list[Service] = field(default_factory=list)
    nameless: int = 0


class CloudRun:
    """Reads one project. `endpoint` is an address of our own (http://127.0.0.1:PORT); None is Google's."""

    def __init__(
        self, project: str, regions: Sequence[str], endpoint: str | None = None, patience: Patience | None = None
    ) -> None:
        self.project, self.regions, self.endpoint = project, tuple(regions), endpoint
        self.patience = patience or Patience()
        self._opened: Clients | None = None

    def fleet(self, kinds_needed: Collection[Kind] = ALL_KINDS, *, dated: bool = False) -> Fleet:
        """Everything that runs in the regions. A region that fails is `unreachable`; the others are still there.

        A template does not say when its revision was made: `dated` asks for every serving revision by name.

        Jobs are always listed, for what nobody manages; when no job is needed, they are asked for once only.
        """
        try:
            clients = self._clients()
        except CouldNotLook as error:
            return Fleet(unreachable=tuple(self._out_of_reach(region, error, ALL_KINDS) for region in self.regions))
        jobs_matter = Kind.JOB in kinds_needed
        asked = [(region, kinds) for region in self.regions for kinds in (SERVICES, (Kind.JOB,))]
        questions = [partial(self._list, clients, region, kinds, jobs_matter) for region, kinds in asked]
        services: dict[tuple[Place, bool], Service] = {}
        unreachable: list[Unreachable] = []
        for (region, kinds), answer in zip(asked, self._answers(questions), strict=True):
            if isinstance(answer, Looked):
                # a list that changes under our feet may hold a service twice: what was read later is newer
                services |= {(service.place, service.kind is Kind.JOB): service for service in answer.found}
            unreachable.extend(self._unreachable(region, kinds, answer))
        return self._with_serving_revisions(clients, Fleet(tuple(services.values()), {}, tuple(unreachable)), dated)

    def history(self, place: Place) -> tuple[Revision, ...]:
        """The revisions that Cloud Run still has of one service. Raises CouldNotLook."""
        clients = self._clients()
        parent = f"projects/{self.project}/locations/{place.region}/services/{place.name}"
        answer = self._answers([partial(self._history, clients, parent, place)])[0]
        if isinstance(answer, Exception):
            raise self._said(answer, f"The revisions of {place.name}")
        found: tuple[Revision, ...] = answer
        return found

    def _clients(self) -> Clients:
        if self._opened is None:
            opened = self._answers([partial(connect, self.endpoint)])[0]
            if isinstance(opened, Exception):
                raise self._said(opened, "Cloud Run")
            self._opened = opened
        return self._opened

    def _list(self, clients: Clients, region: str, kinds: Sequence[Kind], jobs_matter: bool) -> Looked:
        jobs = Kind.JOB in kinds
        patience = self.patience.once() if jobs and not jobs_matter else self.patience
        patient = self._patient(_subject(kinds, region), patience)
        parent = f"projects/{self.project}/locations/{region}"
        looked = Looked()
        for page in pages_of(patient, clients.jobs.list_jobs if jobs else clients.services.list_services, parent):
            read = (map(self._job, page.jobs)) if jobs else map(self._service, page.services)
            for service in read:
                if service is None or service.place.region != region:
                    looked.nameless += 1
                else:
                    looked.found.append(service)
        return looked

    def _service(self, pb: wire.Message) -> Service | None:
        return self._ours(v2json.service_of(wire.service_json(pb)))

    def _job(self, pb: wire.Message) -> Service | None:
        return self._ours(v2json.job_of(wire.job_json(pb)))

    def _ours(self, service: Service | None) -> Service | None:
        """The project as services.toml names it: the API may answer with its number."""
        if service is None or service.place.project == self.project:
            return service
        return replace(service, place=replace(service.place, project=self.project))

    def _with_serving_revisions(self, clients: Clients, fleet: Fleet, every: bool) -> Fleet:
        """Ask by name for what serves and is not described by a template."""
        wanted = list(_serving(fleet.services, every))
        if not wanted:
            return fleet
        answers = self._answers([partial(self._revision, clients, place, name) for place, name in wanted])
        revisions: dict[tuple[Place, str], Revision] = {}
        problems: dict[Place, tuple[str, ...]] = {}
        for (place, name), answer in zip(wanted, answers, strict=True):
            if isinstance(answer, Exception):
                said = self._said(answer, f"Revision {name}").message
                problems[place] = (*problems.get(place, ()), said)
                continue
            revision, odd = answer
            revisions[place, name] = revision
            problems[place] = (*problems.get(place, ()), *(f"revision {name}: {problem}" for problem in odd))
        services = (_with_problems(service, problems) for service in fleet.services)
        return replace(fleet, services=tuple(services), revisions=revisions)

    def _revision(self, clients: Clients, place: Place, name: str) -> tuple[Revision, tuple[str, ...]]:
        full = f"projects/{self.project}/locations/{place.region}/services/{place.name}/revisions/{name}"
        patient = self._patient(f"Revision {name}", self.patience)
        if v2json.NAME.fullmatch(full) is None:
            raise CouldNotLook(f"{patient.subject} could not be read: no revision has such a name.", hint="Look at it.")
        found = patient.ask(lambda timeout: clients.revisions.get_revision(name=full, retry=None, timeout=timeout))
        read = v2json.revision_of(wire.revision_json(type(found).pb(found)))
        if read is None or read[1].name != name:
            raise CouldNotLook(f"{patient.subject} could not be read: another one came.", hint="Run it again.")
        return read[1], read[2]

    def _history(self, clients: Clients, parent: str, place: Place) -> tuple[Revision, ...]:
        patient = self._patient(f"The revisions of {place.name}", self.patience)
        found: list[Revision] = []
        for page in pages_of(patient, clients.revisions.list_revisions, parent):
            read = (v2json.revision_of(wire.revision_json(pb)) for pb in page.revisions)
            found.extend(entry[1] for entry in read if entry is not None)
            if len(found) >= HISTORY:
                break
        return tuple(found[:HISTORY])

    def _patient(self, subject: str, patience: Patience) -> Patient:
        return Patient(patience, subject, self.project, local=self.endpoint is not None)

    def _answers(self, questions: Sequence[Callable[[], Any]]) -> list[Any]:
        """All answers; the second deadline is for what no timeout of a request covers, such as name resolution."""
        return answers_of(questions, at_once=AT_ONCE, seconds=self.patience.total + self.patience.call)

    def _said(self, error: Exception, subject: str) -> CouldNotLook:
        if isinstance(error, CouldNotLook):
            return error
        if not is_outside(error):
            raise error  # a bug of ours is no fault of the network
        return could_not_look(error, subject, self.project, local=self.endpoint is not None)

    def _unreachable(self, region: str, kinds: Sequence[Kind], answer: Looked | Exception) -> Iterator[Unreachable]:
        if isinstance(answer, Exception):
            yield self._out_of_reach(region, self._said(answer, _subject(kinds, region)), tuple(kinds))
        elif answer.nameless:
            message = f"{_subject(kinds, region)}: {answer.nameless} could not be told apart by their names."
            yield Unreachable(self.project, region, message, "Look at them in the console.", tuple(kinds))

    def _out_of_reach(self, region: str, error: CouldNotLook, kinds: tuple[Kind, ...]) -> Unreachable:
        return Unreachable(self.project, region, error.message, error.hint, kinds)


def _subject(kinds: Sequence[Kind], region: str) -> str:
    return f"Cloud Run {'jobs' if Kind.JOB in kinds else 'services'} in {region}"


def _serving(services: Sequence[Service], every: bool) -> Iterator[tuple[Place, str]]:
    """Revisions that serve; unless it is to be every one, only those that no template describes."""
    for service in services:
        for share in serving_of(service).shares:
            if share.revision is not None and (every or not share.template_says):
                yield service.place, share.revision


def _with_problems(service: Service, problems: dict[Place, tuple[str, ...]]) -> Service:
    found = problems.get(service.place, ()) if service.kind is not Kind.JOB else ()
    return replace(service, problems=(*service.problems, *found)) if found else service
