"""What CI systems say is to be compared, and that nothing of it is believed before it looks like what it should be."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.ci import Base, Start, System, Wanted, branch_in, commit_in, sides_from
from deploytool.domain.ci_fetch import fetching_history, fetching_one, fetching_parent

A, B, C = "a" * 40, "b" * 40, "c" * 64
ZEROS = "0" * 40
GITHUB = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}
BUILD = {"PROJECT_ID": "p", "BUILD_ID": "b", "COMMIT_SHA": A}
REQUEST = {"pull_request": {"base": {"ref": "main", "sha": A}, "head": {"sha": B}}}
ON_MERGE = {**GITHUB, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_SHA": C, "GITHUB_REF": "refs/pull/12/merge"}
DEFAULT = {"repository": {"default_branch": "main"}}
PUSH = {**GITHUB, "GITHUB_EVENT_NAME": "push"}

CASES: list[tuple[dict[str, str], dict[str, Any], str, str | None, Wanted]] = [
    ({}, {}, A, None, Wanted()),
    ({"GITHUB_ACTIONS": "false", "GITLAB_CI": "", "CI": "true"}, REQUEST, A, None, Wanted()),
    (ON_MERGE, REQUEST, C, None, Wanted(System.GITHUB, Base(Start.PARENT, "main", A))),
    (ON_MERGE | {"GITHUB_BASE_REF": "release/1"}, REQUEST, C, None,
     Wanted(System.GITHUB, Base(Start.PARENT, "release/1", A))),
    (ON_MERGE, REQUEST, B, None, Wanted(System.GITHUB, Base(Start.FORK, "main", A))),
    (ON_MERGE, {}, "", None, Wanted(System.GITHUB)),
    (ON_MERGE | {"GITHUB_REF": "refs/heads/refs/pull/1/merge"}, REQUEST, C, None,
     Wanted(System.GITHUB, Base(Start.FORK, "main", A))),
    (ON_MERGE | {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"}, REQUEST, C, None,
     Wanted(System.GITHUB, Base(Start.FORK, "main", A), B)),
    (ON_MERGE | {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"}, REQUEST, B, None,
     Wanted(System.GITHUB, Base(Start.FORK, "main", A))),
    (PUSH | {"GITHUB_REF": "refs/heads/main"}, DEFAULT | {"before": A}, C, None,
     Wanted(System.GITHUB, Base(Start.ITSELF, "main", A, said="main before the push"), target="main")),
    (PUSH | {"GITHUB_REF": "refs/heads/main"}, DEFAULT | {"before": ZEROS}, C, None,
     Wanted(System.GITHUB, target="main")),
    (PUSH | {"GITHUB_REF": "refs/heads/main"}, DEFAULT | {"before": A}, C, "live",
     Wanted(System.GITHUB, target="main")),
    (PUSH | {"GITHUB_REF": "refs/heads/live"}, {"before": A}, C, "origin/live",
     Wanted(System.GITHUB, Base(Start.ITSELF, "live", A, said="live before the push"))),
    (PUSH | {"GITHUB_REF": "refs/tags/main"}, DEFAULT | {"before": A}, C, None, Wanted(System.GITHUB, target="main")),
    (GITHUB | {"GITHUB_EVENT_NAME": "merge_group"}, {"merge_group": {"base_sha": A, "base_ref": "refs/heads/main"}}, C,
     None, Wanted(System.GITHUB, Base(Start.ITSELF, "main", A))),
    (GITHUB | {"GITHUB_EVENT_NAME": "merge_group"}, {"merge_group": {"base_sha": "HEAD", "base_ref": "main"}}, C, None,
     Wanted(System.GITHUB, Base(Start.FORK, "main"))),
    (GITHUB | {"GITHUB_EVENT_NAME": "schedule"}, DEFAULT, C, None, Wanted(System.GITHUB, target="main")),
    (GITLAB | {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": A}, {}, C, None,
     Wanted(System.GITLAB, Base(Start.ITSELF, "main", A))),
    (GITLAB | {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
               "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": B}, {}, C, None,
     Wanted(System.GITLAB, Base(Start.ITSELF, "main", B))),
    (GITLAB | {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "x"}, {}, C, None,
     Wanted(System.GITLAB, Base(Start.FORK, "main"))),
    (GITLAB | {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": A}, {}, C, None,
     Wanted(System.GITLAB, Base(Start.ITSELF, "main", A, said="main before the push"), target="main")),
    (GITLAB | {"CI_COMMIT_BRANCH": "x", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": A}, {}, C, None,
     Wanted(System.GITLAB, target="main")),
    (BUILD | {"_BASE_BRANCH": "main"}, {}, A, None, Wanted(System.CLOUD_BUILD, Base(Start.FORK, "main"))),
    (BUILD | {"_BASE_BRANCH": "--all"}, {}, A, None, Wanted(System.CLOUD_BUILD)),
    (BUILD | {"BRANCH_NAME": "x"}, {}, A, "main", Wanted(System.CLOUD_BUILD)),
    ({"PROJECT_ID": "p", "BUILD_ID": "b"}, {}, A, "main", Wanted()),
    (GITHUB | {"PRE_COMMIT_FROM_REF": "origin/main", "PRE_COMMIT_TO_REF": "HEAD~1"}, {}, A, None,
     Wanted(System.PRE_COMMIT, Base(Start.FORK, ref="origin/main"), "HEAD~1")),
    ({"PRE_COMMIT_FROM_REF": ZEROS, "PRE_COMMIT_TO_REF": A}, {}, A, None, Wanted(System.PRE_COMMIT, None, A)),
    ({"PRE_COMMIT_FROM_REF": A, "PRE_COMMIT_TO_REF": ZEROS}, {}, A, None,
     Wanted(System.PRE_COMMIT, Base(Start.FORK, ref=A))),
]  # fmt: skip


@pytest.mark.parametrize(("environ", "event", "checked_out", "target", "wanted"), CASES)
def test_what_is_wanted(
    environ: dict[str, str], event: dict[str, Any], checked_out: str, target: str | None, wanted: Wanted
) -> None:
    assert sides_from(environ, event, checked_out=checked_out, target=target) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(A, A), (C, C), (A[:39], ""), (A + "a", ""), (A.upper(), ""), (A + "\n", ""), ("\n" + A, ""), (ZEROS, ""),
     ("0" * 64, ""), ("--output=x", ""), (None, ""), (7, ""), ([A], ""), ({"a": A}, ""), ("", ""),
     ("0" * 39 + "1", "0" * 39 + "1")],
)  # fmt: skip
def test_an_id_is_full_hex_or_nothing(value: object, wanted: str) -> None:
    assert commit_in(value) == wanted


@given(st.text(alphabet="ab/.-~^:?*[\\@{} \x00\n\x7flock", max_size=12))
def test_a_branch_is_what_git_would_call_one(name: str) -> None:
    """`git check-ref-format --branch` is the judge; of names that begin with a dash it says no as well."""
    if branch_in(name) and not name.startswith("refs/heads/"):
        assert _git_allows(name)


def _git_allows(name: str) -> bool:
    if "\0" in name:
        return False
    return subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False).returncode == 0


WORTH_SAYING = st.sampled_from([A, ZEROS, "main", "--x", "refs/heads/a"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), WORTH_SAYING)
EVENTS = st.recursive(
    VALUES,
    lambda below: st.lists(below, max_size=2)
    | st.dictionaries(
        st.sampled_from(["pull_request", "base", "head", "sha", "ref", "merge_group", "base_sha", "base_ref", "before",
                         "repository", "default_branch", "merged"]),
        below, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
NAMES = [
    "GITHUB_ACTIONS", "GITHUB_EVENT_NAME", "GITHUB_SHA", "GITHUB_REF", "GITHUB_BASE_REF", "GITLAB_CI",
    "CI_DEFAULT_BRANCH", "CI_COMMIT_BRANCH", "CI_COMMIT_BEFORE_SHA", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "_BASE_BRANCH", "BRANCH_NAME",
    "PROJECT_ID", "BUILD_ID", "COMMIT_SHA",
]  # fmt: skip
WORDS = [
    "true", "", A, ZEROS, "main", "refs/heads/main", "refs/pull/1/merge", "--upload-pack=x", "a\nb", "pull_request",
    "pull_request_target", "push", "merge_group", "-", "\udcff",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WORDS)), EVENTS, st.sampled_from(["", A, B]))
def test_nothing_odd_comes_out_whatever_goes_in(environ: dict[str, str], event: Any, checked_out: str) -> None:
    wanted = sides_from(environ, event if isinstance(event, dict) else {}, checked_out=checked_out, target=None)
    assert wanted.head == "HEAD" or commit_in(wanted.head)
    assert wanted.target == branch_in(wanted.target)
    if wanted.base is not None:
        assert wanted.base.ref == ""
        assert wanted.base.commit == commit_in(wanted.base.commit)
        assert wanted.base.branch == branch_in(wanted.base.branch)
        assert wanted.base.start is Start.PARENT or wanted.base.branch or wanted.base.commit
        assert wanted.base.start is not Start.ITSELF or wanted.base.commit


def test_a_fetch_takes_no_more_than_it_needs() -> None:
    assert fetching_one(A, shallow=True) == f"git fetch --no-tags --depth=1 origin {A}"
    assert fetching_one(A, shallow=False) == f"git fetch --no-tags origin {A}"
    assert fetching_parent(A, System.GITLAB, shallow=True) == f"git fetch --no-tags --depth=1 origin {A}"
    assert fetching_parent(A, System.GITHUB, shallow=False) == f"git fetch --no-tags origin {A}"
    assert fetching_history("", System.NONE, shallow=True) == "git fetch --no-tags --unshallow origin"
    assert fetching_history(A, System.NONE, shallow=False) == f"git fetch --no-tags origin {A}"
    assert (
        fetching_history("main", System.GITHUB, shallow=False)
        == "git fetch --no-tags origin +refs/heads/main:refs/remotes/origin/main"
    )
