"""Signals that ask the program to end."""

import os
import signal

import pytest

from repro_nb.cli.termination import Termination


@pytest.fixture(autouse=True)
def _as_before():
    """Puts the handlers of this process back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_nohup_ignores_stays_ignored():
    """A closed terminal does not end what was started to outlive it."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    Termination().install()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_the_first_signal_interrupts_and_the_second_does_not():
    """Tidying up is not disturbed; the exit code is that of the first."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    termination = Termination()
    termination.install()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert termination.exit_code == 143
