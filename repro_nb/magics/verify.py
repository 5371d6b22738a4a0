"""``%repro_verify``: rerun the saved notebook in fresh kernels, and show how far it reproduces, and why not further."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator, Tuple

from repro_nb.errors import UsageError
from repro_nb.magics.arguments import MagicParser
from repro_nb.magics.display import Page, page
from repro_nb.magics.executions import Executions
from repro_nb.magics.unsaved import executed_otherwise
from repro_nb.probe.session import session
from repro_nb.probe.whereabouts import find_notebook
from repro_nb.records import source_digest

if TYPE_CHECKING:
    from pathlib import Path

    from IPython.core.interactiveshell import InteractiveShell

    from repro_nb.rerun.options import VerifyOptions
    from repro_nb.rerun.progress import Progress
    from repro_nb.rerun.result import NotebookResult

__all__ = ["PARSER", "run"]

PARSER = MagicParser(
    "%repro_verify",
    "Rerun the saved notebook in fresh kernels, compare the runs with one another and with the saved outputs,\n"
    "and show how far it reproduces, and why not further. This session and the file stay as they are.",
    "examples:\n  %repro_verify\n  %repro_verify survey.ipynb --runs 3 --rtol 1e-4",
)
PARSER.add_argument("notebook", nargs="?", help="a notebook; by default the one that is running")
PARSER.add_argument("--runs", type=int, help="how many fresh runs are compared (default: 2)")
PARSER.add_argument("--rtol", type=float, help="relative tolerance of numbers")
PARSER.add_argument("--atol", type=float, help="absolute tolerance of numbers")
PARSER.add_argument(
    "--exact", action="store_true", default=None, help="only identical outputs agree"
)
PARSER.add_argument("--timeout", type=float, help="seconds that one cell may take")
PARSER.add_argument("--notebook-timeout", type=float, help="seconds that one run may take")
PARSER.add_argument(
    "--update", action="store_true", default=None, help="write NAME.repro.json beside the notebook"
)
PARSER.add_argument("--fail-under", metavar="LEVEL", help="the level that counts as passing")
PARSER.add_argument(
    "--no-explain",
    dest="explain",
    action="store_false",
    default=None,
    help="make no further runs to find out why cells differ",
)
PARSER.add_argument(
    "--budget",
    type=float,
    metavar="SECONDS",
    help="longest time for these further runs, as estimated from the first (default: 900)",
)
PARSER.add_argument(
    "--fix",
    action="store_true",
    help="show edits with which it reproduces, proved by reruns; `repro-nb fix --write` writes them",
)

_WIDTH = 100


def run(line: str, shell: InteractiveShell) -> None:
    """Do what ``%repro_verify`` was asked for.

    Raises:
        ReproError: `line` cannot be understood, or there is no notebook to rerun.
    """
    asked = PARSER.parse_line(line)
    if asked is None:
        return
    if session.rerun:
        print("%repro_verify does nothing here: this is a rerun already.")  # noqa: T201  for the cell's output
        return
    settings = vars(asked)
    del settings["help"]
    path = find_notebook(settings.pop("notebook"), shell.user_ns, shell.starting_dir)
    with _untouched_stream():
        _verify(path, settings, shell)


@contextmanager
def _untouched_stream() -> Iterator[None]:
    """Put Python's global stream back afterwards: rich, which renders the report, draws from it when imported."""
    before = random.getstate()
    try:
        yield
    finally:
        random.setstate(before)


def _verify(path: Path, settings: dict[str, Any], shell: InteractiveShell) -> None:
    rerun = _rerun()
    from repro_nb.magics.plan import Plan

    if settings["fail_under"] is not None:
        settings["fail_under"] = rerun.parse_level(settings["fail_under"])
    wants_fix = settings.pop("fix")
    options = rerun.VerifyOptions.for_project(path, **settings)
    print(f"Rerunning {path.name} in fresh kernels, as it was last saved …", flush=True)  # noqa: T201  likewise
    try:
        if wants_fix:
            page(_unsaved(path, shell), _edits(path, options, Plan())).show()
            return
        result = rerun.verify(path, options, Plan())
    except rerun.Interrupted as stopped:
        _report(stopped.result).show()
        raise UsageError("interrupted; the report holds what was finished") from None
    page(_unsaved(path, shell), _report(result)).show()


def _rerun() -> Any:
    """The package that reruns notebooks; a kernel of another environment may lack what it needs.

    Raises:
        UsageError: It cannot be imported here.
    """
    try:
        from repro_nb import rerun
    except ImportError as error:
        raise UsageError(
            f"this kernel's environment cannot rerun notebooks: {error}",
            hint="Install it there: %pip install repro_nb",
        ) from error
    return rerun


def _edits(path: Path, options: VerifyOptions, progress: Progress) -> Page:
    """The edits with which the notebook reproduces, and what became of others."""
    from repro_nb.rerun.fix import fix
    from repro_nb.rerun.fix.report import fragment, text

    result = fix(path, options, progress)
    return Page(text(result, _WIDTH), fragment(result, _WIDTH))


def _report(result: NotebookResult) -> Page:
    from repro_nb.rerun import report

    return Page(report.text([result], _WIDTH), report.html_fragment([result]))


def _unsaved(path: Path, shell: InteractiveShell) -> str:
    """Which cells this session executed in another form than the file has them; empty when there are none."""
    names = _executed_otherwise(path, shell)
    if not names:
        return ""
    listed = "".join(f"\n  {name}" for name in names)
    return f"The saved file was rerun. It differs from what was executed here; save to include:{listed}"


def _executed_otherwise(path: Path, shell: InteractiveShell) -> Tuple[str, ...]:
    from repro_nb.errors import NotebookError
    from repro_nb.rerun.notebook import read_notebook

    try:
        cells = read_notebook(path).code_cells
    except NotebookError:
        # The report tells what is wrong with the file.
        return ()
    saved = [(cell.id, source_digest(cell.source)) for cell in cells]
    executions = Executions(shell)
    records = session.recorder.records if session.recorder is not None else ()
    # Earlier calls of this magic, with other options, changed nothing in the session.
    return tuple(
        executions.name(order)
        for order in executed_otherwise(records, saved)
        if not executions.first_line(order).startswith(PARSER.prog)
    )
