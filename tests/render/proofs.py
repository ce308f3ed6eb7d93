"""What `explain` says about one evening, for the readers' tests."""

from __future__ import annotations

from dataclasses import replace

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.proof import (
    CommitProof,
    Importer,
    MissingLevel,
    MissingRow,
    PathProof,
    ProofReport,
    ServiceProof,
    ThirdParty,
)
from deploytool.domain.report import (
    CommitNote,
    Contains,
    FileChange,
    LookError,
    Precision,
    Relevance,
    Remark,
    ServiceDrift,
    Source,
    Verdict,
)
from tests.render.reports import NOW, TARGET, change, moment, service, serving

PHASE4 = "nba-phase4-precompute-processors"
MAIN = "data_processors/precompute/main_precompute_service.py"
BASE = "data_processors/precompute/base/precompute_base.py"
OPS = "data_processors/precompute/operations/bigquery_save_ops.py"
OTHER_OPS = "data_processors/analytics/operations/bigquery_save_ops.py"
ZONE = "data_processors/precompute/player_shot_zone_analysis/player_shot_zone_analysis_processor.py"
IDLE = "data_processors/precompute/precompute_base.py"
SCOPE = "5f0c9a1e77d24b3b8e6d" * 2
OLD_SCOPE = "a1b2c3d4e5f60718293a" * 2

CHAIN = (MAIN, "data_processors/precompute/player_daily_cache/player_daily_cache_processor.py", BASE)
TO_OPS = change(OPS, Relevance.IMPORTED, *CHAIN, OPS)
TO_OTHER_OPS = change(
    OTHER_OPS, Relevance.IMPORTED, *CHAIN[:2], "data_processors/analytics/analytics_base.py", OTHER_OPS
)
TO_ZONE = change(ZONE, Relevance.IMPORTED, MAIN, ZONE)
UNUSED = change(IDLE, Relevance.NOT_IMPORTED)
BUILT = FileChange(
    "data_processors/precompute/requirements-lock.txt",
    Relevance.BUILD_INPUT,
    note="google-cloud-bigquery 3.13.0 to 3.14.1, which it imports",
)
TWIN = change(BASE, Relevance.IMPORTED, *CHAIN)
LOCK = CommitNote(
    "35cff5c8" + "3" * 32,
    "Data Platform",
    moment(5, 0, 36),
    "feat: a distributed lock, and validation of what is written before it is written",
    Relevance.NOT_IMPORTED,
    (UNUSED,),
)
RETRY = CommitNote(
    "f690bb23" + "4" * 32,
    "Data Platform",
    moment(5, 0, 32),
    "fix: a save that met a concurrent update is tried again",
    Relevance.IMPORTED,
    (TO_OTHER_OPS, TO_OPS),
)
ATTEMPTS = CommitNote(
    "2d0a7f11" + "5" * 32,
    "A Person With A Long Name",
    moment(5, 0, 38),
    "fix(precompute): a zone needs twenty attempts",
    Relevance.BUILD_INPUT,
    (UNUSED, BUILT, TO_ZONE),
)
THIRD = tuple(
    ThirdParty(name, distribution, "==1.0", MAIN, 12)
    for name, distribution in (
        ("flask", "Flask"),
        ("google.cloud.bigquery", "google-cloud-bigquery"),
        ("google.cloud.firestore", "google-cloud-firestore"),
        ("google.cloud.pubsub_v1", "google-cloud-pubsub"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("pandas", "pandas"),
        ("pandas.testing", "pandas"),
        ("pytz", None),
    )
)
MISSING = (
    MissingRow("sentry_sdk", "shared/utils/sentry_config.py", 9, MissingLevel.WARNING, "no distribution brings it"),
    MissingRow(
        "predictions.shared.distributed_lock",
        "data_processors/grading/nba/main_nba_grading_service.py",
        42,
        MissingLevel.ERROR,
        "the repository has it (predictions/shared/distributed_lock.py) and the image does not",
        "COPY predictions/shared ./predictions/shared",
    ),
)
DOUBTS = (
    Doubt("shared/config/loader.py", 88, "import_module with a name that it computes", DoubtKind.UNBOUNDED_IMPORT),
    *(
        Doubt(f"shared/legacy/part_{number}.py", 1, "Python 3.11 cannot read it", DoubtKind.UNPARSABLE_SOURCE)
        for number in range(5)
    ),
)


def files() -> tuple[FileChange, ...]:
    made = [TO_OPS, TO_OTHER_OPS, TO_ZONE, TWIN, UNUSED, BUILT]
    made += [change(f"shared/part_{number:03}.py", Relevance.NOT_IMPORTED) for number in range(254)]
    made += [change(f"shared/data_{number}.json", Relevance.DATA) for number in range(7)]
    return tuple(sorted(made, key=lambda file: file.path))


def phase4(**changes: object) -> ServiceDrift:
    row = replace(serving(f"{PHASE4}-00125-872", "4def1124" + "8" * 32), deployed_at=moment(5, 0, 31), scope=OLD_SCOPE)
    return service(
        PHASE4,
        **{  # type: ignore[arg-type]
            "verdict": Verdict.STALE,
            "reason": "2 of 3 commits reach it, 12m behind",
            "precision": Precision.IMPORT,
            "behind": 3,
            "revisions": (row,),
            "commits": (ATTEMPTS, LOCK, RETRY),
            "files": (TO_OTHER_OPS, TO_OPS, TO_ZONE, UNUSED, BUILT),
            "scope": SCOPE,
            **changes,
        },
    )


def proof(drift: ServiceDrift | None = None, **changes: object) -> ServiceProof:
    values: dict[str, object] = {
        "command": "gunicorn --bind :$PORT --workers 1 --timeout 0 main_precompute_service:app",
        "starts": (MAIN,),
        "files": files(),
        "third_party": THIRD,
        **changes,
    }
    return ServiceProof(drift or phase4(), **values)  # type: ignore[arg-type]


def proof_report(*services: ServiceProof, **changes: object) -> ProofReport:
    return ProofReport(NOW, "main", TARGET, services or (proof(),), **changes)  # type: ignore[arg-type]


def troubled_report() -> ProofReport:
    """Missing modules, doubts, sources outside git, two regions, one of which serves nothing."""
    made = {"missing_modules": MISSING, "doubts": DOUBTS, "outside": ("models/catboost_v9.cbm",)}
    unknown = phase4(verdict=Verdict.UNKNOWN, conflicts=("image-tag says 4def1124",), hint="git fetch --all --tags")
    rows = (
        replace(serving("a-00001-abc", None, 90, Source.NONE), scope=None),
        replace(serving("a-00002-abc", percent=10), scope=SCOPE),
    )
    there = phase4(region="europe-west1", verdict=Verdict.MISSING, reason="not in Cloud Run", revisions=(), commits=())
    return proof_report(
        proof(replace(unknown, revisions=rows), **made),
        proof(replace(there, files=()), **made),
        errors=(LookError("europe-west1", "403 Forbidden: run.services.list is not allowed"),),
        remarks=(Remark("Two folders have a Dockerfile and no owner: tools/a, tools/b.", "deploytool config check"),),
    )


def path_report(**changes: object) -> ProofReport:
    """The question that the lock of that evening raises."""
    values: dict[str, object] = {
        "path": IDLE,
        "service": PHASE4,
        "change": UNUSED,
        "places": (f"/app/{IDLE}",),
        "importers": (Importer("tests/processors/precompute/test_base.py", 7, False),),
        "twin": TWIN,
        "changed": LOCK,
        "served": Contains.NO,
        **changes,
    }
    return proof_report(question=IDLE, path=PathProof(**values))  # type: ignore[arg-type]


def folder_report() -> ProofReport:
    below = (*(file for file in files() if file.path.startswith("data_processors/")),)
    return path_report(
        path="data_processors",
        change=change("data_processors", Relevance.IMPORTED),
        files=below,
        twin=None,
        importers=(),
    )


def commit_report(served: Contains = Contains.NO) -> ProofReport:
    return proof_report(question=ATTEMPTS.sha, commit=CommitProof(ATTEMPTS, PHASE4, served))


PROOFS = (proof_report, troubled_report, path_report, folder_report, commit_report)
