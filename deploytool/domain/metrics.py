"""What a monitor is told: families of samples, each value said as it is; what is not known is NaN, never 0."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.ledger_report import Standing
from deploytool.domain.release import Outcome, Release
from deploytool.domain.report import DriftReport, ServiceDrift, Verdict
from deploytool.domain.validate_report import ValidateReport

NAN = math.nan


class MetricKind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Sample:
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """All samples of one name. No two of them have the same labels."""

    name: str
    kind: MetricKind
    help: str
    samples: tuple[Sample, ...]


def look_families(command: str, at: datetime, ok: bool, seconds: float | None = None) -> tuple[Family, ...]:
    """That somebody looked, when, and whether all could be looked at: without this, silence looks like health."""
    label = {"command": command}
    families = [
        _gauge("look_timestamp_seconds", "Unix time of the last look.", [Sample(label, at.timestamp())]),
        _gauge("look_ok", "1 when everything could be looked at, else 0.", [Sample(label, float(ok))]),
    ]
    if seconds is not None:
        families.append(_gauge("look_duration_seconds", "How long the look took.", [Sample(label, seconds)]))
    return tuple(families)


def validate_families(report: ValidateReport) -> tuple[Family, ...]:
    """How each phase of the daily check went, and each target."""
    worth = {CheckVerdict.PASS: 1.0, CheckVerdict.FAIL: 0.0, CheckVerdict.UNKNOWN: NAN}
    return (
        _gauge(
            "validate_phase_ok",
            "1 when the phase passed, 0 when it failed, NaN when it could not be told.",
            [Sample({"phase": str(section.phase)}, worth[section.verdict]) for section in report.sections],
        ),
        _gauge(
            "validate_findings",
            "What each phase found, warnings among it.",
            [Sample({"phase": str(section.phase)}, float(len(section.findings))) for section in report.sections],
        ),
        _gauge(
            "target_met",
            "1 when the target is met, 0 when it is missed, NaN when it could not be told.",
            [
                Sample({"metric": metric, "check": check}, NAN if met is None else float(met))
                for (metric, check), met in {(row.metric, row.check): row.met for row in report.targets}.items()
            ],
        ),
    )


def drift_families(report: DriftReport) -> tuple[Family, ...]:
    """How each service stands."""
    services = _once(report.services)
    return (
        _gauge(
            "service_stale",
            "1 when the verdict is stale, 0 for another verdict, NaN when it could not be told.",
            [Sample(_labels(one), _stale(one)) for one in services],
        ),
        _gauge(
            "service_verdict",
            "1 for the verdict of drift, 0 for all others.",
            [
                Sample(_labels(one) | {"verdict": str(verdict)}, float(one.verdict is verdict))
                for one in services
                for verdict in Verdict
            ],
        ),
        _gauge(
            "service_behind_commits",
            "Commits of the target that touch the service and do not serve, whether they reach it or not; "
            "NaN when that could not be told.",
            [Sample(_labels(one), NAN if one.behind is None else float(one.behind)) for one in services],
        ),
        _gauge(
            "service_stale_since_seconds",
            "Unix time of the oldest commit that reaches the service and does not serve; absent when none waits.",
            [Sample(_labels(one), one.stale_since.timestamp()) for one in services if one.stale_since is not None],
        ),
        _gauge(
            "services",
            "Entries of services.toml by verdict.",
            [Sample({"verdict": str(verdict)}, float(count)) for verdict, count in report.counts.items()],
        ),
    )


def release_families(releases: Iterable[Release], standings: Mapping[str, Standing]) -> tuple[Family, ...]:
    """How releases ended, over the whole ledger, and those without an end."""
    ended: Counter[tuple[str, str, str, str]] = Counter()
    opened: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str], datetime] = {}
    for release in releases:
        service, region = release.place.name, release.place.region
        if release.outcome is None:
            opened[service, region, str(standings.get(release.id, Standing.UNSURE))] += 1
            continue
        ended[service, region, str(release.kind), str(release.outcome)] += 1
        if release.outcome is Outcome.SUCCEEDED and release.ended_at is not None:
            last[service, region] = max(release.ended_at, last.get((service, region), release.ended_at))
    return (
        Family(
            "deploytool_releases_total",
            MetricKind.COUNTER,
            "Releases that ended, by how.",
            tuple(
                Sample({"service": service, "region": region, "kind": kind, "outcome": outcome}, float(count))
                for (service, region, kind, outcome), count in sorted(ended.items())
            ),
        ),
        _gauge(
            "releases_open",
            "Releases without an end, by how they stand.",
            [
                Sample({"service": service, "region": region, "standing": standing}, float(count))
                for (service, region, standing), count in sorted(opened.items())
            ],
        ),
        _gauge(
            "release_last_success_timestamp_seconds",
            "Unix time at which the last release that succeeded ended.",
            [
                Sample({"service": service, "region": region}, at.timestamp())
                for (service, region), at in sorted(last.items())
            ],
        ),
    )


def _gauge(name: str, help: str, samples: Sequence[Sample]) -> Family:
    return Family(f"deploytool_{name}", MetricKind.GAUGE, help, tuple(samples))


def _labels(service: ServiceDrift) -> dict[str, str]:
    return {"service": service.name, "region": service.region}


def _stale(service: ServiceDrift) -> float:
    return NAN if service.verdict is Verdict.UNKNOWN else float(service.verdict is Verdict.STALE)


def _once(services: Iterable[ServiceDrift]) -> list[ServiceDrift]:
    """A sample may not be there twice; the first of a name and region speaks for it."""
    return list({(one.name, one.region): one for one in reversed([*services])}.values())[::-1]
