"""Is the content that serves the content that git says should serve? The verdict, and the sentence for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deploytool.domain.ages import age_of
from deploytool.domain.doubt import Doubt
from deploytool.domain.model import Kind, Place
from deploytool.domain.report import (
    CodeState,
    CommitNote,
    FileChange,
    Precision,
    Relevance,
    ServiceDrift,
    ServingRow,
    ServingState,
    Source,
    Verdict,
)

MISROUTED = {
    ServingState.DESIRED_DIFFERS: "the traffic that was asked for is not the traffic that flows",
    ServingState.NEWEST_NOT_READY: "the newest revision never became ready; an older one serves",
    ServingState.NEWEST_NOT_SERVING: "traffic is pinned away from the newest ready revision",
    ServingState.SPLIT: "traffic is split and no release of ours explains it",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """What separates one serving revision from the target, in the words of the report."""

    code: CodeState
    files: tuple[FileChange, ...]  # net content difference; empty means equal content
    behind: int | None = None
    ahead: int | None = None
    at_least: bool = False
    commits: tuple[CommitNote, ...] = ()  # newest first
    stale_since: datetime | None = None
    unexplained: tuple[str, ...] = ()
    note: str = ""  # why history could not explain it, when it could not

    @property
    def reaching(self) -> tuple[FileChange, ...]:
        return tuple(file for file in self.files if file.relevance.reaches)


@dataclass(frozen=True, slots=True)
class ServingShare:
    """One serving revision, and either its difference from the target or why that is not known."""

    row: ServingRow
    conflicts: tuple[str, ...] = ()
    difference: Difference | None = None
    doubt: str = ""  # why there is no difference: the commit is unknown, or its content is not here
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that is known about one declared service in one region, before it is judged."""

    place: Place
    kind: Kind
    serving: ServingState
    precision: Precision
    shares: tuple[ServingShare, ...] = ()
    doubt: str = ""  # why the service as a whole could not be looked at
    hint: str = ""
    serving_note: str = ""  # what is odd about its traffic
    scope: str | None = None  # of the target
    doubts: tuple[Doubt, ...] = ()


def verdict_of(seen: Observation) -> Verdict:
    """Proven stale beats doubt, doubt beats everything else; only what was fully seen can be current."""
    if any(share.difference is not None and share.difference.reaching for share in seen.shares):
        return Verdict.STALE
    unsure = any(share.difference is None for share in seen.shares)
    if seen.doubt or unsure or seen.serving is ServingState.RECONCILING:
        return Verdict.UNKNOWN
    if seen.serving is ServingState.NONE or not seen.shares:
        return Verdict.MISSING
    return Verdict.MISROUTED if seen.serving in MISROUTED else Verdict.CURRENT


def drift_of(seen: Observation, now: datetime) -> ServiceDrift:
    """The judged service. Of several serving revisions the worst one speaks for it."""
    verdict = verdict_of(seen)
    worst = max(seen.shares, key=_badness, default=None)
    difference = worst.difference if worst else None
    known = difference or Difference(CodeState.UNKNOWN, ())
    return ServiceDrift(
        name=seen.place.name,
        kind=seen.kind,
        project=seen.place.project,
        region=seen.place.region,
        verdict=verdict,
        code=known.code,
        serving=seen.serving,
        precision=seen.precision,
        reason=_reason_of(seen, verdict, worst, now),
        hint=seen.hint or next((share.hint for share in seen.shares if share.hint), ""),
        provenance=worst.row.source if worst else Source.NONE,
        conflicts=tuple(dict.fromkeys(text for share in seen.shares for text in share.conflicts)),
        revisions=tuple(share.row for share in seen.shares),
        behind=known.behind,
        ahead=known.ahead,
        at_least=known.at_least,
        stale_since=known.stale_since if verdict is Verdict.STALE else None,
        commits=known.commits,
        files=known.files,
        scope=seen.scope,
        doubts=seen.doubts,
    )


def _badness(share: ServingShare) -> tuple[int, int, int]:
    """Orders serving revisions: proven stale, then unknown, then current; more files and more traffic are worse."""
    if share.difference is None:
        return (1, 0, share.row.percent)
    return (2 if share.difference.reaching else 0, len(share.difference.files), share.row.percent)


def _reason_of(seen: Observation, verdict: Verdict, worst: ServingShare | None, now: datetime) -> str:
    if verdict is Verdict.STALE and worst is not None and worst.difference is not None:
        difference = worst.difference
        return _join(_stale(difference, now), _unproven(difference), seen.serving_note, _others(seen, worst))
    if verdict is Verdict.UNKNOWN:
        doubts = [share.doubt for share in seen.shares if share.difference is None]
        return _join(seen.doubt, *dict.fromkeys(doubts), seen.serving_note) or "could not be determined"
    if verdict is Verdict.MISSING:
        return seen.serving_note or "not in Cloud Run"
    if verdict is Verdict.MISROUTED:
        return seen.serving_note or MISROUTED[seen.serving]
    return _join(_current(worst.difference if worst else None), seen.serving_note)


def _join(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _others(seen: Observation, worst: ServingShare) -> str:
    """A stale verdict must not hide that another serving revision could not be judged at all."""
    unsure = [share for share in seen.shares if share is not worst and share.difference is None]
    return f"{unsure[0].row.percent}% of traffic on an unknown commit" if unsure else ""


def _stale(difference: Difference, now: datetime) -> str:
    waits = f", {age_of(difference.stale_since, now)} behind" if difference.stale_since else ""
    reaching = [commit for commit in difference.commits if commit.relevance.reaches]
    files = _count(len(difference.reaching), "file")
    if difference.behind is None or difference.ahead is None:
        return _join(f"{files} differ{'s' if len(difference.reaching) == 1 else ''}", difference.note)
    plus = "+" if difference.at_least else ""
    if difference.code is CodeState.AHEAD:
        return f"{_count(difference.ahead, 'commit', plus)} ahead of the target"
    if difference.code is CodeState.DIVERGED:
        return f"diverged: {difference.behind}{plus} behind, {difference.ahead}{plus} ahead{waits}"
    if not difference.behind:
        return f"{files} changed by history rewriting{waits}"
    if len(reaching) == difference.behind:
        return f"{_count(difference.behind, 'commit', plus)} behind{waits.removesuffix(' behind')}"
    verb = "reaches" if len(reaching) == 1 else "reach"
    return f"{len(reaching)}{plus} of {_count(difference.behind, 'commit', plus)} {verb} it{waits}"


def _current(difference: Difference | None) -> str:
    if difference is None:
        return "same content as the target"
    total = (difference.behind or 0) + (difference.ahead or 0)
    if not difference.files:
        return f"same content; {_count(total, 'net-zero commit')}" if total else "same content as the target"
    if not total:  # history rewritten, or not complete here
        differ = "differs" if len(difference.files) == 1 else "differ"
        return f"{_count(len(difference.files), 'file')} {differ}, none reaches it"
    plus = "+" if difference.at_least else ""
    counts = ((difference.behind, "behind"), (difference.ahead, "ahead"))
    return f"{', '.join(f'{count}{plus} {word}' for count, word in counts if count)}, none reaches it"


def _unproven(difference: Difference) -> str:
    """When nothing but doubt makes it stale, the doubt is part of the reason."""
    notes = {file.note for file in difference.reaching if file.relevance is Relevance.CANNOT_PROVE and file.note}
    sure = any(file.relevance is not Relevance.CANNOT_PROVE for file in difference.reaching)
    return "" if sure or not notes else f"cannot be ruled out: {min(notes)}"


def _count(number: int, noun: str, plus: str = "") -> str:
    return f"{number}{plus} {noun}{'' if number == 1 else 's'}"
