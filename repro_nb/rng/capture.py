"""Capturing the states of all global streams at once, and putting them back: exact, and all or nothing."""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any, Callable, Dict, FrozenSet, Iterator, Mapping, NamedTuple, Tuple, Union

from repro_nb.errors import RandomStateError
from repro_nb.imports import whole_module
from repro_nb.rng.registry import sources
from repro_nb.rng.source import QuickSource, Source, States

__all__ = ["Captured", "capture", "restore"]

Step = Callable[[], None]


class _Plan(NamedTuple):
    """How the streams are captured that exist with what is loaded.

    Attributes:
        quick: The sources that keep their streams in a form of their own.
        keepers: The ``keep`` of each of them.
        ways_back: The ``go_back`` of each of them.
        others: The sources that are kept as bytes.
        waiting: Modules that would bring more of them.
    """

    quick: Tuple[QuickSource, ...]
    keepers: Tuple[Callable[[], Any], ...]
    ways_back: Tuple[Callable[[Any], None], ...]
    others: Tuple[Source, ...]
    waiting: FrozenSet[str]


@lru_cache(maxsize=1)
def _plan() -> _Plan:
    loaded = [source for source in sources() if source.module in sys.modules]
    quick: Any = tuple(source for source in loaded if hasattr(source, "go_back"))
    return _Plan(
        quick,
        tuple(source.keep for source in quick),
        tuple(source.go_back for source in quick),
        tuple(source for source in loaded if source not in quick),
        frozenset(source.module for source in sources() if source not in loaded),
    )


class Captured:
    """All global streams as they were at one moment of this process."""

    __slots__ = ("_kept", "_plan", "_states")

    def __init__(self, plan: _Plan) -> None:
        self._plan = plan
        self._kept = [keep() for keep in plan.keepers]
        self._states = _states_of(plan.others) if plan.others else {}

    @property
    def states(self) -> Dict[str, States]:
        """The states of each library's streams, by the name of the `Source`; for a file, or another process."""
        quick = zip(self._plan.quick, self._kept)  # noqa: B905 - Python 3.9 has no strict=
        return {
            **{source.name: source.states_of(kept) for source, kept in quick if kept},
            **self._states,
        }

    def restore(self) -> None:
        """Do what the function `restore` does."""
        steps = list(_checked(self._states)) if self._states else ()
        for go_back, kept in zip(self._plan.ways_back, self._kept):  # noqa: B905 - as above
            if kept:
                go_back(kept)
        for step in steps:
            step()


def capture() -> Captured:
    """The states of every stream that exists now. Nothing is drawn, imported or initialised."""
    plan = _plan()
    if not sys.modules.keys().isdisjoint(plan.waiting):
        _plan.cache_clear()
        plan = _plan()
    return Captured(plan)


def restore(captured: Union[Captured, Mapping[str, States]]) -> None:
    """Put every captured stream back; those of libraries that were loaded since stay as they are.

    Args:
        captured: What `capture` gave, or its ``states``, from this process or another one.

    Raises:
        RandomStateError: One of them cannot be put back. Then none was touched.
    """
    if isinstance(captured, Captured):
        captured.restore()
        return
    for step in list(_checked(captured)):
        step()


def _states_of(others: Tuple[Source, ...]) -> Dict[str, States]:
    read = {source.name: source.states() for source in others}
    return {name: states for name, states in read.items() if states}


def _checked(captured: Mapping[str, States]) -> Iterator[Step]:
    by_name = {source.name: source for source in sources()}
    for name, states in captured.items():
        source = by_name.get(name)
        if source is None:
            raise RandomStateError(
                "there is no such source of random numbers here",
                where=name,
                hint="Install the package that adds it.",
            )
        if whole_module(source.module) is None:
            raise RandomStateError(
                f"{source.module} is not loaded", where=name, hint="Import it, then try again."
            )
        yield source.restoring(states)
