"""Deep copies of variables, so that a cell can run more than once from the same values."""

from __future__ import annotations

import copy
import sys
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, FrozenSet, Mapping

from repro_nb.imports import whole_module
from repro_nb.values.path import type_name

__all__ = ["Copies"]

_LONGEST_REASON = 200


class _UncopiedError(Exception):
    """A value that could be copied, but not without a trace."""


@dataclass(frozen=True)
class Copies:
    """Deep copies of several variables, in which what was one object stays one.

    Modules, classes and functions are shared, not copied, as ``copy.deepcopy`` shares the latter two: a function's
    own attributes and a module's names are not kept.

    Attributes:
        pristine: The copies that `fresh` copies from. Nobody else should touch them.
        uncopied: Names that could not be copied, with why.
    """

    pristine: Mapping[str, Any]
    uncopied: Mapping[str, str]

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Copies:
        """Copy what can be copied.

        Nothing runs but the protocol of ``copy``, no random number is drawn, and nothing is raised. What one
        variable shares with another that could not be copied is copied for the one.

        Args:
            variables: Values by name.
        """
        memo = _Memo()
        copied: Dict[str, Any] = {}
        uncopied: Dict[str, str] = {}
        for name, value in variables.items():
            known = len(memo)
            try:
                copied[name] = copy.deepcopy(value, memo)
            except Exception as error:  # noqa: BLE001 - a user's __deepcopy__ may raise anything
                memo.forget_since(known)
                uncopied[name] = _reason(value, error)
        return cls(MappingProxyType(copied), MappingProxyType(uncopied))

    def fresh(self) -> Dict[str, Any]:
        """A new copy of each copied variable, as it was in the beginning.

        Raises:
            Exception: What the ``__deepcopy__`` of a copy raises, where that of the original did not.
        """
        return copy.deepcopy(dict(self.pristine), _Memo())


class _Memo(Dict[int, Any]):
    """The memo of a deep copy, which shares modules, and stops at what copying would not leave alone."""

    def __init__(self) -> None:
        super().__init__((id(module), module) for module in list(sys.modules.values()))
        self._figures = _shown_figures()

    def get(self, key: int, default: Any = None) -> Any:
        """What was copied already."""
        if key in self._figures:
            raise _UncopiedError("it holds a figure of pyplot, and a copy would be shown beside it")
        return super().get(key, default)

    def forget_since(self, size: int) -> None:
        """Drop what was copied, maybe half, since there were `size` entries."""
        while len(self) > size:
            self.popitem()


def _shown_figures() -> FrozenSet[int]:
    """Addresses of pyplot's open figures: copying one opens another."""
    helpers = whole_module("matplotlib._pylab_helpers")
    managers = [] if helpers is None else list(helpers.Gcf.figs.values())
    return frozenset(id(manager.canvas.figure) for manager in managers)


def _reason(value: Any, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - a user's __str__
        lines = []
    return (
        lines[0][:_LONGEST_REASON]
        if lines
        else f"{type(error).__name__} from {type_name(type(value))}"
    )
