"""A base, a branch, and what `check` says of it: two commits of a tiny repository with services.toml in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from deploytool.adapters.git import Repository
from deploytool.detect.branch.check import Asked, Inspection, Live
from deploytool.detect.branch.told import told_at
from deploytool.domain.check_report import CheckReport, Compared, Policy
from deploytool.domain.finding import Finding
from tests.repositories import Builder, Value

NOW = datetime(2026, 2, 5, tzinfo=UTC)
TOML = """\
[project]
cloud = "google"
project = "shop-1"
regions = ["europe-west1"]
"""
API = """
[services.api]
paths = ["api"]
dockerfile = "api/Dockerfile"
"""
DOCKERFILE = """\
FROM python:3.11-slim
COPY api/requirements.txt .
RUN pip install -r requirements.txt
WORKDIR /app
COPY api/ /app/api/
COPY shared/ /app/shared/
CMD ["python", "-m", "api.main"]
"""
SHOP: Mapping[str, str] = {
    "services.toml": TOML + API,
    "api/Dockerfile": DOCKERFILE,
    "api/requirements.txt": "requests==2.31.0\n",
    "api/__init__.py": "",
    "api/main.py": "import shared.names\n",
    "shared/__init__.py": "",
    "shared/names.py": "NAME = 'api'\n",
    "shared/unused.py": "",
    "README.md": "A shop.\n",
}


def content(files: Mapping[str, str | Value | None]) -> dict[str, Value | None]:
    return {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}


def built(
    folder: Path, changes: Mapping[str, str | Value | None], base: Mapping[str, str | Value] = SHOP
) -> tuple[Path, str, str]:
    """A repository with `base` on main and `changes` on the branch `work`, checked out; the two commits."""
    with Builder(folder) as builder:
        old = builder.commit(content(base), subject="The shop")
        new = builder.commit(content(changes), [old], subject="The branch", branch="work")
    builder.checkout("work")
    return folder, old, new


def checked(
    folder: Path,
    changes: Mapping[str, str | Value | None],
    base: Mapping[str, str | Value] = SHOP,
    *,
    live: Live | None = None,
    policy: Policy | None = None,
    now: datetime = NOW,
) -> CheckReport:
    """What the check says of a branch that makes these changes."""
    place, old, new = built(folder, changes, base)
    repository = Repository(place)
    trees = repository.trees([old, new])
    sides = [told_at(trees[commit], "services.toml", place / "services.toml", place) for commit in (old, new)]
    asked = Asked(
        base=Compared("main", old),
        head=Compared("work", new),
        trees=(trees[old], trees[new]),
        told=(sides[0], sides[1]),
        file="services.toml",
        now=now,
        live=live,
        policy=policy or Policy(),
    )
    try:
        return Inspection(repository).check(asked)
    finally:
        repository.close()


def brief(report: CheckReport) -> list[tuple[str, str, str | None, str]]:
    """(rule, severity, service, subject) of what the branch introduces, notes about staleness aside."""
    return [row(one) for one in report.findings if not one.existing and one.rule not in ("DT401", "DT402")]


def row(one: Finding) -> tuple[str, str, str | None, str]:
    return one.rule, one.severity.value, one.service, one.subject


def only(report: CheckReport, rule: str) -> Finding:
    """The one finding of this rule."""
    found = [one for one in report.findings if one.rule == rule]
    assert len(found) == 1, [(one.rule, one.message) for one in report.findings]
    return found[0]
