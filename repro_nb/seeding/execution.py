"""Whether a function gives the same result each time: run again and again from the same random state, and compared."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Callable, List, Mapping, Tuple, Union

from repro_nb.errors import UsageError
from repro_nb.probe.session import session
from repro_nb.rng.capture import capture, restore
from repro_nb.rng.held import read
from repro_nb.rng.placing import restoring
from repro_nb.rng.reach import Budget, find
from repro_nb.values import Comparison, Copies, compare

__all__ = ["ExecutionReport", "verify_deterministic_execution"]

_BUDGET = Budget(objects=20_000, items=2_000, seconds=1.0)


@dataclass(frozen=True)
class ExecutionReport:
    """What several runs of one function showed.

    Attributes:
        deterministic: Every run gave the same result, and all of it could be compared.
        runs: How often the function was run.
        comparisons: The second and each later run, compared with the first.
        shared: Arguments that could not be copied, with why: the runs shared them, and may have changed them.
    """

    deterministic: bool
    runs: int
    comparisons: Tuple[Comparison, ...]
    shared: Mapping[str, str]

    def __bool__(self) -> bool:
        return self.deterministic

    def __str__(self) -> str:
        lines = [
            f"{self.runs} runs: {'deterministic' if self.deterministic else 'not deterministic'}"
        ]
        for number, comparison in enumerate(self.comparisons, start=2):
            lines += [f"run {number}, {difference}" for difference in comparison.differences]
            lines += [
                f"run {number}, {path}: cannot be compared" for path in comparison.uncomparable
            ]
        lines += [f"{name}: shared by the runs, {why}" for name, why in self.shared.items()]
        return "\n".join(lines)


def verify_deterministic_execution(
    func: Callable[..., Any],
    *args: Any,
    runs: int = 3,
    tolerance: float = 0.0,
    report: bool = False,
    **kwargs: Any,
) -> Union[bool, ExecutionReport]:
    """Run a function several times from the same random state, and say whether it gives the same each time.

    The streams of every library, and the generators that the function and its arguments reach, are where they were
    before each run, and again at the end. Each run is given fresh copies of the arguments.

    Args:
        func: The function.
        *args: What it is called with.
        runs: How often, at least 2.
        tolerance: The absolute difference that is allowed between numbers that are no integers; 0 compares bits, so
            that -0.0 differs from 0.0 and a NaN equals itself.
        report: Give the whole `ExecutionReport`, which says which leaf differed and by how much.
        **kwargs: What it is called with by name.

    Returns:
        Whether the runs agreed, or the report, which is true where they did.

    Raises:
        UsageError: `runs` is below 2, or `tolerance` is negative.
        Exception: Whatever `func` raises.
    """
    if runs < 2:  # noqa: PLR2004 - one run agrees with nothing
        raise UsageError(f"{runs} runs cannot be compared", where="runs", hint="Give 2 or more.")
    arguments = {**_named(args), **kwargs}
    copies = Copies.of(arguments)
    restart = _restarting(func, args, kwargs)
    if session.recorder is not None:
        session.recorder.settle()
    results: List[Any] = []
    comparisons: List[Comparison] = []
    try:
        for _ in range(runs):
            restart()
            given = {**arguments, **copies.fresh()}
            positional = [given.pop(name) for name in _named(args)]
            result = func(*positional, **given)
            if not results:
                # A later run may change what this one has given away.
                results.append(Copies.of({"result": result}).fresh().get("result", result))
            else:
                comparisons.append(compare(results[0], result, tolerance=tolerance))
    finally:
        restart()
    if results[0] is None:
        warnings.warn(
            "the function returned None: there was nothing to compare", RuntimeWarning, stacklevel=2
        )
    same = all(comparison.equal and not comparison.uncomparable for comparison in comparisons)
    found = ExecutionReport(same, runs, tuple(comparisons), copies.uncopied)
    return found if report else found.deterministic


def _named(args: Tuple[Any, ...]) -> Mapping[str, Any]:
    return {f"argument {number}": value for number, value in enumerate(args)}


def _restarting(
    func: Callable[..., Any], args: Tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Callable[[], None]:
    """What puts every stream, and each generator that the call reaches, where it is now."""
    captured = capture()
    _, held = find(
        ("func", "args", "kwargs"), {"func": func, "args": args, "kwargs": kwargs}, _BUDGET
    )
    steps = []
    for source in held.values():
        found = read(source)
        if found is not None and found.state is not None and found.advances:
            steps.append(restoring(source, found.kind, found.state))

    def restart() -> None:
        restore(captured)
        for step in steps:
            step()

    return restart
