"""Who runs this: the person, the machine, the process, the CI run. And whether another such process is gone."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from deploytool.adapters.leases.machine_clock import BOOT_ID
from deploytool.domain.lease import Holder

LONGEST = 400  # letters of anything that the surroundings say
LINKS = ("CI_JOB_URL", "BUILD_URL", "CIRCLE_BUILD_URL", "BUILDKITE_BUILD_URL")  # GitLab, Jenkins, CircleCI, Buildkite
PEOPLE = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR")


def holder_now(*, release: str, reason: str, commit: str = "", environ: Mapping[str, str] = os.environ) -> Holder:
    """This process as the holder of a lease."""
    return Holder(
        user=_user(environ),
        host=_host(),
        process=os.getpid(),
        started=_started(os.getpid()),
        release=release,
        reason=reason[:LONGEST],
        commit=commit,
        link=ci_link(environ),
    )


def is_gone(holder: Holder) -> bool:
    """True only when it is certain: that process was on this machine, in our sight, and is not there any more."""
    ours = _started(os.getpid())
    if not ours or holder.host != _host() or _scope(holder.started) != _scope(ours):
        return False  # another machine, another start of it, another container: who knows
    try:
        os.kill(holder.process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass  # it is somebody else's, and there
    started = _started(holder.process)
    return started not in ("", holder.started)


def ci_link(environ: Mapping[str, str]) -> str:
    """The page of the CI run that this is; "" outside of CI."""
    said = [environ.get(name, "") for name in LINKS]
    if environ.get("GITHUB_RUN_ID") and environ.get("GITHUB_REPOSITORY"):
        server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
        said.insert(0, f"{server}/{environ['GITHUB_REPOSITORY']}/actions/runs/{environ['GITHUB_RUN_ID']}")
    if environ.get("BUILD_BUILDID") and environ.get("SYSTEM_COLLECTIONURI"):  # Azure Pipelines
        project, run = quote(environ.get("SYSTEM_TEAMPROJECT", "")), quote(environ["BUILD_BUILDID"])
        said.append(f"{environ['SYSTEM_COLLECTIONURI']}{project}/_build/results?buildId={run}")
    if environ.get("BUILD_ID") and environ.get("PROJECT_ID"):  # Cloud Build, where the step passes them on
        project, run = quote(environ["PROJECT_ID"]), quote(environ["BUILD_ID"])
        said.append(f"https://console.cloud.google.com/cloud-build/builds/{run}?project={project}")
    return next((link[:LONGEST] for link in said if _is_link(link)), "")


def _is_link(text: str) -> bool:
    """An address without a password in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc


def _user(environ: Mapping[str, str]) -> str:
    told = next((environ[name] for name in PEOPLE if environ.get(name)), "")
    if told:
        return told[:LONGEST]
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}"


def _host() -> str:
    return socket.gethostname()[:LONGEST]


def _started(process: int) -> str:
    """When that process began, in words that no other process of this machine shares; "" where that cannot be told."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
        ticks = stat.rpartition(")")[2].split()[19]  # field 22; the name before it may hold anything
        return f"{BOOT_ID.read_text('ascii').strip()} {os.readlink('/proc/self/ns/pid')} {ticks}"
    except (OSError, ValueError, IndexError):
        return ""


def _scope(started: str) -> str:
    """The start of the machine and the container in which process ids mean what they mean here."""
    return started.rpartition(" ")[0]
