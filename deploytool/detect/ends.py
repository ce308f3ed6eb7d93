"""The ends of a comparison by name: which commit is meant, and what to type when the clone does not have it."""

from __future__ import annotations

import re

from deploytool.adapters.git import Repository
from deploytool.adapters.git.remote import follows_all_branches
from deploytool.config.nearest import listed, shown
from deploytool.detect.meant import PLAIN_REF, meant_by, near_to
from deploytool.domain.check_report import Compared
from deploytool.domain.ci import COMMIT, System, branch_in
from deploytool.domain.ci_fetch import fetching_history, fetching_one, fetching_parent
from deploytool.domain.tree import EMPTY_TREE
from deploytool.errors import DeployToolError, RepositoryError, UsageError

STEP = re.compile(r"(.+?)(?:~1?|\^([1-9]?))", re.DOTALL)  # a parent, the first when nothing is said
STEPS = re.compile(r"(.+?)[~^][~^0-9]*", re.DOTALL)
SHORT = re.compile(r"[0-9a-f]{4,64}")


def at_remote(ref: str) -> str:
    """The branch of origin that is meant; "" for what cannot be one."""
    return branch_in(ref.removeprefix("refs/remotes/").removeprefix("origin/"))


class Ends:
    """`system` is who runs the check: it decides how a fetch is worded."""

    def __init__(self, repository: Repository, system: System) -> None:
        self.repository = repository
        self.system = system
        self.shallow = repository.facts.shallow
        self.clone = "shallow clone" if self.shallow else "clone"

    def nothing(self) -> Compared:
        """What there was before the first commit."""
        return Compared("nothing", EMPTY_TREE[self.repository.facts.id_length])

    def parents(self, commit: str) -> tuple[str, ...]:
        """As the commit itself names them, also where they were left out of the clone."""
        found = self.repository.commits([commit]).get(commit)
        return found.parents if found is not None else ()

    def named(self, ref: str, head: str = "") -> Compared:
        """What a person calls a commit. A parent of `head` need not be reached through history."""
        commit = self.repository.named(ref) or self._parent(ref)
        if commit is not None:
            return Compared(ref, commit)
        if PLAIN_REF.fullmatch(ref) and (commit := self.repository.named(f"refs/remotes/origin/{ref}")):
            return Compared(f"origin/{ref}", commit)
        raise self._refusal(ref, head)

    def branch(self, name: str) -> Compared | None:
        """A branch of the remote as it was last fetched, else one of this clone."""
        for ref in (f"refs/remotes/origin/{name}", name):
            commit = self.repository.named(ref)
            if commit is not None:
                return Compared(name, commit)
        return None

    def exactly(self, commit: str, label: str) -> Compared:
        """A commit by its full id."""
        if self.repository.named(commit) != commit:
            raise self._absent(commit, label, fetching_one(commit, shallow=self.shallow))
        return Compared(label, commit)

    def parent_of(self, commit: str, label: str) -> Compared:
        """The first parent; what there was before it when it has none."""
        parents = self.parents(commit)
        return self._held(parents[0], label) if parents else self.nothing()

    def _parent(self, ref: str) -> str | None:
        """`X^` where the clone ends at X, which git itself then takes for a commit without parents."""
        step = STEP.fullmatch(ref)
        child = self.repository.named(step[1]) if step is not None and self.shallow else None
        if step is None or child is None or child not in self.repository.boundary:
            return None
        parents = self.parents(child)
        nth = int(step[2] or 1)
        return self._held(parents[nth - 1], ref).commit if nth <= len(parents) else None

    def _held(self, parent: str, label: str) -> Compared:
        if self.repository.named(parent) is None:
            raise self._absent(parent, label, fetching_parent(parent, self.system, shallow=self.shallow))
        return Compared(label, parent)

    def _absent(self, commit: str, label: str, fetch: str) -> RepositoryError:
        called = "" if label == commit[:12] else f" ({label})"
        return RepositoryError(f"Commit {commit[:12]}{called} is not in this {self.clone}.", hint=fetch)

    def _refusal(self, ref: str, head: str) -> DeployToolError:
        """Exit 3 when a fetch may bring it; exit 2 when it is a slip of the pen."""
        repository = self.repository
        if COMMIT.fullmatch(ref) and repository.has_origin():
            if ref in self.parents(head):
                return self._absent(ref, ref[:12], fetching_parent(ref, self.system, shallow=self.shallow))
            return self._absent(ref, ref[:12], fetching_history(ref, self.system, shallow=self.shallow))
        several = repository.resolve([ref.lower()]).get(ref.lower(), ()) if SHORT.fullmatch(ref.lower()) else ()
        if len(several) > 1:
            ids = listed([one[:12] for one in several[:5]])
            return UsageError(f"{len(several)} commits begin with {shown(ref)}.", hint=f"Give more of the id: {ids}")
        if "@{" in ref:
            return UsageError(
                f"{shown(ref)} means what the reflog or the configuration says, and deploytool reads neither.",
                hint="Name the branch or the commit itself: git rev-parse tells which it is.",
            )
        steps = STEPS.fullmatch(ref)
        if steps is not None and self.shallow and repository.named(steps[1]) is not None:
            fetch = fetching_history("", self.system, shallow=True)
            return RepositoryError(f"{shown(ref)} lies beyond the edge of this shallow clone.", hint=fetch)
        return self._unknown(ref)

    def _unknown(self, ref: str) -> DeployToolError:
        repository = self.repository
        narrow = self.shallow or not follows_all_branches(repository.facts.git_dir)
        if not (PLAIN_REF.fullmatch(ref) and narrow and repository.has_origin()):
            where = repository.facts.top
            return UsageError(f"There is no commit {shown(ref)} in {where}.", hint=meant_by(ref, repository))
        fetch = fetching_history(at_remote(ref) or ref, self.system, shallow=self.shallow)
        meant = near_to(ref, repository)
        return RepositoryError(
            f"There is no {shown(ref)} in this {self.clone if self.shallow else 'clone of a single branch'}.",
            hint=f"{meant} If it is at the remote: {fetch}" if meant else fetch,
        )
