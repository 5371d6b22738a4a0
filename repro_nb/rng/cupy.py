"""CuPy's streams, one on each device: they can be seeded, but neither read nor put back."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.imports import whole_module
from repro_nb.rng.source import States

__all__ = ["CupySource"]

_VARIABLE = "CUPY_SEED"
_MOST_DIGITS = 20  # of 64 bits


class CupySource:
    """The streams behind ``cupy.random``.

    A device's stream is made when it is first drawn from, out of the environment variable ``CUPY_SEED``. That
    variable is all that can be read and put back, and so stands for the library's state.
    """

    name = "cupy"
    module = "cupy.random._generator"
    seed_functions: Tuple[str, ...] = ("cupy.random.seed", "cupy.random.set_random_state")
    limits = "draws cannot be seen, and streams that are in use cannot be put back: seed them again"

    def glance(self) -> Any:
        """The variable; empty while CuPy is not loaded."""
        return (os.environ.get(_VARIABLE),) if self.module in sys.modules else ()

    def states(self) -> States:
        """What a device's stream is going to be made from; None where that is the system's entropy."""
        if self.module not in sys.modules:
            return {}
        value = os.environ.get(_VARIABLE)
        return {self.name: None if value is None else value.encode()}

    def is_fresh(self, name: str, state: bytes) -> bool:
        """True: a draw leaves no trace that could be seen."""
        del name, state
        return True

    def seed(self, seed: int) -> None:
        """Set the streams that are in use as ``cupy.random.seed(seed)`` does, and those to come."""
        generator: Any = whole_module(self.module)
        if generator is None:
            return
        os.environ[_VARIABLE] = str(seed)
        for device, stream in list(generator._random_states.items()):  # noqa: SLF001 - has no public name
            with sys.modules["cupy"].cuda.Device(device):
                stream.seed(seed)

    def restoring(self, states: States) -> Callable[[], None]:
        """What puts the variable back, unset or not."""
        if set(states) != {self.name}:
            raise RandomStateError("CuPy is not what this state was read from", where=self.name)
        state = states[self.name]
        if state is not None and not (state.isdigit() and len(state) <= _MOST_DIGITS):
            raise RandomStateError("these bytes are no seed for CuPy", where=self.name)

        def restore() -> None:
            if state is None:
                os.environ.pop(_VARIABLE, None)
            else:
                os.environ[_VARIABLE] = state.decode()

        return restore
