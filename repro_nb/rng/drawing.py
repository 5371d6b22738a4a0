"""Which of a library's own functions draw from its global stream."""

from __future__ import annotations

import sys
from types import BuiltinMethodType, MethodType
from typing import Any

__all__ = ["draws_from"]

_STREAMS = {"python": ("random", "_inst"), "numpy": ("numpy.random.mtrand", "_rand")}
_NOT_DRAWING = ("seed", "getstate", "setstate", "get_state", "set_state")
_TORCH = (
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"),
    *("normal", "bernoulli", "multinomial", "poisson"),
)


def draws_from(function: Any, stream: str) -> bool:
    """Whether `function` is one such as ``np.random.rand``, and `stream` the name of the stream behind it."""
    if stream == "torch":
        torch = sys.modules.get("torch")
        return function is not None and any(
            function is getattr(torch, name, None) for name in _TORCH
        )
    if stream not in _STREAMS or type(function) not in (MethodType, BuiltinMethodType):
        return False
    home, name = _STREAMS[stream]
    owner = getattr(sys.modules.get(home), name, None)
    return function.__self__ is owner is not None and function.__name__ not in _NOT_DRAWING
