"""The network: a failure to reach it, or an answer that may be another one each day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.causing import failure_cause, first_line, line_with
from repro_nb.rerun.diagnoses.frames import failure_origin
from repro_nb.rerun.diagnoses.names import upstream
from repro_nb.rerun.diagnoses.outages import is_outage, outage_in_output
from repro_nb.rerun.diagnoses.shell import NETWORK_COMMAND, shell_lines
from repro_nb.rerun.result import Cause, Grade, Origin

if TYPE_CHECKING:
    from repro_nb.records import FactorUse
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["Network", "NetworkUpstream"]

_READS = (
    r"^[^#]*(?:\brequests\.(?:get|post|request|Session)\(|\burlopen\(|\burlretrieve\(|\bhttpx\.\w+\("
    r"|\bread_\w+\(\s*f?r?['\"](?:https?|ftp|s3|gs)://|\byf\.|\bDataReader\(|\bfeedparser\.parse\()"
)
_KEEP = "Keep what comes from there in a file with the notebook, and read the file."


@dataclass(frozen=True)
class Network:
    """Failures of the network, and outputs that come from it."""

    name: str = "network"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The cause of a failure that the network makes, and of outputs that come from it."""
        return [*_failed(case), *filter(None, (_differs(case, cell) for cell in case.divergent))]


@dataclass(frozen=True)
class NetworkUpstream:
    """Outputs that may come from the network by way of another cell, or as far as a cell's text tells."""

    name: str = "network"

    async def causes(self, case: Case) -> Sequence[Cause]:
        """The network as what is suspected where nothing better is known."""
        return list(filter(None, (_suspected(case, cell) for cell in case.divergent)))


def _suspected(case: Case, cell: int) -> Cause | None:
    for place in (cell, *reversed(upstream(case.cells, cell))):
        line = _used_in(case, place) or line_with(case, place, _READS)
        if line is not None:
            whose = "It reads" if place == cell else f"It builds on cell {place}, which reads"
            evidence = f"{whose} from the network: the answer may be another one than when the notebook was saved."
            return _cause(cell, Grade.SUSPECTED, evidence, line)
    return None


def _failed(case: Case) -> Iterator[Cause]:
    failure = case.failure
    if failure is None or failure.cell is None or failure.exit_code != 1 or not is_outage(failure):
        return
    evidence = f"The network could not be used: {failure.type}: {first_line(failure.message)}"
    origin = failure_origin(case) or _used_in(case, failure.cell)
    yield failure_cause(case, "network", evidence, _KEEP, origin)


def _differs(case: Case, cell: int) -> Cause | None:
    outputs = case.run.outputs[cell] or []
    outage = outage_in_output(outputs)
    if outage is not None:
        evidence = f"The network could not be used: {outage}"
        return _cause(cell, Grade.OBSERVED, evidence, _command_in(case, cell))
    used = _used_in(case, cell)
    if used is not None:
        evidence = "The cell reads from the network, and what it gets now is not what was saved."
        return _cause(cell, Grade.OBSERVED, evidence, used)
    return None


def _cause(cell: int, grade: Grade, evidence: str, origin: Origin | None) -> Cause:
    return Cause(
        cell=cell, factor="network", grade=grade, evidence=evidence, fix=_KEEP, origin=origin
    )


def _used_in(case: Case, cell: int) -> Origin | None:
    """The line that reached for the network while `cell` ran, as the probe saw it."""
    record = case.run.records[cell]
    uses = [use for use in record.uses if use.factor == "network"] if record is not None else []
    return next(filter(None, (_origin(case, use) for use in uses)), None)


def _origin(case: Case, use: FactorUse) -> Origin | None:
    place = next((each.index for each in case.cells if each.id == use.cell), None)
    return None if place is None else Origin(cell=place, line=use.line, code=use.code)


def _command_in(case: Case, cell: int) -> Origin | None:
    commands = (line for line in shell_lines(case, cell) if NETWORK_COMMAND.search(line.code))
    return next(commands, None)
