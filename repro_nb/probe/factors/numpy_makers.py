"""Which call of numpy's, on the line that is running, makes a generator; and whether it was given a seed."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import FrameType
from typing import Any, List, NamedTuple, Optional, Tuple

__all__ = ["Maker", "maker_at"]

_MAKERS = frozenset(
    [
        "default_rng",
        "SeedSequence",
        "RandomState",
        "seed",
        "MT19937",
        "PCG64",
        "PCG64DXSM",
        "Philox",
        "SFC64",
    ]
)
# numpy asks for entropy first, and seeds these then.
_LEGACY = ("RandomState", "seed")
_MISSING = object()


class Maker(NamedTuple):
    """A call that makes, or seeds, a generator.

    Attributes:
        name: Its full name, such as ``numpy.random.default_rng``.
        is_seeded: Whether it was given a seed although it asked for entropy.
    """

    name: str
    is_seeded: bool


def maker_at(frame: FrameType) -> Optional[Maker]:
    """The call that `frame` is at; None where its line shows none.

    Where several calls of the line may have asked, an unseeded one counts.
    """
    calls = [
        call
        for first, last, call in _calls_in(frame.f_code.co_filename, _text_of(frame))
        if first <= frame.f_lineno <= last
    ]
    unseeded = [call for call in calls if not _has_seed(call, frame)]
    legacy = [call for call in calls if _name(call) in _LEGACY]
    # What is no legacy one asks only where it was given nothing: whatever it was given stood for None.
    call = next(iter(unseeded or legacy or calls), None)
    if call is None:
        return None
    return Maker(f"numpy.random.{_name(call)}", is_seeded=bool(legacy and not unseeded))


def _text_of(frame: FrameType) -> str:
    return "".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals))


@lru_cache(maxsize=32)
def _calls_in(filename: str, text: str) -> Tuple[Tuple[int, int, ast.Call], ...]:
    """The calls in a file that may make a generator, each with its first and its last line."""
    del filename
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a file need not be Python
        return ()
    return tuple(
        (node.lineno, node.end_lineno or node.lineno, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node) in _MAKERS
    )


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _has_seed(call: ast.Call, frame: FrameType) -> bool:
    given: List[Any] = [*call.args, *(keyword.value for keyword in call.keywords)]
    return not all(_is_none(value, frame) for value in given)


def _is_none(value: ast.expr, frame: FrameType) -> bool:
    if isinstance(value, ast.Constant):
        return value.value is None
    if not isinstance(value, ast.Name):
        return False
    return frame.f_locals.get(value.id, frame.f_globals.get(value.id, _MISSING)) is None
