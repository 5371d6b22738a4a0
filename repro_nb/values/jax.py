"""JAX's arrays, its typed keys, and the classes that are registered as nodes of its trees."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Optional

from repro_nb.imports import whole_module
from repro_nb.values.numpy import view_of_array
from repro_nb.values.path import name_step
from repro_nb.values.view import Kind, Named, View

__all__ = ["KINDS", "view_of_node"]


def _array(array: Any) -> View:
    # On the CPU this is the array's own memory. What is deleted, or lies on another host, raises.
    return view_of_array(sys.modules["numpy"].asarray(array))


def _key(key: Any) -> View:
    facts = (("implementation", str(key._impl.name)),)  # noqa: SLF001 - `key_data` would run a computation
    return View(facts, parts=(Named({".key_data": key._base_array}),))  # noqa: SLF001 - as above


def view_of_node(value: Any) -> Optional[View]:
    """What an instance of a registered class is made of; None when its class is not registered, or JAX not loaded."""
    tree_util: Any = whole_module("jax.tree_util")
    if tree_util is None or tree_util.all_leaves((value,)):
        return None
    parts, tree = tree_util.tree_flatten_with_path(value, is_leaf=lambda part: part is not value)
    held: Dict[str, Any] = {"".join(map(_step, keys)): part for keys, part in parts}
    return View(parts=(Named({**held, "<static>": tree.node_data()[1]}),))


def _step(key: Any) -> str:
    """A key of a tree's path, which JAX names by its class, in Python's syntax."""
    name = getattr(key, "name", None)
    return str(key) if name is None else name_step(str(name))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "jax._src.array": {"ArrayImpl": Kind(_array)},
    "jax._src.prng": {"PRNGKeyArray": Kind(_key)},
    "jax._src.random.prng": {"PRNGKeyArray": Kind(_key)},
}
"""How they are looked at, by module and name."""
