"""What the readers of plans and releases say alike. Nothing here is made harmless yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from deploytool.domain import traffic_plan
from deploytool.domain.plan import Plan
from deploytool.domain.release import Kind, Release
from deploytool.domain.release_report import ReleaseRow
from deploytool.errors import ExitCode
from deploytool.render.wording import counted, short

SUMMARY = "said"  # what was said on the screen at the time; the other keys have it in full
ROW_KEYS = {"revision", "percent", "tag", "latest"}
MOST_TEXT = 600  # characters of one piece of evidence; --format json has all of it
WITHOUT_OUTCOME = {
    ExitCode.CLEAN: "waiting at its candidate",
    ExitCode.FINDINGS: "refused",
    ExitCode.LOCKED: "locked",
    ExitCode.UNDETERMINED: "could not be told",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "terminated",
}


def took(seconds: float) -> str:
    """`0.4s`, `12s`, `3m 5s`, `1h 2m`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}s"
    if minutes < 60:
        return f"{minutes}m {rest}s" if rest else f"{minutes}m"
    return f"{minutes // 60}h {minutes % 60}m"


def size_of(plan: Plan) -> str:
    """`3 commits of 2 people, 1 reaches it (small)`."""
    if not plan.commits:
        return "no commit that is known" if not plan.reaching else f"{plan.reaching} reach it ({plan.risk})"
    people = f"{len(plan.authors):,} {'person' if len(plan.authors) == 1 else 'people'}"
    reach = (
        f"{plan.reaching:,} {'reaches' if plan.reaching == 1 else 'reach'} it" if plan.reaching else "none reaches it"
    )
    risk = f" ({plan.risk})" if plan.reaching else ""
    return f"{counted(len(plan.commits), 'commit')} of {people}, {reach}{risk}"


def steps_of(plan: Plan, arrow: str) -> str:
    """`5 % -> 50 % -> 100 %, 5m each`."""
    if plan.kind is Kind.ROLLBACK:
        return f"at once to {traffic_plan.said(plan.goal)}"
    if plan.hold:
        return "none: it stops at the verified candidate"
    percents = arrow.join(f"{step} %" for step in plan.steps)
    return f"{percents}, watched for {took(plan.watch.bake)} each" if len(plan.steps) > 1 else percents


def pin_of(plan: Plan) -> str:
    """What becomes of traffic that somebody pinned by name; "" when nobody did."""
    if plan.before is None or not any(row.percent and not row.latest for row in plan.before.asked):
        return ""
    if plan.kind is Kind.ROLLBACK:
        return "traffic was pinned by name: it will be so again, as the line above says"
    after = "follow the newest revision again" if plan.before.latest else f"be pinned to {plan.revision}"
    return f"traffic was pinned by name: it will {after} when the release is proven"


def what_of(kind: Kind, commit: str, revision: str) -> str:
    """`deploy 7c406c20`, `rollback to worker-00012`, `adopted worker-00013`."""
    if kind is Kind.ADOPTED:
        return f"adopted {revision or short(commit)}"
    return f"deploy {short(commit)}" if kind is Kind.DEPLOY else f"rollback to {revision or short(commit)}"


def released(release: Release) -> str:
    return what_of(release.kind, release.commit, release.revision)


def ending_of(row: ReleaseRow) -> str:
    """One word, or what stands in its place while there is no outcome."""
    if row.outcome is not None:
        return str(row.outcome)
    return WITHOUT_OUTCOME.get(row.exit_code, "failed")


def endings_of(rows: Iterable[str]) -> str:
    """`2 succeeded, 1 refused`."""
    words = list(rows)
    return ", ".join(f"{words.count(word):,} {word}" for word in dict.fromkeys(words))


def evidence_of(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A name and a text for each piece of evidence that says something."""
    return [
        (key.replace("_", " "), _cut(_said(value)))
        for key, value in data.items()
        if key != SUMMARY and value not in (None, "", [], {})
    ]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        if all(isinstance(one, str | int | float) for one in value):
            return ", ".join(map(str, value))
        if all(isinstance(one, dict) and set(one) <= ROW_KEYS for one in value):
            return _map(value)
    return json.dumps(value, ensure_ascii=False)


def _map(rows: list[dict[str, Any]]) -> str:
    """Traffic the way people say it; whatever only looks like traffic as it is."""
    try:
        return traffic_plan.said(traffic_plan.rows_of(rows))
    except (TypeError, ValueError):
        return json.dumps(rows, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."
