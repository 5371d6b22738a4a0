"""Pictures of PIL, to the pixel; and drawings and widgets, which are full of counters, caches and identifiers."""

from __future__ import annotations

import sys
from typing import Any, Mapping

from repro_nb.values.scalars import Text
from repro_nb.values.view import Kind, Named, View

__all__ = ["KINDS"]


def _image(image: Any) -> View:
    base = sys.modules["PIL.Image"].Image
    facts = (("mode", image.mode), ("size", str(image.size)))
    pixels = Text(base.tobytes(image))
    return View(facts, pixels, parts=(Named({".getpalette()": base.getpalette(image)}),))


def _drawing(_: Any) -> View:
    return View(opaque="a drawing is compared by its picture, as the cell's output")


def _widget(_: Any) -> View:
    return View(opaque="a widget has an identifier of its own in every run")


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "PIL.Image": {"Image": Kind(_image)},
    "ipywidgets.widgets.widget": {"Widget": Kind(_widget)},
    "matplotlib.artist": {"Artist": Kind(_drawing)},
}
"""How they are looked at, by module and name."""
