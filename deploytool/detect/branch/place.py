"""Where services.toml and the sources are: in one repository, or apart, so that one file serves both sides."""

from __future__ import annotations

from pathlib import Path

from deploytool.adapters.git import Repository
from deploytool.config import Config
from deploytool.errors import RepositoryError


def repository_around(folder: Path, cache: Path) -> Repository | None:
    """The repository that a folder is in; None outside of any."""
    try:
        return Repository(folder, cache=cache)
    except RepositoryError as error:
        if "is not in a git repository" in error.message:
            return None
        raise


def path_in(repository: Repository, file: Path) -> str | None:
    """The repository path of a file of the work tree; None when it lies outside, or below `.git`."""
    there = file.absolute().parent.resolve() / file.name
    top = repository.facts.top.resolve()
    if repository.facts.bare or not there.is_relative_to(top):
        return None
    path = there.relative_to(top)
    return None if ".git" in path.parts else path.as_posix()


def describes(config: Config, repository: Repository) -> bool:
    """Does services.toml mean the repository that it lies in?"""
    meant = config.folder / Path(config.project.repository).expanduser()
    top = repository.facts.top.resolve()
    here = meant.resolve()
    if not here.is_dir():  # a sandbox that nobody has made yet
        return False
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            return folder == top
    return False
