"""Rerun notebooks in fresh kernels, and say how far they reproduce."""

from repro_nb.rerun.notebook import find_notebooks
from repro_nb.rerun.options import VerifyOptions, parse_level, project_options
from repro_nb.rerun.result import Level, NotebookResult
from repro_nb.rerun.verify import Interrupted, verify, verify_all

__all__ = [
    "Interrupted",
    "Level",
    "NotebookResult",
    "VerifyOptions",
    "find_notebooks",
    "parse_level",
    "project_options",
    "verify",
    "verify_all",
]
