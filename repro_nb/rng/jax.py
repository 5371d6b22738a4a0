"""JAX keys: telling one from other arrays, and reading it without a computation or a copy that JAX would keep.

JAX has no streams. A typed key (``jax.random.key``) carries its implementation; a legacy one (``PRNGKey``) is an
array of two or four uint32 like any other, so every such array that a cell mentions is taken for a key.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple, Optional

from repro_nb.rng import memory

__all__ = ["Key", "array_type", "key_type", "read_key"]

_LEGACY_SHAPES = ((2,), (4,))
_HOMES_OF_KEY_TYPE = ("jax._src.random.prng", "jax._src.prng")


class Key(NamedTuple):
    """A concrete key.

    Attributes:
        implementation: Such as ``threefry2x32``; ``legacy`` for a key that does not say.
        data: Its words, in order.
    """

    implementation: str
    data: bytes

    @property
    def state(self) -> bytes:
        """What the key's fingerprint is made of."""
        return self.implementation.encode() + b":" + self.data


def key_type() -> Optional[type]:
    """The class of typed keys; None when JAX is not loaded."""
    homes = (sys.modules.get(home) for home in _HOMES_OF_KEY_TYPE)
    found = (getattr(home, "PRNGKeyArray", None) for home in homes)
    return next((cls for cls in found if cls is not None), None)


def array_type() -> Optional[type]:
    """The class of concrete arrays; None when JAX is not loaded."""
    return getattr(sys.modules.get("jax._src.array"), "ArrayImpl", None)


def read_key(value: Any) -> Optional[Key]:
    """`value` as a key; None for a traced, deleted or remote one, and for what is no key."""
    cls = type(value)
    if cls is key_type():
        data = _bytes(value._base_array)  # noqa: SLF001 - `key_data` would run a computation
        return None if data is None else Key(str(value._impl.name), data)  # noqa: SLF001 - as above
    if _is_legacy(value, cls):
        data = _bytes(value)
        return None if data is None else Key("legacy", data)
    return None


def _is_legacy(value: Any, cls: type) -> bool:
    numpy_array = getattr(sys.modules.get("numpy"), "ndarray", None)
    if cls is not array_type() and cls is not numpy_array:
        return False
    return value.shape in _LEGACY_SHAPES and value.dtype.name == "uint32"


def _bytes(array: Any) -> Optional[bytes]:
    cls: type = type(array)
    if cls is not array_type():  # numpy's, or the tracer behind a traced key
        return (
            bytes(array.tobytes())
            if cls is getattr(sys.modules.get("numpy"), "ndarray", None)
            else None
        )
    if array.is_deleted() or not array.is_fully_addressable:
        return None
    array.block_until_ready()
    devices = array.devices()
    if len(devices) == 1 and next(iter(devices)).platform == "cpu" and memory.is_readable():
        return memory.read(array.unsafe_buffer_pointer(), array.nbytes)
    return bytes(sys.modules["numpy"].asarray(array).tobytes())
