"""Deep copies of variables, so that a cell can run more than once from the same values."""

from __future__ import annotations

import copy
import textwrap
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Tuple

from repro_nb.values.memo import Memo
from repro_nb.values.memory import blocks_of
from repro_nb.values.path import type_name
from repro_nb.values.redirecting import redirect, stand_ins
from repro_nb.values.torch_copies import complete, is_in_graph, share_memory

__all__ = ["Copies"]

_LONGEST_REASON = 200


@dataclass(frozen=True)
class Copies:
    """Deep copies of several variables, in which what was one object stays one, and what shared memory shares it.

    Modules, classes and functions are shared, not copied, as ``copy.deepcopy`` shares the latter two: a function's
    own attributes and a module's names are not kept. Weak references, and what an object's own attributes bind to
    it, lead to the copies.

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
        found = _copy(variables)
        return cls(MappingProxyType(found.copied), MappingProxyType(found.uncopied))

    def fresh(self) -> Dict[str, Any]:
        """A new copy of each copied variable, as it was in the beginning.

        Raises:
            Exception: What the ``__deepcopy__`` of a copy raises, where that of the original did not.
        """
        found = _copy(self.pristine)
        if found.errors:
            raise found.errors[0]
        return found.copied


class _Outcome(NamedTuple):
    """What one attempt at copying gave.

    Attributes:
        copied: The copies by name.
        uncopied: Names that could not be copied, with why.
        errors: What was raised for those, in order.
        spans: Which objects were copied first for a name: the memo's `count` before and after.
    """

    copied: Dict[str, Any]
    uncopied: Dict[str, str]
    errors: List[Exception]
    spans: Dict[str, Tuple[int, int]]


def _copy(variables: Mapping[str, Any]) -> _Outcome:
    """Copy twice where the first time shows objects for which something must stand from the beginning."""
    memo = Memo()
    found = _attempt(variables, memo)
    blocks, unshareable = blocks_of(memo)
    replaced = stand_ins(memo)
    if blocks or unshareable or replaced:
        reasons = _shared_memory(found, memo, unshareable)
        memo = Memo()
        for original, stand_in in replaced:
            memo.put(original, stand_in)
        for block in blocks:
            block.lay(memo)
        left = {name: value for name, value in variables.items() if name not in reasons}
        found = _attempt(left, memo)
        found.uncopied.update(reasons)
    try:
        share_memory(memo)
        redirect(memo)
    except Exception as error:  # noqa: BLE001 - a user's __hash__ or __eq__, for a key that is a copy
        return _Outcome({}, dict.fromkeys(variables, _reason(None, error)), [error], {})
    return found


def _attempt(variables: Mapping[str, Any], memo: Memo) -> _Outcome:
    found = _Outcome({}, {}, [], {})
    for name, value in variables.items():
        known, start = len(memo), memo.count()
        try:
            copied = copy.deepcopy(value, memo)
            complete(memo, start)
            found.copied[name] = copied
            found.spans[name] = start, memo.count()
        except Exception as error:  # noqa: BLE001 - a user's __deepcopy__ may raise anything
            memo.forget_since(known)
            found.uncopied[name] = _reason(value, error)
            found.errors.append(error)
    return found


def _shared_memory(
    found: _Outcome, memo: Memo, unshareable: Iterable[Tuple[Any, ...]]
) -> Dict[str, str]:
    """Names of what shares memory in a way that copies cannot, with why."""
    holders: Dict[int, str] = {}
    for name, span in found.spans.items():
        holders.update((id(original), name) for original, _ in memo.pairs(*span))
    reasons: Dict[str, str] = {}
    for group in unshareable:
        names = list(dict.fromkeys(holders[id(one)] for one in group))
        for name in names:
            others = [other for other in names if other != name]
            what = f"it shares memory with {others[0]}" if others else "parts of it share memory"
            reasons[name] = f"{what}, which copies would not"
    return reasons


def _reason(value: Any, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if is_in_graph(error):
        return "it is part of an autograd graph"
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - a user's __str__
        lines = []
    if not lines:
        return f"{type(error).__name__} from {type_name(type(value))}"
    return textwrap.shorten(lines[0], _LONGEST_REASON, placeholder=" …")
