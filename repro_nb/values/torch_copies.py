"""What torch's own deep copies leave out: gradients and memory of parameters, attributes of optimizers."""

from __future__ import annotations

import copy
import sys
from collections import Counter
from typing import Any, Iterator, Tuple

from repro_nb.imports import whole_module
from repro_nb.values.memo import Memo

__all__ = ["complete", "is_in_graph", "share_memory", "storages"]

_WITH_ADDRESSES = ("cpu", "cuda")
_IN_GRAPH = "Only Tensors created explicitly by the user"


def is_in_graph(error: Exception) -> bool:
    """Whether `error` is torch's refusal to copy a tensor that was computed from others, with gradients."""
    return type(error) is RuntimeError and str(error).startswith(_IN_GRAPH)


def complete(memo: Memo, start: int) -> None:
    """Give the copies of parameters and optimizers what they lack.

    Args:
        memo: Of the copy that was made.
        start: What its `count` was before.

    Raises:
        Exception: As ``copy.deepcopy``, for a gradient or an attribute.
    """
    parameter = _parameter()
    optimizer: Any = getattr(whole_module("torch.optim.optimizer"), "Optimizer", ())
    for original, made in memo.pairs(start):
        if issubclass(type(original), parameter):
            _complete_parameter(original, made, memo)
        elif issubclass(type(original), optimizer):
            _add_attributes(original, made, memo)


def _complete_parameter(original: Any, made: Any, memo: Memo) -> None:
    if original.is_leaf and original.grad is not None:
        made.grad = copy.deepcopy(original.grad, memo)
    _add_attributes(original, made, memo)


def _add_attributes(original: Any, made: Any, memo: Memo) -> None:
    """Hooks, the ``step`` that a learning-rate scheduler put there, and what the user added."""
    for name, value in vars(original).items():
        if name not in vars(made) or name.endswith("_hooks"):
            vars(made)[name] = copy.deepcopy(value, memo)


def _parameter() -> Any:
    """The class of parameters; no class at all where torch is not loaded."""
    return getattr(whole_module("torch.nn.parameter"), "Parameter", ())


def share_memory(memo: Memo) -> None:
    """Lay copied parameters into the memory that they share with others; torch gives each its own.

    Args:
        memo: Of the copy, in which everything is.
    """
    parameter = _parameter()
    if not parameter:
        return
    known = memo.setdefault("torch", {})  # type: ignore[call-overload] # where torch keeps what storage became of which
    pairs = [pair for pair in memo.pairs() if issubclass(type(pair[0]), parameter)]
    users = Counter(storage._cdata for original, _ in pairs for storage, _ in storages(original))  # noqa: SLF001 - by this, torch's own memo tells storages apart
    for original, made in pairs:
        for storage, _ in storages(original):
            if storage._cdata in known or users[storage._cdata] > 1:  # noqa: SLF001 - as above
                made.data = copy.deepcopy(original.data, memo)


def storages(tensor: Any) -> Iterator[Tuple[Any, Tuple[int, int]]]:
    """The memory of a dense tensor, if it has any, with its first address and the one after its last."""
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():  # noqa: SLF001 - has no public twin
        is_dense = tensor.layout == torch.strided and not tensor.is_nested
        if not is_dense or tensor.device.type not in _WITH_ADDRESSES:
            return
        storage = tensor.untyped_storage()
        address, size = storage.data_ptr(), storage.nbytes()
    if size:
        yield storage, (address, address + size)
