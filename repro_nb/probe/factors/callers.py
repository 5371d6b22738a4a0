"""What lies between a line of the user's code and a function that is watched: calls of the standard library's own."""

from __future__ import annotations

from types import FrameType
from typing import FrozenSet, List, NamedTuple, Optional

from repro_nb.probe.factors.uses import is_standard

__all__ = ["Caller", "caller_of"]

_OWN = "repro_nb"


class Caller(NamedTuple):
    """Who called a function that is watched.

    Attributes:
        frame: The first frame that is not of the standard library; None where there is none.
        modules: Modules of the standard library that lie between, by the names of their packages.
        call: The function of the standard library that `frame` called, such as ``uuid.uuid4``; empty where it called
            what is watched itself.
    """

    frame: Optional[FrameType]
    modules: FrozenSet[str]
    call: str


def caller_of(frame: Optional[FrameType]) -> Caller:
    """Who called, seen from `frame` outwards; our own frames do not count."""
    between: List[FrameType] = []
    while frame is not None:
        name = str(frame.f_globals.get("__name__"))
        if not is_standard(name):
            break
        if name.partition(".")[0] != _OWN:
            between.append(frame)
        frame = frame.f_back
    modules = frozenset(_package(step) for step in between)
    return Caller(frame, modules, _name_of(between[-1]) if between else "")


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _name_of(frame: FrameType) -> str:
    """The function's name as a user writes it: a class for its constructor, ``Class.method`` for a method."""
    code = frame.f_code
    words = [str(frame.f_globals.get("__name__"))]
    if code.co_varnames[:1] == ("self",):
        words.append(type(frame.f_locals.get("self")).__name__)
    if code.co_name not in ("__init__", "__new__"):
        words.append(code.co_name)
    return ".".join(words)
