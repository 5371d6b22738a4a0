"""What deterministic mode shall set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro_nb.deterministic.context import DeterministicContext

__all__ = ["DeterministicConfig"]


@dataclass(frozen=True)
class DeterministicConfig:
    """What deterministic mode shall set.

    Attributes:
        torch_deterministic: Only deterministic cuDNN convolutions.
        torch_benchmark: Let cuDNN choose its algorithm by timing, which differs from run to run.
        torch_use_deterministic_algorithms: Only deterministic algorithms in torch as a whole.
        torch_warn_only: Warn where torch has no deterministic algorithm for an operation, instead of raising.
        cublas_workspace: Value for ``CUBLAS_WORKSPACE_CONFIG``, where it is not set already.
        warn_performance: When the mode begins, measure a few operations of torch with and without it, and say in
            a `DeterministicPerformanceWarning` what it costs here. Without torch nothing is said; when torch is
            imported later, it is said then.
    """

    torch_deterministic: bool = True
    torch_benchmark: bool = False
    torch_use_deterministic_algorithms: bool = True
    torch_warn_only: bool = False
    cublas_workspace: str = ":4096:8"
    warn_performance: bool = False

    def apply(self) -> DeterministicContext:
        """Switch the mode on for the rest of the session, also for frameworks imported later.

        Returns:
            The context that holds it; its `restore` ends the mode and puts every setting back.
        """
        from repro_nb.deterministic.mode import enable_deterministic_mode

        return enable_deterministic_mode(self)
