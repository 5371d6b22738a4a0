"""The lines that pin generators made without a seed to the very streams that they had."""

from __future__ import annotations

from typing import Dict, Iterable, List

from repro_nb.probe.session import session

__all__ = ["pinning_lines"]


def pinning_lines(names: Iterable[str]) -> List[str]:
    """An assignment for each of `names` whose entropy a record has kept: the generator that was made last."""
    records = session.recorder.records if session.recorder is not None else ()
    lines: Dict[str, str] = {}
    for record in records:
        for name, origin in record.origins.items():
            lines[name] = f"{name} = {origin.expression(record.kinds.get(name, ''))}"
    return [lines[name] for name in names if name in lines]
