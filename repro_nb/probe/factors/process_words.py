"""Words in cells by which a process's ID or an address may come into their results."""

from __future__ import annotations

import ast
import re
from typing import Iterator, Sequence

__all__ = ["tell_of_the_process"]

_FUNCTIONS = frozenset({"getpid", "getppid", "get_ident", "get_native_id", "id", "hash", "object"})
_ATTRIBUTES = frozenset(
    [
        "getpid",
        "getppid",
        "get_ident",
        "get_native_id",
        "pid",
        "ppid",
        "ident",
        "native_id",
        "data_ptr",
        "ctypes",
        "addressof",
        "getnode",
        "__array_interface__",
        "unsafe_buffer_pointer",
        "__repr__",
        "__hash__",
    ]
)
_SHELL = re.compile(r"\$\$|\bmktemp\b|\bps\b")
_OWN_HASH = frozenset({"__hash__", "__eq__"})


def tell_of_the_process(texts: Sequence[str]) -> bool:
    """Whether cells name an ID or an address, or put objects into sets by their addresses."""
    if any(_SHELL.search(line) for text in texts for line in _shell_lines(text)):
        return True
    nodes = [node for text in texts for node in _nodes(text)]
    has_sets = any(isinstance(node, (ast.Set, ast.SetComp)) or _is_set(node) for node in nodes)
    return any(map(_names_one, nodes)) or (has_sets and any(map(_hashes_by_address, nodes)))


def _shell_lines(text: str) -> "list[str]":
    lines = text.splitlines()
    is_script = text.startswith(("%%bash", "%%sh", "%%script", "%%!"))
    return lines if is_script else [line for line in lines if "!" in line or line[:1] == "%"]


def _nodes(text: str) -> Iterator[ast.AST]:
    python = "".join(
        "\n" if line.lstrip()[:1] in ("!", "%", "?") else line
        for line in text.splitlines(keepends=True)
    )
    try:
        yield from ast.walk(ast.parse(python))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a cell need not be Python
        return


def _names_one(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _FUNCTIONS and isinstance(node.ctx, ast.Load)
    return isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES


def _is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("set", "frozenset")


def _hashes_by_address(node: ast.AST) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    defined = {getattr(statement, "name", "") for statement in node.body}
    return not defined & _OWN_HASH and not node.decorator_list
