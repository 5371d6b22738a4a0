"""What several runs of one cell gave, compared bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Dict, List, Mapping, NamedTuple, Set, Tuple

from repro_nb.magics.repetition.output_comparison import compare_outputs
from repro_nb.magics.repetition.outputs import RESULT, Output
from repro_nb.records import UnseededOrigin
from repro_nb.rng.held import read
from repro_nb.values import Comparison, compare

__all__ = ["Findings", "Run", "compare_runs"]


# What IPython names its displays by, at random.
_IDENTIFIERS = (".display_id",)


class Run(NamedTuple):
    """What one run gave.

    Attributes:
        outputs: What it showed, in order.
        values: The value of the last expression; empty where there is none.
        variables: What it works on, by the name that reports give it.
        assigned: Names of those that it assigned, or deleted.
    """

    outputs: List[Output]
    values: Tuple[Any, ...]
    variables: Mapping[str, Any]
    assigned: Set[str]


@dataclass
class Findings:
    """What a comparison of runs tells.

    Attributes:
        outputs: How many outputs the first run showed, the value aside.
        has_value: Whether the last expression had a value.
        variables: Names of what the runs assigned or changed.
        differences: A line for each thing that differs, by what differs.
        remarks: Lines on what is worth knowing, and no difference.
        uncomparable: What could not be compared, with why.
    """

    outputs: int
    has_value: bool
    variables: Set[str]
    differences: Dict[str, str] = field(default_factory=dict)
    remarks: Dict[str, str] = field(default_factory=dict)
    uncomparable: Dict[str, str] = field(default_factory=dict)

    def note(self, name: str, comparison: Comparison) -> None:
        """Add what one comparison of two values found.

        Args:
            name: What the values are called.
            comparison: Its paths are relative to them.
        """
        for difference in comparison.differences:
            path = name + difference.path
            if path.endswith(_IDENTIFIERS):
                self.remarks[path] = f"{path} is made anew each time."
                continue
            self.differences.setdefault(path, str(replace(difference, path=path)))
        rest = comparison.differing - len(comparison.differences)
        if rest:
            self.differences.setdefault(f"{name}, rest", f"{name}: {rest:,} more differences")
        for path, why in comparison.uncomparable.items():
            self.uncomparable.setdefault(name + path, why)


def compare_runs(runs: List[Run], changed: Set[str]) -> Findings:
    """Compare the first run with each later one.

    Args:
        runs: At least two.
        changed: Names of what the first run changed in place.
    """
    first = runs[0]
    names = changed.union(*(run.assigned for run in runs))
    found = Findings(
        outputs=sum(output.kind not in (RESULT, "clear_output") for output in first.outputs),
        has_value=bool(first.values),
        variables={name for name in names if type(first.variables.get(name)) is not ModuleType},
    )
    for other in runs[1:]:
        for one, second in zip(first.values, other.values):  # noqa: B905  strict= is younger than 3.9
            found.note("the value", compare(one, second))
        _compare_variables(first, other, found)
        shown = compare_outputs(first.outputs, other.outputs)
        for line, text in shown.differences.items():
            # How a value is shown says no more than the value itself.
            if not (line.startswith("the value") and "the value" in found.differences):
                found.differences.setdefault(line, text)
        found.remarks.update(shown.remarks)
    return found


def _compare_variables(first: Run, other: Run, found: Findings) -> None:
    for name in dict.fromkeys((*first.variables, *other.variables)):
        if name not in first.variables or name not in other.variables:
            side = "first" if name in first.variables else "later"
            found.differences.setdefault(name, f"{name}: there after the {side} run alone")
            continue
        one, second = first.variables[name], other.variables[name]
        comparison = compare(one, second)
        if name in found.variables or not comparison.equal:
            found.note(name, comparison)
        if not comparison.equal:
            found.variables.add(name)
            _explain(name, second, found)


def _explain(name: str, value: Any, found: Findings) -> None:
    """Say of a generator that differs that it was made without a seed, where its state tells; and what pins it."""
    source = read(value)
    origin = None if source is None else source.origin
    if source is None or origin is None or source.seed is not None:
        return
    made = UnseededOrigin(origin.name, hex(origin.entropy), origin.spawn_key)
    pinned = f"{name} = {made.expression(source.kind)}"
    found.remarks[name] = f"{name} was made without a seed. This line pins it: {pinned}"
