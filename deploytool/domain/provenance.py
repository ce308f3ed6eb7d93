"""Which commit does a revision run? Every place that may say so, in order of trust, each proven in git."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from deploytool.domain.model import Revision, Service
from deploytool.domain.report import Source

# Names under which deployment tools write a commit, most explicit first. `_` counts as `-`; of an
# annotation only the part after the last `/` counts. A content hash (firebase-functions-hash) is none of them.
LABELS = (
    *("commit-sha", "git-sha", "commit", "git-commit", "git-commit-sha", "github-sha", "source-commit"),
    *("build-commit", "commit-hash", "commit-id", "git-revision", "vcs-ref", "org.opencontainers.image.revision"),
)
ENV = ("BUILD_COMMIT", "GIT_SHA", "COMMIT_SHA", "SOURCE_COMMIT")
USER_IMAGE = "client.knative.dev/user-image"  # the image as it was typed, where the revision names a digest

HEX = re.compile(r"[0-9a-f]{7,64}")
DESCRIBED = re.compile(r"\S{1,100}-g([0-9a-f]{7,64})")  # git describe
PREFIXED = re.compile(r"(?:sha|git|commit)-([0-9a-f]{7,64})")  # as build actions tag images
# `git describe --dirty` and its relatives, wherever the word stands, and the `+` of Mercurial's and others' habit.
DIRTY = re.compile(r"(?:^|[-_.+])(?:dirty|modified)(?:[-_.+]|$)|^[0-9a-f]{7,64}\+|\+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CommitRule:
    """Where services.toml says to look first; at most one of the three."""

    label: str | None = None
    env: str | None = None
    tag_regex: re.Pattern[str] | None = None  # the group `commit`, else the first group, else all of the match


@dataclass(frozen=True, slots=True)
class Candidate:
    """One place that says which commit this is. The value is as found: anything may stand there."""

    source: Source
    value: str
    where: str  # "revision label commit-sha"

    @property
    def dirty(self) -> bool:
        """Built from a work tree with changes, so no commit has the content."""
        return DIRTY.search(self.value) is not None

    @property
    def hex(self) -> str | None:
        """What git may be asked about; None for everything else, which git must never see."""
        return None if self.dirty else _hex_in(self.value)


@dataclass(frozen=True, slots=True)
class Proof:
    """Git's answer about one hex: exactly one commit, or several, or none."""

    commit: str | None = None  # 40 (or 64) hex
    ambiguous: int = 0  # how many commits begin with this hex, when more than one does
    shallow: bool = False  # the clone ends early: the commit may lie behind its end

    @classmethod
    def found(cls, commit: str) -> Proof:
        return cls(commit=commit)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The proven commit of one revision, or None with the reason and the command that would help."""

    commit: str | None
    source: Source = Source.NONE
    conflicts: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""


ABSENT = Proof()


def candidates_of(
    service: Service, revision: Revision, is_newest: bool, rule: CommitRule | None = None
) -> tuple[Candidate, ...]:
    """Every place that says which commit `revision` runs, most trusted first. Empty values say nothing."""
    found = (
        *(_by_rule(service, revision, is_newest, rule) if rule else ()),
        *_named(revision.labels, Source.REVISION_LABEL, "revision label"),
        *_named(revision.annotations, Source.ANNOTATION, "revision annotation"),
        *(Candidate(Source.ENV, revision.env[name], f"env {name}") for name in ENV if name in revision.env),
        *_by_image(service, revision, is_newest),
        *(_named(service.labels, Source.SERVICE_LABEL, "service label") if is_newest else ()),
        *(_named(service.annotations, Source.SERVICE_LABEL, "service annotation") if is_newest else ()),
    )
    return tuple(dict.fromkeys(candidate for candidate in found if candidate.value))


def hexes_of(candidates: Iterable[Candidate]) -> frozenset[str]:
    """The values git has to be asked about; nothing else of a label may ever reach git."""
    return frozenset(candidate.hex for candidate in candidates if candidate.hex is not None)


def commit_of(
    candidates: Sequence[Candidate], proofs: Mapping[str, Proof], created_at: datetime | None = None
) -> Provenance:
    """The first candidate that git proves, unless one of them says that the build was dirty."""
    for candidate in candidates:
        if candidate.dirty:
            return Provenance(
                None,
                conflicts=_conflicts(candidate, None, candidates, proofs),
                reason=f"{_says(candidate)}: built from a work tree with uncommitted changes",
                hint="Commit the changes and deploy that commit.",
            )
    for candidate in candidates:
        commit = _proof(candidate, proofs).commit
        if commit is not None:
            return Provenance(commit, candidate.source, _conflicts(candidate, commit, candidates, proofs))
    return _unproven(candidates, proofs, created_at)


def by_digest(revision: Revision, known: Mapping[str, frozenset[str]]) -> Provenance:
    """Equal digest, equal content: the commit that was proven for another revision of the same image.

    `known` holds, per digest, the commits proven for revisions with that digest; two of them prove nothing.
    """
    commits = known.get(revision.digest or "", frozenset())
    if len(commits) == 1:
        (commit,) = commits
        return Provenance(commit, Source.DIGEST, reason="another revision of the same image digest says so")
    if not commits:
        return Provenance(None, reason="no other revision of the same image says its commit")
    said = " and ".join(sorted(commit[:12] for commit in commits))
    return Provenance(None, reason=f"revisions of the same image digest say {said}")


def _hex_in(value: str) -> str | None:
    if HEX.fullmatch(value):
        return value
    match = PREFIXED.fullmatch(value) or DESCRIBED.fullmatch(value)
    return match[1] if match else None


def _by_rule(service: Service, revision: Revision, is_newest: bool, rule: CommitRule) -> Iterator[Candidate]:
    if rule.label is not None:
        if rule.label in revision.labels:
            yield Candidate(Source.REVISION_LABEL, revision.labels[rule.label], f"revision label {rule.label}")
        elif rule.label in revision.annotations:
            yield Candidate(Source.ANNOTATION, revision.annotations[rule.label], f"revision annotation {rule.label}")
        elif is_newest and rule.label in service.labels:
            yield Candidate(Source.SERVICE_LABEL, service.labels[rule.label], f"service label {rule.label}")
    if rule.env is not None and rule.env in revision.env:
        yield Candidate(Source.ENV, revision.env[rule.env], f"env {rule.env}")
    match = rule.tag_regex.search(_tag_of(revision.image)) if rule.tag_regex is not None else None
    if match is not None:
        group: int | str = "commit" if "commit" in match.re.groupindex else min(1, match.re.groups)
        yield Candidate(Source.IMAGE_TAG, match[group] or "", "image tag")


def _named(values: Mapping[str, str], source: Source, title: str) -> list[Candidate]:
    """The entries whose name promises a commit, in the order of LABELS."""
    found = []
    for name, value in values.items():
        plain = name.rpartition("/")[2].lower().replace("_", "-")
        if plain in LABELS:
            found.append((LABELS.index(plain), name, value))
    return [Candidate(source, value, f"{title} {name}") for _, name, value in sorted(found)]


def _by_image(service: Service, revision: Revision, is_newest: bool) -> Iterator[Candidate]:
    """Tags that look like a commit. The typed image counts when it is of the same repository."""
    typed = {"image tag": revision.image, "revision's typed image tag": revision.annotations.get(USER_IMAGE, "")}
    if is_newest:
        typed["service's typed image tag"] = service.annotations.get(USER_IMAGE, "")
    for where, image in typed.items():
        tag = _tag_of(image)
        of_commit = _hex_in(tag) is not None or DIRTY.search(tag) is not None
        if of_commit and _repository_of(image) == _repository_of(revision.image):
            yield Candidate(Source.IMAGE_TAG, tag, where)


def _tag_of(image: str) -> str:
    _, _, last = image.partition("@")[0].rpartition("/")
    return last.partition(":")[2]


def _repository_of(image: str) -> str:
    path, slash, last = image.partition("@")[0].rpartition("/")
    return path + slash + last.partition(":")[0]


def _proof(candidate: Candidate, proofs: Mapping[str, Proof]) -> Proof:
    return proofs.get(candidate.hex, ABSENT) if candidate.hex is not None else ABSENT


def _conflicts(
    chosen: Candidate, commit: str | None, candidates: Iterable[Candidate], proofs: Mapping[str, Proof]
) -> tuple[str, ...]:
    """The candidates that do not say what the chosen one says, each beside it."""
    others = (other for other in candidates if other != chosen and not _agree(other, chosen, commit, proofs))
    return tuple(dict.fromkeys(f"{_says(other)}, {_says(chosen)}" for other in others))


def _agree(other: Candidate, chosen: Candidate, commit: str | None, proofs: Mapping[str, Proof]) -> bool:
    if other.hex is None or commit is None:
        return other.value == chosen.value
    proven = _proof(other, proofs).commit
    return proven == commit if proven is not None else commit.startswith(other.hex)


def _says(candidate: Candidate) -> str:
    """What a candidate says, short enough to print; an env value that is no commit may be a secret: not shown."""
    if candidate.hex is not None:
        return f"{candidate.where} says {candidate.hex[:12]}"
    if candidate.source is Source.ENV:
        return f"{candidate.where} holds {'a dirty build' if candidate.dirty else 'no commit id'}"
    shown = candidate.value if len(candidate.value) <= 63 else candidate.value[:60] + "…"
    return f'{candidate.where} says "{shown}"'


def _unproven(candidates: Sequence[Candidate], proofs: Mapping[str, Proof], created_at: datetime | None) -> Provenance:
    if not candidates:
        return _unsaid(created_at)
    first = candidates[0]
    conflicts = tuple(
        dict.fromkeys(f"{_says(other)}, {_says(first)}" for other in candidates[1:] if other.hex != first.hex)
    )
    if first.hex is None:
        return Provenance(None, conflicts=conflicts, reason=f"{_says(first)}, which is not a commit id", hint=LABEL_IT)
    proof = _proof(first, proofs)
    if proof.ambiguous:
        reason = f"{_says(first)}, and {proof.ambiguous} commits begin like that"
        return Provenance(None, conflicts=conflicts, reason=reason, hint=LABEL_IT)
    if proof.shallow:
        reason = f"{_says(first)}, which is not in this shallow clone"
        return Provenance(None, conflicts=conflicts, reason=reason, hint="git fetch --unshallow")
    reason = f"{_says(first)}, which is not a commit in this repository"
    return Provenance(None, conflicts=conflicts, reason=reason, hint="git fetch --all --tags")


LABEL_IT = "Deploy with the full commit id, such as --labels commit-sha=$(git rev-parse HEAD)."


def _unsaid(created_at: datetime | None) -> Provenance:
    if created_at is None:
        return Provenance(None, reason="nothing says which commit it runs", hint=LABEL_IT)
    reason = f"nothing says which commit it runs; that it was deployed at {created_at.isoformat()} proves none"
    return Provenance(None, Source.TIMESTAMP, reason=reason, hint=LABEL_IT)
