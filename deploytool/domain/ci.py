"""Which two commits a CI system means, from its variables and its event.

Nobody vouches for what is in them: an id that is not hex, or a branch that git would not call one, counts as not said.
Then the comparison begins where the branch left the target, which is right everywhere and needs more history.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
NOT_IN_NAMES = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|//|/\.|@\{|\.lock(/|$)|^[-./]|[./]$")
MERGE_REF = re.compile(r"refs/pull/\d+/merge")
HEADS = "refs/heads/"
LONGEST = 250


class System(StrEnum):
    """Who runs the check."""

    GITHUB = "GitHub Actions"
    GITLAB = "GitLab CI"
    CLOUD_BUILD = "Cloud Build"
    PRE_COMMIT = "pre-commit"
    NONE = ""


class Start(StrEnum):
    """Where the comparison begins."""

    ITSELF = "itself"  # at that very commit: the system has worked it out
    FORK = "fork"  # where the head left it: their merge base
    PARENT = "parent"  # at the first parent of the head


class Base(NamedTuple):
    """`commit` stands in for a branch that is not in the clone, or says it exactly."""

    start: Start
    branch: str = ""  # of the remote
    commit: str = ""  # full hex
    ref: str = ""  # any name of git's, only where a person chose it
    said: str = ""  # what to call it, where none of these does

    @property
    def label(self) -> str:
        return self.said or self.ref or self.branch or self.commit[:12]


class Wanted(NamedTuple):
    """What is to be compared; without a `base`, what the head has and the target has not."""

    system: System = System.NONE
    base: Base | None = None
    head: str = "HEAD"  # or full hex, or what a person called it
    target: str = ""  # the default branch, where the system tells
    remark: str = ""


def sides_from(
    environ: Mapping[str, str], event: Mapping[str, Any], *, checked_out: str = "", target: str | None = None
) -> Wanted:
    """`event` is GitHub's for this run, `checked_out` the commit of HEAD, `target` what services.toml says."""
    if environ.get("PRE_COMMIT_FROM_REF") and environ.get("PRE_COMMIT_TO_REF"):
        return _pre_commit(environ)
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ, event, checked_out, _plain(target))
    if environ.get("GITLAB_CI") == "true":
        return _gitlab(environ, _plain(target))
    build = environ.get("PROJECT_ID") and environ.get("BUILD_ID") and environ.get("COMMIT_SHA")
    if build or environ.get("_BASE_BRANCH"):
        return _cloud_build(environ, _plain(target))
    return Wanted()


def commit_in(value: object) -> str:
    """The value when it is a full commit id; "" for anything else, and for the zeros that stand for no commit."""
    return value if isinstance(value, str) and COMMIT.fullmatch(value) and value.strip("0") else ""


def branch_in(value: object) -> str:
    """The branch's name when git could have such a branch, without refs/heads/; else ""."""
    name = value.removeprefix(HEADS) if isinstance(value, str) else ""
    return "" if len(name) > LONGEST or NOT_IN_NAMES.search(name) else name


def _pre_commit(environ: Mapping[str, str]) -> Wanted:
    """At pre-push, and with --from-ref and --to-ref, where the two are any names."""
    begin, end = environ["PRE_COMMIT_FROM_REF"], environ["PRE_COMMIT_TO_REF"]
    base = Base(Start.FORK, ref=begin) if begin.strip("0") else None  # zeros: the remote has no such branch
    return Wanted(System.PRE_COMMIT, base, end if end.strip("0") else "HEAD")


def _github(environ: Mapping[str, str], event: Mapping[str, Any], checked_out: str, target: str) -> Wanted:
    default = branch_in(_at(event, "repository", "default_branch"))
    wanted = Wanted(System.GITHUB, target=default)
    match environ.get("GITHUB_EVENT_NAME", ""):
        case "pull_request" | "pull_request_review" | "pull_request_review_comment" | "pull_request_target":
            return _pull_request(wanted, environ, event, checked_out)
        case "merge_group":
            commit = commit_in(_at(event, "merge_group", "base_sha"))
            branch = branch_in(_at(event, "merge_group", "base_ref"))
            return wanted._replace(base=_base(Start.ITSELF if commit else Start.FORK, branch, commit))
        case "push":
            ref = environ.get("GITHUB_REF", "")
            pushed = branch_in(ref) if ref.startswith(HEADS) else ""
            return wanted._replace(base=_pushed(pushed, target or default, commit_in(event.get("before"))))
    return wanted


def _pull_request(wanted: Wanted, environ: Mapping[str, str], event: Mapping[str, Any], checked_out: str) -> Wanted:
    """What GitHub checks out is the merge of both branches, whose first parent is the base."""
    branch = branch_in(environ.get("GITHUB_BASE_REF")) or branch_in(_at(event, "pull_request", "base", "ref"))
    commit = commit_in(_at(event, "pull_request", "base", "sha"))
    as_given = bool(checked_out) and environ.get("GITHUB_SHA") == checked_out
    on_merge = MERGE_REF.fullmatch(environ.get("GITHUB_REF", "")) is not None
    if environ.get("GITHUB_EVENT_NAME") == "pull_request_target":  # a branch of the repository itself is checked out
        head = commit_in(_at(event, "pull_request", "head", "sha")) if as_given else ""
        return wanted._replace(base=_base(Start.FORK, branch, commit), head=head or "HEAD")
    if on_merge and as_given:
        return wanted._replace(base=Base(Start.PARENT, branch, commit))
    if _at(event, "pull_request", "merged") is True and not on_merge:  # the branch has it all by now
        return wanted._replace(base=_base(Start.FORK, "", commit))
    return wanted._replace(base=_base(Start.FORK, branch, commit))


def _gitlab(environ: Mapping[str, str], target: str) -> Wanted:
    default = branch_in(environ.get("CI_DEFAULT_BRANCH"))
    wanted = Wanted(System.GITLAB, target=default)
    for kind in ("MERGE_REQUEST", "EXTERNAL_PULL_REQUEST"):
        branch = branch_in(environ.get(f"CI_{kind}_TARGET_BRANCH_NAME"))
        tip = commit_in(environ.get(f"CI_{kind}_TARGET_BRANCH_SHA"))
        merge_base = commit_in(environ.get(f"CI_{kind}_DIFF_BASE_SHA"))
        if kind == "MERGE_REQUEST" and (tip or merge_base):  # the tip is told only where it is merged in already
            return wanted._replace(base=Base(Start.ITSELF, branch, tip or merge_base))
        if branch:
            return wanted._replace(base=Base(Start.FORK, branch, tip))
    pushed = branch_in(environ.get("CI_COMMIT_BRANCH"))
    return wanted._replace(base=_pushed(pushed, target or default, commit_in(environ.get("CI_COMMIT_BEFORE_SHA"))))


def _cloud_build(environ: Mapping[str, str], target: str) -> Wanted:
    """Substitutions are variables only where the step maps them, or `automapSubstitutions` does."""
    branch = branch_in(environ.get("_BASE_BRANCH"))
    if branch:
        return Wanted(System.CLOUD_BUILD, Base(Start.FORK, branch))
    pushed = branch_in(environ.get("BRANCH_NAME"))
    if pushed and pushed == target:
        remark = f"Cloud Build does not say what {pushed} was before the push: compared with the commit before."
        return Wanted(System.CLOUD_BUILD, Base(Start.PARENT, pushed), remark=remark)
    return Wanted(System.CLOUD_BUILD)


def _pushed(branch: str, target: str, before: str) -> Base | None:
    """A push to the target brings what was not there before; one to another branch adds to what that would merge."""
    return Base(Start.ITSELF, branch, before, said=f"{branch} before the push") if before and branch == target else None


def _base(start: Start, branch: str, commit: str) -> Base | None:
    return Base(start, branch, commit) if branch or commit else None


def _plain(target: str | None) -> str:
    """The branch that services.toml's target is, without saying where."""
    return branch_in((target or "").removeprefix("refs/remotes/").removeprefix("origin/"))


def _at(event: Any, *keys: str) -> object:
    for key in keys:
        event = event.get(key) if isinstance(event, Mapping) else None
    return event
