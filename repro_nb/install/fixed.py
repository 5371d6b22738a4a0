"""What has to be fixed before a process starts, since nothing can be done about it later."""

from __future__ import annotations

import importlib.metadata
import re
import sys

from repro_nb.errors import UsageError
from repro_nb.seeding import checked_seed

__all__ = ["fixed_environment", "needs_cublas_workspace"]

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_FREE_FROM = (2, 10)
"""The first torch whose deterministic mode does without the variable: it sets up cuBLAS's workspaces itself."""


def fixed_environment(seed: int, threads: int) -> dict[str, str]:
    """The variables that a reproducible process is started with, by name.

    Args:
        seed: For string hashes, from 0 to 2**32 - 1.
        threads: For numerical libraries, whose sums depend on it; 0 leaves them free.

    Raises:
        UsageError: A value is out of range.
    """
    if threads < 0:
        raise UsageError(f"{threads} is no number of threads", hint="0 leaves it free.")
    environment = {"PYTHONHASHSEED": str(checked_seed(seed))}
    if threads:
        environment.update(dict.fromkeys(_THREADS, str(threads)))
    if _needs_cublas_workspace():
        environment["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    return environment


def _needs_cublas_workspace() -> bool:
    try:
        return needs_cublas_workspace(importlib.metadata.version("torch"), sys.platform)
    except importlib.metadata.PackageNotFoundError:
        return False


def needs_cublas_workspace(version: str, platform: str) -> bool:
    """Whether this torch, in deterministic mode, refuses CUDA without ``CUBLAS_WORKSPACE_CONFIG``.

    Args:
        version: As the package's metadata has it, such as ``2.9.1+cu128``.
        platform: As in `sys.platform`.
    """
    number = re.match(r"(\d+)\.(\d+)", version)
    build = version.partition("+")[2]
    if number is None or platform == "darwin" or (build and not build.startswith("cu")):
        return False  # a build for other devices
    return (int(number[1]), int(number[2])) < _FREE_FROM
