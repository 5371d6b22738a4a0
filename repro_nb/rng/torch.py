"""torch's streams: CPU, each CUDA device, MPS; and the state of any ``torch.Generator``."""

from __future__ import annotations

import re
import struct
import sys
from functools import lru_cache
from typing import Any, Callable, Dict, List, Optional, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.imports import whole_module
from repro_nb.rng import memory, mt19937, torch_memory
from repro_nb.rng.source import States

__all__ = [
    "TorchSource",
    "cuda_is_initialized",
    "generator_state",
    "initial_seed",
    "restoring_generator",
    "seed_of",
]

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
    limits = ""

    def __init__(self) -> None:
        # The module: a reference to the stream itself would show in its count.
        self._home: Any = None
        self._window: Optional[memoryview] = None
        self._kept: Tuple[bytes, Any] = b"", None

    def glance(self) -> Any:
        """The CPU stream's engine as it lies in memory; None where that cannot be seen, or devices count too."""
        if self._home is None:
            self._look()
            if self._home is None:
                return ()
        return None if self._window is None else self._window.tobytes()

    def states(self) -> States:
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

    def restoring(self, states: States) -> Callable[[], None]:
        """What puts each device's stream where it was; a device that was not in use then is seeded as torch would."""
        torch: Any = whole_module(self.module)
        cpu = states.get("torch")
        if torch is None or cpu is None:
            raise RandomStateError("torch is not what this state was read from", where=self.name)
        steps = [restoring_generator(torch.default_generator, cpu)]
        for name, state in states.items():
            if name != "torch":
                steps.append(_restoring_device(torch, name, state, initial_seed(cpu)))
        return lambda: _run(steps)

    def keep(self) -> Any:
        """The CPU stream's state as torch's own tensor, that of the last time if it has not moved; or the states."""
        engine = self.glance()
        if not engine:
            return self.states()
        if engine != self._kept[0]:
            kept = engine, self._home.default_generator.get_state()
            if self.glance() != engine:  # another thread has drawn in between
                return kept
            self._kept = kept
        return self._kept

    def states_of(self, kept: Any) -> States:
        """The state as bytes."""
        return kept if type(kept) is dict else {"torch": _bytes(kept[1])}

    def go_back(self, kept: Any) -> None:
        """Set the state through torch's own setter, which waits for the draws of other threads."""
        if type(kept) is tuple:
            self._home.default_generator.set_state(kept[1])
        else:
            self.restoring(kept)()

    def _look(self) -> None:
        """Find out where the stream's engine lies; nowhere, if there may be other devices."""
        self._home = whole_module(self.module)
        if self._home is not None and not _devices(self._home):
            self._window = torch_memory.window(self._home.default_generator)


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


def restoring_generator(generator: Any, state: bytes) -> Callable[[], None]:
    """What puts a ``torch.Generator`` where it was when `generator_state` gave `state`.

    Raises:
        RandomStateError: The state is of another kind of device, or is none.
    """
    base = sys.modules["torch"].Generator
    device = base.__dict__["device"].__get__(generator).type
    if device == "cpu":
        _check_cpu(state)
    elif device == "cuda" and (not cuda_is_initialized() or len(state) != _CUDA_STATE.size):
        raise RandomStateError(
            "these bytes are no state of a CUDA generator that is in use", where="torch"
        )
    tensor = _tensor(state)
    return lambda: base.set_state(generator, tensor)


def _check_cpu(state: bytes) -> None:
    if len(state) == torch_memory.COPY_BYTES:
        _, left, seeded, following, *_ = _CPU_HEAD.unpack_from(state)
        # Each draw takes one from the first and adds one to the second; a seeding leaves them at (1, 0).
        in_step = left + following == mt19937.WORDS + 1 and 1 <= left <= mt19937.WORDS
        if seeded == 1 and (in_step or (left, following) == (1, 0)):
            return
    raise RandomStateError("these bytes are no state of a CPU generator of torch's", where="torch")


def _restoring_device(
    torch: Any, name: str, state: Optional[bytes], cpu_seed: int
) -> Callable[[], None]:
    """What puts the stream of a device that is no CPU where it was; without a state, that was not in use then."""
    found = re.fullmatch(r"torch\.(cuda|mps)(?::(\d+))?", name)
    if found is None:
        raise RandomStateError("torch has no such stream", where=name)
    device, index = found.groups()
    home = getattr(torch, device)
    if state is None:
        # torch.manual_seed had set both, so the CPU's seed is what the device would have begun with.
        return (lambda: home.manual_seed_all(cpu_seed)) if device == "cuda" else (lambda: None)
    is_here = (
        int(index or 0) < home.device_count()  # which initialises nothing
        if device == "cuda"
        else torch.backends.mps.is_available()
    )
    if not is_here:
        raise RandomStateError("there is no such device here", where=name)
    if device == "cuda" and len(state) != _CUDA_STATE.size:
        raise RandomStateError("these bytes are no state of a CUDA generator", where=name)
    tensor = _tensor(state)
    # Where CUDA is not in use yet, torch keeps this until it is.
    return lambda: home.set_rng_state(tensor, *([int(index)] if index else []))


def _tensor(state: bytes) -> Any:
    torch: Any = sys.modules["torch"]
    tensor = torch.empty(len(state), dtype=torch.uint8, device="cpu")
    if memory.is_readable():
        memory.write(tensor.data_ptr(), state)
        return tensor
    return torch.tensor(list(state), dtype=torch.uint8, device="cpu")


def _run(steps: List[Callable[[], None]]) -> None:
    for step in steps:
        step()


def _raw(generator: Any) -> bytes:
    return _bytes(sys.modules["torch"].Generator.get_state(generator))


def _bytes(state: Any) -> bytes:
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
