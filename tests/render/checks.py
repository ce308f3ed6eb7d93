"""Checks as a real pull request gives them, for the readers' tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from deploytool.domain.check_report import CheckReport, Compared, Policy
from deploytool.domain.finding import Accepted, Finding, Severity
from deploytool.domain.report import LookError, Remark
from tests.render.reports import NOW, OLD, TARGET

SERVICES = ("prediction-worker", "prediction-coordinator", "nba-phase4-precompute-processors", "web")

MODULE = Finding(
    "DT201",
    Severity.ERROR,
    "predictions/worker/worker.py imports shared.alerts, and the image has no such module",
    hint="COPY shared/alerts ./shared/alerts",
    service="prediction-worker",
    path="predictions/worker/worker.py",
    line=41,
    subject="shared.alerts",
    detail={"module": "shared.alerts", "chain": ["predictions/worker/worker.py", "shared/alerts/__init__.py"]},
)
NOT_INSTALLED = Finding(
    "DT203",
    Severity.ERROR,
    "nothing that the image installs brings google.cloud.firestore",
    hint="Add google-cloud-firestore to predictions/worker/requirements-lock.txt.",
    service="prediction-worker",
    path="shared/lock.py",
    line=7,
    subject="google.cloud.firestore",
    detail={
        "distribution": "google-cloud-firestore",
        "chain": ["predictions/worker/worker.py", "shared/state.py", "shared/lock.py"],
    },
)
NARROW = Finding(
    "DT303",
    Severity.WARNING,
    "`paths` leave out 2 files that the program loads",
    hint="Write the lines below into services.toml.",
    service="prediction-coordinator",
    path="services.toml",
    line=12,
    subject="paths",
    detail={"lines": ['paths = ["predictions/coordinator", "shared"]', '# "shared" is new']},
)
UNOWNED = Finding(
    "DT301",
    Severity.WARNING,
    "tools/rates.py is imported by prediction-coordinator and owned by none",
    path="tools/rates.py",
    subject="tools/rates.py",
)
STALE = Finding(
    "DT401",
    Severity.NOTE,
    "after the merge prediction-worker does not run what git says: shared/lock.py",
    service="prediction-worker",
    subject="prediction-worker",
    detail={"commits": 3, "people": 2},
)
SHADOWED = Finding(
    "DT202",
    Severity.ERROR,
    "utils of site-packages is found before data_processors/precompute/utils",
    hint="Rename one of the two.",
    service="nba-phase4-precompute-processors",
    path="data_processors/precompute/main_precompute_service.py",
    line=3,
    subject="utils",
    existing=True,
)
ACCEPTED = Finding(
    "DT301",
    Severity.WARNING,
    "scripts/once.py is imported by web and owned by none",
    service="web",
    path="scripts/once.py",
    subject="scripts/once.py",
)


def check_report() -> CheckReport:
    """A branch that may not be merged: two errors of its own, one that was there before."""
    return CheckReport(
        NOW,
        Compared("origin/main", OLD),
        Compared("feature/lock", TARGET),
        (MODULE, NOT_INSTALLED, NARROW, UNOWNED, STALE, SHADOWED),
        stale=("prediction-worker", "prediction-coordinator"),
        services=SERVICES,
        config_path="services.toml",
        accepted=(
            Accepted(ACCEPTED, "one-off scripts", date(2027, 1, 1)),
            Accepted(replace(ACCEPTED, path="scripts/twice.py", subject="scripts/twice.py"), "asked for", None),
        ),
        remarks=(Remark("No fleet was given: nobody can tell what waits already.", "deploytool check --fleet FILE"),),
    )


def passing_check() -> CheckReport:
    """Nothing found, nothing stale."""
    return replace(check_report(), findings=(), stale=(), accepted=(), remarks=())


def blind_check() -> CheckReport:
    """Nothing found, but not everything could be looked at."""
    errors = (LookError("us-west2", "403 Forbidden: run.services.list is not allowed"), LookError("", "bad object"))
    return replace(passing_check(), errors=errors)


def many_findings(count: int) -> CheckReport:
    """`count` findings spread over services and severities; every fifth was there before the branch."""
    examples = (MODULE, NOT_INSTALLED, NARROW, UNOWNED, STALE)
    found = [
        replace(
            examples[number % 5],
            subject=f"{examples[number % 5].subject}.part_{number}",
            service=SERVICES[number % 3] if examples[number % 5].service else None,
            line=number + 1,
            existing=number % 7 == 0,
        )
        for number in range(count)
    ]
    found.sort(key=lambda finding: (finding.existing, -finding.severity.rank))
    return replace(check_report(), findings=tuple(found))


def strict_check() -> CheckReport:
    """The same with `--all --fail-on DT3`: what was there before counts, and so do warnings about ownership."""
    return replace(check_report(), policy=Policy(everything=True, fail_on=("DT3",)))
