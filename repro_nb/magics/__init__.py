"""The magics, and what loading them starts and stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro_nb.magics.extension import ReproMagics
from repro_nb.probe.recorder import Recorder
from repro_nb.probe.session import session

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["ReproMagics", "load", "unload"]


def load(shell: InteractiveShell) -> None:
    """Start recording and add the magics; in a shell that has them already, nothing happens."""
    if ReproMagics.of(shell) is not None:
        return
    # In a kernel that `verify` started, the probe records already.
    owns_recorder = session.recorder is None
    if owns_recorder:
        session.recorder = Recorder(shell.user_ns)
        session.recorder.attach(shell.events)
    ReproMagics(shell, owns_recorder=owns_recorder).add()
    # A seed that was set before `%reload_ext` goes on to reach what is imported after it, and each cell.
    if session.seeding is not None:
        from repro_nb import seeding

        seeding.go_on()


def unload(shell: InteractiveShell) -> None:
    """Stop recording and take everything back that `load` added; random states stay as they are."""
    extension = ReproMagics.of(shell)
    if extension is None:
        return
    from repro_nb import seeding
    from repro_nb.deterministic import disable_deterministic_mode

    extension.remove()
    if session.checkpoint_watch is not None:
        session.checkpoint_watch.stop()
    seeding.let_go()
    disable_deterministic_mode()
    if extension.owns_recorder and session.recorder is not None:
        session.recorder.detach()
        session.recorder = None
