"""Reports as a real morning gives them, for the readers' tests."""

from __future__ import annotations

from datetime import UTC, datetime

from deploytool.domain.model import Kind
from deploytool.domain.report import (
    CodeState,
    CommitNote,
    Contains,
    DriftReport,
    FileChange,
    LookError,
    Precision,
    Relevance,
    Remark,
    ServiceDrift,
    ServingRow,
    ServingState,
    Source,
    StatusReport,
    StatusRow,
    Unmanaged,
    Verdict,
    WhereAnswer,
    WhereReport,
    WhereRow,
)

NOW = datetime(2026, 2, 5, 0, 45, tzinfo=UTC)
TARGET = "24bfcd85" + "9" * 32
OLD = "c0c74715" + "2" * 32


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 2, day, hour, minute, tzinfo=UTC)


def serving(
    name: str, commit: str | None = OLD, percent: int = 100, source: Source = Source.REVISION_LABEL
) -> ServingRow:
    return ServingRow(name, commit, percent, moment(4, 3, 47), f"example.test/{name}@sha256:" + "0" * 64, (), source)


def service(name: str, verdict: Verdict, reason: str, **changes: object) -> ServiceDrift:
    values: dict[str, object] = {
        "kind": Kind.SERVICE,
        "project": "nba-props-platform",
        "region": "us-west2",
        "code": CodeState.BEHIND if verdict is Verdict.STALE else CodeState.CURRENT,
        "serving": ServingState.LATEST,
        "precision": Precision.IMAGE,
        "provenance": Source.REVISION_LABEL,
        "revisions": (serving(f"{name}-00143-x2p"),),
        "behind": 0,
        "ahead": 0,
        **changes,
    }
    return ServiceDrift(name=name, verdict=verdict, reason=reason, **values)  # type: ignore[arg-type]


def change(path: str, relevance: Relevance = Relevance.IMPORTED, *chain: str) -> FileChange:
    return FileChange(path, relevance, chain)


DOCS = CommitNote(
    "5297f0e8" + "1" * 32,
    "Ada Example",
    moment(4, 3, 42),
    "docs: add the notes of the day and tidy the signal calculator",
    Relevance.IMPORTED,
    (
        change("predictions/coordinator/signal_calculator.py"),
        change("docs/notes.md", Relevance.NOT_IN_IMAGE),
    ),
)
LOCK = CommitNote(
    "35cff5c8" + "3" * 32,
    "Grace Beispiel-Langname",
    moment(5, 0, 36),
    "feat: distributed lock",
    Relevance.NOT_IMPORTED,
    (change("data_processors/precompute/precompute_base.py", Relevance.NOT_IMPORTED),),
)


def drift_report() -> DriftReport:
    services = (
        service("prediction-worker", Verdict.CURRENT, "3 behind, none reaches it", code=CodeState.BEHIND, behind=3),
        service(
            "prediction-coordinator",
            Verdict.STALE,
            "1 of 3 commits reaches it, 21h behind",
            behind=3,
            stale_since=moment(4, 3, 42),
            commits=(DOCS,),
            files=(
                change("predictions/coordinator/signal_calculator.py"),
                change("shared/x.py", Relevance.IMPORTED, "predictions/coordinator/coordinator.py", "shared/x.py"),
            ),
        ),
        service(
            "nba-phase4-precompute-processors",
            Verdict.STALE,
            "4 files of its image differ, 1 commit behind",
            behind=1,
            conflicts=("image-tag says 4def1124",),
            commits=(LOCK,),
            files=(change("data_processors/precompute/precompute_base.py", Relevance.DATA),),
        ),
        service(
            "api",
            Verdict.MISROUTED,
            "traffic is pinned to 00011-abc, the newest ready revision is 00012-def",
            serving=ServingState.NEWEST_NOT_SERVING,
        ),
        service(
            "web",
            Verdict.UNKNOWN,
            "commit 0badc0de is not in this repository",
            code=CodeState.UNKNOWN,
            provenance=Source.NONE,
            hint="git fetch origin 0badc0de",
            revisions=(serving("web-00001-aaa", None, 90, Source.NONE), serving("web-00002-bbb", OLD, 10)),
            behind=None,
            ahead=None,
        ),
        service(
            "nba-grading-service",
            Verdict.MISSING,
            "not in Cloud Run",
            code=CodeState.UNKNOWN,
            serving=ServingState.NONE,
            revisions=(),
        ),
    )
    return DriftReport(
        NOW,
        "main",
        TARGET,
        services,
        (Unmanaged("playground", "us-west2", Kind.SERVICE), Unmanaged("nightly", "us-west2", Kind.JOB)),
        (LookError("europe-west1", "403 Forbidden: run.services.list is not allowed"),),
        (Remark("Two folders have a Dockerfile and no owner: tools/a, tools/b.", "deploytool config check"),),
    )


def status_report() -> StatusReport:
    rows = (
        StatusRow(
            "nba-phase3-analytics-processors",
            Kind.SERVICE,
            "us-west2",
            ServingState.LATEST,
            serving("nba-phase3-analytics-processors-00192-nn7"),
        ),
        StatusRow("web", Kind.SERVICE, "us-west2", ServingState.SPLIT, serving("web-00001-aaa", None, 90, Source.NONE)),
        StatusRow(
            "web",
            Kind.SERVICE,
            "us-west2",
            ServingState.SPLIT,
            serving("web-00002-bbb", OLD, 10),
            ("env says 4def1124",),
        ),
        StatusRow("grading", Kind.SERVICE, "us-west2", ServingState.NONE, None, (), "not in Cloud Run"),
    )
    return StatusReport(NOW, rows)


def where_report() -> WhereReport:
    rows = (
        WhereRow("prediction-worker", "us-west2", Contains.YES, 100, moment(4, 3, 47)),
        WhereRow("prediction-coordinator", "us-west2", Contains.EQUIVALENT, 50, moment(4, 3, 47), OLD),
        WhereRow("web", "us-west2", Contains.NO, 0, None),
        WhereRow("api", "us-west2", Contains.UNKNOWN, 0, None, None, "commit 0badc0de is not in this repository"),
    )
    return WhereReport(
        NOW, "5297f0e8", "commit", (WhereAnswer(DOCS.sha, DOCS.subject, DOCS.author, DOCS.committed_at, rows),)
    )
