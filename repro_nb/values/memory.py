"""Memory that arrays, and tensors on the CPU, share: copies of views are views of one copy."""

from __future__ import annotations

import sys
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from repro_nb.imports import whole_module
from repro_nb.values.memo import Memo
from repro_nb.values.torch_copies import storages

__all__ = ["Block", "blocks_of"]

_ALIGNMENT = 64
Bounds = Tuple[int, int]
"""The first address, and the one after the last."""


class _User(NamedTuple):
    """An array or a tensor, and the memory that it uses.

    Attributes:
        value: The array or the tensor.
        bounds: Of its elements; those of a tensor, of its whole storage.
        storage: The tensor's; None for an array.
    """

    value: Any
    bounds: Bounds
    storage: Any = None


class Block(NamedTuple):
    """A piece of memory that several of them share.

    Attributes:
        users: The arrays and tensors.
        content: The bytes, as an array.
        start: Address of the first of them.
    """

    users: List[_User]
    content: Any
    start: int

    def lay(self, memo: Memo) -> None:
        """Copy the memory, and have arrays and storages of the same layout on it stand for the originals in `memo`."""
        held = _copy_of(self.content, self.start)
        for user in self.users:
            if user.storage is None:
                memo.put(user.value, _view(user.value, held, self.start))
                continue
            part = held[user.bounds[0] - self.start : user.bounds[1] - self.start]
            laid = sys.modules["torch"].from_dlpack(part).untyped_storage()
            memo.setdefault("torch", {})[user.storage._cdata] = laid  # type: ignore[call-overload] # noqa: SLF001 - where torch looks


def blocks_of(memo: Memo) -> Tuple[List[Block], List[Tuple[Any, ...]]]:
    """The memory that objects in `memo` share, and groups of objects of which copies cannot share it.

    Sharing among tensors alone is not looked for, as ``copy.deepcopy`` keeps it. Nor is that of what nobody may write.
    """
    np: Any = whole_module("numpy")
    if not hasattr(np, "from_dlpack"):  # none, or one too old to exchange memory with torch
        return [], []
    blocks: List[Block] = []
    unshareable: List[Tuple[Any, ...]] = []
    for group in _overlapping(_users(np, memo)):
        arrays = [user.value for user in group if user.storage is None]
        if len(group) == 1 or not arrays or not _is_writeable(group):
            continue
        content = _content(np, group) if all(_is_plain(np, array) for array in arrays) else None
        if content is None:
            unshareable.append(tuple(user.value for user in group))
        else:
            blocks.append(Block(group, content, group[0].bounds[0]))
    return blocks, unshareable


def _users(np: Any, memo: Memo) -> Iterator[_User]:
    tensor = getattr(whole_module("torch"), "Tensor", None)
    originals = {id(original): original for original, _ in memo.pairs()}
    for value in originals.values():
        if issubclass(type(value), np.ndarray) and np.ndarray.view(value, np.ndarray).nbytes:
            yield _User(value, _bounds(np.ndarray.view(value, np.ndarray)))
        elif tensor and issubclass(type(value), tensor):
            for storage, bounds in storages(value):
                if storage.device.type == "cpu":
                    yield _User(value, bounds, storage)


def _overlapping(users: Iterable[_User]) -> Iterator[List[_User]]:
    group: List[_User] = []
    end = 0
    for user in sorted(users, key=lambda user: user.bounds):
        if group and user.bounds[0] >= end:
            yield group
            group, end = [], 0
        group.append(user)
        end = max(end, user.bounds[1])
    if group:
        yield group


def _bounds(array: Any) -> Bounds:
    low = high = array.__array_interface__["data"][0]
    for extent, stride in zip(array.shape, array.strides):  # noqa: B905 - `strict` is newer than Python 3.9
        reach = (extent - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high + array.itemsize


def _is_plain(np: Any, array: Any) -> bool:
    return type(array) is np.ndarray and not array.dtype.hasobject


def _is_writeable(group: Iterable[_User]) -> bool:
    return any(user.storage is not None or user.value.flags.writeable for user in group)


def _content(np: Any, group: List[_User]) -> Optional[Any]:
    """The bytes that all of a group lie in, as one array; None if nothing at hand spans them."""
    low, high = group[0].bounds[0], max(user.bounds[1] for user in group)
    for user in group:
        octets = _octets(np, user)
        if octets is not None:
            start, end = _bounds(octets)
            if start <= low and high <= end:
                return octets[low - start : high - start]
    return None


def _octets(np: Any, user: _User) -> Optional[Any]:
    """A storage, or an array's own memory or that of the array that it is a view of, as bytes without a copy."""
    if user.storage is not None:
        torch = sys.modules["torch"]
        whole = torch.empty(0, dtype=torch.uint8).set_(user.storage)
        return np.from_dlpack(whole)
    owner = user.value
    while type(owner.base) is np.ndarray:
        owner = owner.base
    flat = owner.ravel(order="K")
    is_view = _bounds(flat) == _bounds(owner) and np.shares_memory(flat, owner, max_work=1)
    return flat.view(np.uint8) if is_view else None


def _copy_of(content: Any, start: int) -> Any:
    """A copy that begins as far from a cache line as the original, as sums may depend on that."""
    np: Any = sys.modules["numpy"]
    room = np.empty(len(content) + _ALIGNMENT, np.uint8)
    skipped = (start - room.__array_interface__["data"][0]) % _ALIGNMENT
    held = room[skipped : skipped + len(content)]
    held[...] = content
    return held


def _view(array: Any, held: Any, start: int) -> Any:
    np: Any = sys.modules["numpy"]
    offset = array.__array_interface__["data"][0] - start
    view = np.ndarray(array.shape, array.dtype, held, offset, array.strides)
    view.flags.writeable = array.flags.writeable
    return view
