"""Algorithms of accelerators that add up in no fixed order."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Optional

from repro_nb.deterministic import DeterministicConfig, enable_deterministic_mode
from repro_nb.imports import ImportWatch
from repro_nb.probe.factors.factor import Host, Setting, Traces

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["Accelerator"]

_HELD = "deterministic"
# Libraries of the device read these when it is first used.
_ENVIRONMENT = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8", "TF_CUDNN_DETERMINISTIC": "1"}


class Accelerator:
    """Deterministic mode, from the moment at which torch begins to use a device.

    On a processor alone nothing is set: what races there is left to the threads.
    """

    name = "accelerator"
    floating = True
    wording = "algorithms of the accelerator that add up in no fixed order"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """Deterministic algorithms alone."""
        return Setting(_HELD, environment=_ENVIRONMENT, held=_HELD)

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """Any algorithm, as in the user's own runs."""
        return Setting("free")

    def install(self, uses: Uses, held: Optional[str]) -> None:  # noqa: ARG002 - leaves no traces of its own
        """Wait for torch to use a device."""
        if held is not None:
            imports = ImportWatch()
            imports.when_imported("torch.cuda", _when_in_use)
            imports.install()

    def is_active(self, traces: Traces) -> bool:
        """Whether a device was in use."""
        return bool(traces.accelerators)

    def remedy(self, code: str) -> str:  # noqa: ARG002 - the mode covers every line
        """Switch the mode on."""
        return "run in deterministic mode: `%%deterministic` in the cell, or `enable_deterministic_mode()` at the top"


def _when_in_use(cuda: Any) -> None:
    """Have torch call back once its device is initialised; at once where it is."""
    cuda._lazy_call(_switch_on)  # noqa: SLF001 - torch has no public way to wait for that


def _switch_on() -> None:
    # What has no deterministic algorithm says so: news that the user's own runs do not print.
    warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation")
    enable_deterministic_mode(DeterministicConfig(torch_warn_only=True))
