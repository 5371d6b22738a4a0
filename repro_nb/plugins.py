"""What other packages add through entry points: loaded once, and left out with a warning where it cannot be used."""

from __future__ import annotations

import warnings
from typing import Any, Callable, Iterable, List, Sequence, Set

__all__ = ["added", "made_of", "points_of"]


def points_of(group: str) -> Iterable[Any]:
    """The entry points of `group`; reads every installed distribution, which takes 70 ms and more."""
    from importlib.metadata import entry_points

    found: Any = entry_points()
    points: Iterable[Any] = (
        found.select(group=group) if hasattr(found, "select") else found.get(group, ())
    )
    return points


def added(
    points: Iterable[Any],
    built_in: Iterable[str],
    protocol: Sequence[str],
    what: str,
    check: Callable[[Any], None] = lambda _: None,
) -> List[Any]:
    """What `points` name, or make when it is a class or a function.

    Args:
        points: Entry points.
        built_in: Names that are taken.
        protocol: The attributes that each must have; ``name`` among them.
        what: What they are, for the warning: ``random source``.
        check: Raises what is wrong with one, beyond that.
    """
    names = set(built_in)
    found: List[Any] = []
    for point in points:
        try:
            made = made_of(point.load(), names, protocol, what)
            check(made)
        except Exception as fault:  # noqa: BLE001 - another package's fault shall not stop the user's notebook
            warnings.warn(
                f"the {what} {point.value} cannot be used: {fault}", RuntimeWarning, stacklevel=3
            )
        else:
            names.add(made.name)
            found.append(made)
    return found


def made_of(loaded: Any, names: Set[str], protocol: Sequence[str], what: str) -> Any:
    """What `loaded` is, or makes.

    Raises:
        TypeError: It lacks a part of `protocol`.
        ValueError: Its name is among `names`.
    """
    made = loaded() if callable(loaded) else loaded
    missing = [name for name in protocol if not hasattr(made, name)]
    if missing:
        raise TypeError(f"it lacks {', '.join(missing)}")
    if made.name in names:
        raise ValueError(f"there is a {what} named {made.name} already")
    return made
