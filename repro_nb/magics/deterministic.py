"""``%%deterministic``: one cell in deterministic mode."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Optional

from repro_nb.deterministic import (
    DeterministicConfig,
    DeterministicContext,
    KnobStatus,
    get_deterministic_status,
)
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, Table, page

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["PARSER", "run"]

PARSER = MagicParser(
    "%%deterministic",
    "Run the cell with the deterministic settings of every framework it uses, and restore what was set before.\n"
    "Without a cell, %deterministic shows the settings.",
    "A cell that awaits at its top level needs `with repro_nb.DeterministicContext():` instead.",
)
PARSER.add_argument(
    "--warn-only",
    action="store_true",
    help="warn where torch has no deterministic algorithm, instead of raising",
)


def run(line: str, cell: Optional[str], shell: InteractiveShell) -> None:
    """Do what ``%%deterministic`` was asked for.

    Raises:
        UsageError: `line` cannot be understood.
    """
    __tracebackhide__ = True
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    config = DeterministicConfig(torch_warn_only=asked.warn_only)
    if cell is None:
        _status(config).show()
        return
    with DeterministicContext(config):
        _run_body(cell, shell)


def _run_body(cell: str, shell: Any) -> None:
    """Run `cell` in the user's namespace as the shell would, and let what it raises pass.

    Not ``run_cell``, which would count, record and store it as a cell of its own, and swallow its exceptions.
    """
    __tracebackhide__ = True
    # The line of the magic counts, so that tracebacks show the lines as the front end does.
    source = "\n" + shell.transform_cell(cell)
    name = shell.compile.cache(source, shell.displayhook.prompt_count, raw_code="\n" + cell)
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    silenced = shell.displayhook.semicolon_at_end_of_expression(cell)
    for node in tree.body:
        # Python's own display hook, which is IPython's now, shows what "single" statements give.
        if node is tree.body[-1] and isinstance(node, ast.Expr) and not silenced:
            code = shell.compile(ast.Interactive([node]), name, "single")
        else:
            code = shell.compile(ast.Module([node], []), name, "exec")
        exec(code, shell.user_global_ns, shell.user_ns)  # noqa: S102  the user's own cell


def _status(config: DeterministicConfig) -> Page:
    settings = get_deterministic_status(config).values()
    rows = [(row.name, _value(row), _settled(row), row.when.value, row.purpose) for row in settings]
    return page(Table(("setting", "value", "deterministic", "change", "purpose"), rows))


def _value(row: KnobStatus) -> str:
    return "not set" if row.value is None else str(row.value)


def _settled(row: KnobStatus) -> str:
    return {True: "yes", False: "no", None: "not needed"}[row.settled]
