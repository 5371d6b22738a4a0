"""TensorFlow's eager tensors and variables, through numpy."""

from __future__ import annotations

import sys
from typing import Any, Mapping

from repro_nb.values.numpy import view_of_array
from repro_nb.values.view import Kind, View

__all__ = ["KINDS"]


def _tensor(tensor: Any) -> View:
    # A symbolic tensor has no numbers, and raises.
    return view_of_array(sys.modules["numpy"].asarray(tensor.numpy()))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "tensorflow.python.framework.tensor": {"Tensor": Kind(_tensor)},
    "tensorflow.python.ops.variables": {"Variable": Kind(_tensor)},
}
"""How they are looked at, by module and name."""
