"""The body of a cell magic: compiled once, and run in the user's namespace as the shell would run it."""

from __future__ import annotations

import ast
import dis
from types import CodeType
from typing import Any, FrozenSet, List, Optional, Tuple

from repro_nb.magics.repetition.assignments import assigned_first
from repro_nb.rng.reach import names_in
from repro_nb.workspace import global_names

__all__ = ["Body"]

# Through these, code reaches names that stand in its texts alone; magics become calls of `get_ipython`.
_READERS_OF_TEXT = frozenset(("get_ipython", "eval", "exec", "globals", "locals", "vars"))
_STORES = frozenset(("STORE_NAME", "STORE_GLOBAL"))


class Body:
    """The body of a cell magic.

    Args:
        cell: Its text, without the magic's own line.
        shell: The shell that is to run it.

    Attributes:
        cell: The text.

    Raises:
        SyntaxError: It is no Python; a top-level ``await`` is none here.
    """

    def __init__(self, cell: str, shell: Any) -> None:
        __tracebackhide__ = True
        self.cell = cell
        self._shell = shell
        # The line of the magic counts, so that tracebacks show the lines as the front end does.
        self._lines = ["", *cell.splitlines()]
        source = "\n" + shell.transform_cell(cell)
        self._name: str = shell.compile.cache(
            source, shell.displayhook.prompt_count, raw_code="\n" + cell
        )
        self._codes = self._compiled(source)

    def run(self) -> None:
        """Run it once, and let what it raises pass.

        Not by ``run_cell``, which would count, record and store it as a cell of its own, and swallow its exceptions.
        """
        __tracebackhide__ = True
        for code in self._codes:
            exec(code, self._shell.user_global_ns, self._shell.user_ns)  # noqa: S102  the user's own cell

    def names(self) -> FrozenSet[str]:
        """The global names whose values it may need; every identifier in its text, where its code may read that."""
        names = frozenset().union(*map(global_names, self._codes))
        if names & _READERS_OF_TEXT:
            return names.union(names_in(self.cell))
        return names - self._assigned_first

    def assigned(self) -> FrozenSet[str]:
        """The global names that its top level may assign, but for those that IPython keeps, which begin with ``_``."""
        steps = (step for code in self._codes for step in dis.get_instructions(code))
        stored = (str(step.argval) for step in steps if step.opname in _STORES)
        return frozenset(name for name in stored if not name.startswith("_"))

    def place_of(self, error: BaseException) -> Optional[Tuple[int, str]]:
        """Number (from 1, the magic's own line) and text of the innermost line that `error` passed; None outside."""
        number = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self._name:
                number = trace.tb_lineno
            trace = trace.tb_next
        if number is None:
            return None
        return number, "".join(self._lines[number - 1 : number]).strip()

    def _compiled(self, source: str) -> List[CodeType]:
        __tracebackhide__ = True
        compiler = self._shell.compile
        tree = self._shell.transform_ast(compiler.ast_parse(source, filename=self._name))
        self._assigned_first = assigned_first(tree)
        silenced = self._shell.displayhook.semicolon_at_end_of_expression(self.cell)
        codes = []
        for node in tree.body:
            # Python's own display hook, which is IPython's now, shows what "single" statements give.
            if node is tree.body[-1] and isinstance(node, ast.Expr) and not silenced:
                codes.append(compiler(ast.Interactive([node]), self._name, "single"))
            else:
                codes.append(compiler(ast.Module([node], []), self._name, "exec"))
        return codes
