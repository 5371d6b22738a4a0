"""The libraries whose streams are watched: the built-in ones, and those that other packages add."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import Any, Iterator, List, Tuple

from repro_nb.plugins import added, points_of
from repro_nb.rng.cupy import CupySource
from repro_nb.rng.numba import NumbaSource
from repro_nb.rng.numpy import NumpySource
from repro_nb.rng.python import PythonSource
from repro_nb.rng.source import Source
from repro_nb.rng.tensorflow import TensorFlowSource
from repro_nb.rng.torch import TorchSource

__all__ = ["GROUP", "sources"]

GROUP = "repro_nb.sources"
"""The entry point group in which a package names a `Source`, or a class or function that makes one."""

_BUILT_IN: Tuple[Source, ...] = (
    PythonSource(),
    NumpySource(),
    TorchSource(),
    TensorFlowSource(),
    NumbaSource(),
    CupySource(),
)
_MARK = f"[{GROUP}]".encode()
_PROTOCOL = (
    "name",
    "module",
    "seed_functions",
    "limits",
    "states",
    "glance",
    "is_fresh",
    "seed",
    "restoring",
)


@lru_cache(maxsize=1)
def sources() -> Tuple[Source, ...]:
    """Every library whose global streams are watched, loaded or not, in the order that reports list them.

    Packages that add one through the entry point group `GROUP` are looked for once in a process. One that cannot be
    used is told in a warning, and left out.
    """
    return (*_BUILT_IN, *_added())


def _added() -> List[Source]:
    names = [source.name for source in _BUILT_IN]
    return added(_entry_points(), names, _PROTOCOL, "random source", _check)


def _check(source: Source) -> None:
    if "." in source.name:
        raise ValueError("its name has a dot, which tells the streams of one library apart")
    source.states(), source.glance()  # what raises here would raise in every cell


def _entry_points() -> Iterator[Any]:
    # importlib.metadata reads every installed distribution, which takes longer than all else that loading does: it
    # is asked only where a look at the bare files has found something.
    if not any(map(_names_a_source, sys.path)):
        return
    yield from points_of(GROUP)


def _names_a_source(folder: str) -> bool:
    """Whether a distribution that is installed in `folder` has entry points of our group."""
    try:
        names = os.listdir(folder or ".")  # noqa: PTH208 - pathlib takes three times as long
    except OSError:  # a zip, or a folder that is not there
        return False
    return any(
        _has_mark(folder, name) for name in names if name.endswith((".dist-info", ".egg-info"))
    )


def _has_mark(folder: str, name: str) -> bool:
    try:
        with open(f"{folder or '.'}/{name}/entry_points.txt", "rb") as file:  # noqa: PTH123 - as above
            return _MARK in file.read()
    except OSError:  # most distributions have none
        return False
