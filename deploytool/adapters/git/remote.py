"""The user's own remote, and the one way in which git may talk to it.

Of the repository's configuration only addresses and HTTP headers are taken over (CI check-outs keep their token
there): a helper, a proxy or an ssh command in it would be a program of somebody else's.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploytool.adapters.git.process import Git, GitFailed
from deploytool.errors import RepositoryError

PROTOCOLS = "file:https:ssh"
DEADLINE = 600.0  # seconds for one fetch
NAME = "source"  # how the store calls the remote; its address travels in the environment, so no token is written down
OVERRIDES = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "core.alternateRefsCommand=",
    "-c", "protocol.ext.allow=never",
    "-c", "submodule.recurse=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "http.lowSpeedLimit=1",
    "-c", "http.lowSpeedTime=60",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Remote:
    """Where to fetch from; `shown` is the address without what could be a password."""

    url: str
    settings: tuple[tuple[str, str], ...]
    treeless: bool  # the user's clone leaves out trees, so what it has must not be offered as known

    @property
    def shown(self) -> str:
        return without_password(self.url)

    def fetch(self, store: Path, options: Sequence[str], wants: Sequence[str]) -> str:
        """Fetch once into `store`; git's reason when it failed, else "". Raises RepositoryError at the deadline."""
        pairs = (*self.settings, (f"remote.{NAME}.url", self.url))
        environment = {"GIT_CONFIG_COUNT": str(len(pairs))}
        for index, (key, value) in enumerate(pairs):
            environment |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
        args = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc",
                "--no-show-forced-updates", *options, "--end-of-options", NAME, *wants]  # fmt: skip
        try:
            done = _git(store, args, environment)
        except subprocess.TimeoutExpired as late:
            raise RepositoryError(
                f"git fetch from {self.shown} took longer than {DEADLINE:.0f} seconds.",
                hint="Fetch by hand, then ask again without --fetch: git fetch --unshallow origin",
            ) from late
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        why = next((line for line in said if line.startswith(("fatal:", "error:"))), (said or [""])[-1])
        return "" if done.returncode == 0 else without_password(why.strip() or f"exit status {done.returncode}")


def has_origin(git_dir: Path) -> bool:
    """Is there a remote that is called origin?"""
    return any(key == "remote.origin.url" for key, _ in _configured(git_dir))


def follows_all_branches(git_dir: Path) -> bool:
    """Does a plain `git fetch` bring every branch of origin? A clone of a single branch never sees the others."""
    values = [value for _, value in _rows_of(git_dir, r"^remote\.origin\.fetch$")]
    return not values or any(value.lstrip("+").startswith(("refs/heads/*:", "refs/*:")) for value in values)


def remote_of(git_dir: Path, top: Path) -> Remote:
    """`origin`, else the only remote there is. Raises RepositoryError when there is none that may be used."""
    known = _configured(git_dir)
    urls: dict[str, str] = {}
    for key, value in known:
        if key.startswith("remote.") and key.endswith(".url"):
            urls.setdefault(key[len("remote.") : -len(".url")], value)  # of several, git fetches from the first
    url = urls.get("origin") or (next(iter(urls.values())) if len(urls) == 1 else None)
    if not url:
        raise RepositoryError(
            "--fetch needs a remote, and there is none called origin.", hint="Add one: git remote add origin URL"
        )
    treeless = any(key.endswith(".partialclonefilter") and "blob:" not in value for key, value in known)
    transport = tuple((key, value) for key, value in known if key.endswith((".extraheader", ".insteadof")))
    return Remote(_allowed(_absolute(url, top)), transport, treeless)


def _configured(git_dir: Path) -> list[tuple[str, str]]:
    return _rows_of(git_dir, r"^(http\..*\.extraheader|url\..*\.insteadof|remote\..*\.(url|partialclonefilter))$")


def _rows_of(git_dir: Path, wanted: str) -> list[tuple[str, str]]:
    try:
        out = Git(git_dir).run(["config", "--local", "--null", "--get-regexp", wanted])
    except GitFailed as failure:
        if failure.status == 1 and not failure.stderr:
            return []
        raise
    rows = (row.split("\n", 1) for row in os.fsdecode(out).split("\0"))
    return [(row[0], row[1]) for row in rows if len(row) == 2]


def _absolute(url: str, top: Path) -> str:
    """A remote given as a relative path is relative to the user's repository, not to the store."""
    if "://" in url or "::" in url or (":" in url.split("/", 1)[0] and not url.startswith((".", "/"))):
        return url
    return str((top / url).resolve())


def _allowed(url: str) -> str:
    """What git would take for the name of a program, or for an option, is said to be that before git sees it."""
    scheme = re.match(r"([A-Za-z0-9+.-]*)(::|://)", url)
    known = scheme is None or (scheme[2] == "://" and scheme[1].lower() in ("https", "ssh", "file", "git+ssh"))
    if known and not url.startswith("-"):
        return url
    raise RepositoryError(
        f"--fetch does not use the remote {without_password(url)!r}: only https, ssh and file are allowed.",
        hint="Give the repository such an address: git remote set-url origin URL",
    )


def without_password(text: str) -> str:
    """User names and passwords in addresses, left out."""
    return re.sub(r"(?<=://)[^/@\s']*@", "…@", text)


def _git(folder: Path, args: Sequence[str], settings: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """git with the user's own credential helper and ssh, but no hook, no filesystem monitor and no other protocol."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_ALLOW_PROTOCOL": PROTOCOLS, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "LANGUAGE": "C"}
    return subprocess.run(
        ["git", *OVERRIDES, *args],
        cwd=folder,
        env={**environment, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
        check=False,
    )
