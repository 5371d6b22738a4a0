"""What differs between two environments, the likeliest cause of other results first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repro_nb.records import Environment

__all__ = ["GROUPS", "EnvironmentDifference", "Facts", "compare_facts", "facts_of"]

Facts = Mapping[str, Mapping[str, str]]
"""An environment as values by name, by group."""

GROUPS = ("python", "packages", "blas", "threads", "variables", "machine")
"""The groups, ordered by how likely a difference in them changes results."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentDifference:
    """One fact that is not the same on both sides.

    Attributes:
        group: One of `GROUPS`.
        name: What it is, such as ``numpy`` or ``OMP_NUM_THREADS``.
        left: Its value on the left; None where it is not there.
        right: Its value on the right.
    """

    group: str
    name: str
    left: str | None
    right: str | None


def facts_of(environment: Environment | None) -> Facts:
    """The facts of a captured environment; none for None."""
    if environment is None:
        return {}
    return {
        "python": {"python": environment.python},
        "packages": environment.packages,
        "blas": environment.blas,
        "threads": {name: str(count) for name, count in environment.threads.items()},
        "variables": environment.variables,
        "machine": {
            "os": environment.os,
            "cpu": environment.cpu,
            "cpu count": str(environment.cpu_count),
            "accelerators": ", ".join(environment.accelerators) or "none",
        },
    }


def compare_facts(left: Facts, right: Facts) -> tuple[EnvironmentDifference, ...]:
    """The facts that differ, in the groups that both sides know of."""
    return tuple(
        EnvironmentDifference(group=group, name=name, left=ours.get(name), right=theirs.get(name))
        for group in GROUPS
        if (ours := left.get(group)) is not None and (theirs := right.get(group)) is not None
        for name in sorted({*ours, *theirs}, key=lambda name: (name.casefold(), name))
        if ours.get(name) != theirs.get(name)
    )
