"""Whether a function gives the same result each time: run again and again from the same state, and compared."""

from __future__ import annotations

import inspect
import operator
import warnings
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Tuple, Union

from repro_nb.errors import UsageError
from repro_nb.rng.reach import Budget
from repro_nb.seeding.kept import KeptRandomState
from repro_nb.values import Comparison, Copies, compare
from repro_nb.workspace import Workspace

__all__ = ["ExecutionReport", "verify_deterministic_execution"]

_BUDGET = Budget(objects=200_000, items=200_000, seconds=5.0)
_MOST_LINES = 20


@dataclass(frozen=True)
class ExecutionReport:
    """What several runs of one function showed.

    Attributes:
        deterministic: Every run gave the same result, and all of it could be compared.
        runs: How often the function was run.
        comparisons: The second and each later run, compared with the first.
        shared: What could not be copied, with why: the runs shared it, and may have changed it.
        is_vacuous: Every run gave None: there was nothing to compare.
        truncated: The function reaches more than was looked at: what lies beyond was shared by the runs as well.
    """

    deterministic: bool
    runs: int
    comparisons: Tuple[Comparison, ...]
    shared: Mapping[str, str]
    is_vacuous: bool = False
    truncated: bool = False

    def __bool__(self) -> bool:
        return self.deterministic

    def __str__(self) -> str:
        lines = [f"{self.runs} runs: {self._verdict()}"]
        for number, comparison in enumerate(self.comparisons, start=2):
            if not comparison.equal or comparison.uncomparable:
                lines += [f"run {number}, {line}" for line in comparison.lines(_MOST_LINES)]
        lines += [f"{name}: shared by the runs, {why}" for name, why in self.shared.items()]
        if self.truncated:
            lines.append("the function reaches more than was looked at: the runs shared the rest")
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.is_vacuous:
            return "nothing to compare, as the function returned None"
        return "deterministic" if self.deterministic else "not deterministic"


def verify_deterministic_execution(
    func: Callable[..., Any],
    *args: Any,
    runs: int = 3,
    tolerance: float = 0.0,
    report: bool = False,
    **kwargs: Any,
) -> Union[bool, ExecutionReport]:
    """Run a function several times from the same state, and say whether it gives the same each time.

    Every run begins with the same random state and with equal values: the streams of every library are where they
    were, and the function works on copies of its arguments and of what the user's code that it runs uses: global
    variables, closures, default values, attributes of classes, the object that a method is bound to. Afterwards
    streams and variables are as they were before the call; no run leaves a trace in them. What cannot be copied is
    shared by the runs, and named in the report. Files, settings of libraries and what is sent are not put back.

    Args:
        func: The function; a method, a class or a partial function will do. What it reaches is held in memory up to
            three times.
        *args: What it is called with.
        runs: How often, at least 2.
        tolerance: The absolute difference that is allowed between numbers that are no integers; 0 compares bits, so
            that -0.0 differs from 0.0 and a NaN equals itself.
        report: Give the whole `ExecutionReport`, which says which leaf differed and by how much.
        **kwargs: What it is called with by name.

    Returns:
        Whether the runs agreed, or the report, which is true where they did. Where every run gave None they agree,
        with a warning that there was nothing to compare.

    Raises:
        UsageError: `runs` is no integer from 2, `tolerance` is negative, or `func` is a coroutine function.
        Exception: Whatever `func` raises.
    """
    _check(func, runs)
    call = _Call(func, args, kwargs)
    first = call.first()
    comparisons = [compare(first, call.run(), tolerance=tolerance) for _ in range(1, runs)]
    same = all(comparison.equal and not comparison.uncomparable for comparison in comparisons)
    found = ExecutionReport(
        deterministic=same,
        runs=runs,
        comparisons=tuple(comparisons),
        shared=call.shared,
        is_vacuous=same and first is None,
        truncated=call.truncated,
    )
    if found.is_vacuous:
        warnings.warn(
            "the function returned None: there was nothing to compare", RuntimeWarning, stacklevel=2
        )
    return found if report else found.deterministic


def _check(func: Callable[..., Any], runs: Any) -> None:
    try:
        enough = operator.index(runs) >= 2  # noqa: PLR2004 - one run agrees with nothing
    except TypeError:
        enough = False
    if not enough:
        raise UsageError(
            f"{runs!r} runs cannot be compared", where="runs", hint="Give an integer from 2."
        )
    if inspect.iscoroutinefunction(func):
        raise UsageError(
            "a coroutine function gives nothing until it is awaited",
            where="func",
            hint="Give a function that calls asyncio.run on it.",
        )


class _Call:
    """One call, to be made again and again from the same state.

    Args:
        func: The function.
        args: What it is called with.
        kwargs: What it is called with by name.

    Attributes:
        shared: What cannot be copied, with why.
        truncated: The call reaches more than was looked at.
    """

    def __init__(
        self, func: Callable[..., Any], args: Tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        self._positional = [f"argument {number}" for number in range(len(args))]
        self._named = {name: f"argument {name}" for name in kwargs}
        # A namespace of its own, so that what a method is bound to, and arguments, are variables as others are.
        self._names: Dict[str, Any] = {
            "the function": func,
            **dict(zip(self._positional, args)),  # noqa: B905 - `strict` is newer than Python 3.9
            **{self._named[name]: value for name, value in kwargs.items()},
        }
        self._workspace = Workspace(frozenset(self._names), frozenset(), self._names, _BUDGET)
        self._random_state = KeptRandomState(self._names, self._names, _BUDGET)
        self.shared = self._workspace.shared
        self.truncated = self._workspace.truncated or self._random_state.truncated

    def first(self) -> Any:
        """The result of one run, copied, as a later one may change what this one has given away."""
        result = self.run()
        return Copies.of({"result": result}).fresh().get("result", result)

    def run(self) -> Any:
        """The result of one run; everything is put back after it."""
        with self._random_state.kept(), self._workspace.trial():
            positional = [self._names[name] for name in self._positional]
            named = {name: self._names[label] for name, label in self._named.items()}
            return self._names["the function"](*positional, **named)
