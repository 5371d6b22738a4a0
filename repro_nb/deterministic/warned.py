"""The warnings of this package, which point at the user's own line."""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Type

__all__ = ["DeterminismWarning", "DeterministicPerformanceWarning", "warn"]

_BETWEEN = (__name__.partition(".")[0], "contextlib", "importlib")


class DeterminismWarning(UserWarning):
    """A setting could not be held, or was changed by someone else while it was held."""


class DeterministicPerformanceWarning(UserWarning):
    """What deterministic mode costs on this machine, as measured when the mode began."""


def warn(message: str, category: Type[Warning] = DeterminismWarning) -> None:
    """Warn at the line that led here: a ``with``, a call, or an import inside a block."""
    frame = _users(sys._getframe())  # noqa: SLF001 - has no public twin
    name = frame.f_globals.get("__name__", "")
    registry = frame.f_globals.setdefault("__warningregistry__", {})
    warnings.warn_explicit(
        message, category, frame.f_code.co_filename, frame.f_lineno, name, registry
    )


def _users(frame: FrameType) -> FrameType:
    """The first frame from `frame` outwards that is neither ours nor machinery between the user and us."""
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _BETWEEN:
            break
        frame = frame.f_back
    return frame
