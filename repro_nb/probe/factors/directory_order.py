"""The order in which a folder lists what is in it: the file system's own, another on another machine."""

from __future__ import annotations

import ast
import functools
import os
import pathlib
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Iterator, List, Optional, TypeVar

from repro_nb.probe.factors.callers import Caller, caller_of
from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.standin import StandIn
from repro_nb.rng.usercode import is_user_module

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["DirectoryOrder"]

T = TypeVar("T")

_SORTED, _REVERSED, _SHUFFLED = "sorted", "reversed", "shuffled"
_OTHERS = (_REVERSED, _SHUFFLED)
# These list folders for purposes of their own: what they do does not follow from the order.
_OWN_PURPOSE = frozenset({"importlib", "linecache", "pkgutil", "shutil", "tempfile", "zipimport"})
# What is made of a listing in one of these does not depend on its order.
_ORDERLESS = frozenset({"all", "any", "frozenset", "len", "max", "min", "set", "sorted", "sum"})


class DirectoryOrder:
    """``os.listdir`` and ``os.scandir``, and so ``glob``, ``pathlib`` and ``os.walk``.

    Listings that compiled code makes, and those of programs that the notebook starts, are out of reach.
    """

    name = "directory-order"
    floating = False
    wording = "the order in which folders list their files"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """By name."""
        return Setting(_SORTED, held=_SORTED)

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """From the last name to the first; then shuffled."""
        order = _OTHERS[round_ % len(_OTHERS)]
        return Setting(order, held=order)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Wrap the two functions that everything else lists folders by."""
        listing = _Listing(uses, held)
        for name, call in (("listdir", listing.listdir), ("scandir", listing.scandir)):
            original = getattr(os, name)
            stand_in = StandIn(original, functools.partial(call, original), "os")
            setattr(os, name, stand_in)
            _set_former_pathlib(name, original, stand_in)

    def is_active(self, traces: Traces) -> bool:
        """Whether a line listed a folder, and did not sort the names at once."""
        return any(use.file or not _is_orderless(use.code) for use in traces.uses_of(self.name))

    def remedy(self, code: str) -> str:
        """Sort."""
        what = f"what `{code}` lists" if code else "the listing"
        return f"sort {what}: `sorted(…)`"


class _Listing:
    """What is called in place of the two functions."""

    def __init__(self, uses: Uses, held: Optional[str]) -> None:
        self._uses = uses
        self._held = held

    def listdir(self, original: Any, *given: Any, **named: Any) -> Any:
        """As ``os.listdir``."""
        names = original(*given, **named)
        order = self._order("os.listdir", sys._getframe(2))  # noqa: SLF001 - has no public twin
        return names if order is None else _ordered(names, order, os.fsencode)

    def scandir(self, original: Any, *given: Any, **named: Any) -> Any:
        """As ``os.scandir``."""
        entries = original(*given, **named)
        order = self._order("os.scandir", sys._getframe(2))  # noqa: SLF001 - as above
        if order is None:
            return entries
        with entries:
            return _Entries(_ordered(entries, order, lambda entry: os.fsencode(entry.name)))

    def _order(self, call: str, frame: FrameType) -> Optional[str]:
        """Note who lists a folder; the order that it is to see, None for the true one."""
        place = self._uses.place_of(frame)
        if place is None:
            return None
        caller = caller_of(frame)
        if not caller.modules & _OWN_PURPOSE and (
            not place.importing or is_user_module(place.direct)
        ):
            self._uses.note(DirectoryOrder.name, _public_name(caller) or call, place)
        return self._held


class _Entries:
    """Entries of a folder in an order of ours: an iterator that is closed, by itself or as a context manager."""

    def __init__(self, entries: List[Any]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._entries)

    def __enter__(self) -> _Entries:  # noqa: PYI034 - typing.Self is younger than 3.9
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Give no more entries."""
        self._entries = iter(())


def _ordered(entries: Any, order: str, name_of: Callable[[Any], bytes]) -> List[Any]:
    by_name = sorted(entries, key=name_of, reverse=order == _REVERSED)
    return by_name[1::2] + by_name[::2] if order == _SHUFFLED else by_name


def _public_name(caller: Caller) -> str:
    """The function that the user's line called, as users write it: ``glob.glob``, ``Path.iterdir``."""
    module, _, name = caller.call.rpartition(".")
    # Some are generators below a function of the same name.
    name = name.lstrip("_")
    if module.partition(".")[0] == "pathlib":
        return f"Path.{name}"
    return f"{module}.{name}" if name else ""


def _set_former_pathlib(name: str, original: Any, stand_in: StandIn) -> None:
    """Up to Python 3.10 paths keep the functions that there were when ``pathlib`` was imported."""
    accessor = getattr(pathlib, "_NormalAccessor", None)
    if accessor is not None and vars(accessor).get(name) is original:
        setattr(accessor, name, stand_in)


def _is_orderless(code: str) -> bool:
    """Whether every listing in the line goes straight into what does not depend on its order."""
    tree = _parsed(code)
    if tree is None:
        return False
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    listings = {node for node in calls if _called(node) in _LISTING}
    inside = {
        inner
        for node in calls
        # A key may tie, and ties stay as they were.
        if _called(node) in _ORDERLESS and not node.keywords and isinstance(node.func, ast.Name)
        for argument in node.args
        for inner in ast.walk(argument)
    }
    return bool(listings) and listings <= inside


_LISTING = frozenset({"listdir", "scandir", "glob", "iglob", "rglob", "iterdir", "walk"})


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _parsed(code: str) -> Optional[ast.AST]:
    """The line's tree; None for a line that is a part of a statement."""
    for text in (code, f"{code} pass"):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return None
