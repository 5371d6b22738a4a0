"""pandas' frames, series and indexes, and their columns of every type."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from repro_nb.values.path import short
from repro_nb.values.scalars import Exact
from repro_nb.values.view import Kind, Look, Named, View

__all__ = ["KINDS"]


def _frame(frame: Any) -> View:
    columns: Dict[str, Any] = {}
    for position, label in enumerate(frame.columns):
        step = f"[{short(label)}]"
        if step in columns or not frame.columns.is_unique:
            step = f".iloc[:, {position}]"
        columns[step] = frame.iloc[:, position].array
    held = {".index": frame.index, ".columns": frame.columns, **columns, ".attrs": frame.attrs}
    return View((("shape", str(frame.shape)),), parts=(Named(held),))


def _series(series: Any) -> View:
    held = {".index": series.index, ".array": series.array, ".attrs": series.attrs}
    return View(parts=(Named({".name": series.name, **held}),))


def _index(index: Any) -> View:
    return View(parts=(Named({".name": index.name, ".array": index.array}),))


def _range_index(index: Any) -> View:
    extent = {".start": index.start, ".stop": index.stop, ".step": index.step}
    return View(parts=(Named({".name": index.name, **extent}),))


def _multi_index(index: Any) -> View:
    levels = {
        f".get_level_values({level})": index.get_level_values(level)
        for level in range(index.nlevels)
    }
    return View(parts=(Named(levels),))


def _plain_column(column: Any) -> View:
    return View(parts=(Named({"": column.to_numpy()}),))


def _categorical(column: Any) -> View:
    facts = (("ordered", str(column.ordered)),)
    return View(facts, parts=(Named({".categories": column.categories, ".codes": column.codes}),))


def _periods(column: Any) -> View:
    return View((("dtype", str(column.dtype)),), parts=(Named({".asi8": column.asi8}),))


def _times_as(kind: str) -> Look:
    def look(column: Any) -> View:
        times = column.asi8.view(f"{kind}[{column.unit}]")
        return View((("dtype", str(column.dtype)),), parts=(Named({"": times}),))

    return look


def _moment(value: Any) -> View:
    return View((("unit", value.unit),), parts=(Named({"": value.asm8, ".tzinfo": value.tzinfo}),))


def _duration(value: Any) -> View:
    return View((("unit", value.unit),), parts=(Named({"": value.asm8}),))


def _masked_column(column: Any) -> View:
    # What lies under the mask is no part of the value.
    numbers = column.to_numpy(dtype=column.dtype.numpy_dtype, na_value=0)
    parts = {".isna()": column.isna(), "": numbers}
    return View((("dtype", str(column.dtype)),), parts=(Named(parts),))


def _interval(column: Any) -> View:
    parts = {".left": column.left, ".right": column.right}
    return View((("closed", column.closed),), parts=(Named(parts),))


def _other_column(column: Any) -> View:
    values = column.to_numpy(dtype=object)
    return View((("dtype", str(column.dtype)),), parts=(Named({"": values}),))


def _missing(value: Any) -> View:
    return View(payload=Exact(repr(value)))


_ARRAYS = "pandas.core.arrays"

KINDS: Mapping[str, Mapping[str, Kind]] = {
    "pandas": {
        "DataFrame": Kind(_frame),
        "Series": Kind(_series),
        "Index": Kind(_index),
        "RangeIndex": Kind(_range_index),
        "MultiIndex": Kind(_multi_index),
    },
    _ARRAYS: {
        "NumpyExtensionArray": Kind(_plain_column),
        "Categorical": Kind(_categorical),
        "DatetimeArray": Kind(_times_as("M8")),
        "TimedeltaArray": Kind(_times_as("m8")),
        "PeriodArray": Kind(_periods),
        "IntervalArray": Kind(_interval),
        "BaseMaskedArray": Kind(_masked_column),
        "ExtensionArray": Kind(_other_column),
    },
    "pandas._libs.tslibs.timestamps": {"Timestamp": Kind(_moment)},
    "pandas._libs.tslibs.timedeltas": {"Timedelta": Kind(_duration)},
    "pandas._libs.missing": {"NAType": Kind(_missing)},
    "pandas._libs.tslibs.nattype": {"NaTType": Kind(_missing)},
}
"""How they are looked at, by module and name."""
