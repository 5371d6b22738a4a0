"""Rerun notebooks in fresh kernels, and say how far they reproduce."""

from repro_nb.rerun.fix import FixResult, fix
from repro_nb.rerun.notebook import find_notebooks
from repro_nb.rerun.options import VerifyOptions, parse_level, project_options
from repro_nb.rerun.pinned import PinnedRun, run_pinned
from repro_nb.rerun.result import Level, NotebookResult
from repro_nb.rerun.verify import Interrupted, explain, explain_all, verify, verify_all

__all__ = [
    "FixResult",
    "Interrupted",
    "Level",
    "NotebookResult",
    "PinnedRun",
    "VerifyOptions",
    "explain",
    "explain_all",
    "find_notebooks",
    "fix",
    "parse_level",
    "project_options",
    "run_pinned",
    "verify",
    "verify_all",
]
