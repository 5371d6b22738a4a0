"""What the clock says: a fixed seed, a fixed date, or, for a duration that is only shown, an output not compared."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from repro_nb.rerun.fix.changes import Change, Preamble, Proposal, Splice
from repro_nb.rerun.fix.edits.common import called, calls, made_later, proposals, replaced
from repro_nb.rerun.fix.edits.edit import SEED
from repro_nb.rerun.fix.edits.shown import ignoring
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["FixedDate", "FixedSeed", "IgnoredDuration"]

_SEEDERS = frozenset(
    {
        "seed",
        "manual_seed",
        "manual_seed_all",
        "set_seed",
        "default_rng",
        "RandomState",
        "Random",
        "PRNGKey",
        "key",
    }
    | {"SeedSequence", "seed_everything", "set_random_seed", "PCG64", "MT19937", "Philox", "SFC64"}
)
_SEED_WORDS = frozenset({"seed", "random_state", "random_seed", "rng_seed"})
_TIMERS = frozenset(
    f"time.{name}{suffix}"
    for name in ("perf_counter", "monotonic", "process_time", "thread_time")
    for suffix in ("", "_ns")
) | {"timeit.default_timer"}
_CLOCKS = frozenset({"time.time", "time.time_ns"})


class FixedSeed:
    """A number for a seed that is taken from the clock, or from the number of the process."""

    factors = frozenset({"clock", "process", "os-entropy"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The seed on the line at fault."""
        wanted = _asks_process if cause.factor == "process" else _asks_clock

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site in sites:
                for value in _seeds(site.node):
                    if any(wanted(called(script, call)) for _, call in calls(_inside(site, value))):
                        yield replaced(site, value, str(SEED))

        return proposals(
            cause, script, treat, f"seeds with {SEED} instead of what differs each time"
        )


def _inside(site: Site, node: ast.AST) -> Iterator[Site]:
    return (Site(site.cell, site.text, each) for each in ast.walk(node))


def _seeds(node: ast.AST) -> Iterator[ast.expr]:
    """Expressions that are used as a seed."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in _SEEDERS:
            yield from node.args[:1]
        yield from (word.value for word in node.keywords if word.arg in _SEED_WORDS)
    elif isinstance(node, ast.Assign) and "seed" in _name(node.targets[0]).lower():
        yield node.value


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _asks_clock(path: str) -> bool:
    return path in _TIMERS | _CLOCKS or path in _DATES


def _asks_process(path: str) -> bool:
    return path in {"os.getpid", "os.getppid", "threading.get_ident", "threading.get_native_id"}


_DATES = {
    "datetime.datetime.now": "{now}",
    "datetime.datetime.today": "{now}",
    "datetime.datetime.utcnow": "{now}",
    "datetime.date.today": "{now}.date()",
    "time.time": "1705320000.0",
    "time.time_ns": "1705320000000000000",
    "time.localtime": "{now}.timetuple()",
    "time.gmtime": "{now}.timetuple()",
    "time.ctime": "{now}.ctime()",
    "time.asctime": "{now}.ctime()",
    "pandas.Timestamp.now": "{pandas}.Timestamp({now})",
    "pandas.Timestamp.today": "{pandas}.Timestamp({now})",
    "pandas.Timestamp.utcnow": '{pandas}.Timestamp({now}, tz="UTC")',
}
"""What each call gives where the clock stands still."""
_NAMED_MOMENTS = {"now": "2024-01-15T12:00:00", "today": "2024-01-15"}
_TAKING_MOMENTS = frozenset({"numpy.datetime64", "pandas.Timestamp", "pandas.to_datetime"})


class FixedDate:
    """A parameter at the top for the date or the time that is asked of the clock."""

    factors = frozenset({"clock", "timezone"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Today is a date that stands in the notebook."""
        now = script.free_name("NOW")

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                yield from _dated(script, site, call, now)
            for site, maker, call in made_later(sites):
                # What is only named is called later, each time anew.
                for change in _dated(script, site, call, now):
                    text = f"lambda: {change.text}" if isinstance(change, Splice) else ""
                    yield replaced(site, maker, text) if text else change

        why = (
            "takes a date that is written in the notebook for the present one, so that its outputs are those of that "
            "day; set another by hand where a reader should see another"
        )
        return proposals(cause, script, treat, why)


def _dated(script: Script, site: Site, call: ast.Call, now: str) -> Iterator[Change]:
    path = called(script, call)
    given = [site.text.text(argument) for argument in call.args]
    if path in _TAKING_MOMENTS and call.args:
        moment = call.args[0]
        if isinstance(moment, ast.Constant) and moment.value in _NAMED_MOMENTS:
            yield replaced(site, moment, f'"{_NAMED_MOMENTS[str(moment.value)]}"')
        return
    if path == "time.strftime" and len(given) == 1:
        text = f"{now}.strftime({given[0]})"
    elif path in {"datetime.datetime.now", "pandas.Timestamp.now"} and (given or call.keywords):
        zone = given[0] if given else site.text.text(call.keywords[0].value)
        text = f"{_constant(script, path, now)}.replace(tzinfo={zone})"
    elif path in _DATES and not given:
        text = _constant(script, path, now)
    else:
        return
    yield replaced(site, call, text)
    if now in text:
        known = {binding.path: binding.name for binding in script.imported}
        path = "datetime.datetime" if "datetime.datetime" in known else "datetime"
        needed = script.name_for(path)
        maker = needed.name if path == "datetime.datetime" else f"{needed.name}.datetime"
        yield Preamble(site.cell, (f"{now} = {maker}(2024, 1, 15, 12, 0)",), (needed,))


def _constant(script: Script, path: str, now: str) -> str:
    known = {binding.path: binding.name for binding in script.imported}
    return _DATES[path].format(now=now, pandas=known.get("pandas", "pd"))


class IgnoredDuration:
    """A cell that shows how long something took: its output is marked as not to be compared."""

    factors = frozenset({"clock"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Nbval's own comment at the top of the cell, which `repro-nb verify` obeys as well."""
        if cause.origin is None or not _times(script, cause):
            return []
        marked = ignoring(script, (cause.cell,), "shows a duration")
        return [] if marked is None else [marked]


def _times(script: Script, cause: Cause) -> bool:
    """Whether the line at fault reads a timer, or takes a time from another."""
    sites = next(iter(script.sites(cause)), ())
    paths = {called(script, call) for _, call in calls(sites)}
    if paths & _TIMERS:
        return True
    reads = {
        called(script, call) for _, call in calls(next(reversed(list(script.sites(cause))), ()))
    }
    differences = any(
        isinstance(site.node, ast.BinOp) and isinstance(site.node.op, ast.Sub) for site in sites
    )
    return bool(reads & _CLOCKS) and differences
