"""Everything that can go wrong in words a person can act on, and the one table of exit codes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    UNDETERMINED = 3
    LOCKED = 4
    FAILED_SAFE = 5
    NEEDS_HUMAN = 6
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class DeployToolError(Exception):
    """What happened, and the next command to type. `hint` is never optional."""

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, hint: str, exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code


class Terminated(BaseException):
    """SIGTERM, raised where the program stands, so that what must be put back is put back."""


class UsageError(DeployToolError):
    """The command line asks for something that does not exist or does not go together."""


class ConfigurationError(DeployToolError):
    """services.toml is wrong; `mistakes` holds one printable line each."""

    def __init__(self, message: str, *, hint: str, mistakes: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.mistakes = mistakes


class CouldNotLook(DeployToolError):
    """A neighbour could not be asked, or its answer was not understood. `passing`: it may be otherwise in a while."""

    exit_code = ExitCode.UNDETERMINED
    passing = True


class RepositoryError(DeployToolError):
    """Git refused, or the repository is not what the question needs."""

    exit_code = ExitCode.UNDETERMINED


class LeaseHeld(DeployToolError):
    """Somebody else is releasing this service. `seconds_left` until that lease lapses unless it is renewed."""

    exit_code = ExitCode.LOCKED

    def __init__(self, message: str, *, hint: str, lease: object = None, seconds_left: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.lease, self.seconds_left = lease, seconds_left


class LeaseLost(DeployToolError):
    """The lease lapsed, was broken, or belongs to somebody else now: nothing more may be written.

    `how` it ended, in the words of `Hold.how`; "" when that is not known.
    """

    exit_code = ExitCode.FAILED_SAFE

    def __init__(self, message: str, *, hint: str, how: str = "") -> None:
        super().__init__(message, hint=hint)
        self.how = how


class NotWritten(CouldNotLook):
    """The ledger did not take a line."""


class PlanChanged(DeployToolError):
    """The service is not as it was when the plan was made; nothing was done."""

    exit_code = ExitCode.FINDINGS


class WriteRefused(DeployToolError):
    """A change was refused, and nothing was changed. `conflict`: somebody else was first. `wait`: seconds asked for."""

    exit_code = ExitCode.FAILED_SAFE

    def __init__(
        self, message: str, *, hint: str, conflict: bool = False, passing: bool = False, wait: float = 0
    ) -> None:
        super().__init__(message, hint=hint)
        self.conflict, self.passing, self.wait = conflict, passing, wait


class WriteUnclear(DeployToolError):
    """No answer to a change: it may have been carried out."""

    exit_code = ExitCode.FAILED_SAFE


class BuildFailed(DeployToolError):
    """No image came out of a build, or not the one that was asked for. `tail`: the last lines of its log."""

    exit_code = ExitCode.FAILED_SAFE

    def __init__(self, message: str, *, hint: str, tail: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.tail = tail
