"""Nested containers of a pickle stream as entries: one name for each tensor and each value."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.tensors.entries import Entry, TensorEntry, ValueEntry
from repro_nb.checkpoints.tensors.limits import (
    MOST_DEPTH,
    MOST_ENTRIES,
    MOST_PICKLE,
    Budget,
    enough_memory,
)
from repro_nb.checkpoints.tensors.pickle_values import (
    Dictionary,
    Items,
    Name,
    Rebuilt,
    Unread,
)
from repro_nb.checkpoints.tensors.plain_values import NumpyArray
from repro_nb.checkpoints.tensors.torch_values import Quantised, Sparse, StoredTensor, TorchText
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["Placing", "joined", "plain", "read_entries"]

_LARGEST_WHOLE = 4096
"""Bits of a whole number."""

_LONGEST_KEY = 10_000
"""Characters of a dictionary's key."""

_LONGEST_TUPLE = 16
"""Members of a tuple that is a dictionary's key."""

_VISIT = 4
"""Effort of visiting a container; that of a value in a list is 1."""

_ENTRY = 150
"""Bytes of an entry, beside its name."""

_LARGEST_SET = 10_000
"""Members; numbers can be chosen so that a set of them takes quadratic time."""

Placing = Callable[[str, StoredTensor | NumpyArray], TensorEntry]
"""Makes the entry of a tensor: the reader of a format knows where its bytes are."""


def read_entries(root: Any, place: Placing, where: str) -> list[Entry]:
    """Entries of everything that `root` holds, in its order.

    Args:
        root: What a pickle stream describes.
        place: Makes the entry of a tensor.
        where: The file's name, for errors.

    Raises:
        UnsafeCheckpointError: It is nested without end, or far too large.
        CheckpointError: It holds what is no tensor, value or container.
    """
    walk = _Walk(place, Budget(0, where))
    try:
        with enough_memory(where):
            return list(walk.entries(root))
    except CheckpointError as error:
        error.where = error.where or where
        raise


def joined(path: str, key: object) -> str:
    """The name of what stands under `key` in the container called `path`."""
    if isinstance(key, tuple) and len(key) > _LONGEST_TUPLE:
        raise CheckpointError(f"a dictionary has a key of {len(key)} parts")
    text = ",".join(map(_key, key)) if isinstance(key, tuple) else _key(key)
    return f"{path}/{text}" if path else text


def _key(key: object) -> str:
    if isinstance(key, str):
        if len(key) > _LONGEST_KEY:
            raise UnsafeCheckpointError(f"a dictionary has a key of {len(key):,} characters")
        return key
    if key is None or isinstance(key, (bool, int, float)):
        return repr(plain(key))
    raise CheckpointError(f"a dictionary has a {_kind_name(key)} for a key")


@dataclass(frozen=True, eq=False)
class _Told:
    """What is said of a quantised or sparse tensor beside its numbers."""

    kind: str
    value: tuple[Any, ...]


class _Walk:
    """Goes through containers, and counts: a few bytes can describe a tree that never ends."""

    def __init__(self, place: Placing, names: Budget) -> None:
        self._place = place
        self._names = names
        self._effort = 0
        self._letters = 0

    def entries(self, root: Any) -> Iterator[Entry]:
        """Entries of `root` and of all that it holds."""
        levels = [iter([("", root)])]
        while levels:
            path, value = next(levels[-1], _END)
            if path is None:
                levels.pop()
                continue
            self._visit(len(levels))
            parts = self._parts(path, value)
            if parts is None:
                yield self._leaf(path, value)
            else:
                levels.append(iter(parts))

    def _parts(self, path: str, value: Any) -> Iterable[tuple[str, Any]] | None:
        """What a container holds; None for what is one entry."""
        if isinstance(value, (Dictionary, Rebuilt)):
            pairs = _pairs(value)
            return ((joined(path, key), each) for key, each in pairs) if pairs else None
        if isinstance(value, (list, tuple)) and not self._is_plain(value):
            return ((joined(path, index), each) for index, each in enumerate(value))
        if isinstance(value, Quantised):
            told = _Told("quantizer", (value.scheme, *value.parameters))
            return [
                (path, value.numbers),
                (joined(path, "quantizer"), told),
                *_named(path, value.tensors),
            ]
        if isinstance(value, Sparse):
            told = _Told("sparse", (value.layout, value.shape, value.coalesced))
            return [(joined(path, "layout"), told), *_named(path, value.tensors)]
        return None

    def _leaf(self, path: str, value: Any) -> Entry:
        self._names.take(_ENTRY + sys.getsizeof(path))
        self._weigh(value)
        if isinstance(value, Unread):
            raise CheckpointError(f"{path!r} is not read: {value.reason}", hint=value.hint)
        if isinstance(value, (StoredTensor, NumpyArray)):
            return self._place(path, value)
        if isinstance(value, _Told):
            return ValueEntry(name=path, kind=value.kind, value=plain(value.value))
        if isinstance(value, (Dictionary, Rebuilt)):
            return ValueEntry(name=path, kind="dict", value={})
        if isinstance(value, Items) and not self._is_plain(value.members):
            raise CheckpointError("holds a set of something else than values")
        return ValueEntry(name=path, kind=_kind(value), value=plain(value))

    def _is_plain(self, values: list[Any] | tuple[Any, ...]) -> bool:
        """Whether a list holds values alone, also in the lists within it, and so is one value."""
        levels = [iter(values)]
        while levels:
            each = next(levels[-1], _END)
            if each is _END:
                levels.pop()
            elif isinstance(each, (list, tuple)):
                levels.append(iter(each))
                self._visit(len(levels))
            elif isinstance(each, Items):
                levels.append(iter(each.members))
                self._visit(len(levels))
            elif isinstance(each, _HOLDERS):
                return False
            else:
                self._take(1)
                self._weigh(each)
        return True

    def _visit(self, depth: int) -> None:
        self._take(_VISIT)
        if depth > MOST_DEPTH:
            raise UnsafeCheckpointError(f"containers are nested more than {MOST_DEPTH} deep")

    def _weigh(self, value: Any) -> None:
        """One long text, referred to from a million places, would be written out a million times."""
        if isinstance(value, (str, bytes)):
            self._letters += len(value)
        if self._letters > MOST_PICKLE:
            raise UnsafeCheckpointError(f"its texts would have more than {MOST_PICKLE:,} bytes")

    def _take(self, effort: int) -> None:
        self._effort += effort
        if self._effort > _VISIT * MOST_ENTRIES:
            raise UnsafeCheckpointError(f"holds more than {MOST_ENTRIES:,} tensors and values")


def _pairs(value: Dictionary | Rebuilt) -> list[tuple[Any, Any]]:
    held = value.state if isinstance(value, Rebuilt) else value
    return [] if held is None else held.pairs


def _named(path: str, tensors: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(joined(path, name), each) for name, each in tensors.items()]


_END: Any = (None, None)
_HOLDERS = (Dictionary, Rebuilt, StoredTensor, NumpyArray, Quantised, Sparse, Unread)


def plain(value: Any) -> Any:
    """`value` made of Python's own values alone.

    Raises:
        CheckpointError: It is none: a class, a function, a number of absurd size.
    """
    if isinstance(value, Items):
        if len(value.members) > _LARGEST_SET:
            raise UnsafeCheckpointError(f"holds a set of {len(value.members):,} members")
        try:
            return frozenset(plain(each) for each in value.members)
        except TypeError as error:
            raise CheckpointError("holds a set of lists, which is not read") from error
    if isinstance(value, TorchText):
        return value.text
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, (list, tuple)):
        return type(value)(plain(each) for each in value)
    if isinstance(value, int) and value.bit_length() > _LARGEST_WHOLE:
        raise UnsafeCheckpointError(f"holds a whole number of {value.bit_length():,} bits")
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return value
    raise CheckpointError(
        f"holds a {_kind_name(value)}, which is no tensor, number, text or container"
    )


def _kind(value: Any) -> str:
    if isinstance(value, Items):
        return "set"
    if isinstance(value, TorchText):
        return value.kind
    if isinstance(value, Name):
        return "dtype"
    if value is None:
        return "none"
    return _kind_name(value)


def _kind_name(value: object) -> str:
    return type(value).__name__
