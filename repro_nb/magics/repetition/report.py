"""What ``%%deterministic --runs`` reports below the cell."""

from __future__ import annotations

from typing import Dict, Iterator, List, Mapping

from repro_nb.magics.display import Page, page
from repro_nb.magics.listing import listed
from repro_nb.magics.repetition.comparison import Findings

__all__ = ["compared", "not_compared"]

_MOST_LINES = 20
_MOST_NAMES = 12


def compared(runs: int, findings: Findings, shared: Mapping[str, str], remarks: List[str]) -> Page:
    """The report on runs that all came to their end.

    Args:
        runs: How many there were.
        findings: What their comparison told.
        shared: What could not be copied, with why.
        remarks: Lines to add.
    """
    lines = list(findings.differences.values())
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"and {len(lines) - _MOST_LINES:,} more differences"]
    return page(
        f"{runs} runs from one random state: {_verdict(findings)}",
        *lines,
        _listed("Not compared", findings.uncomparable),
        _listed("Not copied, so shared by the runs", shared),
        *findings.remarks.values(),
        *remarks,
        "Between the runs nothing was varied but time and memory.",
    )


def not_compared(runs: int, run: int, error: BaseException) -> Page:
    """The report on runs of which one raised.

    Args:
        runs: How many there were to be.
        run: Which of them raised, from 1.
        error: What it raised.
    """
    which = "the last one" if run == runs else f"run {run}"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return page(f"{runs} runs from one random state: not compared, as {which} raised {text}")


def _verdict(findings: Findings) -> str:
    if findings.differences:
        return "differs"
    counted = list(_counted(findings))
    if not counted:
        return "nothing to compare: the cell shows nothing, and assigns and changes no variable"
    what = ", ".join(counted[:-1]) + (", and " if len(counted) > 2 else " and ") + counted[-1]  # noqa: PLR2004  a list of two takes no comma
    verdict = "no difference found" if findings.uncomparable else "identical"
    return f"{verdict} — {what if len(counted) > 1 else counted[0]}"


def _counted(findings: Findings) -> Iterator[str]:
    if findings.outputs:
        yield f"{findings.outputs} output{'s' * (findings.outputs > 1)}"
    if findings.has_value:
        yield "the value"
    names = sorted(findings.variables)
    if names:
        yield f"{len(names)} variable{'s' * (len(names) > 1)} ({listed(names, _MOST_NAMES)})"


def _listed(title: str, reasons: Mapping[str, str]) -> str:
    if not reasons:
        return ""
    by_reason: Dict[str, List[str]] = {}
    for name, why in reasons.items():
        by_reason.setdefault(why, []).append(name)
    return f"{title}: " + "; ".join(
        f"{listed(names, _MOST_NAMES)} ({why})" for why, names in by_reason.items()
    )
