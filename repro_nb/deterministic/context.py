"""Deterministic mode, held for the length of a block."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.held import HELD
from repro_nb.deterministic.knob import When
from repro_nb.errors import UsageError
from repro_nb.imports import ImportWatch

if TYPE_CHECKING:
    from repro_nb.deterministic.knob import Knob

__all__ = ["DeterminismWarning", "DeterministicContext"]


class DeterminismWarning(UserWarning):
    """A setting could not be held, or was changed by someone else while it was held."""


class DeterministicContext:
    """Hold deterministic mode inside a ``with`` block, and restore what was there before.

    Settings of frameworks that are imported inside the block are held too. Every setting is restored in reverse
    order, also when the block raises; one that somebody else changed meanwhile is left as they set it, with a
    `DeterminismWarning`.

    Args:
        config: What to set; by default everything that makes results repeat.
    """

    def __init__(self, config: Optional[DeterministicConfig] = None) -> None:
        self.config = config if config is not None else DeterministicConfig()
        self._undo: Optional[ExitStack] = None

    def __enter__(self) -> DeterministicContext:  # noqa: PYI034  typing.Self is younger than 3.9
        if self._undo is not None:
            raise UsageError(
                "this DeterministicContext is already entered",
                hint="Make a new one for each `with` block.",
            )
        self._undo = ExitStack()
        try:
            for knob in HELD:
                self._hold(knob)
            self._watch_imports(self._undo)
        except BaseException:
            self.restore()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.restore()

    def restore(self) -> None:
        """Put every setting back, the last one set first. Does nothing the second time."""
        undo, self._undo = self._undo, None
        if undo is not None:
            undo.close()

    def _watch_imports(self, undo: ExitStack) -> None:
        watch = ImportWatch()
        undo.callback(watch.uninstall)
        for knob in HELD:
            if knob.loaded_by and not knob.exists:
                watch.when_imported(knob.loaded_by, partial(self._hold_imported, knob))
        watch.install()

    def _hold_imported(self, knob: Knob, _module: object) -> None:
        self._hold(knob)

    def _hold(self, knob: Knob) -> None:
        if self._undo is None or not knob.exists:
            return
        value = knob.read()
        wanted = knob.wanted(self.config, value)
        if wanted == value:
            return
        if knob.when() is not When.LIVE:
            _warn(
                f"{knob.name} stays {value!r}: it takes effect only when it is set before a device is first used"
            )
            return
        knob.write(wanted)
        self._undo.callback(_put_back, knob, wanted, value)


def _put_back(knob: Knob, held: Any, value: Any) -> None:
    now = knob.read()
    if now == held:
        knob.write(value)
    elif now != value:
        _warn(f"{knob.name} was changed to {now!r} in deterministic mode, and is left so")


def _warn(message: str) -> None:
    warnings.warn(message, DeterminismWarning, stacklevel=2)
