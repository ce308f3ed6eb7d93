"""Whom the checks of services.toml ask. Each is built when the first check needs it, or says why there is none."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from deploytool.app import address
from deploytool.config import ServiceTable
from deploytool.config.checks import Check, FreshnessCheck
from deploytool.errors import DeployToolError, UsageError

if TYPE_CHECKING:
    from deploytool.app import App
    from deploytool.ports import DocumentReader, LogReader, Prober, ProgramRunner, QueryRunner

ELSEWHERE = {"query": "queries", "firestore": "documents"}  # kinds whose neighbour need not be there, and its name


class Asked:
    """The neighbours of one App. A test assigns a fake to an attribute."""

    def __init__(self, app: App) -> None:
        self._app = app

    @property
    def prober(self) -> Prober:
        return self._app.prober

    @property
    def log_reader(self) -> LogReader:
        return self._app.log_reader

    @cached_property
    def queries(self) -> QueryRunner:
        from deploytool.adapters.bigquery import Queries, bigquery_api

        where = _stand_in(self._app, "BIGQUERY_EMULATOR_HOST", "BigQuery")
        return Queries(bigquery_api(where), self._app.config.project.project)

    @cached_property
    def documents(self) -> DocumentReader:
        from deploytool.adapters.documents import FirestoreDocuments, firestore_api

        where = _stand_in(self._app, "FIRESTORE_EMULATOR_HOST", "Firestore")
        return FirestoreDocuments(firestore_api(where), self._app.config.project.project)

    @cached_property
    def programs(self) -> ProgramRunner:
        from deploytool.adapters.commands import Programs

        programs = Programs(self._app.config.folder, self._app.environ)
        self._app.at_close(programs.end_all)
        return programs

    def cannot_ask(self, table: ServiceTable) -> tuple[str, ...]:
        """Required checks whose neighbour cannot be asked here at all, each with the reason."""
        said = ((check.name, self._why_not(check)) for check in table.checks if check.required)
        return tuple(f"{name}: {why}" for name, why in said if why)

    def _why_not(self, check: Check) -> str:
        by_query = isinstance(check, FreshnessCheck) and check.freshness.query is not None
        neighbour = ELSEWHERE.get("query" if by_query else check.kind)
        try:
            if neighbour is not None:
                getattr(self, neighbour)
        except DeployToolError as problem:
            return problem.message
        return ""


def _stand_in(app: App, variable: str, name: str) -> str | None:
    """The address of an emulator; None for Google's own, which `cloud = "local"` never asks."""
    where = address(app.environ.get(variable, ""))
    if where is None and app.config.project.cloud == "local":
        raise UsageError(
            f'{name} is not asked with cloud = "local", and no emulator of it is named.',
            hint=f"Start one and name it: export {variable}=127.0.0.1:PORT",
        )
    return where
