"""The fuse box: the only place that names concrete neighbours. Each is built when it is first needed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from deploytool import clock
from deploytool.errors import UsageError
from deploytool.render import Format
from deploytool.render.screen import Colour, say, screen_of

if TYPE_CHECKING:
    from deploytool.adapters.cloudrun_apart import Apart
    from deploytool.adapters.git import Repository
    from deploytool.app.neighbours import Asked
    from deploytool.app.notifying import Notifier
    from deploytool.config import Config
    from deploytool.domain.build import BuilderName
    from deploytool.emulator.client import Address
    from deploytool.ports import FleetReader, ImageBuilder, LeaseStore, Ledger, LogReader, Prober, ServiceEditor
    from deploytool.render import Report
    from deploytool.render.outputs import Output
    from deploytool.render.progress import Progress

ASKING = frozenset(
    ("drift", "explain", "status", "where", "verify", "errors", "deploy", "rollback", "handoff", "report")
)  # commands that ask the API, unless they are given a fleet file
STATE = ".deploytool"  # beside services.toml; ignored by git


def expecting_cloud(argv: Sequence[str]) -> Apart | None:
    """When it looks as if this command line will ask the API: a process that begins to load its client.

    A guess, made before anything is parsed; a process that is not needed ends with this one.
    """
    if (
        not ASKING.intersection(argv)
        or "watch" in argv
        or any(word.startswith(("--fleet", "--help", "-h")) for word in argv)
    ):
        return None
    if not hasattr(os, "fork") or threading.active_count() > 1:
        return None
    from deploytool.adapters.cloudrun_apart import Apart

    return Apart()


@dataclass
class App:
    """What a command works with. A test assigns a fake to an attribute."""

    config_file: Path | None = None
    repository_folder: Path | None = None
    colour: Colour = Colour.AUTO
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    apart: Apart | None = None  # the process that asks Cloud Run, when one was begun
    _closing: list[Callable[[], None]] = field(default_factory=list)

    @cached_property
    def config(self) -> Config:
        """services.toml: the one named, else the nearest one from here upwards."""
        from deploytool.config import find, load

        return load(self.config_file or find(Path.cwd()), repository=self.repository_folder)

    @property
    def options(self) -> tuple[str, ...]:
        """What stands before a command so that another process works with the same."""
        said = {"--config": self.config_file, "--repository": self.repository_folder}
        files = [str(part) for option, file in said.items() if file is not None for part in (option, file)]
        return (*files, "--color", self.colour.value)

    @property
    def state(self) -> Path:
        return self.config.folder / STATE

    @cached_property
    def cache(self) -> Path:
        """The user's cache folder: safe to delete at any time."""
        import platformdirs

        return Path(platformdirs.user_cache_dir("deploytool"))

    @cached_property
    def repository(self) -> Repository:
        """The git repository with the sources; the sandbox's own is made first when it is not there."""
        from deploytool.adapters.git import Repository

        if self.config.sandbox is not None and self.config.given_repository is None:
            from deploytool import stage

            self.note(stage.repository_of(self.config))
        return Repository(self.config.repository, cache=self.cache)

    def close(self) -> None:
        """End the processes that were begun: those that read git, and programs that a check runs."""
        if "repository" in vars(self):
            self.repository.close()
        for end in self._closing:
            end()

    def at_close(self, end: Callable[[], None]) -> None:
        self._closing.append(end)

    @cached_property
    def emulator(self) -> Address:
        """The embedded Cloud Run of this project: joined, or started with the sandbox's fleet in it."""
        from deploytool import stage

        return stage.emulator_of(self.config, self.state, self.repository)

    @property
    def endpoint(self) -> str | None:
        """Where the Cloud Run API is; None for Google's own."""
        where = address(self.environ.get("CLOUD_RUN_EMULATOR_HOST", ""))
        if where is not None:
            return where
        return self.emulator.url if self.config.project.cloud == "local" else None

    @cached_property
    def prober(self) -> Prober:
        """Who asks services for their pages; with the embedded Cloud Run, nobody is told who we are."""
        from deploytool.adapters.identity import identity_for
        from deploytool.adapters.probes import Prober

        return Prober(identity_for if self.endpoint is None else None)

    @cached_property
    def log_reader(self) -> LogReader:
        """Who tells what was logged: Cloud Logging, or the server that stands for Cloud Run here."""
        from deploytool.adapters.logging import Logs, logging_api

        return Logs(logging_api(self.endpoint), self.config.project.project)

    @cached_property
    def asked(self) -> Asked:
        """Whom the checks of services.toml ask."""
        from deploytool.app.neighbours import Asked

        return Asked(self)

    def fleet_reader(self, files: Sequence[str] = ()) -> FleetReader:
        """Who tells what runs: the files, when any are given, else the API."""
        regions = tuple(
            dict.fromkeys(region for name in self.config.services for region in self.config.regions_of(name))
        )
        regions = tuple(dict.fromkeys((*self.config.project.regions, *regions)))
        if files:
            from deploytool.adapters.fleet import FleetFiles

            return FleetFiles(files, sys.stdin.buffer if "-" in files else None, self.config.project.project, regions)
        if self.apart is not None:
            from deploytool.adapters.cloudrun_apart import CloudRunApart

            return CloudRunApart(self.apart, self.config.project.project, regions, self.endpoint)
        from deploytool.adapters.cloudrun import CloudRun

        return CloudRun(self.config.project.project, regions, self.endpoint)

    def image_builder(self, name: BuilderName | None = None) -> ImageBuilder:
        """Who builds the images of a service that says `build = name`; without a name, who does where we are."""
        name = name or ("local" if self.config.project.cloud == "local" else "cloudbuild")
        match name:
            case "local":
                from deploytool.adapters.builds.local import LocalBuilder

                if self.config.project.cloud != "local" and not self.environ.get("CLOUD_RUN_EMULATOR_HOST"):
                    raise UsageError(
                        'Images of build = "local" lie on this machine, where Cloud Run cannot get them.',
                        hint='Say build = "cloudbuild" or build = "docker" in services.toml.',
                    )
                return LocalBuilder(self.repository, self.state / "images")
            case "docker":
                from deploytool.adapters.builds.docker import DockerBuilder

                return DockerBuilder(self.repository, self.environ)
            case "cloudbuild":
                from deploytool.adapters.builds.cloudbuild import CloudBuilder

                project = self.config.project
                return CloudBuilder(
                    self.repository,
                    project=project.project,
                    region=project.regions[0],
                    bucket=self.config.build.bucket,
                    endpoint=self.endpoint,
                )
            case _:
                assert_never(name)

    @cached_property
    def editor(self) -> ServiceEditor:
        """Who changes services, one at a time."""
        from deploytool.adapters.cloudrun.editor import CloudRunEditor

        return CloudRunEditor(self.endpoint)

    @cached_property
    def lease_store(self) -> LeaseStore:
        """Where leases are kept, as services.toml says."""
        from deploytool.app.shared import lease_store_of

        return lease_store_of(self)

    @cached_property
    def ledger(self) -> Ledger:
        """The record of releases, beside services.toml; with a copy in a bucket when services.toml says so."""
        from deploytool.app.shared import ledger_of

        return ledger_of(self)

    @cached_property
    def notifier(self) -> Notifier:
        """Who is told without asking, as `[notify]` of services.toml says."""
        from deploytool.app.notifying import notifier_of

        return notifier_of(self)

    def now(self) -> datetime:
        return clock.now(self.environ)

    def say(
        self,
        report: Report,
        to: Format | Sequence[Output],
        *,
        verbose: bool = False,
        fleet: Mapping[str, Any] | None = None,
    ) -> None:
        """The answer: in one format on stdout, or in each of these places."""
        from deploytool.app.saying import deliver
        from deploytool.render.outputs import Output

        outputs = (Output(to),) if isinstance(to, Format) else to
        deliver(self, report, outputs, verbose=verbose, fleet=fleet)

    def show(self, report: Report) -> None:
        """The plan before a person is asked, on stderr."""
        from deploytool.app.saying import show

        show(self, report, sys.stderr)

    def progress(self) -> Progress:
        """Who says what happens while it happens, on stderr."""
        from deploytool.render.progress import Progress

        return Progress(sys.stderr, screen_of(sys.stderr, self.environ, self.colour))

    def must_want(self, yes: bool, question: str) -> None:
        """A person is asked; a program must have said so. Raises typer.Abort when the answer is no."""
        import typer

        if yes:
            return
        if not sys.stdin.isatty():
            raise UsageError("Nobody is there to be asked.", hint="Say so: --yes. Or look first: --dry-run")
        typer.confirm(question, abort=True, err=True)

    def note(self, text: str) -> None:
        """A remark for the person, on stderr."""
        if text:
            say(text, sys.stderr)


def address(host: str) -> str | None:
    """HOST:PORT as an address; None when nothing is said."""
    return None if not host else host if "://" in host else f"http://{host}"
