"""A signal stops a release until it has its end; after that it is only noted, and nothing else is begun."""

from __future__ import annotations

import os
import signal

import pytest

from deploytool.commands.releasing import Releasing, under_lease
from deploytool.commands.signals import Signals
from deploytool.errors import ExitCode, Terminated

BOTH = [
    (signal.SIGINT, KeyboardInterrupt, ExitCode.INTERRUPTED),
    (signal.SIGTERM, Terminated, ExitCode.TERMINATED),
]


@pytest.mark.parametrize(("sent", "raised", "code"), BOTH)
def test_a_release_without_an_end_is_stopped(sent: signal.Signals, raised: type[BaseException], code: ExitCode) -> None:
    with Signals().heard() as signals:
        signals.begin()
        with pytest.raises(raised):
            os.kill(os.getpid(), sent)
        assert signals.noted is None


@pytest.mark.parametrize(("sent", "raised", "code"), BOTH)
def test_after_the_end_a_first_signal_is_noted_and_a_second_is_obeyed(
    sent: signal.Signals, raised: type[BaseException], code: ExitCode
) -> None:
    with Signals().heard() as signals:
        signals.begin()
        signals.end()
        os.kill(os.getpid(), sent)
        assert signals.noted is code
        with pytest.raises(raised):
            os.kill(os.getpid(), sent)


def test_the_next_release_can_be_stopped_again() -> None:
    with Signals().heard() as signals:
        signals.begin()
        signals.end()
        signals.begin()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_what_was_there_before_is_put_back_also_by_one_inside_another() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Signals().heard() as signals:
        with signals.heard():
            pass
        with pytest.raises(Terminated):
            os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_after_a_noted_signal_nothing_else_is_begun() -> None:
    with Signals().heard() as signals:
        signals.end()
        os.kill(os.getpid(), signal.SIGTERM)
    releasing = Releasing(None, None, signals=signals)  # type: ignore[arg-type]
    ending = under_lease(releasing, None, None, lambda runner: pytest.fail("it was begun"))  # type: ignore[arg-type]
    assert (ending.outcome, ending.exit_code) == (None, ExitCode.TERMINATED)
