"""Which line makes a column or an attribute: found by the text of cells, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from repro_nb.rerun.cell_code import parse_cell
from repro_nb.rerun.result import Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case
    from repro_nb.rerun.result import Failure

__all__ = ["asked_keys", "key_maker"]

_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"'\n]+)\"")
_ATTRIBUTE = re.compile(r"has no attribute ['\"](?P<name>\w+)['\"]")
_MAKING_CALLS = frozenset({"insert", "setattr", "setdefault"})


def asked_keys(failure: Failure) -> tuple[str, ...]:
    """The keys or the attribute that a KeyError or an AttributeError names; none for other failures."""
    if failure.type == "AttributeError":
        match = _ATTRIBUTE.search(failure.message)
        return (match["name"],) if match else ()
    if failure.type != "KeyError":
        return ()
    found = _QUOTED.findall(failure.message)
    return tuple(dict.fromkeys(single or double for single, double in found))


def key_maker(case: Case, keys: tuple[str, ...], cell: int) -> tuple[str, Origin] | None:
    """The first of `keys` that a line of a later cell makes, and none of an earlier one, with that line.

    Args:
        case: The case.
        keys: Names of columns, of keys or of an attribute.
        cell: The cell that asks for them.
    """
    for key in keys:
        lines = [origin for each in case.cells for origin in _making(case, each.index, key)]
        later = [origin for origin in lines if origin.cell > cell]
        if later and not any(origin.cell < cell for origin in lines):
            return key, later[0]
    return None


def _making(case: Case, cell: int, key: str) -> Iterator[Origin]:
    source = case.cells[cell].source
    lines = source.splitlines()
    for node in ast.walk(parse_cell(source) or ast.Module([], [])):
        number = getattr(node, "lineno", 0)
        if key in _made_by(node) and 0 < number <= len(lines):
            yield Origin(cell=cell, line=number, code=lines[number - 1].strip())


def _made_by(node: ast.AST) -> set[str]:
    """The keys and attributes that a node of the syntax tree makes."""
    match node:
        case ast.Subscript(slice=index, ctx=ast.Store()):
            return _texts(index)
        case ast.Attribute(attr=name, ctx=ast.Store()):
            return {name}
        case ast.Assign(targets=[ast.Attribute(attr="columns")], value=value):
            return _texts(value)
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return _made_by_call(name, node)
    return set()


def _made_by_call(name: str, call: ast.Call) -> set[str]:
    if name == "assign":
        return {each.arg for each in call.keywords if each.arg is not None}
    if name == "rename":
        return {text for each in call.keywords for text in _new_names(each.value)}
    return {text for each in call.args for text in _texts(each)} if name in _MAKING_CALLS else set()


def _texts(node: ast.AST) -> set[str]:
    """The texts of a constant, or of those in a list or tuple."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List) else [node]
    constants = {part.value for part in parts if isinstance(part, ast.Constant)}
    nested = {text for part in parts if part is not node for text in _texts(part)}
    return {value for value in constants if isinstance(value, str)} | nested


def _new_names(node: ast.AST) -> set[str]:
    return (
        {text for value in node.values for text in _texts(value)}
        if isinstance(node, ast.Dict)
        else set()
    )
