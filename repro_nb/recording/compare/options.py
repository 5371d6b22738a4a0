"""How strictly outputs are compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

from repro_nb.errors import UsageError

__all__ = ["CompareOptions"]


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """How strictly outputs are compared.

    The default tolerances are those of ``pytest.approx``. A relative 1e-6 is coarser than the rounding noise of
    float32 (6e-8) and finer than any digit that people quote; an absolute 1e-12 lets what should be zero be printed as
    ``-1.7e-16`` in one run and ``2.2e-17`` in the next. Work at scales below 1e-12 (p-values, SI constants) with
    ``atol=0``.

    Attributes:
        rtol: Relative tolerance of floating-point numbers: ``|a - b| <= atol + rtol * max(|a|, |b|)``.
        atol: Absolute tolerance of floating-point numbers.
        exact: Only identical outputs agree; what is equivalent becomes different, and the reason says why.
        pixel_tolerance: By how much a colour channel (0 to 255) of a pixel may differ, as shown on a white page. The
            default 3 is invisible, and covers the rounding of anti-aliased edges and of JPEG decoders.
        pixel_share: Share (0 to 1) of an image's pixels that may differ by more. The default 0 allows none, since
            one marker of a scatter plot is a ten-thousandth of the picture.
        ignore_stderr: Leave standard error uncompared. By default it is compared, as a new warning is news.
        private_paths: Pairs of a path that a run used (its temporary folder, its copy of the project) and the
            text that stands for it on both sides.

    Raises:
        UsageError: A tolerance is negative, infinite or not a number, or a share is above 1.
    """

    rtol: float = 1e-6
    atol: float = 1e-12
    exact: bool = False
    pixel_tolerance: int = 3
    pixel_share: float = 0.0
    ignore_stderr: bool = False
    private_paths: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in ("rtol", "atol", "pixel_tolerance", "pixel_share"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0:
                raise UsageError(f"{name} must be a number from 0 up, not {value}")
        if self.pixel_share > 1:
            raise UsageError(f"pixel_share is a share from 0 to 1, not {self.pixel_share}")
