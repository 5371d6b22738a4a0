"""The settings that deterministic mode shows and never changes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, FrozenSet, Optional, Tuple

from repro_nb.deterministic.hash_seed import starting_hash_seed
from repro_nb.deterministic.knob import Knob, When

if TYPE_CHECKING:
    from repro_nb.deterministic.config import DeterministicConfig

__all__ = ["REPORTED"]


class _Reported(Knob):
    """A setting that is shown and never changed."""

    def wanted(self, config: DeterministicConfig, value: Any) -> Any:  # noqa: ARG002  Knob\'s signature
        return value


class _HashSeed(_Reported):
    """The seed of the hashes of strings, which decides the order of sets of them."""

    name = "PYTHONHASHSEED"
    purpose = "the order of sets of strings; set it in the kernelspec's env"

    def read(self) -> Any:
        return starting_hash_seed()

    def when(self) -> When:
        return When.NEEDS_RESTART

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        return self.read() is not None


class _MatmulPrecision(_Reported):
    """The precision of float32 matrix products on CUDA devices."""

    name = "torch.backends.cuda.matmul.fp32_precision"
    module = "torch.backends.cuda"
    purpose = "repeats on one machine, differs between generations of GPUs"

    def read(self) -> Any:
        matmul = sys.modules["torch.backends.cuda"].matmul
        # The old name raises once the new one was set, so it is read only where the new one is unknown.
        if hasattr(sys.modules["torch"].backends, "fp32_precision"):
            return matmul.fp32_precision
        return "tf32" if matmul.allow_tf32 else "ieee"

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        return None


class _XlaFlags(_Reported):
    """The flag under which XLA refuses operations that do not repeat on a GPU."""

    name = "XLA_FLAGS"
    module = "jax"
    purpose = (
        "--xla_gpu_exclude_nondeterministic_ops before the kernel starts makes XLA repeat on GPUs"
    )

    def read(self) -> Any:
        return os.environ.get(self.name)

    def when(self) -> When:
        return When.TOO_LATE if _jax_platforms() else When.NEEDS_RESTART

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        if not _jax_platforms() - {"cpu", "interpreter"}:
            return None
        flags = (self.read() or "").split()
        return any(flag.startswith("--xla_gpu_exclude_nondeterministic_ops") for flag in flags)


def _jax_platforms() -> FrozenSet[str]:
    """Platforms whose JAX backend was already made; asking JAX itself would make them."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    return frozenset(getattr(bridge, "_backends", ()))


REPORTED: Tuple[Knob, ...] = (_MatmulPrecision(), _XlaFlags(), _HashSeed())
