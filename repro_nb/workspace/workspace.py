"""What code reads and assigns: found, copied, and put back."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import Any, Dict, FrozenSet, Iterator, List, Set, Tuple

from repro_nb.rng.reach import Budget
from repro_nb.values import Copies
from repro_nb.workspace.holders import Holder
from repro_nb.workspace.names import SHELL_NAME
from repro_nb.workspace.search import Search

__all__ = ["Workspace"]

_BUDGET = Budget(objects=20_000, items=2_000, seconds=1.0)
# What IPython keeps among the user's variables. The results of earlier cells are values as well.
_UNCOMPARED = re.compile(f"_{{1,3}}|_\\d+|_oh|Out|{SHELL_NAME.pattern}")


class Workspace:
    """What a cell, or a function that is one of the names, reads and assigns.

    Args:
        names: The names that its code uses.
        mentioned: Every identifier in its text.
        namespace: Where the names are: the user's variables.
        budget: How far to look for it.

    Attributes:
        shared: What could not be copied, with why.
        truncated: It reaches more than was looked at.
    """

    def __init__(
        self,
        names: FrozenSet[str],
        mentioned: FrozenSet[str],
        namespace: Dict[str, Any],
        budget: Budget = _BUDGET,
    ) -> None:
        found = Search(namespace, budget)
        found.run(names, mentioned)
        self.truncated = found.truncated
        self._holders = found.holders
        self._before = [holder.read() for holder in self._holders]
        self._places = _labelled(self._holders)
        self._originals = {
            label: self._before[index][name] for label, (index, name) in self._places.items()
        }
        self._copies = Copies.of(self._originals)
        self.shared = {**self._copies.uncopied, **found.memos}
        self._placed: Dict[str, Any] = self._originals

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Work on copies inside the block; after it, everything is where it was, the very objects."""
        fresh = self._copies.fresh()
        self._placed = {**self._originals, **fresh}
        try:
            for label, value in fresh.items():
                index, name = self._places[label]
                if value is not self._originals[label]:
                    self._holders[index].write(name, value)
            yield
        finally:
            for holder, before in zip(self._holders, self._before):  # noqa: B905  strict= is younger than 3.9
                holder.put_back(before)
            self._placed = self._originals

    def results(self) -> Tuple[Dict[str, Any], Set[str]]:
        """What is there now of what the cell works on, and which of it was assigned: is no longer what it was."""
        values: Dict[str, Any] = {}
        assigned: Set[str] = set()
        labels = {place: label for label, place in self._places.items()}
        for index, (holder, before) in enumerate(zip(self._holders, self._before)):  # noqa: B905  as above
            now = holder.read()
            for name in {**before, **now}:
                label = labels.get((index, name), holder.prefix + name)
                placed = self._placed.get(label, before.get(name, _NOTHING))
                value = now.get(name, _NOTHING)
                if holder.wanted is not None and _UNCOMPARED.fullmatch(name):
                    continue
                if value is not placed:
                    assigned.add(label)
                if value is not _NOTHING and (label in self._places or label in assigned):
                    values[label] = value
        return values, assigned

    def original(self, label: str) -> Tuple[Any, ...]:
        """The value that a label had before; nothing where it had none, or where it could not be copied."""
        known = label in self._originals and label not in self._copies.uncopied
        return (self._originals[label],) if known else ()


_NOTHING = object()


def _labelled(holders: List[Holder]) -> Dict[str, Tuple[int, str]]:
    """What reports call a value, and where it is: two functions may have one name."""
    places: Dict[str, Tuple[int, str]] = {}
    for index, holder in enumerate(holders):
        for name in holder.changeable():
            label = holder.prefix + name
            places[label if label not in places else f"{label} ({index})"] = index, name
    return places
