"""Which two commits `check` compares, in which repository, and what services.toml says on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.config import Config, find
from deploytool.detect.branch.place import describes, path_in, repository_around
from deploytool.detect.branch.told import Told, told_at
from deploytool.detect.sides import sides_of
from deploytool.domain.check_report import Compared
from deploytool.domain.ci import System, sides_from
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
    file = app.config_file or find(Path.cwd())
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


def _inside(app: App, repository: Repository, path: str, file: Path, wishes: Wishes) -> Found | None:
    """None when services.toml of the base, which decides, or else the one here describes another repository."""
    here = _loaded(app)
    elsewhere = here is not None and app.repository_folder is None and not describes(here, repository)
    try:
        sides = _sides(app, repository, here.project.target if here else None, wishes)
    except (RepositoryError, UsageError):
        if elsewhere:
            return None
        raise
    top = repository.facts.top
    before, after = (told_at(tree, path, file, top) for tree in sides.trees)
    if not before.there and not after.there:
        return None  # not in git: it serves both sides
    deciding = before.config or (None if before.there else here)
    if app.repository_folder is None and deciding is not None and not describes(deciding, repository):
        return None
    if before.config is not None and after.config is not None and before.config.text == after.config.text:
        after = before
    return Found(repository, sides, (before, after), path)


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
