"""Does what serves contain a commit, or the same change under another id?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from deploytool.adapters.git import Commit, Repository
from deploytool.adapters.git.patches import Incomparable
from deploytool.detect.serving import Declared, Known
from deploytool.domain.edges import may_reach
from deploytool.domain.graph import Reach
from deploytool.domain.report import Contains, WhereAnswer, WhereRow
from deploytool.errors import UsageError

LONGEST = 4096  # characters of a question; no path is longer
MOST_COMMITS = 20  # commits whose message matches; more is not a question but a search


def asked(repository: Repository, target: str, question: str) -> tuple[str, tuple[str, ...]]:
    """("commit" | "path" | "text", the commits that are meant); none when nothing fits.

    A commit is a name that git resolves; a path is one that the target's history knows; all else is text.
    """
    if not question.strip() or len(question) > LONGEST or "\0" in question:
        raise UsageError(
            "That cannot be asked: it is empty, or longer than any path or message.",
            hint="Give a commit, a path from the repository's root, or words of a commit message.",
        )
    commit = repository.named(question)
    if commit is not None:
        return "commit", (commit,)
    meant = repository.resolve([question.lower()]).get(question.lower(), ())
    if len(meant) > 1:
        said = ", ".join(one[:12] for one in meant[:5])
        raise UsageError(f"{len(meant)} commits begin with {question}.", hint=f"Give more of the id: {said}")
    changed = repository.last_change(target, question.strip("/"))
    if changed is not None:
        return "path", (changed,)
    return "text", repository.saying(target, question, MOST_COMMITS)


def answers_of(repository: Repository, declared: Sequence[Declared], commits: Sequence[str]) -> tuple[WhereAnswer, ...]:
    """One answer per commit, one row per service and region."""
    serving = {known.provenance.commit for entry in declared for known in entry.shares}
    tips = list(dict.fromkeys([*commits, *sorted(commit for commit in serving if commit)]))
    reach = repository.reach(tips)
    said = repository.commits(commits)
    return tuple(_answer(repository, reach, declared, said[commit]) for commit in commits if commit in said)


def _answer(repository: Repository, reach: Reach, declared: Iterable[Declared], commit: Commit) -> WhereAnswer:
    lacking = [
        known.provenance.commit
        for entry in declared
        for known in entry.shares
        if known.provenance.commit and not _contains(reach, known, commit.sha)
    ]
    same: dict[str, str | None] = {}
    doubts: dict[str, str] = {}
    for tip in dict.fromkeys(lacking):
        if may_reach(repository.boundary, reach, tip, commit.sha):
            doubts[tip] = "history is not complete here, so it cannot be told"
            continue
        try:
            same[tip] = repository.equivalent(commit.sha, tip)
        except Incomparable as unread:
            doubts[tip] = unread.message
    rows = tuple(_row(entry, reach, commit.sha, same, doubts) for entry in declared)
    return WhereAnswer(commit.sha, commit.subject, commit.author, commit.committed_at, rows)


def _contains(reach: Reach, known: Known, commit: str) -> bool:
    return known.provenance.commit is not None and reach.reaches(reach.tips.index(known.provenance.commit), commit)


def _row(entry: Declared, reach: Reach, commit: str, same: dict[str, str | None], doubts: dict[str, str]) -> WhereRow:
    holding = [known for known in entry.shares if _contains(reach, known, commit)]
    alike = [known for known in entry.shares if known not in holding and same.get(known.provenance.commit or "")]
    unsure = [known for known in entry.shares if (known.provenance.commit or "") in {"", *doubts}]
    unsure = [known for known in unsure if known not in holding]
    counted = [*holding, *alike]
    answer = _judged(entry, holding, alike, unsure)
    since = min((known.row.deployed_at for known in counted if known.row.deployed_at), default=None)
    reasons = (
        entry.blocked,
        *(doubts.get(known.provenance.commit or "", known.provenance.reason) for known in unsure),
    )
    return WhereRow(
        service=entry.table.name,
        region=entry.place.region,
        contains=answer,
        percent=sum(known.share.percent for known in counted),
        since=since,
        by=same.get(alike[0].provenance.commit or "") if alike and answer is Contains.EQUIVALENT else None,
        reason="; ".join(dict.fromkeys(reason for reason in reasons if reason)) or _nothing(entry),
    )


def _judged(entry: Declared, holding: Sequence[Known], alike: Sequence[Known], unsure: Sequence[Known]) -> Contains:
    """YES and NO speak for all the traffic; a share that cannot be told makes the whole unknown."""
    if entry.blocked or unsure:
        return Contains.UNKNOWN
    if len(holding) + len(alike) < len(entry.shares) or not entry.shares:
        return Contains.NO
    return Contains.EQUIVALENT if alike else Contains.YES


def _nothing(entry: Declared) -> str:
    return "" if entry.shares else "nothing serves"
