"""What is only shown: a number or a path of the machine's own, in an output that is marked as not to be compared."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from repro_nb.rerun.fix.changes import Proposal, Splice
from repro_nb.rerun.fix.edits.common import called, calls
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["MARK", "IgnoredMachine", "ignoring", "is_only_shown"]

MARK = "# NBVAL_IGNORE_OUTPUT: "
"""The comment by which nbval and `repro-nb verify` leave out a cell's output; what it shows comes behind."""

_COUNTS = frozenset({
    "os.cpu_count", "multiprocessing.cpu_count", "os.process_cpu_count", "psutil.cpu_count", "joblib.cpu_count",
    "torch.get_num_threads",
})  # fmt: skip
_FOLDERS = frozenset({
    "os.getcwd", "os.path.expanduser", "os.path.expandvars", "pathlib.Path.cwd", "pathlib.Path.home", "os.getlogin",
    "getpass.getuser",
})  # fmt: skip
_WHAT = {
    "threads": (_COUNTS, "shows how many processors the machine has"),
    "working-directory": (_FOLDERS, "shows a path of the machine"),
}
_SHOWING = frozenset({"print", "display", "str", "repr", "format", "round", "int"})
_TEXTS = (ast.FormattedValue, ast.JoinedStr, ast.Tuple, ast.keyword)


def ignoring(script: Script, cells: Sequence[int], what: str) -> Proposal | None:
    """The mark at the top of `cells`; None where one of them is no Python."""
    if not all(script.cells[cell].is_python for cell in cells):
        return None
    heads = [(cell, script.cells[cell].head) for cell in cells]
    changes = tuple(Splice(cell, head, head, f"{MARK}{what}\n") for cell, head in heads)
    why = (
        f"marks the output as not to be compared, since the cell {what}; its other outputs are no longer compared "
        "either"
    )
    return Proposal(changes, why, sets_values=False)


class IgnoredMachine:
    """A cell that shows what the machine says of itself, and computes nothing with it."""

    factors = frozenset(_WHAT)

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """The mark, on the cell that differs and on those that show it again."""
        asking, what = _WHAT[cause.factor]
        if cause.origin is None:
            return []
        sites = next(iter(script.sites(cause)))
        asked = [(site, call) for site, call in calls(sites) if called(script, call) in asking]
        if not asked or not all(is_only_shown(script, site, call) for site, call in asked):
            return []
        marked = ignoring(script, (cause.cell, *cause.inherited_by), what)
        return [] if marked is None else [marked]


def is_only_shown(
    script: Script, site: Site, value: ast.AST, names: frozenset[str] = frozenset()
) -> bool:
    """Whether nothing is done with a value but showing it, under a name or without one."""
    node, around = value, site.text.parents.get(value)
    while around is not None and _passes_on(around, node):
        node, around = around, site.text.parents.get(around)
    if isinstance(around, ast.Expr):
        return True
    if not (isinstance(around, ast.Assign) and len(around.targets) == 1):
        return False
    target = around.targets[0]
    if not isinstance(target, ast.Name) or target.id in names:
        return False
    known, uses = names | {target.id}, list(_uses(script, target.id))
    return bool(uses) and all(is_only_shown(script, use, use.node, known) for use in uses)


def _passes_on(around: ast.AST, node: ast.AST) -> bool:
    """Whether `around` makes a text of `node`, or shows it."""
    if isinstance(around, ast.Call):
        name = getattr(around.func, "id", getattr(around.func, "attr", ""))
        return name in _SHOWING and node is not around.func
    if isinstance(around, ast.BinOp):
        return isinstance(around.left, ast.JoinedStr) or _is_text(around.left)
    return isinstance(around, _TEXTS)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _uses(script: Script, name: str) -> Iterator[Site]:
    for cell, text in enumerate(script.cells):
        for node in text.nodes():
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
                yield Site(cell, text, node)
