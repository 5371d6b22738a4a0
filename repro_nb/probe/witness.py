"""What a rerun sees besides random state: lines that use a factor, and what became of the variables.

Only kernels that repro_nb started have a witness; a live session's cells cost nothing for it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Iterable, List, Mapping, Optional, Sequence, Tuple

from repro_nb.probe.factors.registry import factors
from repro_nb.probe.factors.uses import Uses
from repro_nb.probe.tracing import DrawTrace
from repro_nb.probe.value_digests import value_digests

if TYPE_CHECKING:
    from repro_nb.records import FactorUse

__all__ = ["Orders", "Witness"]


@dataclass(frozen=True)
class Orders:
    """What the kernel's side of a run is told.

    Attributes:
        held: For each factor that is to be held in the kernel, where.
        watch: Whether the lines that use factors are to be noted.
        trace: Streams for which the lines that draw are to be found, by the id of the cell that draws.
    """

    held: Mapping[str, str] = field(default_factory=dict)
    watch: bool = False
    trace: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def to_text(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Orders:
        """The orders that `to_text` wrote."""
        return cls(**json.loads(text))


class Witness:
    """Installs the factors in a kernel, and hands over what they noted, cell by cell.

    Args:
        shell: IPython's shell.
        orders: What is asked of this run.
    """

    def __init__(self, shell: Any, orders: Orders) -> None:
        self._shell = shell
        self._orders = orders
        self._uses = Uses()
        self._trace: Optional[DrawTrace] = None
        self._faults: List[str] = []

    def install(self) -> None:
        """Begin to watch, and hold what is to be held."""
        for factor in factors():
            held = self._orders.held.get(factor.name)
            if held is None and not self._orders.watch:
                continue
            try:
                factor.install(self._uses, held)
            except Exception as fault:  # noqa: BLE001 - a kernel that does not start would tell less
                # Told with the first cell, so that nobody takes the factor for held.
                self._faults.append(f"the factor {factor.name} is not held: {fault}")

    def begin(self, cell_id: str, source: str) -> None:
        """A cell begins."""
        self._uses.begin(cell_id, self._file_of(source), source)
        streams = self._orders.trace.get(cell_id, ())
        # A cell within a cell is part of what is traced already.
        if streams and self._trace is None:
            self._trace = DrawTrace(self._uses, streams, self._on_fault)
            self._trace.begin()

    def end(self) -> Optional[str]:
        """A cell has ended; with what the witness failed meanwhile, if it did."""
        if self._trace is not None:
            self._trace.end()
            self._trace = None
        faults, self._faults = self._faults, []
        return faults[0] if faults else None

    def _on_fault(self, fault: Exception) -> None:
        self._faults.append(f"{type(fault).__name__}: {fault}")

    def uses(self) -> Tuple[FactorUse, ...]:
        """What was noted since the last time."""
        return self._uses.taken() if self._orders.watch else ()

    def values(self, names: Iterable[str], namespace: Mapping[str, Any]) -> Mapping[str, str]:
        """Digests of the variables among `names`."""
        return value_digests(names, namespace) if self._orders.watch else {}

    def _file_of(self, source: str) -> str:
        """The name of the file that IPython says the cell's code is in."""
        shell = self._shell
        transformed = shell.transform_cell(source)
        name: str = shell.compile.get_code_name(source, transformed, shell.execution_count)
        return name
