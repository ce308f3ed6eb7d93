"""Fetching what is missing, only when asked to, and never into the user's own object store.

`--depth` in a full clone would make it shallow, and a filter would write promisor configuration into it. So the
fetched commits go to a bare repository in the cache folder that borrows the user's objects through alternates.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deploytool.adapters.git.process import Git
from deploytool.adapters.git.remote import Remote, remote_of
from deploytool.adapters.git.view import borrow
from deploytool.domain.relevance import tells_of_a_program
from deploytool.domain.tree import LINK, SUBMODULE
from deploytool.errors import RepositoryError

if TYPE_CHECKING:
    from deploytool.adapters.git.repository import Facts, Repository

BRANCHES = ("+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*")
ONE_BY_ONE = 20  # commits that are asked for alone after the server refused them together
WANTS = 500  # object ids on one command line


def store_with(facts: Facts, cache: Path, missing: Sequence[str], commits: Sequence[str]) -> Path:
    """A bare repository that has the user's objects and, fetched from their remote, the `missing` commits.

    `missing` are full ids or shorter hex; for the latter all branches are fetched, since a server finds no commit by
    part of its id. `commits` are to be judged: what describes an image there is fetched too. A commit that the remote
    does not have stays missing. Raises RepositoryError when there is no usable remote or it cannot be reached.
    """
    remote = remote_of(facts.git_dir, facts.top)
    store = cache / "fetched" / hashlib.sha256(os.fsencode(facts.common_dir.resolve())).hexdigest()[:24]
    with _alone(store):
        _prepare(store, facts)
        _bound(store, facts)
        if _lacking(store, missing) or (store / "shallow").exists() or remote.treeless:
            _fetch(store, facts, remote, missing)
        if facts.shallow or facts.partial:
            _describe(store, remote, (*missing, *commits))
    return store


def _fetch(store: Path, facts: Facts, remote: Remote, missing: Sequence[str]) -> None:
    """All branches, whole; then, of those that are on none, each commit that the server gives out."""
    filters = ("--filter=blob:none",) if facts.shallow or facts.partial else ()
    if remote.treeless:  # what is borrowed must not be offered: the server would think that its trees are here
        (store / "objects" / "info" / "alternates").unlink(missing_ok=True)
        (store / "shallow").unlink(missing_ok=True)
    failure = ""
    for options in dict.fromkeys((filters, ())):
        failure = remote.fetch(store, (*_deepened(store), *options), BRANCHES)
        if not failure:
            break
    _prepare(store, facts)
    _bound(store, facts)
    whole = [commit for commit in _lacking(store, missing) if len(commit) == facts.id_length]
    alone = ("--depth=1",) if failure else filters
    if whole and remote.fetch(store, alone, whole):
        given = [not remote.fetch(store, alone, [commit]) for commit in whole[:ONE_BY_ONE]] if len(whole) > 1 else []
    else:
        given = [bool(whole)]
    if failure and not any(given):
        raise RepositoryError(
            f"git fetch from {remote.shown} failed: {failure.rstrip('.')}.",
            hint="Try it by hand: git fetch origin" + (" --unshallow" if facts.shallow else ""),
        )


def _deepened(store: Path) -> tuple[str, ...]:
    return ("--unshallow",) if (store / "shallow").exists() else ()


def _prepare(store: Path, facts: Facts) -> None:
    """The store, and in it the way to the user's objects."""
    if not (store / "HEAD").exists():
        algorithm = "sha256" if facts.id_length == 64 else "sha1"
        Git(store).run(["init", "--quiet", "--bare", "--template=", f"--object-format={algorithm}", "."])
    borrow(store / "objects", facts.common_dir / "objects")


def _bound(store: Path, facts: Facts) -> None:
    """Say in the store where history ends: at the user's edges, and its own, whose parents are in neither."""
    edges: set[str] = set()
    for file in {facts.common_dir / "shallow", store / "shallow"}:
        edges |= set(file.read_text("ascii").split()) if file.is_file() else set()
    (store / "shallow").unlink(missing_ok=True)
    if not edges:
        return
    with closing(_opened(store)) as here:
        known = here.commits(sorted(edges))
        parents = {parent for commit in known.values() for parent in commit.parents}
        there = here.commits(sorted(parents)).keys()
    ends = sorted(sha for sha, commit in known.items() if not there >= set(commit.parents))
    if ends:
        (store / "shallow").write_text("".join(f"{sha}\n" for sha in ends), "ascii")


def _lacking(store: Path, missing: Sequence[str]) -> list[str]:
    """Those of the wanted commits that are not in the store, with their files."""
    with closing(_opened(store)) as here:
        meant = here.resolve(missing)
        there = here.trees(commit for commits in meant.values() for commit in commits)
        return [value for value in missing if not any(commit in there for commit in meant.get(value, ()))]


def _describe(store: Path, remote: Remote, commits: Sequence[str]) -> None:
    """Bring the files that say what an image is made of and what its program loads."""
    with closing(_opened(store)) as here:
        wanted: set[str] = set()
        for tree in here.trees(commits).values():
            for path, entry in tree.walk():
                if entry.mode != SUBMODULE and (entry.mode == LINK or tells_of_a_program(path)):
                    wanted.add(entry.oid)
        every = sorted(wanted)
        lacking = [oid for oid, found in zip(every, here.objects.ask(every), strict=True) if found is None]
    for start in range(0, len(lacking), WANTS):
        wants = lacking[start : start + WANTS]
        # No negotiation: a server that is told what is here believes that the files of it are here as well.
        failure = remote.fetch(store, ("--filter=blob:none", "--refetch"), wants)
        if failure:
            return  # said for each service that needs one of them


def _opened(store: Path) -> Repository:
    from deploytool.adapters.git.repository import Repository

    return Repository(store)


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Two commands may fetch at once; git would refuse one of them in the middle."""
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (store / "deploytool.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
