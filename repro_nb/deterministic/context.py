"""Deterministic mode, held for the length of a block."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Optional

from repro_nb.deterministic.active import active
from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.decorating import BlockDecorator
from repro_nb.deterministic.held import HELD
from repro_nb.deterministic.knob import When
from repro_nb.deterministic.warned import warn
from repro_nb.errors import UsageError
from repro_nb.imports import ImportWatch

if TYPE_CHECKING:
    from repro_nb.deterministic.knob import Knob

__all__ = ["DeterministicContext"]


class DeterministicContext(BlockDecorator):
    """Hold deterministic mode inside a ``with`` block, and restore what was there before.

    Settings of frameworks that are imported inside the block are held too. Every setting is restored in reverse
    order, also when the block raises; one that somebody else changed meanwhile is left as they set it, with a
    `DeterminismWarning`. Contexts nest, and may end in any order: what one would put back passes to the one
    that still holds the setting. Works as a decorator of functions too.

    Args:
        config: What to set; by default everything that makes results repeat.
    """

    def __init__(self, config: Optional[DeterministicConfig] = None) -> None:
        self.config = config if config is not None else DeterministicConfig()
        self._layers = active.layers
        self._undo: Optional[ExitStack] = None

    def __enter__(self) -> DeterministicContext:  # noqa: PYI034  typing.Self is younger than 3.9
        if self._undo is not None:
            raise UsageError(
                "this DeterministicContext is already entered",
                hint="Make a new one for each `with` block.",
            )
        self._undo = ExitStack()
        self._layers = active.layers
        try:
            self._begin(self._undo)
        except BaseException:
            self.restore()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.restore()

    def _recreate_cm(self) -> DeterministicContext:
        """What `ContextDecorator` enters for one call: calls may nest, and one context is for one block."""
        return DeterministicContext(self.config)

    @property
    def is_on(self) -> bool:
        """Whether the mode is held now."""
        return self._undo is not None

    def restore(self) -> None:
        """Put every setting back, the last one set first. Does nothing the second time."""
        undo, self._undo = self._undo, None
        if self in active.enabled:
            active.enabled.remove(self)
        if undo is not None:
            undo.close()

    def _begin(self, undo: ExitStack) -> None:
        for knob in HELD:
            self._hold(knob)
        watch = ImportWatch()
        undo.callback(watch.uninstall)
        for knob in HELD:
            if knob.loaded_by and not knob.exists:
                watch.when_imported(knob.loaded_by, partial(self._hold_imported, knob))
        if self.config.warn_performance:
            # After the knobs that wait for the same import; at once where torch is there.
            watch.when_imported("torch", self._warn_performance)
        watch.install()

    def _hold_imported(self, knob: Knob, _module: object) -> None:
        self._hold(knob)

    def _hold(self, knob: Knob) -> None:
        if self._undo is None or not knob.exists:
            return
        value = self._layers.value(knob)
        wanted = knob.wanted(self.config, value)
        if wanted != value and knob.when() is not When.LIVE:
            warn(
                f"{knob.name} stays {value!r}: it takes effect only when it is set before a device is first used"
            )
            return
        layer = self._layers.hold(knob, wanted)
        if layer is not None:
            self._undo.callback(self._layers.release, layer)

    def _warn_performance(self, _module: object) -> None:
        from repro_nb.deterministic.performance import warn_performance

        warn_performance(self.config)
