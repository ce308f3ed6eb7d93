"""The fuse box: the only place that names concrete neighbours. Each is built when it is first needed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from deploytool import clock
from deploytool.errors import UsageError
from deploytool.render.screen import Colour, say, screen_of

if TYPE_CHECKING:
    from deploytool.adapters.cloudrun_apart import Apart
    from deploytool.adapters.git import Repository
    from deploytool.config import Config
    from deploytool.emulator.client import Address
    from deploytool.ports import FleetReader, LeaseStore
    from deploytool.render import Format, Report

ASKING = frozenset(
    ("drift", "explain", "status", "where")
)  # commands that ask the API, unless they are given a fleet file
STATE = ".deploytool"  # beside services.toml; ignored by git


def expecting_cloud(argv: Sequence[str]) -> Apart | None:
    """When it looks as if this command line will ask the API: a process that begins to load its client.

    A guess, made before anything is parsed; a process that is not needed ends with this one.
    """
    if not ASKING.intersection(argv) or any(word.startswith(("--fleet", "--help", "-h")) for word in argv):
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

    @cached_property
    def config(self) -> Config:
        """services.toml: the one named, else the nearest one from here upwards."""
        from deploytool.config import find, load

        return load(self.config_file or find(Path.cwd()), repository=self.repository_folder)

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
        """End the processes that read git, when any were begun."""
        if "repository" in vars(self):
            self.repository.close()

    @cached_property
    def emulator(self) -> Address:
        """The embedded Cloud Run of this project: joined, or started with the sandbox's fleet in it."""
        from deploytool import stage

        return stage.emulator_of(self.config, self.state, self.repository)

    @property
    def endpoint(self) -> str | None:
        """Where the Cloud Run API is; None for Google's own."""
        host = self.environ.get("CLOUD_RUN_EMULATOR_HOST", "")
        if host:
            return host if "://" in host else f"http://{host}"
        return self.emulator.url if self.config.project.cloud == "local" else None

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

    @cached_property
    def lease_store(self) -> LeaseStore:
        """Where services.toml says that leases are kept."""
        from deploytool.adapters.leases import Leases

        locks = self.config.locks
        match locks.backend:
            case "sqlite":
                from deploytool.adapters.leases.sqlite import SqliteShelf

                return Leases(SqliteShelf(self.state / "leases.sqlite"))
            case "firestore":
                from deploytool.adapters.leases.firestore import firestore_shelf

                address = firestore_address(self.environ, self.config.project.cloud)
                project, database, collection = self.config.project.project, locks.database, locks.collection
                return Leases(firestore_shelf(address, project, database or "(default)", collection or "leases"))
            case "gcs":
                from deploytool.adapters.leases.gcs import gcs_shelf

                return Leases(gcs_shelf(self.storage_endpoint, locks.bucket or ""))
            case _:
                assert_never(locks.backend)

    @property
    def storage_endpoint(self) -> str | None:
        """Where the Cloud Storage API is; None for Google's own."""
        host = self.environ.get("STORAGE_EMULATOR_HOST", "")
        if host:
            return host if "://" in host else f"http://{host}"
        return self.emulator.url if self.config.project.cloud == "local" else None

    def now(self) -> datetime:
        return clock.now(self.environ)

    def say(
        self, report: Report, format: Format, *, verbose: bool = False, fleet: Mapping[str, Any] | None = None
    ) -> None:
        """The answer, on stdout."""
        from deploytool.render import render

        screen = screen_of(sys.stdout, self.environ, self.colour)
        say(
            render(
                report,
                format,
                now=self.now(),
                verbose=verbose,
                width=screen.width,
                colour=screen.colour,
                symbols=screen.symbols,
                fleet=fleet,
            )
        )

    def note(self, text: str) -> None:
        """A remark for the person, on stderr."""
        if text:
            say(text, sys.stderr)


def firestore_address(environ: Mapping[str, str], cloud: str) -> str | None:
    """Where the Firestore API is; None for Google's own, which `cloud = "local"` never asks."""
    host = environ.get("FIRESTORE_EMULATOR_HOST", "")
    if host:
        return host if "://" in host else f"http://{host}"
    if cloud == "local":
        raise UsageError(
            'The leases are in Firestore and cloud = "local", but no emulator is named.',
            hint="Start one (gcloud emulators firestore start) and export FIRESTORE_EMULATOR_HOST=127.0.0.1:PORT",
        )
    return None
