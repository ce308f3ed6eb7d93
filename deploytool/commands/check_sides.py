"""Which two commits `check` compares, in which repository, and what services.toml says on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.config import FILE_NAME, Config, find
from deploytool.detect.branch.place import describes, path_in, repository_around
from deploytool.detect.branch.told import Told, told_at
from deploytool.detect.coverage import NOT_HERE
from deploytool.detect.sides import sides_of
from deploytool.domain.check_report import Compared
from deploytool.domain.ci import System, sides_from
from deploytool.domain.ci_fetch import EVERYTHING
from deploytool.domain.report import Remark
from deploytool.domain.tree import EMPTY_TREE, Tree
from deploytool.errors import ConfigurationError, RepositoryError, UsageError

if TYPE_CHECKING:
    from deploytool.adapters.git import Repository
    from deploytool.app import App


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was typed."""

    base: str | None = None
    head: str | None = None
    staged: bool = False
    live: bool = False
    fleet: tuple[str, ...] = ()
    everything: bool = False
    fail_on: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """The two commits, read; `committed` is False when the head is what is staged."""

    base: Compared
    head: Compared
    trees: tuple[Tree, Tree]
    remarks: tuple[Remark, ...] = ()
    committed: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """Where the sources are, and what services.toml says on both sides; `file` is None when it lies outside."""

    repository: Repository
    sides: Read
    told: tuple[Told, Told]
    file: str | None

    @property
    def deciding(self) -> Config | None:
        """Who is asked, and with whose credentials: never what the branch says."""
        return self.told[0].config


def found_by(app: App, wishes: Wishes) -> Found:
    """In the repository that services.toml lies in, each side has its own; outside, one serves both."""
    for file in _places(app):
        around = repository_around(app.repository_folder or file.absolute().parent, app.cache)
        path = None if around is None else path_in(around, file)
        if around is not None and path is not None:
            inside = _inside(app, around, path, file, wishes)
            if inside is not None:
                app.repository = inside.repository
                return inside
            around.close()
    config = app.config
    sides = _sides(app, app.repository, config.project.target, wishes)
    return Found(app.repository, sides, (Told(config), Told(config)), None)


def _places(app: App) -> Sequence[Path]:
    """Where services.toml lies; when the branch took it away, where it may have been."""
    if app.config_file is not None:
        return (app.config_file,)
    here = Path.cwd()
    try:
        return (find(here),)
    except ConfigurationError:
        around = repository_around(here, app.cache)
        if around is None or around.facts.bare:
            raise
        top = around.facts.top.resolve()
        around.close()
        above = [folder for folder in (here, *here.parents) if folder.resolve().is_relative_to(top)]
        return [folder / FILE_NAME for folder in above]


def _inside(app: App, repository: Repository, path: str, file: Path, wishes: Wishes) -> Found | None:
    """None when services.toml is not in git, or describes another repository: that is for the base to say."""
    here = _loaded(app)
    try:
        sides = _sides(app, repository, _target(repository, path, file, here), wishes)
    except (RepositoryError, UsageError) as error:
        if here is None and app.config_file is None and not file.exists():
            return None  # it may never have been there: that is what is said then
        if here is None or app.repository_folder is not None or describes(here, repository):
            raise
        default = None if repository.facts.shallow else _by_default(repository, path, file)
        if default is not None and not describes(default, repository):
            return None  # not the branch alone says so
        if _is_in_git(repository, path):
            error.message += f" {path} describes another repository: if that one is meant, say --repository DIR."
            raise
        return None
    top = repository.facts.top
    try:
        before, after = (told_at(tree, path, file, top) for tree in sides.trees)
    except KeyError:
        raise RepositoryError(
            f"What {path} says could not be read: {NOT_HERE}.", hint=f"Fetch it: {EVERYTHING}"
        ) from None
    if not before.there and not after.there:
        return None  # not in git: it serves both sides
    if app.repository_folder is None and before.config is not None and not describes(before.config, repository):
        if here is not None:
            app.config = replace(here, project=before.config.project)
        return None
    if before.config is not None and after.config is not None and before.config.text == after.config.text:
        after = before
    return Found(repository, sides, (before, after), path)


def _target(repository: Repository, path: str, file: Path, here: Config | None) -> str | None:
    """A branch does not say what it is compared with, where services.toml of the default branch does."""
    config = _by_default(repository, path, file) or here
    return config.project.target if config else None


def _by_default(repository: Repository, path: str, file: Path) -> Config | None:
    """services.toml of the default branch, as far as this clone knows it."""
    commit = repository.named("refs/remotes/origin/HEAD")
    tree = repository.trees([commit]).get(commit) if commit else None
    with suppress(KeyError):  # not in this clone
        return told_at(tree, path, file, repository.facts.top).config if tree is not None else None
    return None


def _is_in_git(repository: Repository, path: str) -> bool:
    commit = repository.named("HEAD")
    tree = repository.trees([commit]).get(commit) if commit else None
    with suppress(KeyError):  # its folder is not in this clone
        return tree is not None and tree.entry(path) is not None
    return True


def _loaded(app: App) -> Config | None:
    """services.toml of the work tree; its mistakes are findings when the head has them too."""
    try:
        return app.config
    except ConfigurationError:
        return None


def _sides(app: App, repository: Repository, target: str | None, wishes: Wishes) -> Read:
    """Raises RepositoryError or UsageError when it cannot be told what is compared with what."""
    if wishes.staged:
        return _staged(app, repository, target, wishes)
    found = sides_of(repository, base=wishes.base, head=wishes.head, environ=app.environ, target=target)
    trees = repository.trees([found.base.commit, found.head.commit])
    return Read(found.base, found.head, (trees[found.base.commit], trees[found.head.commit]), found.remarks)


def _staged(app: App, repository: Repository, target: str | None, wishes: Wishes) -> Read:
    """Against HEAD: what the next commit brings; before the first one, against nothing.

    In CI nobody commits: what is staged is what was checked out, and is compared as a branch is. That is where
    `pre-commit run --all-files` stands; against HEAD it would find nothing new whatever the branch did.
    """
    from deploytool.adapters.git.staged import staged_tree

    if wishes.base is not None or wishes.head is not None:
        raise UsageError("--staged compares what is staged with HEAD.", hint="Leave out --base and --head.")
    tree = staged_tree(repository, app.environ.get("GIT_INDEX_FILE"))
    staged = Compared("what is staged", tree.oid)
    here = repository.named("HEAD")
    if here is None:
        empty = Tree(repository.objects, EMPTY_TREE[repository.facts.id_length])
        return Read(Compared("nothing", empty.oid), staged, (empty, tree), committed=False)
    base, remarks = Compared("HEAD", here), tuple[Remark, ...]()
    if sides_from(app.environ, {}).system is not System.NONE:
        base, _, remarks = sides_of(repository, base=None, head=None, environ=app.environ, target=target)
    return Read(base, staged, (repository.trees([base.commit])[base.commit], tree), remarks, committed=False)
