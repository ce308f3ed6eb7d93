"""Asking the remote for what this clone does not have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deploytool.adapters.git import Repository
from deploytool.config import Config, ServiceTable
from deploytool.detect.serving import commits_named
from deploytool.domain.model import Fleet


def with_missing(
    repository: Repository, target: str, config: Config, tables: Sequence[ServiceTable], fleet: Fleet, cache: Path
) -> Repository:
    """A repository that also has the deployed commits this clone lacks; the same one when it lacks nothing.

    The user's clone is not changed: what is fetched goes to a store in the cache folder.
    """
    named = commits_named(config, tables, fleet)
    answers = repository.resolve(named)
    meant = sorted({target, *(commit for commits in answers.values() for commit in commits)})
    here = repository.trees(meant)
    missing = sorted(value for value in named if not any(commit in here for commit in answers.get(value, ())))
    if not missing and not repository.facts.shallow and not repository.facts.partial:
        return repository
    return Repository(repository.fetched(cache, missing, meant), cache=cache)
