"""What the readers for people say alike: short commits, shares, summaries. Nothing here is made harmless yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deploytool.domain.report import (
    CodeState,
    Contains,
    DriftReport,
    FileChange,
    LookError,
    Remark,
    ServiceDrift,
    ServingRow,
    ServingState,
    Source,
    StatusRow,
    Unmanaged,
    Verdict,
    WhereAnswer,
    WhereRow,
)

# Worst news first; `unknown` stands beside what is fine because that is where people would lose it.
SUMMARY_ORDER = (Verdict.STALE, Verdict.MISROUTED, Verdict.MISSING, Verdict.UNKNOWN, Verdict.CURRENT)
# A page is for reading; --format json has everything.
MOST_COMMITS = 50
MOST_FILES = 20
MOST_STEPS = 10  # of a chain of imports; a longer one is shortened in the middle


def short(commit: str | None) -> str:
    """Eight hex digits, or `unknown`."""
    return commit[:8] if commit else "unknown"


def counted(count: int, noun: str) -> str:
    """`1 region`, `1,282 commits`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def summary_of(report: DriftReport) -> str:
    """`2 stale, 1 unknown, 3 current of 6; target main 1a2b3c4d`."""
    counts = report.counts
    parts = [f"{counts[verdict]:,} {verdict}" for verdict in SUMMARY_ORDER if counts[verdict]]
    judged = f"{', '.join(parts)} of {len(report.services):,}" if parts else "no service judged"
    blind = f"; {counted(len(report.errors), 'region')} not looked at" if report.errors else ""
    named = "" if report.target_commit.startswith(report.target_ref) else f"{report.target_ref} "
    return f"{judged}{blind}; target {named}{short(report.target_commit)}"


def serves_of(service: ServiceDrift) -> list[tuple[str, str]]:
    """Short commit and share of each revision that serves; empty when nothing does."""
    return [(short(row.commit), f"{row.percent}%") for row in service.revisions]


def has_regions(regions: Iterable[str]) -> bool:
    """Is the region worth a column? Only where it tells rows apart."""
    return len(set(regions)) > 1


def unexplained_of(service: ServiceDrift) -> tuple[str, Sequence[FileChange]]:
    """Net-changed files that no listed commit brought, and why there can be such files."""
    explained = {file.path for commit in service.commits for file in commit.files}
    files = [file for file in service.files if file.path not in explained]
    if service.at_least:
        return "changed by commits that are not listed", files
    if service.code is CodeState.AHEAD:
        return "changed only in what serves", files
    if service.ahead:
        return "changed by history rewriting, or only in what serves", files
    return "changed by history rewriting", files


def reaching_first(files: Iterable[FileChange]) -> list[FileChange]:
    """As they come, but what matters before what does not: a list that is cut must not lose it."""
    return sorted(files, key=lambda file: not file.relevance.reaches)


def chain_of(file: FileChange) -> tuple[str, ...]:
    """Files from the entrypoint to this one; of a long chain the beginning and the end. Only itself without a chain."""
    chain = file.chain if file.chain[-1:] == (file.path,) else (*file.chain, file.path)
    if len(chain) <= MOST_STEPS:
        return chain
    head, tail = MOST_STEPS // 2, MOST_STEPS - MOST_STEPS // 2 - 1
    return (*chain[:head], f"({counted(len(chain) - head - tail, 'more file')} between)", *chain[-tail:])


def unmanaged_of(found: Sequence[Unmanaged]) -> str:
    """`2 not in services.toml: web (us-west2), nightly (us-west2, job)`."""
    names = [f"{one.name} ({one.region}{'' if one.kind == 'service' else f', {one.kind}'})" for one in found]
    return f"{len(found):,} not in services.toml: {', '.join(names)}"


def blind_of(error: LookError) -> str:
    """`could not look at us-west2: 403 Forbidden`."""
    where = f" at {error.region}" if error.region else ""
    return f"could not look{where}: {error.message}"


def remark_of(remark: Remark) -> str:
    return f"{remark.message} (hint: {remark.hint})" if remark.hint else remark.message


def revision_of(service: str, row: ServingRow) -> str:
    """The revision's name without the service's name that every one of its revisions begins with."""
    return (row.name or "unnamed").removeprefix(f"{service}-")


def standing_of(row: StatusRow) -> str:
    """How the commit is known, and what is odd about how it serves."""
    parts = [] if row.row is None else ["not known" if row.row.source is Source.NONE else str(row.row.source)]
    if row.serving is not ServingState.LATEST:
        parts.append("nothing serves" if row.serving is ServingState.NONE else str(row.serving))
    parts += [f"but {conflict}" for conflict in row.conflicts]
    return "; ".join([*parts, row.reason] if row.reason else parts)


def containing_of(row: WhereRow) -> str:
    """The reason, or which commit stands for the one that was asked for."""
    if row.contains is Contains.EQUIVALENT and row.by:
        same = f"the same change as {short(row.by)}"
        return f"{same}; {row.reason}" if row.reason else same
    return row.reason


def where_summary_of(answer: WhereAnswer) -> str:
    """`2 of 5 serve it, 1 unknown`."""
    found = sum(row.contains in (Contains.YES, Contains.EQUIVALENT) for row in answer.rows)
    unknown = sum(row.contains is Contains.UNKNOWN for row in answer.rows)
    doubt = f", {unknown:,} unknown" if unknown else ""
    return f"{found:,} of {len(answer.rows):,} serve it{doubt}"
