"""Seeing in memory whether torch's CPU stream has moved, without asking torch for a copy of its state.

The copy costs an allocation and a walk through torch's layers, which a cell that draws nothing need not pay. The bytes
seen here are good for nothing but a comparison with themselves: padding and unused members are among them.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, Callable, Optional

from repro_nb.rng import memory

__all__ = ["COPY_BYTES", "window"]

# The engine in memory: seed (8 bytes), words left (4), seeded (1, and 3 that hold anything), next word (4), 624 words;
# then the normal deviates kept back, single and double. In torch's own copy each word takes 8 bytes, and the deviates
# follow.
_ENGINE_HEAD = struct.Struct("=Qi?3xI")
_ENGINE_BYTES = 2544
_WORDS = 624
_COPY_HEAD = struct.Struct("=QiiQ")
_COPY_WORDS = struct.Struct(f"={_WORDS}Q")
_COPY_DEVIATES = struct.Struct("=dddi4xfi")
_DEVIATE_AT = _COPY_HEAD.size + _COPY_WORDS.size
COPY_BYTES = _DEVIATE_AT + _COPY_DEVIATES.size
"""Size of torch's own copy of the state of a CPU generator: the engine, and the deviates of either precision."""

_SEARCHED = range(0, 256, 8)


def window(generator: Any) -> Optional[memoryview]:
    """The engine of a CPU generator in memory; None where it is not found there.

    Args:
        generator: A ``torch.Generator`` of the CPU.
    """
    make: Any = type(generator)
    offset = _offset(make)
    if offset is None:
        return None
    return memory.window(generator._cdata + offset, _ENGINE_BYTES)  # noqa: SLF001 - its address has no public name


@lru_cache(maxsize=1)
def _offset(make: Callable[[], Any]) -> Optional[int]:
    """Where this torch keeps the engine in a generator; None unless it is found, and shows every change."""
    scratch = make()
    scratch.manual_seed(20_011)
    address = getattr(scratch, "_cdata", None)
    if address is None or not memory.is_readable():
        return None
    offset = next((at for at in _SEARCHED if _is_engine(scratch, address + at)), None)
    return offset if offset is not None and _shows_deviate(scratch, address + offset) else None


def _is_engine(scratch: Any, address: int) -> bool:
    """Whether what lies at `address` is what torch's copy of the state says."""
    copy = _copy(scratch)
    seed, left, _, following = _COPY_HEAD.unpack_from(copy)
    head = memory.read(address, _ENGINE_HEAD.size)
    if _ENGINE_HEAD.unpack(head) != (seed, left, True, following):
        return False
    words = struct.pack(f"={_WORDS}I", *_COPY_WORDS.unpack_from(copy, _COPY_HEAD.size))
    return memory.read(address + _ENGINE_HEAD.size, len(words)) == words


def _copy(generator: Any) -> bytes:
    state = generator.get_state()
    return memory.read(state.data_ptr(), state.numel())


def _shows_deviate(scratch: Any, engine: int) -> bool:
    """Whether the engine's memory shows a deviate kept back: a small ``randn`` may change nothing else."""
    before = memory.read(engine, _ENGINE_BYTES)
    state = scratch.get_state()
    memory.write(state.data_ptr() + _DEVIATE_AT, _COPY_DEVIATES.pack(0.2, 0.3, 1.5, 1, 0, 0))
    scratch.set_state(state)
    return memory.read(engine, _ENGINE_BYTES) != before
