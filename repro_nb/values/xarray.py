"""xarray's labelled arrays; their private attributes note what was asked of them so far."""

from __future__ import annotations

from typing import Any, Mapping

from repro_nb.values.view import Kind, Named, View

__all__ = ["KINDS"]


def _variable(variable: Any) -> View:
    facts = (("dims", str(variable.dims)),)
    # Not what is still on disk or in a graph: to load it is the user's to decide.
    return View(facts, parts=(Named({".data": variable._data, ".attrs": variable.attrs}),))  # noqa: SLF001 - as said


def _array(array: Any) -> View:
    coords = _variables(array.coords)
    held = {".name": array.name, ".variable": array.variable, ".coords": coords}
    return View(parts=(Named(held),))


def _dataset(dataset: Any) -> View:
    held = {"": _variables(dataset.variables), ".attrs": dataset.attrs}
    return View(parts=(Named(held),))


def _variables(labelled: Any) -> Mapping[str, Any]:
    return {name: getattr(held, "variable", held) for name, held in labelled.items()}


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "xarray.core.variable": {"Variable": Kind(_variable)},
    "xarray.core.dataarray": {"DataArray": Kind(_array)},
    "xarray.core.dataset": {"Dataset": Kind(_dataset)},
}
"""How they are looked at, by module and name."""
