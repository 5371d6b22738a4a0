"""The packages that signing needs, imported when they are used."""

from __future__ import annotations

import importlib
from typing import Any

from repro_nb.errors import UsageError

__all__ = ["required"]


def required(module: str) -> Any:
    """The module called `module`.

    Raises:
        UsageError: Its package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UsageError(
            f"signatures need the package {package}, which cannot be imported ({error})",
            hint='Install it with: pip install "repro_nb[sign]"',
        ) from error
