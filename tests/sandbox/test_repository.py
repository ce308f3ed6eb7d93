"""The repository is the same on every machine, made once, whole or not at all, and never made over somebody's work."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploytool.errors import CouldNotLook, UsageError
from deploytool.sandbox import prepare
from deploytool.sandbox.stories import PLATFORM

IDS = {  # chapters whose commits are named elsewhere, and the first one
    "feat(shared): one HTTP front for every service": "1ee255fa8622fb67cc9ccc82bd498c63552fe27d",
    "feat(scrapers): say which sources there are": "00b082c4046f1195d00700f99fa5b9f3f74df4a0",
    "Merge branch 'batch-lock'": "a8640dac02921178de5905bf71dfe49aca840127",
    "fix(worker): a player without games gets no prediction": "7c406c209c0ec89b1636c3f19783316a25eaff68",
    "docs: handoff for the evening of 3 February": "9a3e249533cc9779ec81f480ab15a07829cbbee3",
    "fix(analytics): an empty day does not wipe the rows of a full one": "1e00ee415ba0fbc1e5e3072c488c3b47747c71ff",
    "docs: all services deployed, locks active in phase 3 and phase 4": "718d1280848548ff583e7c7067409886cbe1d6d9",
}
HOSTILE = """
[init]
    defaultBranch = trunk
    defaultObjectFormat = sha256
    templateDir = {home}/template
[core]
    autocrlf = true
    eol = crlf
    attributesFile = {home}/attributes
    hooksPath = {home}/hooks
    sparseCheckout = true
[filter "shout"]
    clean = tr a-z A-Z
    smudge = tr a-z A-Z
    required = true
[user]
    name = Somebody Else
    email = else@example.com
[commit]
    gpgSign = true
[i18n]
    commitEncoding = ISO-8859-1
[fastimport]
    unpackLimit = 1000000
[log]
    date = relative
"""


def git_in(repository, git, *args: str) -> str:
    return git(["-C", str(repository), *args]).decode().strip()


def tree_of(repository) -> dict[str, bytes]:
    """Every file that is checked out, with its bytes; links by their target."""
    found = {}
    for path in repository.rglob("*"):
        if ".git" not in path.relative_to(repository).parts and (path.is_symlink() or path.is_file()):
            content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(repository))] = content
    return found


def test_ids_are_constants(sandbox):
    log = dict(line.split(" ", 1)[::-1] for line in sandbox.git("log", "--format=%H %s", "main").splitlines())
    assert IDS.items() <= log.items()
    assert PLATFORM.main == sandbox.git("rev-parse", "HEAD").strip()
    assert set(PLATFORM.commits) <= set(log.values())


def test_main_is_checked_out_and_clean(sandbox):
    assert sandbox.git("symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert sandbox.git("for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]
    assert sandbox.git("status", "--porcelain", "--ignored") == ""
    assert os.access(sandbox.path / "bin" / "health.sh", os.X_OK)
    assert sandbox.git("fsck", "--strict", "--no-dangling") == ""


def test_its_configuration_knows_no_place(sandbox):
    assert "worktree" not in (sandbox.path / ".git" / "config").read_text()


def test_nothing_of_the_users_settings_comes_in(tmp_path, sandbox, git_runner):
    home = tmp_path / "home"
    (home / "template" / "hooks").mkdir(parents=True)
    (home / "hooks").mkdir()
    for hook in (home / "hooks" / "post-index-change", home / "template" / "hooks" / "post-checkout"):
        hook.write_text(f"#!/bin/sh\ntouch {home}/ran\n")
        hook.chmod(0o755)
    (home / "attributes").write_text("* text=auto eol=crlf filter=shout ident\n")
    (home / ".gitconfig").write_text(HOSTILE.format(home=home))
    env = {
        "HOME": str(home),
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Asia/Kathmandu",
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_AUTHOR_DATE": "1999-01-01T00:00:00Z",
        "GIT_COMMITTER_NAME": "Somebody Else",
        "GIT_TEMPLATE_DIR": str(home / "template"),
        "GIT_DIR": str(home / "elsewhere.git"),
        "GIT_WORK_TREE": str(home),
    }
    before = os.umask(0o027)
    try:
        made = prepare(tmp_path, "platform", lambda args, stdin=b"": git_runner(args, stdin, **env)).repository
    finally:
        os.umask(before)
    assert git_in(made, git_runner, "rev-parse", "HEAD") == PLATFORM.main
    assert tree_of(made) == tree_of(sandbox.path)
    assert git_in(made, git_runner, "status", "--porcelain") == ""
    assert not (made / ".git" / "hooks").exists()
    assert not (home / "ran").exists()
    assert not (home / "elsewhere.git").exists()


def test_the_zone_of_the_process_does_not_matter(tmp_path, git_runner, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Apia")
    time.tzset()
    try:
        made = prepare(tmp_path, "platform", git_runner).repository
    finally:
        monkeypatch.undo()
        time.tzset()
    assert git_in(made, git_runner, "rev-parse", "HEAD") == PLATFORM.main


def test_it_takes_well_under_a_second_and_no_git_the_second_time(tmp_path, git_runner):
    asked = []

    def counting(args, stdin=b""):
        asked.append(args)
        return git_runner(args, stdin)

    start = time.perf_counter()
    first = prepare(tmp_path, "platform", counting)
    assert time.perf_counter() - start < 10
    assert len(asked) == 4
    second = prepare(tmp_path, "platform", counting)
    assert len(asked) == 4
    assert (bool(first.notice), second.notice, second.repository) == (True, "", first.repository)


def test_a_relative_folder_while_git_runs_elsewhere(tmp_path, git_runner, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path)
    made = prepare(Path("project"), "platform", lambda args, stdin=b"": git_runner(["-C", "project", *args], stdin))
    assert made.repository == tmp_path / "project" / ".deploytool" / "sandbox" / "platform"
    assert git_in(made.repository, git_runner, "rev-parse", "HEAD") == PLATFORM.main


def test_a_folder_behind_a_link(tmp_path, git_runner):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    made = prepare(tmp_path / "link", "platform", git_runner).repository
    assert "worktree" not in (made / ".git" / "config").read_text()
    assert git_in(made, git_runner, "status", "--porcelain") == ""


def test_inside_another_repository_that_one_is_not_touched(tmp_path, git_runner):
    git_runner(["init", "-q", str(tmp_path)])
    before = tree_of(tmp_path / ".git") | {"HEAD": (tmp_path / ".git" / "HEAD").read_bytes()}
    prepare(tmp_path, "platform", git_runner)
    assert tree_of(tmp_path / ".git") | {"HEAD": (tmp_path / ".git" / "HEAD").read_bytes()} == before
    assert git_runner(["-C", str(tmp_path), "for-each-ref"]) == b""


MAKER = """
import subprocess, sys
from pathlib import Path
from deploytool.sandbox import prepare
folder = Path(sys.argv[1])
def git(args, stdin=b""):
    return subprocess.run(["git", *args], input=stdin, capture_output=True, check=True).stdout
made = prepare(folder, "platform", git)
head = git(["-C", str(made.repository), "rev-parse", "HEAD"]).decode().strip()
status = git(["-C", str(made.repository), "status", "--porcelain"]).decode()
print(head, bool(made.notice), len(status))
"""


def test_many_at_the_same_time_make_one(tmp_path):
    makers = [
        subprocess.Popen([sys.executable, "-c", MAKER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    answers = [maker.communicate(timeout=60)[0].split() for maker in makers]
    assert [(head, status) for head, _, status in answers] == [(PLATFORM.main, "0")] * 6
    assert sorted(made for _, made, _ in answers) == ["False"] * 5 + ["True"]
    assert sorted(os.listdir(tmp_path / ".deploytool" / "sandbox")) == [".platform.lock", "platform"]


@pytest.mark.parametrize("step", ["init", "fast-import", "rev-parse", "reset"])
def test_one_that_died_is_made_again(tmp_path, git_runner, step):
    class Killed(BaseException):
        pass

    def dying(args, stdin=b""):
        if step in args:
            raise Killed
        return git_runner(args, stdin)

    with pytest.raises(Killed):
        prepare(tmp_path, "platform", dying)
    assert not (tmp_path / ".deploytool" / "sandbox" / "platform").exists()
    made = prepare(tmp_path, "platform", git_runner)
    assert git_in(made.repository, git_runner, "rev-parse", "HEAD") == PLATFORM.main
    assert sorted(os.listdir(made.repository.parent)) == [".platform.lock", "platform"]


def test_a_dead_maker_whose_git_still_writes_is_not_in_the_way(tmp_path, git_runner):
    folders = []

    def orphaned(args, stdin=b""):
        """Writes into the folder of an earlier maker while a later one works, as a git without its parent does."""
        folder = Path(args[1].removeprefix("--work-tree="))
        folders.append(folder)
        for stale in folders:
            if stale != folder and stale.name != "platform":
                (stale / "shared").mkdir(parents=True, exist_ok=True)
        if "reset" in args and len(set(folders)) == 1:
            raise KeyboardInterrupt
        return git_runner(args, stdin)

    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path, "platform", orphaned)
    made = prepare(tmp_path, "platform", orphaned).repository
    assert git_in(made, git_runner, "status", "--porcelain") == ""
    assert folders[0] != folders[-1]


def no_git(args, stdin=b""):
    raise FileNotFoundError(2, "No such file or directory: git")


def test_what_is_there_and_not_ours_is_moved_aside_and_that_is_said(tmp_path, git_runner):
    place = tmp_path / ".deploytool" / "sandbox" / "platform"
    place.mkdir(parents=True)
    (place / "mine.txt").write_text("kept")
    with pytest.raises(CouldNotLook):
        prepare(tmp_path, "platform", no_git)
    assert (place / "mine.txt").read_text() == "kept"
    made = prepare(tmp_path, "platform", git_runner)
    aside = place.with_name("platform.set-aside-1")
    assert (aside / "mine.txt").read_text() == "kept"
    assert str(aside) in made.notice
    assert prepare(tmp_path, "platform", git_runner).notice == ""


class TestOlderStory:
    """A sandbox whose marker and main name another commit: here, the one before the last."""

    @pytest.fixture
    def old(self, tmp_path, git_runner):
        repository = prepare(tmp_path, "platform", git_runner).repository
        git_in(repository, git_runner, "reset", "-q", "--hard", "HEAD~1")
        earlier = git_in(repository, git_runner, "rev-parse", "HEAD")
        (repository / ".git" / "deploytool-story").write_text(f"platform {earlier}\n")
        return repository

    def test_it_is_made_anew(self, tmp_path, git_runner, old):
        (old / "shared" / "__pycache__").mkdir()
        (old / "shared" / "__pycache__" / "service.pyc").write_text("")
        assert "Made the sandbox" in prepare(tmp_path, "platform", git_runner).notice
        assert git_in(old, git_runner, "rev-parse", "HEAD") == PLATFORM.main
        assert sorted(os.listdir(old.parent)) == [".platform.lock", "platform"]

    @pytest.mark.parametrize("work", ["commit", "branch", "detached", "change", "file", "ignored", "stash"])
    def test_work_in_it_is_left_alone_and_that_is_said(self, tmp_path, git_runner, old, work):
        who = ["-c", "user.name=Data Platform", "-c", "user.email=data@example.com"]
        if work in ("change", "stash"):
            (old / "README.md").write_text("mine")
        if work in ("commit", "detached"):
            git_in(old, git_runner, "checkout", "-q", *(["--detach"] if work == "detached" else ["main"]))
            git_in(old, git_runner, *who, "commit", "-q", "--allow-empty", "-m", "mine")
        elif work == "branch":
            git_in(old, git_runner, "branch", "mine", "HEAD~2")
        elif work == "file":
            (old / "mine.py").write_text("")
        elif work == "ignored":
            (old / ".git" / "info" / "exclude").write_text("*.env\n")
            (old / "my.env").write_text("")
        elif work == "stash":
            git_in(old, git_runner, *who, "stash", "-q")
        before = tree_of(old)
        prepared = prepare(tmp_path, "platform", git_runner)
        assert "work of yours" in prepared.notice
        assert "mv " in prepared.notice
        assert tree_of(old) == before


class TestRefused:
    def test_a_story_that_does_not_exist(self, tmp_path, git_runner):
        with pytest.raises(UsageError):
            prepare(tmp_path, "plattform", git_runner)
        assert not (tmp_path / ".deploytool").exists()

    def test_a_place_that_cannot_be_written(self, tmp_path, git_runner):
        (tmp_path / ".deploytool").write_text("a file where the folder should be")
        with pytest.raises(CouldNotLook, match="could not be made") as caught:
            prepare(tmp_path, "platform", git_runner)
        assert "ls -la" in caught.value.hint

    def test_a_maker_that_never_ends(self, tmp_path, git_runner):
        home = tmp_path / ".deploytool" / "sandbox"
        home.mkdir(parents=True)
        with (home / ".platform.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(CouldNotLook, match="Another process") as caught:
                prepare(tmp_path, "platform", git_runner, patience=0.1)
        assert "fuser" in caught.value.hint

    def test_chapters_that_were_changed(self, tmp_path, git_runner, monkeypatch):
        monkeypatch.setattr("deploytool.sandbox.repository.stream_of", lambda _: CHANGED)
        with pytest.raises(CouldNotLook, match="its chapters were changed"):
            prepare(tmp_path, "platform", git_runner)
        assert not (tmp_path / ".deploytool" / "sandbox" / "platform").exists()


CHANGED = b"commit refs/heads/main\ncommitter Data Platform <data@example.com> 1 +0000\ndata 1\nx\ndone\n"
