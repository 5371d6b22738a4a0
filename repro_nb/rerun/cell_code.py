"""The Python of a cell, line for line: magics and shell commands are taken for what IPython makes of them."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache

__all__ = ["PYTHON_MAGICS", "parse_cell", "parsed"]

PYTHON_MAGICS = frozenset({"capture", "deterministic", "prun", "time", "timeit", "px", "skip"})
"""Cell magics whose body is Python."""


@lru_cache(maxsize=4096)
def parse_cell(source: str) -> ast.Module | None:
    """The syntax tree of a cell, with the line numbers of the notebook.

    Args:
        source: The cell's text.

    Returns:
        None where it is no Python that this version reads; an empty module for a cell of another language.
    """
    body = _without_cell_magic(source)
    tree = parsed(body)
    return tree if tree is not None else parsed(_as_ipython_reads(body))


def _without_cell_magic(source: str) -> str:
    lines = source.splitlines()
    blank = next((n for n, line in enumerate(lines) if line.strip()), 0)
    if not lines or not lines[blank].startswith("%%"):
        return source
    name, _, arguments = lines[blank][2:].partition(" ")
    if name not in PYTHON_MAGICS:
        return ""
    # What %%capture is given is a variable that it binds.
    bound = arguments.split("#")[0].split()
    target = bound[-1] if name == "capture" and bound and bound[-1].isidentifier() else ""
    lines[blank] = f"{target} = None" if target else ""
    return "\n".join(lines)


def parsed(text: str) -> ast.Module | None:
    """The syntax tree of plain Python; None where this version does not read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a notebook's invalid escapes are not our warnings
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _as_ipython_reads(text: str) -> str:
    # Imported here, since it takes longer than all else, and only cells with magics need it.
    from IPython.core.inputtransformer2 import TransformerManager  # noqa: PLC0415

    stripped = text.lstrip("\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            manager = TransformerManager()  # type: ignore[no-untyped-call]  # IPython has no annotations here
            read = manager.transform_cell(stripped)
    except (SyntaxError, ValueError, RecursionError):
        return text
    return "\n" * (len(text) - len(stripped)) + str(read)
