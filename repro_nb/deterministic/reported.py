"""The settings that deterministic mode shows and never changes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, FrozenSet, Optional, Tuple

from repro_nb.deterministic.hash_seed import starting_hash_seed
from repro_nb.deterministic.knob import Reported, When
from repro_nb.deterministic.thread_knobs import THREADS_REPORTED

if TYPE_CHECKING:
    from repro_nb.deterministic.config import DeterministicConfig

__all__ = ["REPORTED"]


class _HashSeed(Reported):
    """The seed of the hashes of strings, which decides the order of sets of them."""

    name = "PYTHONHASHSEED"
    purpose = "the order of sets of strings; set it in the kernelspec's env"

    def read(self) -> Any:
        return starting_hash_seed()

    def when(self) -> When:
        return When.NEEDS_RESTART

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        return self.read() is not None


class _MatmulPrecision(Reported):
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


class _XlaFlags(Reported):
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


class _JaxSetting(Reported):
    """A setting of JAX on which the numbers depend that a key gives."""

    module = "jax"
    loaded_by = "jax"

    def __init__(self, name: str, purpose: str) -> None:
        self.name = name
        self.purpose = purpose

    @property
    def exists(self) -> bool:
        # Older versions of JAX have other settings.
        return hasattr(getattr(sys.modules.get("jax"), "config", None), self.name)

    def read(self) -> Any:
        return getattr(sys.modules["jax"].config, self.name)


class _JaxKeys(_JaxSetting):
    """The implementation of JAX's keys. ``rbg`` gives other numbers on other devices and compiler versions."""

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        return not str(self.read()).endswith("rbg")


class _TensorflowOps(Reported):
    """TensorFlow's own mode. Its public API switches it on and never off, so it is the user's to switch."""

    name = "tf.config.experimental.enable_op_determinism"
    module = "tensorflow.python.framework.config"
    loaded_by = "tensorflow"
    purpose = "call it at the start: deterministic operations only, with no public way back"

    @property
    def exists(self) -> bool:
        return hasattr(sys.modules.get(self.module), "is_op_determinism_enabled")

    def read(self) -> Any:
        return sys.modules[self.module].is_op_determinism_enabled()

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        return bool(self.read())


class _Variable(Reported):
    """An environment variable that a library reads when it is loaded."""

    def __init__(self, name: str, module: str, purpose: str) -> None:
        self.name = name
        self.module = self.loaded_by = module
        self.purpose = purpose

    @property
    def exists(self) -> bool:
        # Also before the library is there: then it will read it.
        return super().exists or self.name in os.environ

    def read(self) -> Any:
        return os.environ.get(self.name)

    def when(self) -> When:
        return When.NEEDS_RESTART


REPORTED: Tuple[Reported, ...] = (
    _MatmulPrecision(),
    *THREADS_REPORTED,
    _JaxSetting("jax_enable_x64", "32 or 64 bits: the numbers drawn differ"),
    _JaxKeys("jax_default_prng_impl", "rbg draws other numbers on other devices and compilers"),
    _JaxSetting("jax_threefry_partitionable", "the numbers drawn differ"),
    _XlaFlags(),
    _TensorflowOps(),
    _Variable("TF_DETERMINISTIC_OPS", "tensorflow", "the mode of TensorFlow before 2.9"),
    _Variable("OMP_NUM_THREADS", "numpy", "threads that OpenMP libraries start with"),
    _Variable("MKL_NUM_THREADS", "numpy", "threads that MKL starts with"),
    _Variable("OPENBLAS_NUM_THREADS", "numpy", "threads that OpenBLAS starts with"),
    _HashSeed(),
)
