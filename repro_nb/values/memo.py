"""The memo of a deep copy of several variables: what became of which object."""

from __future__ import annotations

import itertools
import sys
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Tuple

from repro_nb.imports import whole_module

__all__ = ["Memo"]


class _UncopiedError(Exception):
    """A value that could be copied, but not without a trace."""


class Memo(Dict[int, Any]):
    """The memo of a deep copy, which shares modules, and stops at what copying would not leave alone."""

    def __init__(self) -> None:
        super().__init__((id(module), module) for module in list(sys.modules.values()))
        self._figures = _shown_figures()

    def get(self, key: int, default: Any = None) -> Any:
        """What was copied already."""
        if key in self._figures:
            raise _UncopiedError("it holds a figure of pyplot, and a copy would be shown beside it")
        return super().get(key, default)

    def put(self, original: Any, copy: Any) -> None:
        """Have `copy` stand for `original`."""
        self[id(original)] = copy
        self._originals().append(original)

    def of(self, value: Any) -> Any:
        """The copy of `value`, or itself where it was not copied."""
        return super().get(id(value), value)

    def count(self) -> int:
        """How many objects were copied so far, or begun."""
        return len(super().get(id(self), ()))

    def pairs(self, start: int = 0, stop: Optional[int] = None) -> Iterator[Tuple[Any, Any]]:
        """Each object that was copied, with its copy.

        Args:
            start: What `count` was before the first of them.
            stop: What it was after the last; without it, those come too that are copied meanwhile.
        """
        for original in itertools.islice(self._originals(), start, stop):
            if id(original) in self:  # else it was forgotten
                yield original, self[id(original)]

    def forget_since(self, size: int) -> None:
        """Drop what was copied, maybe half, since there were `size` entries."""
        while len(self) > size:
            self.popitem()

    def _originals(self) -> List[Any]:
        """The objects that were copied; ``copy`` keeps them here, so that their addresses stay their own."""
        kept: List[Any] = self.setdefault(id(self), [])
        return kept


def _shown_figures() -> FrozenSet[int]:
    """Addresses of pyplot's open figures: copying one opens another."""
    helpers = whole_module("matplotlib._pylab_helpers")
    managers = [] if helpers is None else list(helpers.Gcf.figs.values())
    return frozenset(id(manager.canvas.figure) for manager in managers)
