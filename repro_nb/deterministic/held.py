"""The settings that deterministic mode holds."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Optional, Tuple

from repro_nb.deterministic.knob import Knob, When

if TYPE_CHECKING:
    from repro_nb.deterministic.config import DeterministicConfig

__all__ = ["HELD"]


class _Attribute(Knob):
    """A setting that is an attribute of a loaded module, wanted as a field of the configuration says."""

    def __init__(
        self, module: str, attribute: str, field: str, purpose: str, *, loaded_by: str = "torch"
    ) -> None:
        self.name = f"{module}.{attribute}"
        self.module = module
        self.loaded_by = loaded_by
        self.purpose = purpose
        self._attribute = attribute
        self._field = field

    @property
    def exists(self) -> bool:
        # Older versions of a library have the module, and not yet the setting.
        return hasattr(sys.modules.get(self.module), self._attribute)

    def read(self) -> Any:
        return getattr(sys.modules[self.module], self._attribute)

    def write(self, value: Any) -> None:
        setattr(sys.modules[self.module], self._attribute, value)

    def wanted(self, config: DeterministicConfig, value: Any) -> Any:  # noqa: ARG002  Knob's signature
        return getattr(config, self._field)


class _TorchAlgorithms(Knob):
    """Torch's mode as one number: 0 off, 1 warns, 2 raises.

    ``set_deterministic_debug_mode`` sets what ``use_deterministic_algorithms`` sets, without importing the
    compiler, which takes a second; the compiler's own switch is a knob of its own.
    """

    name = "torch.set_deterministic_debug_mode"
    module = "torch"
    loaded_by = "torch"
    purpose = "deterministic algorithms only"

    def read(self) -> Any:
        return sys.modules["torch"].get_deterministic_debug_mode()

    def write(self, value: Any) -> None:
        sys.modules["torch"].set_deterministic_debug_mode(value)

    def wanted(self, config: DeterministicConfig, value: Any) -> Any:
        if not config.torch_use_deterministic_algorithms:
            return value
        return 1 if config.torch_warn_only else 2

    def settled(self, config: DeterministicConfig) -> Optional[bool]:
        # Raising is stricter than warning, so it fulfils a wish for either.
        return bool(self.read() >= self.wanted(config, 0))


class _CublasWorkspace(Knob):
    """The variable that older versions of torch ask for; cuBLAS reads it when its handle is made."""

    name = "CUBLAS_WORKSPACE_CONFIG"
    module = "torch"
    loaded_by = "torch"
    purpose = "a fixed workspace makes cuBLAS repeat"

    def read(self) -> Any:
        return os.environ.get(self.name)

    def write(self, value: Any) -> None:
        # Unset and empty are two things: None stands for unset.
        if value is None:
            os.environ.pop(self.name, None)
        else:
            os.environ[self.name] = value

    def wanted(self, config: DeterministicConfig, value: Any) -> Any:
        return value if value in (":4096:8", ":16:8") else config.cublas_workspace

    def when(self) -> When:
        return When.TOO_LATE if _cuda_is_initialised() else When.LIVE

    def settled(self, config: DeterministicConfig) -> Optional[bool]:
        # A process that uses no CUDA device does not depend on it.
        return super().settled(config) if _cuda_is_initialised() else None


def _cuda_is_initialised() -> bool:
    cuda = sys.modules.get("torch.cuda")
    return cuda is not None and bool(cuda.is_initialized())


HELD: Tuple[Knob, ...] = (
    _CublasWorkspace(),
    _TorchAlgorithms(),
    _Attribute(
        "torch._inductor.config",
        "deterministic",
        "torch_use_deterministic_algorithms",
        "compiled code repeats",
        loaded_by="torch._inductor.config",
    ),
    _Attribute(
        "torch.utils.deterministic",
        "fill_uninitialized_memory",
        "torch_use_deterministic_algorithms",
        "torch.empty is filled while the mode is on",
    ),
    _Attribute(
        "torch.backends.cudnn", "deterministic", "torch_deterministic", "deterministic convolutions"
    ),
    _Attribute(
        "torch.backends.cudnn", "benchmark", "torch_benchmark", "no choice of algorithm by timing"
    ),
)
