"""Guard rails: no network beyond this machine, nobody's home folder, nobody's git or cloud settings."""

from __future__ import annotations

import ipaddress
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

ASKED_FOR = "DEPLOYTOOL_TEST_"  # what a person sets to have the slow tests run as well
INHERITED = (
    "GIT_",
    "GOOGLE_",
    "CLOUDSDK_",
    "GCLOUD_",
    "CLOUD_RUN_",
    "BIGQUERY_",
    "FIRESTORE_",
    "DEPLOYTOOL_",
    "XDG_",
    "TYPER_",
)
BUILDS = ("GITHUB_", "RUNNER_", "GITLAB_", "CI_", "PRE_COMMIT")  # whoever runs the tests is not who they are about
SCREEN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")

settings.register_profile("same-every-time", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("same-every-time")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported by a test, so that fixtures of every scope live in the same clean house."""
    for name in [*os.environ]:
        if (name.startswith((*INHERITED, *BUILDS)) and not name.startswith(ASKED_FOR)) or name in SCREEN:
            del os.environ[name]
    if (
        signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    ):  # begun in the background by a shell: programs would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    home = tempfile.mkdtemp(prefix="deploytool-home-")
    config.stash[HOME] = home
    os.environ.update(
        HOME=home,
        XDG_CONFIG_HOME=f"{home}/.config",
        XDG_CACHE_HOME=f"{home}/.cache",
        XDG_STATE_HOME=f"{home}/.local/state",
        XDG_DATA_HOME=f"{home}/.local/share",
        GIT_CONFIG_NOSYSTEM="1",
        LC_ALL="C.UTF-8",
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


HOME = pytest.StashKey[str]()


class NetworkForbidden(OSError):
    """A test tried to leave this machine."""


def stays_here(address: object) -> bool:
    """Unix sockets, and addresses of this machine by number or as `localhost`."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0]).partition("%")[0]
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        look_up = socket.getaddrinfo

        def look_up_here(host: object, *rest: object, **named: object) -> object:
            name = host.decode() if isinstance(host, bytes) else host
            if name is not None and not stays_here((name,)):
                raise NetworkForbidden(f"a test asked for the address of {name}")
            return look_up(host, *rest, **named)  # type: ignore[arg-type]

        patch.setattr(socket, "getaddrinfo", look_up_here)
        yield


def _guarded(method):  # type: ignore[no-untyped-def]
    def guarded(self: socket.socket, *arguments: object) -> object:
        if not stays_here(arguments[-1]):
            raise NetworkForbidden(f"a test tried to reach {arguments[-1]}")
        return method(self, *arguments)

    return guarded
