"""services.toml -> Config, or every mistake in it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploytool.config.mistake import Key, Mistake, mistake_lines, nearest_line
from deploytool.config.models import (
    BuildTable,
    Document,
    IgnoreEntry,
    LedgerTable,
    LocksTable,
    NotifyTable,
    ProjectTable,
    SandboxTable,
    ServiceTable,
    TargetTable,
)
from deploytool.config.nearest import file_shown, nearest_of, shown
from deploytool.config.reading import FILE_NAME, LARGEST, document_of, file_bytes, refused, text_of
from deploytool.domain.model import Place
from deploytool.errors import ConfigurationError, UsageError


@dataclass(frozen=True)
class Config:
    """The file as values: one attribute per table, with where it came from."""

    project: ProjectTable
    services: dict[str, ServiceTable]  # by name, in the order of the file
    file: Path
    ignore: tuple[IgnoreEntry, ...] = ()
    locks: LocksTable = field(default_factory=LocksTable)
    ledger: LedgerTable = field(default_factory=LedgerTable)
    build: BuildTable = field(default_factory=BuildTable)
    notify: NotifyTable = field(default_factory=NotifyTable)
    targets: tuple[TargetTable, ...] = ()
    sandbox: SandboxTable | None = None
    given_repository: Path | None = None  # `--repository DIR`: wins over project.repository
    text: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, service in self.services.items():
            service._name = name

    @property
    def folder(self) -> Path:
        """The folder of services.toml: relative paths start here, and `.deploytool/` lies here."""
        return self.file.parent

    @property
    def repository(self) -> Path:
        """The git repository with the sources; nobody has looked whether it is one."""
        if self.given_repository is not None:
            return self.given_repository
        return self.folder / Path(self.project.repository).expanduser()

    def select(self, names: Iterable[str] | None = None) -> list[ServiceTable]:
        """The named services in the order asked for, each once; all of them when nobody is named."""
        wanted = list(dict.fromkeys(names or ()))
        unknown = [name for name in wanted if name not in self.services]
        if unknown:
            raise _no_such_service(unknown, self.services)
        return [self.services[name] for name in wanted or self.services]

    def regions_of(self, service: ServiceTable | str) -> tuple[str, ...]:
        """Where the service runs: its own regions, else the project's."""
        table = self.services[service] if isinstance(service, str) else service
        return table.regions or self.project.regions

    @property
    def places(self) -> tuple[Place, ...]:
        """Every service in each of its regions."""
        project = self.project.project
        return tuple(Place(project, region, name) for name in self.services for region in self.regions_of(name))

    def line_of(self, *key: str | int) -> int:
        """The line that names the key, or, when it is left out, the nearest table around it; 1 without a file."""
        return nearest_line(self._lines, key)

    @cached_property
    def _lines(self) -> Mapping[Key, int]:
        from deploytool.config.lines import lines_of  # reading for places costs more than reading for values

        return lines_of(self.text)


def find(start: Path) -> Path:
    """The services.toml in `start` or in the nearest folder above it, up to the top of the repository."""
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
        if (folder / ".git").exists():
            break
    raise ConfigurationError(
        f"There is no {FILE_NAME} in {file_shown(here)} or above it in the repository.",
        hint=f"Write one at the top of the repository, or name another file: --config FILE ({FILE_NAME})",
    )


def load(path: Path, *, repository: Path | None = None) -> Config:
    """Read and judge the file. Raises ConfigurationError, which lists every mistake as `FILE:LINE: KEY: what`."""
    said = _said(path)
    return read(file_bytes(path, said), path, said, repository=repository)


def read(content: bytes, path: Path, said: str, *, repository: Path | None = None) -> Config:
    """The same of what the file says, or said at some commit; `said` is how messages call it."""
    if len(content) > LARGEST:
        raise refused(said, None, f"the file is larger than {LARGEST // 1024} KiB", "no description of services is")
    text = text_of(content, said)
    document = document_of(text, said)
    judged = _judged(document, text, said)
    return Config(
        **{name: getattr(judged, name) for name in Document.model_fields},
        file=path.absolute(),
        given_repository=None if repository is None else repository.absolute(),
        text=text,
    )


def _judged(document: dict[str, Any], text: str, said: str) -> Document:
    from deploytool.config.rules import broken_rules

    read, error = None, None
    try:
        read = Document.model_validate(document)
    except ValidationError as problem:
        error = problem
    broken = list(broken_rules(document))
    if read is not None and not broken:
        return read
    raise _mistaken(error, broken, text, said)


def _mistaken(error: ValidationError | None, broken: list[Mistake], text: str, said: str) -> ConfigurationError:
    from deploytool.config.lines import lines_of
    from deploytool.config.mistakes import mistakes_of

    found = [*(mistakes_of(error) if error else ()), *broken]
    told = mistake_lines(found, lines_of(text), said)
    many = "1 mistake" if len(found) == 1 else f"{len(found)} mistakes"
    return ConfigurationError(
        f"{file_shown(said)} has {many}.", hint="Correct them, then: deploytool config check", mistakes=told
    )


def _said(path: Path) -> str:
    """The file as a person here would type it."""
    whole, here = path.absolute(), Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)


def _no_such_service(unknown: list[str], services: Mapping[str, ServiceTable]) -> UsageError:
    near = list(dict.fromkeys(one for name in unknown for one in nearest_of(name, services, 3)))
    names = ", ".join(shown(name) for name in unknown)
    hint = f"Did you mean {', '.join(near)}?" if near else f"There are: {', '.join(list(services)[:10])}."
    return UsageError(f"There is no service {names} in {FILE_NAME}.", hint=f"{hint} All of them: deploytool status")
