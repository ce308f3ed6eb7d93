"""Every git process starts here, with nothing of the caller's environment or the repository's programs in it.

Reading a checkout that somebody else prepared can run code: through hooks, fsmonitor, external diffs, textconv,
ssh commands, credential helpers and lazy fetches. Each is switched off here, for every command.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from deploytool.errors import RepositoryError

OVERRIDES = (
    "--no-pager",
    "--literal-pathspecs",
    "-c", "advice.graftFileDeprecated=false",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.untrackedCache=false",
    "-c", "core.sshCommand=ssh",
    "-c", "core.pager=cat",
    "-c", "core.quotePath=true",
    "-c", "credential.helper=",
    "-c", "diff.external=",
    "-c", "diff.renames=false",
    "-c", "log.showSignature=false",
    "-c", "protocol.ext.allow=never",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
)  # fmt: skip

ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}

DEADLINE = 300.0  # seconds that one git process may live
PIPE_BYTES = 1 << 20
OUTPUT_CAP = 512 * 1024 * 1024  # bytes that one answer may have


class GitFailed(RepositoryError):
    """git ended with an error; `stderr` holds its own words."""

    def __init__(self, args: Sequence[str], status: int, stderr: str) -> None:
        said = stderr.strip().splitlines()
        super().__init__(
            f"git {args[0] if args else ''} failed: {said[-1] if said else f'exit status {status}'}",
            hint="Run the same git command by hand in the repository, then try again.",
        )
        self.status = status
        self.stderr = stderr


class Git:
    """git in one folder. Started as argv lists, without a shell, with stdin closed unless it is fed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started = 0  # processes so far; the budget of a command is asserted on it

    def run(self, args: Sequence[str], stdin: bytes = b"", *, deadline: float = DEADLINE) -> bytes:
        """The whole answer of one command. Raises GitFailed, or RepositoryError when git is not there."""
        with self.process(args, deadline=deadline) as running:
            out, err = running.communicate(stdin)
        if running.returncode:
            raise GitFailed(args, running.returncode, err.decode("utf-8", "replace"))
        if len(out) > OUTPUT_CAP:
            raise GitFailed(args, 0, f"more than {OUTPUT_CAP} bytes of output")
        return out

    @contextmanager
    def process(
        self, args: Sequence[str], *, deadline: float = DEADLINE, stderr: int | IO[bytes] = subprocess.PIPE
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A running command; ended when the block is left or the deadline passes.

        Who reads the answer bit by bit gives a file for `stderr`: a pipe that nobody empties would block git.
        """
        running = self.start(args, stderr=stderr)
        watch = threading.Timer(deadline, running.kill)
        watch.daemon = True
        watch.start()
        try:
            yield running
        finally:
            watch.cancel()
            end(running)

    def start(self, args: Sequence[str], *, stderr: int | IO[bytes] = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """The bare process, for those who keep it; end it with `end`."""
        self.started += 1
        try:
            running = subprocess.Popen(
                ["git", *OVERRIDES, *args],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                close_fds=True,
            )
            widen(running)
            return running
        except FileNotFoundError as missing:
            if not self.folder.is_dir():
                raise RepositoryError(
                    f"There is no folder {self.folder}.",
                    hint="Name the repository with --repository DIR, or in services.toml: [project] repository.",
                ) from missing
            raise RepositoryError("git is not installed.", hint="Install git, then try again.") from missing
        except OSError as refused:
            raise RepositoryError(
                f"git could not be started in {self.folder}: {refused.strerror}.",
                hint="Check that the folder may be entered: ls -ld " + str(self.folder),
            ) from refused


def widen(running: subprocess.Popen[bytes]) -> None:
    """Larger pipes, where the system has them: neither side waits for the other so soon."""
    for pipe in (running.stdin, running.stdout):
        if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
            with suppress(OSError):  # more than this user may have
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def end(running: subprocess.Popen[bytes]) -> None:
    """End one git process of ours and close its pipes; a process that is already gone is fine."""
    if running.poll() is None:
        running.kill()
    for pipe in (running.stdin, running.stdout, running.stderr):
        _close(pipe)
    running.wait()


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        try:
            pipe.close()
        except OSError:  # unsent bytes for a process that has gone
            return


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | ENVIRONMENT
