"""Threads: one of them for a cell, a number in place of the machine's own, results in the order they were asked for."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator, Sequence

from repro_nb.rerun.fix.changes import Change, Preamble, Proposal, Splice
from repro_nb.rerun.fix.edits.common import called, calls, proposals, renamed, replaced
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["FixedCount", "OneThread", "OrderedResults"]

_COUNTS = frozenset({
    "os.cpu_count", "multiprocessing.cpu_count", "os.process_cpu_count", "psutil.cpu_count", "joblib.cpu_count",
})  # fmt: skip
_MAGIC = "%%deterministic --threads 1\n"


class OrderedResults:
    """Results of parallel work in the order in which they were asked for."""

    factors = frozenset({"threads"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """``imap`` for ``imap_unordered``, the futures themselves for ``as_completed``."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                path = called(script, call)
                if path.rpartition(".")[2] == "imap_unordered":
                    yield from renamed(script, site, call.func, ".imap")
                elif path == "concurrent.futures.as_completed" and call.args:
                    yield replaced(site, call, site.text.text(call.args[0]))

        why = "takes the results in the order in which they were asked for, not in that in which they come"
        return proposals(cause, script, treat, why, sets_values=False)


class FixedCount:
    """A number for how many processors the machine has."""

    factors = frozenset({"threads"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """This machine's own number on the line at fault."""
        count = os.cpu_count()

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                asks = called(script, call) in _COUNTS and not call.args and not call.keywords
                if asks and count is not None:
                    yield replaced(site, call, str(count))

        why = f"says {count}, as many processors as this machine has, instead of asking the one it runs on"
        return proposals(cause, script, treat, why)


class OneThread:
    """``%%deterministic --threads 1`` on the cell that computes."""

    factors = frozenset({"threads"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The cell at fault, then all that compute up to the one that differs."""
        origin = cause.cell if cause.origin is None else cause.origin.cell
        every = tuple(range(origin, cause.cell + 1))
        why = "computes the cell with one thread, on whose number the last digits of sums depend"
        choices = dict.fromkeys([(origin,), every, tuple(range(cause.cell + 1))])
        return [
            Proposal(changes, why, sets_values=False)
            for cells in choices
            if (changes := tuple(_limited(script, cells)))
        ]


def _limited(script: Script, cells: Iterable[int]) -> Iterator[Change]:
    computing = [cell for cell in cells if _can_be_limited(script, cell)]
    for cell in computing:
        yield Splice(cell, 0, 0, _MAGIC)
    if computing:
        yield Preamble(min(computing), ("%load_ext repro_nb",))


def _can_be_limited(script: Script, cell: int) -> bool:
    text = script.cells[cell]
    body = text.tree.body if text.tree is not None else []
    computes = any(
        not isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef) for node in body
    )
    awaits = any(
        isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) for node in text.nodes()
    )
    return computes and not text.head and not awaits
