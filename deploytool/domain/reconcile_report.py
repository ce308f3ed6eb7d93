"""What `reconcile` says: what does not agree, and how it went when that was mended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from deploytool.domain.check_report import CheckVerdict
from deploytool.domain.reconcile import Item
from deploytool.domain.report import LookError
from deploytool.errors import ExitCode


class Word(StrEnum):
    """How the mending of an item went."""

    DONE = "done"  # written, and read back
    FAILED = "failed"  # it could not be done; what was there is still there
    LEFT = "left"  # not touched: it was not as it was found, or it is not ours
    LOCKED = "locked"  # somebody else is releasing the service
    LOOK = "needs-human"  # it may have been written, and nobody could see that it is so


@dataclass(frozen=True, slots=True)
class Mended:
    item: Item
    word: Word
    said: str


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """`items` remain as of `generated_at`; with `fixing`, they are what a second look found after `mended`."""

    generated_at: datetime
    since: datetime
    services: tuple[str, ...]
    items: tuple[Item, ...] = ()
    errors: tuple[LookError, ...] = ()
    fixing: bool = False
    mended: tuple[Mended, ...] = ()
    remarks: tuple[str, ...] = ()
    locked: bool = False  # somebody else was at work on a service that was to be mended

    def after(self, mended: tuple[Mended, ...], remarks: tuple[str, ...], *, locked: bool) -> ReconcileReport:
        """The same look, as one that was made after mending."""
        locked = locked or any(one.word is Word.LOCKED for one in mended)
        return replace(self, fixing=True, mended=mended, remarks=remarks, locked=locked)

    @property
    def verdict(self) -> CheckVerdict:
        if self.items:
            return CheckVerdict.FAIL
        return CheckVerdict.UNKNOWN if self.errors else CheckVerdict.PASS

    @property
    def exit_code(self) -> ExitCode:
        """The worst counts; where a look finds nothing, whoever mended it, there is nothing to count."""
        if not self.items and not self.errors:
            return ExitCode.CLEAN
        if any(one.word is Word.LOOK for one in self.mended):
            return ExitCode.NEEDS_HUMAN
        if self.locked:
            return ExitCode.LOCKED
        return ExitCode.FINDINGS if self.items else ExitCode.UNDETERMINED
