"""polars' frames and series, which keep their numbers out of Python's sight."""

from __future__ import annotations

import sys
from typing import Any, Mapping

from repro_nb.values.view import Indexed, Kind, Named, View

__all__ = ["KINDS"]


def _frame(frame: Any) -> View:
    columns = {f"[{column.name!r}]": column for column in frame.get_columns()}
    return View((("columns", str(frame.columns)),), parts=(Named(columns),))


def _series(series: Any) -> View:
    facts = (("name", series.name), ("dtype", str(series.dtype)), ("length", str(len(series))))
    if series.dtype.is_numeric() and not series.null_count() and "numpy" in sys.modules:
        return View(facts, parts=(Named({"": series.to_numpy()}),))
    return View(facts, parts=(Indexed(series.to_list()),))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "polars.dataframe.frame": {"DataFrame": Kind(_frame)},
    "polars.series.series": {"Series": Kind(_series)},
}
"""How they are looked at, by module and name."""
