"""A digest of a model's architecture: what it is made of, not the numbers in it.

It takes the place of ``hash(str(model))``, which differs in every process and does not see names of parameters, data
types or buffers.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from repro_nb.checkpoints.tensors import open_tensors
from repro_nb.checkpoints.tensors.dtypes import dtype_name
from repro_nb.errors import UsageError

__all__ = ["architecture_digest"]

_HEADER = "repro_nb-architecture-1"
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
_MOST_DEPTH = 100

Row = tuple[object, ...]


def architecture_digest(model: object) -> str:
    """A digest over what a model is made of; the same in every process, on every device and after training.

    - A torch module: the tree of its modules (qualified names, class names, ``extra_repr``), and the names, data types
      and shapes of its parameters and buffers.
    - A Keras model: its layers (class names and settings, without generated names), and its weights in their order.
    - A state dict, a dictionary of arrays, or nested containers of them, such as the parameters of Flax and JAX: the
      name, data type and shape of each array.
    - The path of a checkpoint: the same, of its tensors; equal to the digest of the dictionary that was saved.

    Libraries are consulted only where the process has loaded them.

    Args:
        model: One of these.

    Returns:
        64 hexadecimal digits: sha256.

    Raises:
        UsageError: `model` is none of these, or holds no arrays.
        CheckpointError: The checkpoint at this path cannot be read.
    """
    whole = hashlib.sha256(f"{_HEADER}\n".encode())
    for row in _rows(model):
        whole.update(f"{json.dumps(row, separators=(',', ':'))}\n".encode())
    return whole.hexdigest()


def _rows(model: Any) -> Iterable[Row]:
    if isinstance(model, (str, Path)):
        return _tensors(_of_checkpoint(model))
    if _is_a(model, "torch.nn", "Module"):
        return _module(model)
    if _is_a(model, "keras", "Model"):
        return _keras(model)
    return _tensors(_of_tree(model))


def _is_a(model: object, module: str, name: str) -> bool:
    """Whether `model` is of a class of a library, if the process has loaded it."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(model, kind)


def _module(model: Any) -> Iterator[Row]:
    while hasattr(model, "_orig_mod"):  # what torch.compile wraps
        model = model._orig_mod  # noqa: SLF001 - torch has no other name for it
    for name, module in model.named_modules(remove_duplicate=False):
        settings = _ADDRESS.sub("0x", str(module.extra_repr()))
        yield "module", _unwrapped(name), type(module).__qualname__, settings
    for kind, named in (("parameter", model.named_parameters), ("buffer", model.named_buffers)):
        for name, tensor in sorted(named(remove_duplicate=False), key=lambda pair: pair[0]):
            yield kind, _unwrapped(name), *_described(tensor)


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part != "_orig_mod")


def _keras(model: Any) -> Iterator[Row]:
    for number, layer in enumerate(model.layers):
        settings = json.dumps(_without_names(layer.get_config()), sort_keys=True, default=str)
        yield "layer", number, type(layer).__qualname__, _ADDRESS.sub("0x", settings)
    for number, weight in enumerate(model.weights):
        yield "weight", number, *_described(weight)


def _without_names(settings: Any) -> Any:
    """Generated names, such as ``dense_3``, count how many layers the process has made."""
    if isinstance(settings, dict):
        return {key: _without_names(value) for key, value in settings.items() if key != "name"}
    if isinstance(settings, (list, tuple)):
        return [_without_names(value) for value in settings]
    return settings


def _tensors(named: Iterable[tuple[str, str, list[int]]]) -> list[Row]:
    rows: list[Row] = [("tensor", *each) for each in sorted(named)]
    if not rows:
        raise UsageError(
            "there are no arrays in this model",
            hint="Give a torch module, a Keras model, a dictionary of arrays, or the path of a checkpoint.",
        )
    return rows


def _of_checkpoint(path: str | Path) -> list[tuple[str, str, list[int]]]:
    with open_tensors(path) as found:
        return [(entry.name, entry.dtype, list(entry.shape)) for entry in found.tensors]


def _of_tree(tree: object) -> Iterator[tuple[str, str, list[int]]]:
    for name, leaf in _leaves("", tree, 0):
        dtype, shape = _described(leaf)
        yield name, dtype, shape


def _leaves(path: str, tree: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Arrays of nested containers, and of other trees that a loaded JAX knows."""
    if depth > _MOST_DEPTH:
        raise UsageError(f"the model is nested more than {_MOST_DEPTH} deep")
    if hasattr(tree, "shape") and hasattr(tree, "dtype"):
        yield path, tree
        return
    children = _children(tree)
    for key, child in children:
        yield from _leaves(f"{path}/{key}" if path else str(key), child, depth + 1)


def _children(tree: Any) -> Iterable[tuple[object, Any]]:
    if isinstance(tree, Mapping):
        return tree.items()
    if isinstance(tree, (list, tuple)):
        return enumerate(tree)
    if tree is None or isinstance(tree, (bool, int, float, complex, str, bytes)):
        return ()
    return _of_jax(tree)


def _of_jax(tree: Any) -> Iterable[tuple[object, Any]]:
    """Parts of what was made known to JAX as a tree: modules of Equinox and Flax NNX, states of Optax."""
    util = getattr(sys.modules.get("jax"), "tree_util", None)
    if util is not None:
        leaves, _ = util.tree_flatten_with_path(tree)
        parts = [(_path(keys), leaf) for keys, leaf in leaves if keys]
        if parts:
            return parts
    raise UsageError(
        f"a {type(tree).__qualname__} has no arrays that could be found",
        hint="Give its parameters: a dictionary of arrays, or nested ones.",
    )


def _path(keys: Iterable[Any]) -> str:
    plain: Callable[[Any], object] = lambda key: next(  # noqa: E731 - one use, three names for one thing
        (getattr(key, name) for name in ("key", "idx", "name") if hasattr(key, name)), key
    )
    return "/".join(str(plain(key)) for key in keys)


def _described(array: Any) -> tuple[str, list[int]]:
    """Data type and shape of an array of any library."""
    name = str(array.dtype)
    return dtype_name(name) or name, [int(size) for size in array.shape]
