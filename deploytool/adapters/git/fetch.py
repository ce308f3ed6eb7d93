"""Fetching what is missing, only when asked to, and never into the user's own object store.

`--depth` in a full clone would make it shallow, and a filter would write promisor configuration into it. So the
fetched commits go to a bare repository in the cache folder that borrows the user's objects through alternates.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from deploytool.errors import RepositoryError

if TYPE_CHECKING:
    from deploytool.adapters.git.repository import Facts

PROTOCOLS = "file:https:ssh"
DEADLINE = 600.0  # seconds for one fetch
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


def store_with(facts: Facts, cache: Path, missing: Sequence[str]) -> Path:
    """A bare repository that has the user's objects and, fetched from their remote, the `missing` commits.

    `missing` are full ids or shorter hex; for the latter all branches are fetched, since a server finds no
    commit by part of its id. Raises RepositoryError when there is no usable remote or the fetch fails.
    """
    remote = _remote_of(facts)
    settings = _transport_settings(facts)
    store = cache / "fetched" / hashlib.sha256(os.fsencode(facts.common_dir)).hexdigest()[:24]
    _prepare(store, facts)
    whole = [commit for commit in missing if len(commit) == facts.id_length]
    for refspecs, filters in _ladder(whole, missing, shallow=facts.shallow):
        failure = _fetch(store, remote, refspecs, filters, settings)
        if not failure:
            return store
    raise RepositoryError(
        f"git fetch from {remote} failed: {failure}.",
        hint="Try it by hand: git fetch --unshallow origin",
    )


def _ladder(
    whole: Sequence[str], missing: Sequence[str], *, shallow: bool
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """What to ask for, the most complete answer first: counts need history, verdicts only need the commits."""
    branches = ("+refs/heads/*:refs/fetched/heads/*", "+refs/tags/*:refs/fetched/tags/*")
    deepen = ("--unshallow",) if shallow else ()
    steps: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        ((*branches, *whole), (*deepen, "--filter=blob:none")),
        ((*branches, *whole), deepen),
        (branches, deepen),
    ]
    if whole and len(whole) == len(missing):
        steps.append((tuple(whole), ("--depth=1",)))
    return steps


def _remote_of(facts: Facts) -> str:
    """The URL of the user's own remote: `origin`, else the only one there is."""
    import git

    repository = git.Repo(facts.git_dir)
    try:
        remotes = {remote.name: remote.url for remote in repository.remotes}
    except (ValueError, git.GitError) as unreadable:
        raise RepositoryError("The remotes cannot be read.", hint="Check them: git remote -v") from unreadable
    finally:
        repository.close()
    url = remotes.get("origin") or (next(iter(remotes.values())) if len(remotes) == 1 else None)
    if url is None:
        raise RepositoryError(
            "--fetch needs a remote, and there is none called origin.", hint="Add one: git remote add origin URL"
        )
    return _absolute(url, facts.top)


def _absolute(url: str, top: Path) -> str:
    """A remote given as a relative path is relative to the user's repository, not to the store."""
    if "://" in url or (":" in url.split("/", 1)[0] and not url.startswith((".", "/"))):
        return url
    return str((top / url).resolve())


def _prepare(store: Path, facts: Facts) -> None:
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (store / "HEAD").exists():
        algorithm = "sha256" if facts.id_length == 64 else "sha1"
        _git(store, ["init", "--quiet", "--bare", "--template=", f"--object-format={algorithm}", "."])
    (store / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (store / "objects" / "info" / "alternates").write_bytes(os.fsencode(facts.common_dir / "objects") + b"\n")
    boundary = facts.common_dir / "shallow"
    if facts.shallow and not (store / "shallow").exists():
        (store / "shallow").write_bytes(boundary.read_bytes())


def _transport_settings(facts: Facts) -> dict[str, str]:
    """The repository's own URL rewrites and HTTP headers (CI check-outs keep their token there), as environment.

    Nothing else of its configuration: a helper or an ssh command in it would be a program of somebody else's.
    """
    asked = ["config", "--local", "--null", "--get-regexp", r"^(http\..*\.extraheader|url\..*\.insteadof)$"]
    rows = _git(facts.git_dir, asked).stdout.decode("utf-8", "surrogateescape").split("\0")
    pairs = [row.split("\n", 1) for row in rows if "\n" in row]
    settings = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for index, (key, value) in enumerate(pairs):
        settings |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return settings


def _fetch(
    store: Path, remote: str, refspecs: Sequence[str], filters: Sequence[str], settings: Mapping[str, str]
) -> str:
    """Fetch once; the reason in git's own words when it failed, else nothing."""
    if filters and "--unshallow" in filters and not (store / "shallow").exists():
        filters = [option for option in filters if option != "--unshallow"]
    args = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc",
            *filters, "--end-of-options", remote, *refspecs]  # fmt: skip
    done = _git(store, args, settings)
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else f"exit status {done.returncode}")


def _git(
    folder: Path, args: Sequence[str], settings: Mapping[str, str] = NO_SETTINGS
) -> subprocess.CompletedProcess[bytes]:
    """git with the user's credential helper and ssh, but no hook, no filesystem monitor and no other protocol."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_ALLOW_PROTOCOL": PROTOCOLS, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **settings}
    return subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", *args],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
