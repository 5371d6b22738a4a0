"""torch's streams: CPU, each CUDA device, MPS; and the state of any ``torch.Generator``."""

from __future__ import annotations

import struct
import sys
from functools import lru_cache
from typing import Any, Dict, Mapping, Optional, Tuple

from repro_nb.imports import whole_module
from repro_nb.rng import memory, mt19937, torch_memory

__all__ = ["TorchSource", "cuda_is_initialized", "generator_state", "initial_seed", "seed_of"]

# torch's CPU state begins: initial seed, words left in the block, seeded flag, next word, the words.
_CPU_HEAD = struct.Struct("=QiiQ3Q")
_CUDA_STATE = struct.Struct("=QQ")  # seed, offset
_DEFAULT_SEED = 67280421310721
_SEED_LIMIT = 2**32


class TorchSource:
    """The streams behind ``torch.rand`` and its siblings, on every device that is in use.

    ``torch.cuda`` stands for all CUDA devices until the user's code initialises CUDA, then it gives way to
    ``torch.cuda:0``, ``torch.cuda:1``, … ``torch.mps`` has a state once the process has asked for its generator.
    """

    name = "torch"
    module = "torch"
    seed_functions: Tuple[str, ...] = (
        "torch.manual_seed",
        "torch.seed",
        "torch.set_rng_state",
        "torch.cuda.manual_seed",
        "torch.cuda.manual_seed_all",
        "torch.cuda.seed",
        "torch.cuda.seed_all",
        "torch.cuda.set_rng_state",
        "torch.cuda.set_rng_state_all",
        "torch.mps.manual_seed",
        "torch.mps.set_rng_state",
    )

    def __init__(self) -> None:
        self._address: Any = 0  # a reference would show in the stream's count
        self._window: Optional[memory.Window] = None

    def glance(self) -> Any:
        """The CPU stream's engine as it lies in memory; None where that cannot be seen, or devices count too."""
        torch: Any = whole_module(self.module)
        stream = getattr(torch, "default_generator", None)
        address = getattr(stream, "_cdata", None)
        if address != self._address:
            alone = stream is not None and not _devices(torch)
            self._address, self._window = address, torch_memory.window(stream) if alone else None
        return None if self._window is None else self._window.raw

    def states(self) -> Mapping[str, Optional[bytes]]:
        """State of each device's stream; None for devices that are not initialised."""
        torch: Any = whole_module(self.module)
        if torch is None:
            return {}
        states: Dict[str, Optional[bytes]] = {"torch": _raw(torch.default_generator)}
        for device in _devices(torch):
            states.update(_cuda_states(torch) if device == "cuda" else _mps_states(torch))
        return states

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether the stream was seeded, and nothing drawn since."""
        if name.startswith("torch.cuda") and len(state) == _CUDA_STATE.size:
            return bool(_CUDA_STATE.unpack(state)[1] == 0)
        if name != "torch":
            return False
        _, left, _, following, *words = _CPU_HEAD.unpack_from(state)
        return left == 1 and following == 0 and mt19937.is_seeded_key(words)

    def seed(self, seed: int) -> None:
        """Set every device's stream as ``torch.manual_seed(seed)`` does, without initialising a device."""
        torch = sys.modules.get(self.module)
        if torch is not None:
            torch.manual_seed(seed)


def initial_seed(state: bytes) -> int:
    """The seed that a CPU stream was last set from, by its state."""
    seed: int = _CPU_HEAD.unpack_from(state)[0]
    return seed


def seed_of(device: str, state: bytes) -> Optional[str]:
    """The seed that a generator was last set from, in words; None for one such as ``Generator.seed()`` draws.

    Args:
        device: Type of the generator's device: ``cpu`` or ``cuda``.
        state: Its state.
    """
    if device == "cuda" and len(state) != _CUDA_STATE.size:
        return None
    seed = initial_seed(state) if device == "cpu" else _CUDA_STATE.unpack(state)[0]
    if seed == _DEFAULT_SEED:
        return "torch's default seed"
    return f"seed {seed}" if seed < _SEED_LIMIT else None


def cuda_is_initialized() -> bool:
    """Whether the user's code has initialised CUDA in this process."""
    cuda = sys.modules.get("torch.cuda")
    return cuda is not None and bool(cuda.is_initialized())


def generator_state(generator: Any) -> Optional[bytes]:
    """State of a ``torch.Generator``; None if it belongs to a device that is not initialised."""
    base = sys.modules["torch"].Generator
    device = base.__dict__["device"].__get__(generator).type
    if device == "cuda" and not cuda_is_initialized():
        return None
    return _raw(generator) if device in ("cpu", "cuda") else None


def _raw(generator: Any) -> bytes:
    state = sys.modules["torch"].Generator.get_state(generator)
    if not memory.is_readable():
        return bytes(state.tolist())
    return memory.read(state.data_ptr(), state.numel())


def _cuda_states(torch: Any) -> Dict[str, Optional[bytes]]:
    if not cuda_is_initialized():
        return {"torch.cuda": None}
    streams = torch.cuda.default_generators
    return {f"torch.cuda:{index}": _raw(stream) for index, stream in enumerate(streams)}


@lru_cache(maxsize=1)
def _devices(torch: Any) -> Tuple[str, ...]:
    """Devices that this build of torch knows of; whether there are any is not asked."""
    backends = {"cuda": torch.backends.cuda, "mps": torch.backends.mps}
    return tuple(name for name, backend in backends.items() if backend.is_built())


def _mps_states(torch: Any) -> Dict[str, Optional[bytes]]:
    # Asking torch for this generator would make it; torch.mps keeps it once somebody has asked.
    stream = getattr(getattr(torch, "mps", None), "_default_mps_generator", None)
    return {"torch.mps": None if stream is None else _raw(stream)}
