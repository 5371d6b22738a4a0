"""Paths to leaves in Python's syntax, and short texts for values, made without running a user's code."""

from __future__ import annotations

from typing import Any, Optional, Tuple, Union

__all__ = [
    "Path",
    "Step",
    "cut",
    "full_name",
    "index_step",
    "key_step",
    "name_step",
    "render",
    "short",
    "type_name",
    "unravel",
]

Step = Union[int, str]
"""A position in a sequence, or the text to append."""
Path = Optional[Tuple[Any, Step]]
"""A step and the path before it; None is the root. Texts are made of the paths that are shown alone."""

_LONGEST = 60
_LARGEST_INTEGER_BITS = 512
_name_of = type.__dict__["__qualname__"].__get__
_home_of = type.__dict__["__module__"].__get__


def render(path: Path) -> str:
    """The expression to append to the root's name; empty for the root."""
    steps = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else step)
    return "".join(reversed(steps))


def index_step(position: int, shape: Tuple[int, ...]) -> str:
    """The step to an element of an array.

    Args:
        position: Its place in C order.
        shape: Of the array.
    """
    return "[" + (", ".join(map(str, unravel(position, shape))) or "()") + "]"


def unravel(position: int, shape: Tuple[int, ...]) -> Tuple[int, ...]:
    """The index of the element that is at `position` in C order."""
    index = []
    for extent in reversed(shape):
        position, place = divmod(position, extent)
        index.append(place)
    return tuple(reversed(index))


def name_step(name: str) -> str:
    """The step to an attribute, or to a part that is named like an index: ``.layers``, ``[0]``."""
    return f".{name}" if str.isidentifier(name) else f"[{name}]"


def key_step(key: Any, position: int) -> str:
    """The step to a mapping's value; a key of a class that is not built in is told by its class and place."""
    if type(key) in _SHOWN:
        return f"[{_literal(key)}]"
    if _is_plain_tuple(key):
        return f"[({', '.join(map(_literal, key))}{',' if len(key) == 1 else ''})]"
    return f"[<{type_name(type(key))} {position}>]"


def _literal(value: Any) -> str:
    """A built-in scalar in Python's syntax; a large integer in the one that has no limit of digits."""
    is_large = type(value) is int and value.bit_length() > _LARGEST_INTEGER_BITS
    return hex(value) if is_large else repr(value)


def short(value: Any) -> str:
    """``repr(value)`` for built-in numbers and texts, cut where it is long; the class's name for all else."""
    if type(value) is int and value.bit_length() > _LARGEST_INTEGER_BITS:
        return f"<int of {value.bit_length()} bits>"
    if type(value) in (str, bytes):
        return cut(repr(value[:_LONGEST]), len(value) > _LONGEST)
    if type(value) in _SHOWN:
        return repr(value)
    if _is_plain_tuple(value):
        return cut("(" + ", ".join(map(short, value)) + (",)" if len(value) == 1 else ")"))
    return f"<{type_name(type(value))}>"


def cut(text: str, already: bool = False) -> str:
    """`text`, or its beginning where it is long.

    Args:
        text: Any text.
        already: Whether it is only the beginning of a longer one.
    """
    return f"{text[:_LONGEST]}…" if already or len(text) > _LONGEST else text


_SHOWN = (str, bytes, int, float, complex, bool, type(None), type(Ellipsis))


def _is_plain_tuple(value: Any) -> bool:
    return type(value) is tuple and all(type(element) in _SHOWN for element in value)


def type_name(cls: type) -> str:
    """A class's name without its module, as messages give it."""
    name: str = _name_of(cls)
    return name


def full_name(cls: type) -> str:
    """A class's name with its module, unless it is built in."""
    home = _home_of(cls)
    return type_name(cls) if home == "builtins" else f"{home}.{type_name(cls)}"
