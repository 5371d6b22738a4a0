"""Packages that some formats need, imported when they do."""

from __future__ import annotations

import importlib
from typing import Any

from repro_nb.errors import UsageError

__all__ = ["needed", "numpy"]


def needed(module: str, what: str, extra: str) -> Any:
    """The module, imported.

    Args:
        module: Its full name.
        what: What needs it, as the user says it.
        extra: The extra of this package that installs it.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UsageError(
            f"{what} needs the package {package}, which is not installed",
            hint=f'Install it with: pip install "repro_nb[{extra}]"',
        ) from error


def numpy() -> Any:
    """The module.

    Raises:
        UsageError: It is not installed.
    """
    return needed("numpy", "calculating with tensors", "checkpoints")
