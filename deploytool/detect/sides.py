"""Which two commits `check` compares: as told, as CI means it, or what a branch has and its target has not.

Only the trees of the two are read. So history is asked for where it decides which two they are, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from deploytool.adapters.ci_event import event_of
from deploytool.adapters.git import Repository
from deploytool.adapters.git.mergebase import Fork, count_of, fork_of
from deploytool.detect.ends import Ends, at_remote
from deploytool.domain.check_report import Compared
from deploytool.domain.ci import Base, Start, System, commit_in, sides_from
from deploytool.domain.ci_fetch import EVERYTHING, fetching_history
from deploytool.domain.report import Remark
from deploytool.errors import RepositoryError


class Sides(NamedTuple):
    base: Compared
    head: Compared
    remarks: tuple[Remark, ...] = ()


def sides_of(
    repository: Repository, *, base: str | None, head: str | None, environ: Mapping[str, str], target: str | None
) -> Sides:
    """`base` and `head` are what a person named, `target` is services.toml's.

    Raises UsageError for a name that nothing has, and RepositoryError with the fetch that helps.
    """
    sides = _decided(repository, base, head, environ, target)
    there = repository.trees([sides.base.commit, sides.head.commit])
    for one in (sides.base, sides.head):
        if one.commit not in there:  # a clone that leaves trees out
            raise RepositoryError(
                f"The files of {one.ref} ({one.commit[:12]}) are not in this clone.",
                hint=f"Fetch them: {EVERYTHING}",
            )
    return sides


def _decided(
    repository: Repository, base: str | None, head: str | None, environ: Mapping[str, str], target: str | None
) -> Sides:
    here = repository.named("HEAD")
    wanted = sides_from(environ, event_of(environ), checked_out=here or "", target=target)
    ends = Ends(repository, wanted.system)
    end = _head(ends, wanted.head if head is None else head, here)
    if base is not None:
        return _since(ends, ends.named(base, end.commit), end)
    if wanted.base is not None and (head is None or (wanted.head == "HEAD" and end.commit == here)):
        return _by_system(ends, wanted.base, end, wanted.remark)
    begin, branch = _target(ends, target or wanted.target)
    return _since(ends, begin, end, branch)


def _head(ends: Ends, ref: str, here: str | None) -> Compared:
    if ref == "HEAD":
        if here is None:
            raise RepositoryError(
                f"{ends.repository.facts.top} has no commit yet.", hint="Make the first commit, then check."
            )
        return Compared(ref, here)
    if commit_in(ref) and ends.repository.named(ref) is None:
        return ends.exactly(ref, ref[:12])  # its files are enough, wherever in history it lies
    return ends.named(ref)


def _by_system(ends: Ends, base: Base, end: Compared, remark: str) -> Sides:
    match base.start:
        case Start.ITSELF:
            return Sides(ends.exactly(base.commit, base.label), end)
        case Start.PARENT:
            said = (Remark(remark),) if remark else ()
            return Sides(ends.parent_of(end.commit, base.label), end, said)
        case Start.FORK:
            if base.ref:
                return _since(ends, ends.named(base.ref, end.commit), end)
            begin = ends.branch(base.branch) if base.branch else None
            if begin is None and base.commit and ends.repository.named(base.commit) == base.commit:
                begin = Compared(base.label, base.commit)
            if begin is None:
                raise _no_branch(ends, base.label, base.branch or base.commit)
            return _since(ends, begin, end, base.branch)


def _target(ends: Ends, target: str) -> tuple[Compared, str]:
    """The tip of what the head will be merged into, and its branch at the remote."""
    repository = ends.repository
    if target:
        branch = at_remote(target)
        begin = ends.branch(branch or target)
        if begin is None:
            raise _no_branch(ends, target, branch)
        return begin, branch
    commit = repository.named("refs/remotes/origin/HEAD")
    if commit is not None:
        return Compared("origin/HEAD", commit), ""
    alone = ends.system in (System.NONE, System.PRE_COMMIT) and not repository.has_origin()
    if alone or repository.facts.bare:  # in a bare clone HEAD is what it is at origin
        return ends.named("HEAD"), ""
    raise RepositoryError(
        "It is not known what this branch will be merged into.",
        hint="Say it: deploytool check --base BRANCH, or [project] target in services.toml. Where origin knows it: "
        "git remote set-head origin --auto",
    )


def _no_branch(ends: Ends, name: str, branch: str) -> RepositoryError:
    return RepositoryError(
        f"{name} is not in this {ends.clone}, so it cannot be told what is new.",
        hint=fetching_history(branch, ends.system, shallow=ends.shallow),
    )


def _since(ends: Ends, begin: Compared, end: Compared, branch: str = "") -> Sides:
    """What the head has brought since it left `begin`: their merge base is what it is compared with."""
    if begin.commit == end.commit:
        return Sides(begin, end, (_nothing_new(begin, end),))
    if begin.commit in ends.parents(end.commit):
        return Sides(begin, end)
    fork = fork_of(ends.repository, begin.commit, end.commit)
    if not fork.sure:
        raise RepositoryError(
            f"Where {end.ref} left {begin.ref} cannot be told: this shallow clone ends before it.",
            hint=fetching_history(branch, ends.system, shallow=True),
        )
    if fork.commit is None:
        return Sides(begin, end, (Remark(f"{end.ref} and {begin.ref} share no history: compared as they are."),))
    return Sides(Compared(begin.ref, fork.commit), end, tuple(_remarks(ends, begin, end, fork)))


def _remarks(ends: Ends, begin: Compared, end: Compared, fork: Fork) -> Iterator[Remark]:
    if fork.others and fork.commit is not None:
        yield Remark(
            f"{end.ref} and {begin.ref} were merged into each other: of {len(fork.others) + 1} commits where they"
            f" parted, the newest is compared with ({fork.commit[:12]})."
        )
    if fork.commit == end.commit:
        yield _nothing_new(begin, end)
    elif fork.commit != begin.commit:
        yield _moved_on(ends, begin, end)


def _nothing_new(begin: Compared, end: Compared) -> Remark:
    hint = "To look at the last commit: deploytool check --base HEAD~1" if end.ref == "HEAD" else ""
    return Remark(f"{begin.ref} has all of {end.ref}: there is nothing new to check.", hint)


def _moved_on(ends: Ends, begin: Compared, end: Compared) -> Remark:
    """By how many commits is told only where all of history is here: beyond an edge, either may have some of them."""
    many = ""
    if not ends.shallow:
        count = count_of(ends.repository.git, begin.commit, end.commit)
        many = " by 1 commit" if count == 1 else f" by {count} commits"
    return Remark(f"{begin.ref} has moved on{many} since {end.ref} left it; what came there is not looked at.")
