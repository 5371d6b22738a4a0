"""The generators that the notebook's variables reach."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

from repro_nb.probe.session import session
from repro_nb.rng.reach import Budget, Reached, find, user_names

__all__ = ["held_by_variables"]

_BUDGET = Budget(objects=100_000, items=10_000, seconds=5.0)


def held_by_variables() -> Tuple[Reached, Mapping[str, Any]]:
    """What all variables reach, and the very objects, by the same expressions; nothing where no cells are recorded."""
    namespace = {} if session.recorder is None else session.recorder.namespace
    return find(user_names(namespace), namespace, _BUDGET)
