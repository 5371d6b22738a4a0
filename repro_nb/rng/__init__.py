"""Streams of random numbers: the global ones of each library, and those that a user's variables hold."""

from __future__ import annotations

from typing import Tuple

from repro_nb.rng.numpy import NumpySource
from repro_nb.rng.python import PythonSource
from repro_nb.rng.source import Source
from repro_nb.rng.torch import TorchSource

__all__ = ["Source", "sources"]

_BUILT_IN: Tuple[Source, ...] = (PythonSource(), NumpySource(), TorchSource())


def sources() -> Tuple[Source, ...]:
    """The libraries whose global streams are watched, loaded or not, in the order that reports list them."""
    return _BUILT_IN
