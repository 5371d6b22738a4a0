"""One number of threads, held for the length of a block."""

from __future__ import annotations

import operator
import sys
from contextlib import ExitStack
from typing import Any, Iterator, Optional, Set, Tuple

from repro_nb.deterministic.active import active
from repro_nb.deterministic.thread_knobs import (
    NUMBA_THREADS,
    TORCH_INTER_OP,
    TORCH_THREADS,
    ThreadCount,
    loaded_pools,
)
from repro_nb.errors import UsageError
from repro_nb.imports import ImportWatch, whole_module

__all__ = ["ThreadLimit"]

# Imports that bring a BLAS or OpenMP library, or threads of their own.
_BRINGERS = ("numpy", "scipy.linalg", "sklearn", "torch", "numba", "lightgbm", "xgboost", "faiss")


class ThreadLimit:
    """Hold one number of threads inside a ``with`` block, and restore the numbers from before.

    It holds torch's and numba's threads and, where ``threadpoolctl`` is installed, those of every BLAS and OpenMP
    library; of what is imported inside the block too. They are restored in reverse order, also when the block
    raises; a number that somebody else changed meanwhile is left, with a `DeterminismWarning`. Most libraries
    keep the number for each thread of Python: the limit is for code that runs in the thread that set it. numba
    has to start its threads before they can be limited.

    Args:
        count: The number of threads, from 1.

    Raises:
        UsageError: `count` is no such number.
    """

    def __init__(self, count: int) -> None:
        self.count = _checked(count)
        self._undo: Optional[ExitStack] = None
        self._seen: Set[str] = set()
        self._left: Tuple[str, ...] = ()

    def __enter__(self) -> ThreadLimit:  # noqa: PYI034  typing.Self is younger than 3.9
        if self._undo is not None:
            raise UsageError(
                "this ThreadLimit is already entered", hint="Make a new one for each `with` block."
            )
        self._undo = ExitStack()
        self._seen = set()
        try:
            self._hold()
            self._watch_imports(self._undo)
        except BaseException:
            self.restore()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.restore()

    def restore(self) -> None:
        """Put every number back, the last one set first. Does nothing the second time."""
        undo, self._undo = self._undo, None
        if undo is not None:
            self._left = tuple(self._unlimited())
            undo.close()

    @property
    def unlimited(self) -> Tuple[str, ...]:
        """What is loaded and computes with another number of threads than `count`, and why, a line each.

        After the block, what it was at the end of it.
        """
        return self._left if self._undo is None else tuple(self._unlimited())

    def _watch_imports(self, undo: ExitStack) -> None:
        watch = ImportWatch()
        undo.callback(watch.uninstall)
        for module in _BRINGERS:
            if module not in sys.modules:
                watch.when_imported(module, self._hold)
        watch.install()

    def _hold(self, _module: object = None) -> None:
        # torch sets the OpenMP library that it brings, and numba loads one: the libraries come last.
        for knob in (TORCH_THREADS, NUMBA_THREADS):
            self._hold_once(knob)
        for pool in loaded_pools() or ():
            self._hold_once(pool)

    def _hold_once(self, knob: ThreadCount) -> None:
        # Later imports bring further knobs; what the user has set since on the known ones is theirs.
        if self._undo is None or not knob.exists or knob.name in self._seen:
            return
        self._seen.add(knob.name)
        layer = active.threads.hold(knob, knob.ask(self.count))
        if layer is not None:
            self._undo.callback(active.threads.release, layer)

    def _unlimited(self) -> Iterator[str]:
        pools = loaded_pools()
        if whole_module("numpy") is not None and pools is None:
            yield "numpy's BLAS: threadpoolctl, which can limit it, is not installed"
        for pool in pools or ():
            if pool.read() != self.count:
                yield f"{pool.name}: {pool.read()}"
        if TORCH_INTER_OP.exists and TORCH_INTER_OP.read() != self.count:
            yield f"{TORCH_INTER_OP.name}: stays {TORCH_INTER_OP.read()}, as it can be set only once"
        if NUMBA_THREADS.exists and NUMBA_THREADS.ask(self.count) != self.count:
            yield f"{NUMBA_THREADS.name}: {NUMBA_THREADS.ask(self.count)}, the most that numba was imported with"
        if whole_module("jax") is not None:
            yield "JAX: it takes as many threads as the process had processors when JAX started"
        if whole_module("tensorflow") is not None:
            yield "TensorFlow: its threads are fixed from its first operation on"


def _checked(count: Any) -> int:
    try:
        number = operator.index(count)
    except TypeError:
        number = 0
    if number < 1 or isinstance(count, bool):
        raise UsageError(
            f"{count!r} is no number of threads", where="threads", hint="Give an integer from 1."
        )
    return number
