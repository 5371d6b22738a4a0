"""The world a notebook ran in, as far as it can change results.

Everything is read from what the process has loaded already; no framework is imported, no device initialised, no
program started.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any, Dict, FrozenSet, Mapping, Optional, Tuple

from repro_nb.probe.distributions import imported_packages
from repro_nb.records import Environment

__all__ = ["VARIABLES", "VARIABLE_PREFIXES", "capture_environment"]

VARIABLES = frozenset(
    {
        "CUBLAS_WORKSPACE_CONFIG",
        "CUDA_DEVICE_ORDER",
        "CUDA_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "LANG",
        "LANGUAGE",
        "MALLOC_PERTURB_",
        "NVIDIA_TF32_OVERRIDE",
        "PYTHONHASHSEED",
        "PYTHONOPTIMIZE",
        "PYTHONUTF8",
        "ROCR_VISIBLE_DEVICES",
        "SOURCE_DATE_EPOCH",
        "TF_CUDNN_DETERMINISTIC",
        "TF_DETERMINISTIC_OPS",
        "TF_ENABLE_ONEDNN_OPTS",
        "TF_NUM_INTEROP_THREADS",
        "TF_NUM_INTRAOP_THREADS",
        "TF_XLA_FLAGS",
        "TZ",
        "VECLIB_MAXIMUM_THREADS",
    }
)
"""Environment variables that can change results."""

VARIABLE_PREFIXES = (
    "BLIS_",
    "CUDNN_",
    "GOTO_",
    "JAX_",
    "KMP_",
    "LC_",
    "MKL_",
    "NUMBA_",
    "NUMEXPR_",
    "OMP_",
    "OPENBLAS_",
    "PYTORCH_",
    "TORCH_",
    "XLA_",
)
"""Families of such variables. Not ``TF_``: Terraform keeps its secrets under it."""

_SECRET = re.compile("TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH|(^|_)(API)?KEY(_|$)")

_THREAD_VARIABLES = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

_INSTRUCTION_SETS = (
    "sse4_2",
    "avx",
    "f16c",
    "fma",
    "avx2",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "asimd",
    "asimdhp",
    "bf16",
    "sve",
    "sve2",
)
"""The ones that numerical libraries choose their code by, as Linux names them."""


def capture_environment(baseline: Optional[FrozenSet[str]] = None) -> Environment:
    """The environment of this process, now.

    Args:
        baseline: Names of the modules that were loaded before the user's first cell: they do not count as
            imported by the user. By default, what the kernel itself is made of does not count.
    """
    return Environment(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        os=f"{platform.system()} {platform.release()} {platform.machine()}",
        cpu=_cpu(),
        cpu_count=_cpu_count(),
        threads=_threads(),
        blas=_blas(),
        accelerators=(*_torch_devices(), *_jax_devices()),
        packages=imported_packages(baseline),
        variables=_variables(os.environ),
    )


def _cpu() -> str:
    """Model and instruction sets; without Linux's ``/proc``, what the system tells of the model."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _processor()
    facts = dict(re.findall(r"^(.+?)\s*: ?(.*)$", text.split("\n\n", 1)[0], re.MULTILINE))
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    names = [name for name in _INSTRUCTION_SETS if name in flags]
    model = facts.get("model name") or platform.machine()
    return f"{model} ({', '.join(names)})" if names else model


def _processor() -> str:
    # On Windows this variable names the processor; elsewhere the machine's type is all that costs no program.
    return os.environ.get("PROCESSOR_IDENTIFIER") or platform.machine()


def _cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _threads() -> Dict[str, int]:
    counts = {
        name: int(os.environ[name])
        for name in _THREAD_VARIABLES
        if os.environ.get(name, "").isdecimal()
    }
    torch = _loaded("torch")
    if torch is not None:
        counts["torch"] = int(torch.get_num_threads())
    numba = _loaded("numba.core.config")
    if numba is not None:
        # numba.get_num_threads() would start the threads.
        counts["numba"] = int(numba.NUMBA_NUM_THREADS)
    return counts


def _blas() -> Dict[str, str]:
    libraries = {package: _configured_blas(package) for package in ("numpy", "scipy")}
    libraries["torch"] = _torch_blas()
    return {package: name for package, name in libraries.items() if name}


def _configured_blas(package: str) -> str:
    """What `package` was built with, such as ``scipy-openblas 0.3.29``; empty where it does not tell."""
    config = getattr(_loaded(f"{package}.__config__"), "CONFIG", None) or {}
    blas = config.get("Build Dependencies", {}).get("blas", {})
    return f"{blas.get('name', '')} {blas.get('version', '')}".strip()


def _torch_blas() -> str:
    config = _loaded("torch.__config__")
    found = re.search(r"\bBLAS_INFO=(\w+)", config.show()) if config is not None else None
    return found.group(1) if found else ""


def _torch_devices() -> Tuple[str, ...]:
    torch = _loaded("torch")
    if torch is None or not torch.cuda.is_initialized():
        return ()
    versions = f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"
    return tuple(
        f"{torch.cuda.get_device_name(index)} (torch, {versions})"
        for index in range(torch.cuda.device_count())
    )


def _jax_devices() -> Tuple[str, ...]:
    """Devices of the backends that JAX has made; asking JAX itself would make them."""
    backends = getattr(_loaded("jax._src.xla_bridge"), "_backends", {})
    return tuple(
        f"{device.device_kind} (jax, {client.platform_version.splitlines()[0]})"
        for platform_name, client in backends.items()
        if platform_name not in ("cpu", "interpreter")
        for device in client.local_devices()
    )


def _variables(environ: Mapping[str, str]) -> Dict[str, str]:
    return {
        name: value
        for name, value in sorted(environ.items())
        if (name in VARIABLES or name.startswith(VARIABLE_PREFIXES)) and not _SECRET.search(name)
    }


def _loaded(module: str) -> Any:
    return sys.modules.get(module)
