"""Which two commits are compared, in real clones as people and CI systems make them; and whether the hints help."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from deploytool.adapters.git import Repository
from deploytool.detect.sides import Sides, sides_of
from deploytool.errors import DeployToolError, ExitCode, RepositoryError, UsageError
from tests.adapters.git.test_hostile import VECTORS, Trap
from tests.repositories import Builder, run_git, shallow_clone

ZEROS = "0" * 40


class Story:
    """`main` of five commits; `feature` left it after the third and has two of its own; a merge as GitHub makes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Builder(path) as builder:
            self.main = [builder.commit({"a.py": b"%d" % number}) for number in range(5)]
            self.feature = [builder.commit({"b.py": b"0"}, [self.main[2]], branch="feature")]
            self.feature.append(builder.commit({"b.py": b"1"}, branch="feature"))
            both = {"a.py": b"4", "b.py": b"1"}
            self.merge = builder.commit(both, [self.main[-1], self.feature[-1]], branch="merged")
            builder.git("update-ref", "refs/pull/1/merge", self.merge)
            builder.git("update-ref", "refs/merge-requests/1/merge", self.merge)
            builder.git("update-ref", "refs/merge-requests/1/head", self.feature[-1])
            builder.git("branch", "-D", "merged")
            builder.tag("v1", self.main[1])
            builder.tag("v2", self.main[3], "An annotated one")
        self.builder = builder

    def clone(self, path: Path, *options: str, branch: str = "feature") -> Path:
        run_git(self.path, "clone", "-q", f"--branch={branch}", *options, f"file://{self.path}", str(path))
        return path

    def checked_out(self, path: Path, commit: str, depth: int) -> Path:
        """As CI runners do it: one commit, no branch; all branches only with the whole history (0)."""
        path.mkdir()
        run_git(path, "init", "-q")
        run_git(path, "remote", "add", "origin", f"file://{self.path}")
        what = [f"--depth={depth}"] if depth else ["+refs/heads/*:refs/remotes/origin/*"]
        run_git(path, "fetch", "-q", "--no-tags", "origin", *what, f"+{commit}:refs/remotes/pull/1/merge")
        run_git(path, "checkout", "-q", "--force", "--detach", commit)
        return path


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story") / "origin")


@pytest.fixture(scope="module")
def clones(story: Story, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A whole one, and one that ends at its first commit."""
    folder = tmp_path_factory.mktemp("clones")
    return story.clone(folder / "whole"), story.clone(folder / "shallow", "--depth=1")


def ask(
    path: Path,
    base: str | None = None,
    head: str | None = None,
    environ: Mapping[str, str] = {},
    target: str | None = None,
) -> Sides:
    repository = Repository(path)
    try:
        return sides_of(repository, base=base, head=head, environ=environ, target=target)
    finally:
        repository.close()


def refusal(path: Path, *asked: str | None, environ: Mapping[str, str] = {}, target: str | None = None) -> Any:
    with pytest.raises(DeployToolError) as caught:
        ask(path, *asked, environ=environ, target=target)
    return caught.value


def obey(path: Path, hint: str) -> None:
    """Type what the hint says."""
    command = hint[hint.index("git fetch") :].partition("  #")[0]
    assert shlex.split(command)[:2] == ["git", "fetch"]
    run_git(path, *shlex.split(command)[1:])


def commits(sides: Sides) -> tuple[str, str]:
    return sides.base.commit, sides.head.commit


# What a person names


def test_a_branch_is_compared_with_where_it_left(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")
    sides = ask(clone, "origin/main")
    assert commits(sides) == (story.main[2], story.feature[1])
    assert (sides.base.ref, sides.head.ref) == ("origin/main", "HEAD")
    assert [one.message for one in sides.remarks] == [
        "origin/main has moved on by 2 commits since HEAD left it; what came there is not looked at."
    ]


def test_a_branch_that_is_only_at_the_remote_is_found_there(story: Story, tmp_path: Path) -> None:
    sides = ask(story.clone(tmp_path / "clone"), "main")
    assert (sides.base.ref, sides.base.commit) == ("origin/main", story.main[2])


def test_an_ancestor_is_compared_with_itself(story: Story) -> None:
    for base in (story.main[0], story.main[3], story.main[3][:8]):
        sides = ask(story.path, base, "main")
        assert commits(sides) == (ask(story.path, base, base).head.commit, story.main[4])
        assert sides.remarks == ()


def test_either_parent_of_a_merge_is_compared_with_itself(story: Story) -> None:
    for parent in (story.main[4], story.feature[1]):
        assert commits(ask(story.path, parent, story.merge)) == (parent, story.merge)


def test_a_head_that_the_base_has_brings_nothing(story: Story) -> None:
    sides = ask(story.path, "main", story.main[2])
    assert commits(sides) == (story.main[2], story.main[2])
    assert "nothing new" in sides.remarks[0].message
    assert "nothing new" in ask(story.path, "main", "main").remarks[0].message


@pytest.mark.parametrize(("name", "number"), [("v1", 1), ("v2", 3), ("refs/tags/v2", 3), ("main~4", 0), ("v2^", 2)])
def test_tags_of_both_kinds_and_ways_to_name_an_ancestor(name: str, number: int, story: Story) -> None:
    assert ask(story.path, name, "main").base.commit == story.main[number]


def test_histories_that_share_nothing_are_compared_as_they_are(tmp_path: Path) -> None:
    with Builder(tmp_path / "two") as builder:
        one = builder.commit({"a": b"1"})
        other = builder.commit({"a": b"2"}, [], branch="other")
    sides = ask(builder.path, "main", "other")
    assert commits(sides) == (one, other)
    assert "share no history" in sides.remarks[0].message


def test_of_branches_that_were_merged_into_each_other_always_the_same_commit_is_taken(tmp_path: Path) -> None:
    with Builder(tmp_path / "cross") as builder:
        root = builder.commit({"a": b"0"})
        old = builder.commit({"a": b"1"}, [root], when=1_750_100_000)
        new = builder.commit({"b": b"1"}, [root], when=1_750_200_000, branch="side")
        builder.commit({"b": b"1"}, [old, new])
        builder.commit({"a": b"1"}, [new, old], branch="side")
    for base, head in (("main", "side"), ("side", "main")):
        sides = ask(builder.path, base, head)
        assert sides.base.commit == new
        assert "2 commits where they parted" in sides.remarks[0].message
        assert "moved on by 1 commit " in sides.remarks[1].message


def test_the_id_of_a_tag_is_the_commit_and_the_id_of_a_tree_is_none(story: Story, tmp_path: Path) -> None:
    tag, tree = (run_git(story.path, "rev-parse", name).decode().strip() for name in ("v2", "main^{tree}"))
    assert commits(ask(story.path, tag, "main")) == (story.main[3], story.main[4])
    assert ask(story.path, "main", tag).head.commit == story.main[3]
    assert isinstance(refusal(story.path, tree, "main"), UsageError)
    clone = story.clone(tmp_path / "clone")
    environ = push(story, tmp_path, "main", tree)
    assert "is not in this clone" in refusal(clone, environ=environ).message


def test_a_head_that_a_shallow_clone_lacks(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone", "--depth=1", branch="main")
    error = refusal(clone, "HEAD", story.main[1])
    assert error.hint == f"git fetch --no-tags --depth=1 origin {story.main[1]}"
    obey(clone, error.hint)
    assert isinstance(refusal(clone, "HEAD", story.main[1]), RepositoryError)  # which is before which, nobody knows
    obey(clone, refusal(clone, "HEAD", story.main[1]).hint)
    assert commits(ask(clone, "HEAD", story.main[1])) == (story.main[1], story.main[1])


# Names that nothing has


@pytest.mark.parametrize(
    "name",
    [
        "--output=leak", "-n", "--", "main\n", "\nmain", "main\nfeature", "a\0b", "^main", "main..feature", "main:a.py",
        ":/Change", "", " ", "@{-1}", "main@{1}", "a" * 5000, "../x", "refs/", "$(touch leak)", "main@{upstream}",
        "main^{tree}", "caf\udce9",
    ],
)  # fmt: skip
@pytest.mark.parametrize("shallow", [False, True])
def test_what_is_no_name_of_a_commit_is_a_slip_of_the_pen(name: str, shallow: bool, clones: tuple[Path, Path]) -> None:
    clone = clones[shallow]
    for asked in ((name, None), ("HEAD", name)):
        error = refusal(clone, *asked)
        assert isinstance(error, UsageError), error
        assert error.exit_code == ExitCode.USAGE
        assert "\n" not in error.message
        assert "\0" not in error.message
        assert error.hint
    assert not list(clone.parent.rglob("*leak*"))


def test_a_typo_names_what_is_near(story: Story) -> None:
    error = refusal(story.path, "featrue")
    assert isinstance(error, UsageError)
    assert error.hint == 'Did you mean "feature"?'


def test_in_a_whole_clone_a_name_that_is_not_there_is_no_reason_to_fetch_all(story: Story, tmp_path: Path) -> None:
    error = refusal(story.clone(tmp_path / "clone"), "nowhere")
    assert (error.exit_code, error.hint) == (ExitCode.USAGE, "git fetch origin nowhere")


def test_an_id_that_several_commits_begin_with(tmp_path: Path) -> None:
    with Builder(tmp_path / "many") as builder:
        made = [builder.commit({"a": b"%d" % number}) for number in range(600)]
    beginnings = [sha[:4] for sha in made]
    short = next(one for one in beginnings if beginnings.count(one) > 1)
    assert isinstance(refusal(builder.path, short), UsageError)
    longer = made[beginnings.index(short)][:12]
    assert ask(builder.path, longer).base.commit.startswith(longer)


# Repositories that are not quite one


def test_no_commit_yet(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", str(tmp_path / "new"))
    error = refusal(tmp_path / "new")
    assert (error.exit_code, "no commit yet" in error.message) == (ExitCode.UNDETERMINED, True)


def test_an_unborn_head_does_not_hide_other_commits(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")
    run_git(clone, "checkout", "-q", "--orphan", "new")
    assert commits(ask(clone, "origin/main", "feature")) == (story.main[2], story.feature[1])
    assert isinstance(refusal(clone, "origin/main"), RepositoryError)


def test_a_detached_head_a_bare_repository_and_a_linked_worktree(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")
    run_git(clone, "checkout", "-q", "--detach", story.feature[0])
    assert commits(ask(clone, "main")) == (story.main[2], story.feature[0])
    run_git(tmp_path, "clone", "-q", "--bare", str(story.path), str(tmp_path / "bare"))
    assert commits(ask(tmp_path / "bare", None, "feature")) == (story.main[2], story.feature[1])
    run_git(clone, "worktree", "add", "-q", str(tmp_path / "linked"), "feature")
    assert commits(ask(tmp_path / "linked")) == (story.main[2], story.feature[1])


# Nobody says anything: what the target has not


@pytest.mark.parametrize("target", [None, "main", "origin/main", "refs/heads/main", "refs/remotes/origin/main"])
def test_without_a_word_it_is_what_the_target_has_not(target: str | None, story: Story, tmp_path: Path) -> None:
    sides = ask(story.clone(tmp_path / "clone"), target=target)
    assert commits(sides) == (story.main[2], story.feature[1])
    assert sides.base.ref == ("main" if target else "origin/HEAD")


def test_commits_that_are_not_pushed_yet_are_new(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone", branch="main")
    run_git(clone, "commit", "-q", "--allow-empty", "-m", "mine")
    assert ask(clone, target="main").base.commit == story.main[4]


def test_a_tag_or_a_commit_may_be_the_target(story: Story) -> None:
    assert ask(story.path, None, "feature", target="v2").base.commit == story.main[2]
    assert ask(story.path, None, "feature", target="refs/tags/v1").base.commit == story.main[1]


def test_where_nothing_says_what_the_target_is(story: Story, tmp_path: Path) -> None:
    """With a remote there is one, and HEAD must not stand in for it; alone in the world HEAD is what there is."""
    clone = story.clone(tmp_path / "clone")
    run_git(clone, "remote", "set-head", "origin", "--delete")
    error = refusal(clone)
    assert (error.exit_code, "--base BRANCH" in error.hint) == (ExitCode.UNDETERMINED, True)
    run_git(clone, "remote", "remove", "origin")
    sides = ask(clone)
    assert commits(sides) == (story.feature[1], story.feature[1])
    assert sides.remarks[0].hint == "To look at the last commit: deploytool check --base HEAD~1"
    assert isinstance(refusal(clone, environ={"GITHUB_ACTIONS": "true"}), RepositoryError)


def test_a_target_that_is_nowhere(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone", "--single-branch")
    error = refusal(clone, target="main")
    assert error.exit_code == ExitCode.UNDETERMINED
    obey(clone, error.hint)
    assert not (clone / ".git/shallow").exists()
    assert ask(clone, target="main").base.commit == story.main[2]


# Clones that lack history


def test_a_shallow_clone_that_has_where_they_parted_needs_no_more(story: Story, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shallow_clone(story.path, clone, 4, "feature")
    run_git(clone, "fetch", "-q", "--depth=4", "origin", "main:refs/remotes/origin/main")
    sides = ask(clone, "main")
    assert commits(sides) == (story.main[2], story.feature[1])
    assert "main has moved on since HEAD" in sides.remarks[0].message


def test_two_tips_without_history_are_not_compared(story: Story, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shallow_clone(story.path, clone, 1, "feature")
    run_git(clone, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
    for asked in (("main", None, None), (None, None, "main"), (story.main[4], None, None)):
        error = refusal(clone, *asked[:2], target=asked[2])
        assert (error.exit_code, "cannot be told" in error.message) == (ExitCode.UNDETERMINED, True)
        assert error.hint.startswith("git fetch --no-tags --unshallow origin")
    obey(clone, refusal(clone, None, None, target="main").hint)
    assert ask(clone, target="main").base.commit == story.main[2]


def test_a_common_commit_that_is_not_the_best_one_is_not_taken(tmp_path: Path) -> None:
    """The branch left twice: what it merged later was cut off, and the older place is still in sight."""
    with Builder(tmp_path / "origin") as builder:
        old = builder.commit({"a": b"0"})
        main = [builder.commit({"a": b"%d" % number}) for number in range(1, 5)]
        topic = builder.commit({"b": b"0"}, [old], branch="feature")
        builder.commit({"b": b"1"}, [topic, main[2]], branch="feature")
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "-q", "--branch=feature", f"file://{builder.path}", str(clone))
    assert ask(clone, "main").base.commit == main[2]
    run_git(clone, "tag", "kept", main[0])
    (clone / ".git/shallow").write_text(f"{main[2]}\n{main[3]}\n")  # main[3] has main[2], but not in this clone
    run_git(clone, "update-ref", "refs/remotes/origin/main", main[3])
    assert isinstance(refusal(clone, "main"), RepositoryError)
    (clone / ".git/shallow").write_text(f"{main[2]}\n")
    assert ask(clone, "main").base.commit == main[2]


@pytest.mark.parametrize("way", ["HEAD^", "HEAD~", "HEAD~1", "HEAD^1", "full id"])
def test_the_commit_before_is_all_that_has_to_be_fetched(way: str, story: Story, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shallow_clone(story.path, clone, 1, "feature")
    name = story.feature[0] if way == "full id" else way
    error = refusal(clone, name)
    assert (error.exit_code, error.hint) == (
        ExitCode.UNDETERMINED,
        f"git fetch --no-tags --depth=1 origin {story.feature[0]}",
    )
    obey(clone, error.hint)
    assert commits(ask(clone, name)) == (story.feature[0], story.feature[1])


def test_further_back_than_the_clone_goes(story: Story, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shallow_clone(story.path, clone, 2, "feature")
    for name in ("HEAD~3", story.main[1]):
        error = refusal(clone, name)
        assert error.exit_code == ExitCode.UNDETERMINED, error
        assert "--unshallow" in error.hint
    obey(clone, error.hint)
    assert ask(clone, "HEAD~3").base.commit == story.main[1]


def test_a_commit_that_a_whole_clone_lacks_does_not_make_it_shallow(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone", "--single-branch")
    error = refusal(clone, story.main[4])
    assert error.exit_code == ExitCode.UNDETERMINED
    obey(clone, error.hint)
    assert not (clone / ".git/shallow").exists()
    assert ask(clone, story.main[4]).base.commit == story.main[2]


def test_a_branch_that_a_narrow_clone_lacks_may_be_at_the_remote(story: Story, tmp_path: Path) -> None:
    for number, options in enumerate((["--depth=1"], ["--single-branch"])):
        clone = story.clone(tmp_path / f"clone{number}", *options)
        error = refusal(clone, "main")
        assert (error.exit_code, 'no "main"' in error.message) == (ExitCode.UNDETERMINED, True)
        obey(clone, error.hint)
        assert ask(clone, "main").base.commit == story.main[2]
        assert ask(clone, "origin/main").base.commit == story.main[2]
    assert 'Did you mean "feature"?' in refusal(clone, "featura").hint


@pytest.mark.parametrize("name", ["origin/main", "refs/remotes/origin/main", "refs/heads/main"])
def test_a_branch_of_the_remote_by_its_longer_names(name: str, story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone", "--depth=1")
    error = refusal(clone, name)
    assert error.hint.endswith("+refs/heads/main:refs/remotes/origin/main")
    assert error.exit_code == ExitCode.UNDETERMINED


def test_a_clone_without_trees_says_so(story: Story, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    run_git(tmp_path, "clone", "-q", "-n", "--filter=tree:0", f"file://{story.path}", str(clone))
    error = refusal(clone, "origin/main", "origin/feature")
    assert (error.exit_code, "files of" in error.message) == (ExitCode.UNDETERMINED, True)
    run_git(clone, *shlex.split(error.hint.partition("git ")[2]))
    assert ask(clone, "origin/main", "origin/feature").base.commit == story.main[2]


# GitHub Actions


def github(folder: Path, event: str, payload: object, **more: str) -> dict[str, str]:
    (folder / "event.json").write_text(json.dumps(payload))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        **more,
    }


def pull_request(story: Story, folder: Path, event: str = "pull_request", **more: str) -> dict[str, str]:
    ends = {"base": {"ref": "main", "sha": story.main[3]}, "head": {"ref": "feature", "sha": story.feature[1]}}
    merge = {"GITHUB_SHA": story.merge, "GITHUB_REF": "refs/pull/1/merge", "GITHUB_BASE_REF": "main"}
    return github(folder, event, {"pull_request": ends}, **{**merge, **more})


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review"])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_github_compares_its_merge_with_the_first_parent(event: str, depth: int, story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.merge, depth)
    environ = pull_request(story, tmp_path, event, **({"GITHUB_BASE_REF": ""} if event != "pull_request" else {}))
    if depth == 1:
        error = refusal(clone, environ=environ)
        assert (error.exit_code, error.hint) == (
            ExitCode.UNDETERMINED,
            f"git fetch --no-tags --depth=1 origin {story.main[4]}  # or fetch-depth: 2 for actions/checkout",
        )
        obey(clone, error.hint)
    sides = ask(clone, environ=environ)
    assert commits(sides) == (story.main[4], story.merge)
    assert (sides.base.ref, sides.head.ref, sides.remarks) == ("main", "HEAD", ())


@pytest.mark.parametrize("depth", [0, 1])
def test_github_when_the_branch_itself_is_checked_out(depth: int, story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.feature[1], depth)
    environ = pull_request(story, tmp_path)
    if depth == 1:
        error = refusal(clone, environ=environ)
        assert error.exit_code == ExitCode.UNDETERMINED
        assert error.hint.endswith("  # or fetch-depth: 0 for actions/checkout")
        obey(clone, error.hint)
    assert commits(ask(clone, environ=environ)) == (story.main[2], story.feature[1])


def test_github_the_event_tells_the_base_where_its_branch_was_not_fetched(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone", "--single-branch")
    run_git(clone, "fetch", "-q", "origin", story.main[3])
    assert ask(clone, environ=pull_request(story, tmp_path)).base.commit == story.main[2]


@pytest.mark.parametrize("depth", [0, 1])
def test_github_pull_request_target_looks_at_the_request_and_not_at_what_is_checked_out(
    depth: int, story: Story, tmp_path: Path
) -> None:
    clone = story.checked_out(tmp_path / "clone", story.main[4], depth)
    environ = pull_request(
        story, tmp_path, "pull_request_target", GITHUB_SHA=story.main[4], GITHUB_REF="refs/heads/main"
    )
    if depth == 1:
        error = refusal(clone, environ=environ)
        assert error.hint == f"git fetch --no-tags --depth=1 origin {story.feature[1]}"
        obey(clone, error.hint)
        obey(clone, refusal(clone, environ=environ).hint)
    assert commits(ask(clone, environ=environ)) == (story.main[2], story.feature[1])


def test_github_a_request_that_was_merged(story: Story, tmp_path: Path) -> None:
    ended = {"merged": True, "base": {"ref": "main", "sha": story.main[2]}}
    more = {"GITHUB_SHA": story.main[4], "GITHUB_REF": "/refs/heads/main", "GITHUB_BASE_REF": "main"}
    environ = github(tmp_path, "pull_request", {"pull_request": ended}, **more)
    clone = story.checked_out(tmp_path / "clone", story.main[4], 0)
    assert commits(ask(clone, environ=environ)) == (story.main[2], story.main[4])


@pytest.mark.parametrize("depth", [0, 1])
def test_github_merge_group(depth: int, story: Story, tmp_path: Path) -> None:
    group = {"merge_group": {"base_sha": story.main[4], "base_ref": "refs/heads/main", "head_sha": story.merge}}
    environ = github(tmp_path, "merge_group", group)
    clone = story.checked_out(tmp_path / "clone", story.merge, depth)
    if depth:
        obey(clone, refusal(clone, environ=environ).hint)
    assert commits(ask(clone, environ=environ)) == (story.main[4], story.merge)


def push(story: Story, folder: Path, ref: str, before: object) -> dict[str, str]:
    event = {"before": before, "repository": {"default_branch": "main"}}
    return github(folder, "push", event, GITHUB_REF=f"refs/heads/{ref}")


@pytest.mark.parametrize("depth", [0, 1])
def test_github_a_push_to_the_target_brings_what_was_pushed(depth: int, story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.main[4], depth)
    environ = push(story, tmp_path, "main", story.main[1])
    if depth:
        obey(clone, refusal(clone, environ=environ).hint)
    sides = ask(clone, environ=environ)
    assert commits(sides) == (story.main[1], story.main[4])
    assert sides.base.ref == "main before the push"


@pytest.mark.parametrize("before", ["feature", ZEROS, "--output=x", "main", None, 7, {"a": 1}])
def test_github_a_push_to_a_branch_is_looked_at_whole(before: object, story: Story, tmp_path: Path) -> None:
    """Else what the first push broke would be called existing at the second."""
    before = story.feature[0] if before == "feature" else before
    clone = story.checked_out(tmp_path / "clone", story.feature[1], 0)
    sides = ask(clone, environ=push(story, tmp_path, "feature", before))
    assert commits(sides) == (story.main[2], story.feature[1])


def test_github_a_forced_push_to_the_target(story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.feature[1], 1)
    environ = push(story, tmp_path, "main", story.main[4])
    obey(clone, refusal(clone, environ=environ).hint)
    assert commits(ask(clone, environ=environ)) == (story.main[4], story.feature[1])


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch", "release", ""])
def test_github_other_events_compare_with_the_default_branch(event: str, story: Story, tmp_path: Path) -> None:
    environ = github(tmp_path, event, {"repository": {"default_branch": "main"}})
    clone = story.checked_out(tmp_path / "clone", story.feature[1], 0)
    assert commits(ask(clone, environ=environ)) == (story.main[2], story.feature[1])
    assert commits(ask(clone, environ=environ, target="feature")) == (story.feature[1], story.feature[1])


@pytest.mark.parametrize(
    "written", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 200_000, b'{"pull_request": []}', b'{"a": NaN}', None]
)
def test_github_an_event_that_says_nothing(written: bytes | None, story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.merge, 2)
    environ = pull_request(story, tmp_path)
    (tmp_path / "event.json").unlink()
    if written is not None:
        (tmp_path / "event.json").write_bytes(written)
    assert commits(ask(clone, environ=environ)) == (story.main[4], story.merge)


def test_an_option_is_stronger_than_the_system(story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.merge, 0)
    environ = pull_request(story, tmp_path)
    assert commits(ask(clone, story.main[0], environ=environ)) == (story.main[0], story.merge)
    assert commits(ask(clone, None, "HEAD", environ=environ)) == (story.main[4], story.merge)
    assert commits(ask(clone, None, "origin/feature", environ=environ, target="main")) == (
        story.main[2],
        story.feature[1],
    )


# GitLab, Cloud Build, pre-commit


def gitlab(**said: str) -> dict[str, str]:
    return {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", **said}


@pytest.mark.parametrize("depth", [0, 1, 20])
def test_gitlab_says_where_the_branch_left(depth: int, story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.feature[1], depth)
    environ = gitlab(CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", CI_MERGE_REQUEST_DIFF_BASE_SHA=story.main[2])
    environ |= {"CI_COMMIT_BEFORE_SHA": ZEROS, "CI_MERGE_REQUEST_EVENT_TYPE": "detached"}
    if depth == 1:
        error = refusal(clone, environ=environ)
        assert error.hint == f"git fetch --no-tags --depth=1 origin {story.main[2]}"
        obey(clone, error.hint)
    sides = ask(clone, environ=environ)
    assert (*commits(sides), sides.base.ref) == (story.main[2], story.feature[1], "main")


@pytest.mark.parametrize("depth", [0, 1])
def test_gitlab_when_the_target_is_merged_in_already(depth: int, story: Story, tmp_path: Path) -> None:
    """Else all that came to the target in the meantime would count as the branch's."""
    clone = story.checked_out(tmp_path / "clone", story.merge, depth)
    environ = gitlab(
        CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main",
        CI_MERGE_REQUEST_TARGET_BRANCH_SHA=story.main[4],
        CI_MERGE_REQUEST_DIFF_BASE_SHA=story.main[2],
    )
    if depth == 1:
        obey(clone, refusal(clone, environ=environ).hint)
    assert commits(ask(clone, environ=environ)) == (story.main[4], story.merge)


def test_gitlab_pipelines_of_branches(story: Story, tmp_path: Path) -> None:
    target = story.checked_out(tmp_path / "main", story.main[4], 0)
    pushed = gitlab(CI_COMMIT_BRANCH="main", CI_COMMIT_BEFORE_SHA=story.main[1])
    assert commits(ask(target, environ=pushed)) == (story.main[1], story.main[4])
    branch = story.checked_out(tmp_path / "feature", story.feature[1], 0)
    for before in (ZEROS, story.feature[0]):
        pushed = gitlab(CI_COMMIT_BRANCH="feature", CI_COMMIT_BEFORE_SHA=before)
        assert commits(ask(branch, environ=pushed)) == (story.main[2], story.feature[1])
    shallow = story.checked_out(tmp_path / "shallow", story.feature[1], 1)
    error = refusal(shallow, environ=pushed)
    assert error.hint.endswith("  # or GIT_DEPTH: 0 among the job's variables")
    obey(shallow, error.hint)
    assert commits(ask(shallow, environ=pushed)) == (story.main[2], story.feature[1])


def test_gitlab_for_a_request_at_github(story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.feature[1], 0)
    environ = gitlab(CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME="main")
    assert commits(ask(clone, environ=environ)) == (story.main[2], story.feature[1])


def test_cloud_build(story: Story, tmp_path: Path) -> None:
    clone = story.checked_out(tmp_path / "clone", story.feature[1], 1)
    error = refusal(clone, environ={"_BASE_BRANCH": "main", "_PR_NUMBER": "1"})
    assert error.hint.endswith("  # as a step before this one")
    obey(clone, error.hint)
    assert ask(clone, environ={"_BASE_BRANCH": "main"}).base.commit == story.main[2]
    build = {"PROJECT_ID": "p", "BUILD_ID": "b", "COMMIT_SHA": story.feature[1], "BRANCH_NAME": "feature"}
    assert ask(clone, environ=build, target="main").base.commit == story.main[2]
    assert "merged into" in refusal(clone, environ=build).message
    sides = ask(
        story.checked_out(tmp_path / "main", story.main[4], 2), environ=build | {"BRANCH_NAME": "main"}, target="main"
    )
    assert commits(sides) == (story.main[3], story.main[4])
    assert "does not say what main was" in sides.remarks[0].message


def test_pre_commit(story: Story, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")

    def between(begin: str, end: str) -> tuple[str, str]:
        return commits(ask(clone, environ={"PRE_COMMIT_FROM_REF": begin, "PRE_COMMIT_TO_REF": end}))

    assert between(story.feature[0], story.feature[1]) == (story.feature[0], story.feature[1])
    assert between("origin/main", "HEAD") == (story.main[2], story.feature[1])
    assert between(ZEROS, story.feature[0]) == (story.main[2], story.feature[0])
    error = refusal(clone, environ={"PRE_COMMIT_FROM_REF": "--output=x", "PRE_COMMIT_TO_REF": "HEAD"})
    assert isinstance(error, UsageError)


def test_the_first_commit_of_all_is_compared_with_nothing(tmp_path: Path) -> None:
    with Builder(tmp_path / "new") as builder:
        first = builder.commit({"a": b"1"})
    build = {"PROJECT_ID": "p", "BUILD_ID": "b", "COMMIT_SHA": first, "BRANCH_NAME": "main"}
    sides = ask(builder.path, environ=build, target="main")
    assert (sides.base.ref, sides.head.commit) == ("nothing", first)
    repository = Repository(builder.path)
    assert dict(repository.trees([sides.base.commit])[sides.base.commit].walk()) == {}
    repository.close()


# What it runs, and what it costs


@pytest.mark.parametrize("vector", VECTORS)
def test_no_program_of_the_repository_runs(vector: str, tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    VECTORS[vector](trap)
    for asked in ((trap.before, None), ("main", None), (None, None), ("nowhere", None), ("0" * 39 + "1", None)):
        with suppress(DeployToolError):
            ask(trap.path, *asked)
            ask(trap.path, *asked, environ={"_BASE_BRANCH": "gone"})
    assert trap.ran() == ""
    if vector != "promisor":
        assert commits(ask(trap.path, trap.before)) == (trap.before, trap.after)


def test_few_processes(story: Story, tmp_path: Path) -> None:
    """git-rev-parse and one that reads objects; where history decides, the merge base and perhaps a count."""
    for base, processes in ((story.feature[0], 2), (story.main[2], 3), ("main", 4)):
        repository = Repository(story.path)
        sides_of(repository, base=base, head="feature", environ={}, target=None)
        assert repository.git.started == processes
        repository.close()
