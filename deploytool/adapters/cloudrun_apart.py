"""Cloud Run asked from a process of its own, so that loading Google's client does not hold up everything else.

The client takes longer to import than git takes to answer, and two threads cannot import at once. The process is
forked before anything else is loaded (so this module loads nothing either), answers one question after the other,
and ends with its parent.
"""

from __future__ import annotations

import ctypes
import os
import pickle  # both ends are this program, and the pipe between them has no name
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn

from deploytool.errors import CouldNotLook

if TYPE_CHECKING:
    from deploytool.domain.model import Fleet, Place, Revision

PARENT_DEATH_SIGNAL = 1  # prctl(2): PR_SET_PDEATHSIG


class Apart:
    """The other process. Fork it before any thread is started."""

    def __init__(self) -> None:
        asks, self_asks = os.pipe()
        self_hears, tells = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self_asks)
            os.close(self_hears)
            _answer_until_the_end(asks, tells, parent)
        os.close(asks)
        os.close(tells)
        self._asks, self._hears = os.fdopen(self_asks, "wb"), os.fdopen(self_hears, "rb")

    def ask(self, question: tuple[Any, ...]) -> Any:
        """The answer; raises what the question raised. One question at a time."""
        try:
            with suppress(BrokenPipeError):  # it has gone; its last words may still be there
                pickle.dump(question, self._asks)
                self._asks.flush()
            kind, answer = pickle.load(self._hears)
        except (EOFError, OSError) as gone:
            raise CouldNotLook(
                "The process that asks Cloud Run has gone.", hint="Run the same command again."
            ) from gone
        if kind == "refused":
            raise CouldNotLook(answer[0], hint=answer[1])
        if kind == "broken":
            raise RuntimeError(f"in the process that asks Cloud Run:\n{answer}")
        return answer


class CloudRunApart(NamedTuple):
    """CloudRun, asked through the other process."""

    apart: Apart
    project: str
    regions: Sequence[str]
    endpoint: str | None

    def fleet(self, *, dated: bool = False) -> Fleet:
        found: Fleet = self.apart.ask((self._which(), "fleet", {"dated": dated}))
        return found

    def history(self, place: Place) -> tuple[Revision, ...]:
        found: tuple[Revision, ...] = self.apart.ask((self._which(), "history", {"place": place}))
        return found

    def _which(self) -> tuple[str, tuple[str, ...], str | None]:
        return self.project, tuple(self.regions), self.endpoint


def _answer_until_the_end(asks: int, tells: int, parent: int) -> NoReturn:
    """The other process, from the fork on. Whatever happens, nothing of the parent's is run or written here."""
    try:
        _settle(parent)
        with os.fdopen(asks, "rb") as questions, os.fdopen(tells, "wb") as answers:
            _answer(questions, answers)
    except EOFError:  # the parent is done
        os._exit(0)
    except BaseException:
        os._exit(1)
    os._exit(1)


def _answer(questions: BinaryIO, answers: BinaryIO) -> None:
    """One answer per question; ends with what is broken, such as a client that cannot be imported."""
    try:
        import google.cloud.run_v2  # noqa: F401 -- what takes so long

        from deploytool.adapters.cloudrun.reader import CloudRun
    except Exception:
        pickle.dump(("broken", traceback.format_exc()), answers)
        return
    readers: dict[Any, CloudRun] = {}
    while True:
        which, method, arguments = pickle.load(questions)
        reader = readers.setdefault(which, CloudRun(*which))
        _tell(answers, reader, method, arguments)


def _tell(answers: BinaryIO, reader: Any, method: str, arguments: dict[str, Any]) -> None:
    try:
        answer: tuple[str, Any] = ("told", getattr(reader, method)(**arguments))
    except CouldNotLook as refused:
        answer = ("refused", (refused.message, refused.hint))
    except Exception:
        answer = ("broken", traceback.format_exc())
    pickle.dump(answer, answers)
    answers.flush()


def _settle(parent: int) -> None:
    """Ctrl-C is the parent's; its streams are let go of, so that a reader of them sees their end; its end is ours."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
