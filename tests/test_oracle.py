"""The oracle against answers written by hand: it judges the tool, so it is judged first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.histories import history
from tests.oracle import Expected, commits, expected, ignored, learn, listing, touched
from tests.repositories import (
    Builder,
    Executable,
    Link,
    Submodule,
    blobless_clone,
    run_git,
    shallow_clone,
    treeless_clone,
)

START = {"a/main.py": b"1", "b/main.py": b"1", "shared/x.py": b"1"}
ODD_FOLDERS = (
    ":x",
    "-n",
    "--all",
    "new\nline",
    'quo"te',
    "caf\udce9",
    "*",
    "tab\t",
    "日本",
    "[a]",
    ":(top)a",
    "back\\slash",
)


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Builder]:
    with Builder(tmp_path / "repo") as builder:
        yield builder


def ask(repo: Builder, deployed: str, target: str, *paths: str, ignore: tuple[str, ...] = ()) -> Expected:
    repo.close()
    return expected(repo.path, deployed, target, paths, ignore)


def names(*shas: str) -> frozenset[str]:
    return frozenset(shas)


def test_equal_commits_are_current(repo: Builder) -> None:
    first = repo.commit(START)
    answer = ask(repo, first, first, "a")
    assert answer == Expected("current", names(), names(), names(), names(), names(), names("a"))


def test_behind_ahead_and_diverged_are_told_apart(repo: Builder) -> None:
    first = repo.commit(START)
    other = repo.commit({"b/main.py": b"2"})
    second = repo.commit({"a/main.py": b"2"})
    side = repo.commit({"a/main.py": b"3"}, [first], branch="side")
    behind = ask(repo, first, second, "a")
    assert (behind.code, behind.changed) == ("behind", {"a/main.py"})
    assert (behind.behind, behind.ahead, behind.unexplained) == ({second}, names(), names())
    ahead = ask(repo, second, first, "a")
    assert (ahead.code, ahead.behind, ahead.ahead) == ("ahead", names(), {second})
    diverged = ask(repo, side, second, "a", "b")
    assert (diverged.code, diverged.behind, diverged.ahead) == ("diverged", {second, other}, {side})


def test_a_folder_that_begins_with_the_same_letters_is_another_folder(repo: Builder) -> None:
    first = repo.commit({"api/x": b"1", "api-old/x": b"1", "api.py": b"1", "api0": b"1"})
    second = repo.commit({"api-old/x": b"2", "api.py": b"2", "api0": b"2"})
    assert ask(repo, first, second, "api") == Expected(
        "current", names(), names(), names(), names(), names(), names("api")
    )


def test_no_common_history_is_diverged_or_current_by_content(repo: Builder) -> None:
    first = repo.commit(START)
    same = repo.commit(START, [], branch="same", subject="Imported again")
    other = repo.commit({**START, "a/main.py": b"2"}, [], branch="other")
    assert ask(repo, first, same, "a").code == "current"
    answer = ask(repo, first, other, "a")
    assert (answer.code, answer.behind, answer.ahead) == ("diverged", {other}, {first})


def test_an_update_lost_in_an_ours_merge_is_changed_and_explained_by_nothing(repo: Builder) -> None:
    old = repo.commit(START)
    fixed = repo.commit({"a/main.py": b"fixed"})
    topic = repo.commit({"b/main.py": b"2"}, [old], branch="topic")
    lost = repo.commit({"a/main.py": b"1", "b/main.py": b"2"}, [fixed, topic], "Merge topic, losing the fix")
    answer = ask(repo, fixed, lost, "a")
    assert run_git(repo.path, "log", "--oneline", f"{fixed}..{lost}", "--", "a") == b"", "what the usual script sees"
    assert (answer.code, answer.changed, answer.behind) == ("behind", {"a/main.py"}, names())
    assert answer.unexplained == {"a/main.py"}


def test_an_ours_merge_recorded_the_other_way_loses_the_topic(repo: Builder) -> None:
    repo.commit(START)
    topic = repo.commit({"a/main.py": b"2"}, [repo.tips["main"]], branch="topic")
    merged = repo.merge_ours(topic)
    answer = ask(repo, topic, merged, "a")
    assert (answer.code, answer.behind, answer.unexplained) == ("behind", names(), {"a/main.py"})


def test_a_revert_pair_is_current_with_two_net_zero_commits(repo: Builder) -> None:
    first = repo.commit(START)
    change = repo.commit({"a/main.py": b"2"})
    back = repo.commit({"a/main.py": b"1"})
    answer = ask(repo, first, back, "a")
    assert (answer.code, answer.changed, answer.behind) == ("current", names(), {change, back})


def test_a_cherry_pick_is_current_with_a_commit_on_each_side(repo: Builder) -> None:
    first = repo.commit(START)
    fix = repo.commit({"a/main.py": b"2"})
    release = repo.commit({"a/main.py": b"2"}, [first], "Picked", branch="release")
    answer = ask(repo, release, fix, "a")
    assert (answer.code, answer.behind, answer.ahead) == ("current", {fix}, {release})


def test_an_octopus_touches_only_what_no_parent_has(repo: Builder) -> None:
    first = repo.commit(START)
    tips = [repo.commit({f"{name}/main.py": b"2"}, [first], branch=name) for name in "ab"]
    third = repo.commit({"shared/x.py": b"2"}, [first])
    clean = {"a/main.py": b"2", "b/main.py": b"2"}
    octopus = repo.commit(clean, [third, *tips], "Merge a and b")
    assert ask(repo, first, octopus, "a").behind == {tips[0]}
    evil = repo.commit(
        {**clean, "a/main.py": b"3", "a/new.py": b"1"}, [third, *tips], "Merge and change", branch="evil"
    )
    assert ask(repo, first, evil, "a").behind == {tips[0], evil}
    assert ask(repo, first, evil, "b").behind == {tips[1]}
    assert ask(repo, first, evil, "a").unexplained == names()


def test_a_rename_out_of_a_service_is_a_deletion_there(repo: Builder) -> None:
    first = repo.commit({"a/main.py": b"1", "a/long.py": b"the same\n" * 50, "b/main.py": b"1"})
    moved = repo.commit({"a/long.py": None, "b/long.py": b"the same\n" * 50})
    gone, came = ask(repo, first, moved, "a"), ask(repo, first, moved, "b")
    assert (gone.changed, gone.behind) == ({"a/long.py"}, {moved})
    assert (came.changed, came.behind) == ({"b/long.py"}, {moved})


def test_a_file_gives_way_to_a_folder_and_back(repo: Builder) -> None:
    first = repo.commit({"a/x": b"1", "b/main.py": b"1"})
    folder = repo.commit({"a/x": None, "a/x/y": b"1"})
    back = repo.commit({"a/x/y": None, "a/x": b"1"})
    assert ask(repo, first, folder, "a").changed == {"a/x", "a/x/y"}
    assert ask(repo, first, folder, "a/x/y").changed == {"a/x/y"}
    assert ask(repo, first, back, "a").behind == {folder, back}


def test_a_mode_change_is_a_change(repo: Builder) -> None:
    first = repo.commit(START)
    second = repo.commit({"a/main.py": Executable(b"1")})
    answer = ask(repo, first, second, "a")
    assert (answer.changed, answer.behind) == ({"a/main.py"}, {second})


def test_a_submodule_is_content_and_so_is_a_path_into_it(repo: Builder) -> None:
    first = repo.commit({**START, "a/vendor": Submodule("1" * 40), "b/link": Link("../a/vendor/lib")})
    second = repo.commit({"a/vendor": Submodule("2" * 40)})
    for paths in (["a"], ["a/vendor"], ["a/vendor/lib"], ["b"]):
        answer = ask(repo, first, second, *paths)
        assert (answer.changed, answer.behind) == ({"a/vendor"}, {second}), paths


def test_what_a_link_leads_to_belongs_to_the_service(repo: Builder) -> None:
    first = repo.commit({**START, "a/x.py": Link("../shared/x.py"), "b/all": Link("../shared")})
    second = repo.commit({"shared/x.py": b"2"})
    for service in "ab":
        answer = ask(repo, first, second, service)
        assert (answer.code, answer.changed, answer.behind) == ("behind", {"shared/x.py"}, {second})


def test_links_are_followed_through_links(repo: Builder) -> None:
    links = {
        "a/one": Link("../b/two"),
        "b/two": Link("./three"),
        "b/three": Link("..//shared/"),
        "b/up": Link("three/.."),
    }
    first = repo.commit({**START, **links, "c": Link("b/two/x.py"), "d/up": Link("../b/up/a")})
    second = repo.commit({"shared/x.py": b"2"})
    answer = ask(repo, first, second, "a")
    assert answer.roots == {"a", "a/one", "b/two", "b/three", "shared"}
    assert ask(repo, first, second, "c").roots == {"c", "b/two", "b/three", "shared/x.py"}
    # `..` after a link is the parent of where the link leads: b/up is the root, so b/up/a is a.
    assert ask(repo, first, second, "d").roots >= {"d", "d/up", "b/up", "b/three", "a"}
    assert ask(repo, first, second, "d").changed == {"shared/x.py"}


def test_a_declared_path_may_lead_through_a_link(repo: Builder) -> None:
    first = repo.commit({**START, "svc": Link("shared"), "shared/lib/y.py": b"1"})
    second = repo.commit({"shared/lib/y.py": b"2", "shared/x.py": b"2"})
    answer = ask(repo, first, second, "svc/lib")
    assert (answer.roots, answer.changed) == ({"svc/lib", "svc", "shared/lib"}, {"shared/lib/y.py"})


def test_a_link_that_is_passed_and_also_taken_brings_all(repo: Builder) -> None:
    first = repo.commit({**START, "b/two": Link("../shared"), "shared/y.py": b"1"})
    second = repo.commit({"shared/y.py": b"2"})
    assert ask(repo, first, second, "b/two/x.py").changed == names()
    assert ask(repo, first, second, "b/two/x.py", "b").changed == {"shared/y.py"}


def test_a_link_that_leads_elsewhere_changes_what_is_taken(repo: Builder) -> None:
    first = repo.commit({**START, "shared/y.py": b"1", "a/link": Link("../shared/x.py")})
    second = repo.commit({"a/link": Link("../shared/y.py")})
    answer = ask(repo, first, second, "a")
    assert (answer.changed, answer.behind) == ({"a/link", "shared/x.py", "shared/y.py"}, {second})
    assert answer.reselected == answer.unexplained == {"shared/x.py", "shared/y.py"}


@pytest.mark.parametrize(
    "text", ["loop", "../a/loop", "loop/x", "/shared", "../../shared", "..//../../../etc", "../gone/.."]
)
def test_loops_and_links_out_of_the_repository_add_nothing(repo: Builder, text: str) -> None:
    first = repo.commit({**START, "a/loop": Link(text)})
    second = repo.commit({"shared/x.py": b"2", "b/main.py": b"2"})
    answer = ask(repo, first, second, "a")
    assert (answer.code, answer.roots) == ("current", {"a", "a/loop"})


def test_a_link_up_takes_everything(repo: Builder) -> None:
    first = repo.commit({**START, "a/up": Link("..")})
    second = repo.commit({"b/main.py": b"2"})
    assert ask(repo, first, second, "a").changed == {"b/main.py"}


def test_what_a_link_wanted_may_come_and_go(repo: Builder) -> None:
    first = repo.commit({**START, "a/link": Link("../later/z.py")})
    came = repo.commit({"later/z.py": b"1"})
    gone = repo.commit({"later/z.py": None})
    assert (ask(repo, first, came, "a").changed, ask(repo, first, came, "a").behind) == ({"later/z.py"}, {came})
    assert ask(repo, first, gone, "a").behind == {came, gone}
    assert expected(repo.path, first, gone, ["a"], absent=False).behind == names()


def test_ignored_files_are_neither_content_nor_history(repo: Builder) -> None:
    first = repo.commit({**START, "a/README.md": b"1", "a/docs/x": b"1", "a/notes.md/x": b"1", "a/l.md": Link("../b")})
    second = repo.commit({"a/README.md": b"2", "a/docs/x": b"2", "a/notes.md/x": b"2", "b/main.py": b"2"})
    assert ask(repo, first, second, "a", ignore=("**/*.md", "a/docs")).code == "current"
    assert ask(repo, first, second, "a", ignore=("**/*.md", "a/docs")).behind == names()
    assert ask(repo, first, second, "a", ignore=("a/docs",)).changed == {"a/README.md", "a/notes.md/x", "b/main.py"}


def test_simple_patterns_match_as_docker_matches_them() -> None:
    assert ignored("README.md", ["**/*.md"])
    assert ignored("a/tests/x.py", ["**/tests/**"])
    assert not ignored("a/tests", ["**/tests/**"])
    assert ignored("a/tests", ["**/tests"])
    assert ignored("a/docs/x", ["a/docs"])
    assert not ignored("b/a/docs/x", ["a/docs"])


@pytest.mark.parametrize("folder", ODD_FOLDERS)
def test_names_are_bytes_and_nothing_else(repo: Builder, folder: str) -> None:
    path = f'{folder}/o"d\nd:\udcff'
    first = repo.commit({**START, path: b"1"})
    second = repo.commit({path: b"2"})
    other = repo.commit({"a/main.py": b"2"})
    answer = ask(repo, first, other, folder)
    assert (answer.changed, answer.behind) == ({path}, {second})


def test_clocks_that_were_wrong_change_nothing(repo: Builder) -> None:
    """With such dates `rev-list T ^D` may list commits that D has: only whole histories can be trusted."""
    shas = [repo.commit({"a/main.py": b"%d" % n}, when=when) for n, when in enumerate((4_102_444_800, 0, 5, 0, 9))]
    answer = ask(repo, shas[1], shas[4], "a")
    assert (answer.code, answer.behind) == ("behind", names(*shas[2:]))
    assert (ask(repo, shas[4], shas[0], "a").code, ask(repo, shas[4], shas[0], "a").ahead) == (
        "ahead",
        names(*shas[1:]),
    )


def test_a_tag_and_a_branch_can_be_set_and_building_can_go_on(repo: Builder) -> None:
    first = repo.commit(START)
    repo.tag("light", first)
    repo.tag("heavy", first, "Release")
    assert repo.git("rev-parse", "light", "heavy^{}").split() == [first, first]
    second = repo.commit({"a/main.py": b"2"})
    repo.branch("old", first)
    assert repo.git("rev-list", "--count", "main") == "2"
    assert repo.git("rev-parse", "main", "old").split() == [second, first]
    repo.checkout()
    assert (repo.path / "a/main.py").read_bytes() == b"2"


def test_clones_lack_what_they_say(repo: Builder, tmp_path: Path) -> None:
    repo.commit(START)
    repo.commit({"a/main.py": b"2"})
    repo.close()
    shallow = shallow_clone(repo.path, tmp_path / "shallow")
    assert run_git(shallow, "rev-list", "--count", "HEAD") == b"1\n"
    for clone, lacking in ((blobless_clone, {"blob"}), (treeless_clone, {"blob", "tree"})):
        path = clone(repo.path, tmp_path / clone.__name__)
        absent = run_git(path, "rev-list", "--objects", "--missing=print", "--all").decode().split()
        gone = [word[1:] for word in absent if word.startswith("?")]
        kinds = run_git(repo.path, "cat-file", "--batch-check=%(objecttype)", stdin="\n".join(gone).encode()).decode()
        assert set(kinds.split()) == lacking - ({"blob"} if "tree" in lacking else set())


@pytest.mark.parametrize("seed", range(12))
def test_random_histories_are_sound_and_git_agrees_where_it_can_be_asked(seed: int, tmp_path: Path) -> None:
    made = history(seed, tmp_path / "repo")
    run_git(made.path, "fsck", "--strict")
    learn(made.path, made.commits)
    for sha in made.commits:
        alone = ("diff-tree", "-c", "--root", "-r", "-z", "--name-only", "--no-commit-id", "--no-renames", sha)
        paths = run_git(made.path, *alone).decode("utf-8", "surrogateescape").split("\0")[:-1]
        assert touched(made.path, sha) == set(paths)
    for deployed, target in made.pairs(3):
        between = run_git(made.path, "rev-list", target, f"^{deployed}").decode().split()
        assert commits(made.path, target, deployed) <= set(between), "dates can only make rev-list say too much"


def test_a_seed_says_everything(tmp_path: Path) -> None:
    first, again = history(7, tmp_path / "first", 20), history(7, tmp_path / "again", 20)
    assert (first.commits, first.services, first.pairs(3)) == (again.commits, again.services, again.pairs(3))


def test_random_histories_hold_what_they_promise(tmp_path: Path) -> None:
    """A generator that lost its odd cases would make every comparison pass."""
    seen: Counter[str] = Counter()
    for seed in range(25):
        made = history(seed, tmp_path / str(seed))
        parents = run_git(
            made.path, "rev-list", "--no-walk", "--parents", "--stdin", stdin="\n".join(made.commits).encode()
        )
        counts = [len(line.split()) - 1 for line in parents.splitlines()]
        seen.update(merges=counts.count(2), octopuses=sum(count > 2 for count in counts), roots=counts.count(0) - 1)
        for deployed, target in made.pairs(2):
            seen.update(item.mode for item in listing(made.path, target).values())
            seen.update(odd=any(sign in path for sign in '\n":\udce9' for path in listing(made.path, target)))
            for paths, ignore in zip(made.services, made.ignores, strict=True):
                answer = expected(made.path, deployed, target, paths, ignore)
                lost, led = answer.unexplained - answer.reselected, answer.roots - set(paths)
                zero = answer.code == "current" and answer.behind
                seen.update(
                    [answer.code], lost=bool(lost), led=bool(led), zero=bool(zero), moved=bool(answer.reselected)
                )
    scarce = {name: count for name, count in seen.items() if count < 3}
    assert not scarce
    assert {"current", "behind", "ahead", "diverged", "100644", "100755", "120000", "160000"} <= set(seen)
