"""Where a repository may lie, and everything that is not quite one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from deploytool.adapters.git import Repository
from deploytool.config import load
from deploytool.detect.drift import Detection
from tests.asking import PROJECT, REGION, Ended, Shop
from tests.repositories import Builder, Submodule, run_git


def built(path: Path, *, bare: bool = False) -> Builder:
    with Builder(path, bare=bare) as builder:
        builder.commit({"api/x.py": b"0", "web/x.py": b"0"})
        for number in range(1, 4):
            builder.commit({"api/x.py": b"%d" % number})
    return builder


def first(path: Path) -> str:
    return run_git(path, "rev-list", "--max-parents=0", "main").decode().strip()


def ask(tmp_path: Path, repository: Path, commit: str, target: str = "main", *argv: str) -> Ended:
    shop = Shop(tmp_path / "shop", repository, target)
    shop.environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    shop.service("api", commit, paths=["api"])
    return shop.drift(*argv)


def behind(ended: Ended) -> list[object]:
    return [ended.services["api"][key] for key in ("verdict", "code", "behind", "ahead")]


RIGHT = ["stale", "behind", 3, 0]


@pytest.mark.parametrize(
    "name", ["plain", "with space", "ünïcode", "line\nend", '"quoted"', "#hash", "-dash", "a:b", "back\\slash"]
)
def test_names_of_the_folder(name: str, tmp_path: Path) -> None:
    builder = built(tmp_path / name)
    assert behind(ask(tmp_path, builder.path, first(builder.path))) == RIGHT
    shallow = tmp_path / "shallow" / name
    shallow.parent.mkdir()
    run_git(tmp_path, "clone", "-q", "-n", "--depth=1", "--", f"file://{builder.path}", str(shallow))
    run_git(shallow, "config", "remote.origin.url", f"../../{name}")
    assert behind(ask(tmp_path, shallow, first(builder.path), "main", "--fetch")) == RIGHT


def test_a_folder_inside_and_the_folder_of_git_itself(tmp_path: Path) -> None:
    builder = built(tmp_path / "repository")
    builder.checkout()
    for inside in ("api", ".git", ".git/objects"):
        assert behind(ask(tmp_path, builder.path / inside, first(builder.path))) == RIGHT


def test_bare(tmp_path: Path) -> None:
    builder = built(tmp_path / "bare", bare=True)
    assert behind(ask(tmp_path, builder.path, first(builder.path))) == RIGHT


def test_a_detached_head_is_a_target(tmp_path: Path) -> None:
    builder = built(tmp_path / "repository")
    builder.git("checkout", "-q", "--detach", "main~1")
    ended = ask(tmp_path, builder.path, first(builder.path), "")
    assert behind(ended) == ["stale", "behind", 2, 0]
    assert ended.report["target"]["ref"] == "HEAD"


def test_a_linked_worktree_and_its_own_head(tmp_path: Path) -> None:
    builder = built(tmp_path / "repository")
    builder.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"), "main~1")
    assert behind(ask(tmp_path, tmp_path / "linked", first(builder.path), "")) == ["stale", "behind", 2, 0]
    assert behind(ask(tmp_path, builder.path, first(builder.path), "")) == RIGHT


def test_a_submodule_checkout(tmp_path: Path) -> None:
    builder = built(tmp_path / "repository")
    (tmp_path / "outer").mkdir()
    shutil.move(builder.path / ".git", tmp_path / "modules")
    inner = tmp_path / "outer" / "inner"
    inner.mkdir()
    (inner / ".git").write_text("gitdir: ../../modules\n")
    run_git(tmp_path, f"--git-dir={tmp_path}/modules", "config", "core.worktree", str(inner))
    assert (
        behind(
            ask(tmp_path, inner, run_git(tmp_path / "modules", "rev-list", "--max-parents=0", "main").decode().strip())
        )
        == RIGHT
    )


def test_a_gitlink_is_content(tmp_path: Path) -> None:
    with Builder(tmp_path / "repository") as builder:
        before = builder.commit({"api/x.py": b"0", "api/lib": Submodule("1" * 40)})
        builder.commit({"api/lib": Submodule("2" * 40)})
    builder.git("config", "diff.ignoreSubmodules", "all")
    assert behind(ask(tmp_path, builder.path, before)) == ["stale", "behind", 1, 0]


def test_longer_ids(tmp_path: Path) -> None:
    path = tmp_path / "repository"
    path.mkdir()
    run_git(path, "init", "-q", "--object-format=sha256", "--initial-branch=main")
    (path / "api").mkdir()
    for number in range(4):
        (path / "api/x.py").write_text(str(number))
        run_git(path, "add", ".")
        run_git(path, "commit", "-q", "-m", str(number))
    for length in (64, 12):
        assert behind(ask(tmp_path, path, first(path)[:length])) == RIGHT
    shallow = tmp_path / "shallow"
    run_git(path, "clone", "-q", "-n", "--depth=1", f"file://{path}", str(shallow))
    assert behind(ask(tmp_path, shallow, first(path), "main", "--fetch")) == RIGHT


def refused(ended: Ended, *words: str, code: int = 3) -> None:
    assert (ended.code, ended.stdout) == (code, "")
    assert "hint: " in ended.stderr
    assert len(ended.stderr.splitlines()) == 2, ended.stderr
    for word in words:
        assert word in ended.stderr


def test_no_folder_no_repository_no_commit(tmp_path: Path) -> None:
    refused(ask(tmp_path, tmp_path / "nowhere", "a" * 40), "There is no folder", "--repository")
    (tmp_path / "plain").mkdir()
    refused(ask(tmp_path, tmp_path / "plain", "a" * 40), "is not in a git repository", "--repository")
    unborn = Builder(tmp_path / "unborn")
    refused(ask(tmp_path, unborn.path, "a" * 40, ""), "has no commit yet")
    refused(ask(tmp_path, unborn.path, "a" * 40), "'main' is not a commit", "git fetch origin main")
    (tmp_path / "file").write_text("")
    refused(ask(tmp_path, tmp_path / "file", "a" * 40), "hint: ")


@pytest.mark.parametrize("target", ["--output=leak", "nowhere", "main:api", "a\nb", "@{-1}", "-h"])
def test_a_target_that_is_no_commit(target: str, tmp_path: Path) -> None:
    builder = built(tmp_path / "repository")
    ended = ask(tmp_path, builder.path, first(builder.path), target.replace("\n", "\\n"))
    assert ended.code in (2, 3)
    assert "hint: " in ended.stderr
    assert not list(tmp_path.rglob("leak"))


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="needs root to be somebody else")
def test_a_repository_of_somebody_else(tmp_path: Path) -> None:
    builder = built(tmp_path / "repository")
    (tmp_path / "home").mkdir(mode=0o777)
    (tmp_path / "home").chmod(0o777)
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(0o755)
    shop = Shop(tmp_path / "shop", builder.path, before=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    shop.folder.chmod(0o777)
    shop.environment |= {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home/cache")}
    shop.service("api", first(builder.path), paths=["api"])
    refused(shop.drift(), "belongs to another user", f"git config --global --add safe.directory {builder.path}")
    (tmp_path / "home/.gitconfig").write_text(f"[safe]\n\tdirectory = {builder.path}\n")
    assert behind(shop.drift()) == RIGHT


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    for damage in ("pack", "head", "config", "object"):
        builder = built(tmp_path / damage)
        git_dir = builder.path / ".git"
        start = first(builder.path)
        (pack,) = (git_dir / "objects/pack").glob("*.pack")
        pack.chmod(0o644)
        if damage == "pack":
            pack.write_bytes(pack.read_bytes()[:100])
        elif damage == "object":
            pack.write_bytes(pack.read_bytes()[:200] + b"\0" * 40 + pack.read_bytes()[240:])
        elif damage == "head":
            (git_dir / "HEAD").write_text("what\n")
        else:
            (git_dir / "config").write_text("[core\n")
        ended = ask(tmp_path, builder.path, start)
        assert ended.code in (1, 3), ended
        assert ended.stdout or ("hint: " in ended.stderr and len(ended.stderr.splitlines()) == 2), ended.stderr


MOST = 5


def test_twenty_services_take_five_processes_and_one_for_each_rewriting(tmp_path: Path) -> None:
    with Builder(tmp_path / "repository") as builder:
        files = {f"s{number}/x.py": b"0" for number in range(20)}
        commits = [builder.commit(files)]
        for number in range(20):
            commits.append(builder.commit({f"s{number}/x.py": b"1"}))
        side = builder.commit({"s0/x.py": b"fix", "s1/x.py": b"fix"}, branch="side", parents=[commits[-1]])
        builder.merge_ours(side)
    tables = "".join(f'[services.s{number}]\npaths = ["s{number}"]\n' for number in range(20))
    config = tmp_path / "services.toml"
    config.write_text(
        f'[project]\ncloud = "google"\nproject = "{PROJECT}"\nregions = ["{REGION}"]\ntarget = "main"\n{tables}'
    )
    from deploytool.adapters.fleet import FleetFiles
    from deploytool.clock import now

    for deployed, rewritten in ((commits[0], 0), (side, 2)):
        shop = Shop(tmp_path / "shop", builder.path)
        for number in range(20):
            shop.service(f"s{number}", deployed[: 8 if number % 2 else 40], paths=[f"s{number}"])
        shop.drift()  # writes the fleet
        fleet = FleetFiles([str(shop.folder / "fleet.json")], None, PROJECT, (REGION,))
        read = load(config, repository=builder.path)
        repository = Repository(builder.path, cache=tmp_path / f"cache-{rewritten}")
        detection = Detection(read, read.select(), repository, None)
        detection.prepare()
        report = detection.report(fleet.fleet(), fleet.history, now(os.environ))
        repository.close()
        stale = [service for service in report.services if service.verdict.value == "stale"]
        assert len(stale) == (rewritten or 20)
        assert repository.git.started <= MOST + rewritten
