"""The numbers of threads that libraries compute with."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePath
from typing import Any, Optional, Tuple

from repro_nb.deterministic.knob import Reported, When
from repro_nb.imports import whole_module

__all__ = [
    "NUMBA_THREADS",
    "THREADS_REPORTED",
    "TORCH_INTER_OP",
    "TORCH_THREADS",
    "Pool",
    "ThreadCount",
    "loaded_pools",
]

_DUPLICATES = "KMP_DUPLICATE_LIB_OK"


class ThreadCount(Reported):
    """A number of threads. Deterministic mode shows it; `ThreadLimit` holds those that can be changed."""

    @property
    def exists(self) -> bool:
        """Whether the import of what it belongs to is over."""
        # One library's import may be seen from within another's, which is then half there.
        return not self.module or whole_module(self.module) is not None

    def ask(self, count: int) -> int:
        """The number that comes nearest to `count` here."""
        return count


class _TorchThreads(ThreadCount):
    """Threads within one operation of torch, and of the OpenMP and MKL libraries inside it."""

    name = "torch.set_num_threads"
    module = "torch"
    loaded_by = "torch"
    purpose = "another number of threads gives other sums"

    def read(self) -> Any:
        return sys.modules["torch"].get_num_threads()

    def write(self, value: Any) -> None:
        sys.modules["torch"].set_num_threads(value)


class _TorchInterOp(ThreadCount):
    """Threads that torch runs whole operations on side by side, as TorchScript does."""

    name = "torch.set_num_interop_threads"
    module = "torch"
    loaded_by = "torch"
    purpose = "operations side by side; can be set once, before the first of them"

    def read(self) -> Any:
        return sys.modules["torch"].get_num_interop_threads()

    def when(self) -> When:
        return When.TOO_LATE


class _NumbaThreads(ThreadCount):
    """Threads of numba's parallel loops. Only a number up to the one it was imported with can be set."""

    name = "numba.set_num_threads"
    module = "numba"
    loaded_by = "numba"
    purpose = "another number of threads gives other sums"

    def read(self) -> Any:
        # Asking numba itself would start its threads.
        return sys.modules["numba"].get_num_threads() if self._has_started() else self._most()

    def write(self, value: Any) -> None:
        # When numba starts its threads, it sets the number of the OpenMP library that torch computes with.
        others = () if self._has_started() else (TORCH_THREADS, *(loaded_pools() or ()))
        numbers = [(other, other.read()) for other in others if other.exists]
        sys.modules["numba"].set_num_threads(value)
        for other, number in numbers:
            if other.read() != number:
                other.write(number)

    def ask(self, count: int) -> int:
        return min(count, self._most())

    def _has_started(self) -> bool:
        return getattr(sys.modules.get("numba.np.ufunc.parallel"), "_is_initialized", False)

    def _most(self) -> int:
        most: int = sys.modules["numba"].config.NUMBA_NUM_THREADS
        return most


class Pool(ThreadCount):
    """The threads of one loaded BLAS or OpenMP library, as threadpoolctl controls it."""

    purpose = "another number of threads gives other sums"

    def __init__(self, library: Any) -> None:
        # Two packages may bring libraries of one name: the folder tells them apart.
        self.kind: str = library.internal_api
        self.name = f"{self.kind} threads of {'/'.join(PurePath(library.filepath).parts[-2:])}"
        self._library = library

    def read(self) -> Any:
        """The number now; None for a library that does not tell."""
        return self._library.num_threads

    def write(self, value: Any) -> None:
        """Set the number; `value` is an integer from 1."""
        self._library.set_num_threads(value)
        # threadpoolctl lets the first thread that sets OpenBLAS keep the others out, until it lets go.
        let_go = getattr(self._library, "clear_controlling_thread", None)
        if let_go is not None:
            let_go()


class _Pools(Reported):
    """The threads of all loaded BLAS and OpenMP libraries, in one line."""

    name = "BLAS and OpenMP threads"
    module = "numpy"
    loaded_by = "numpy"
    purpose = "by threadpoolctl; another number of threads gives other sums"

    @property
    def exists(self) -> bool:
        return super().exists and find_spec("threadpoolctl") is not None

    def read(self) -> Any:
        return ", ".join(f"{pool.kind} {pool.read()}" for pool in loaded_pools() or ())


def loaded_pools() -> Optional[Tuple[Pool, ...]]:
    """Every BLAS and OpenMP library that the process has loaded, by name; None without threadpoolctl."""
    if find_spec("threadpoolctl") is None:
        return None
    controller = _threadpoolctl().ThreadpoolController()
    pools = (Pool(library) for library in controller.lib_controllers)
    return tuple(sorted((pool for pool in pools if pool.read() is not None), key=_name))


def _threadpoolctl() -> Any:
    """The package; its import sets a variable for Intel's OpenMP, which is the user's own business."""
    before = os.environ.get(_DUPLICATES)
    package = import_module("threadpoolctl")
    if before is None:
        os.environ.pop(_DUPLICATES, None)
    return package


def _name(knob: Reported) -> str:
    return knob.name


TORCH_THREADS: ThreadCount = _TorchThreads()
TORCH_INTER_OP: ThreadCount = _TorchInterOp()
NUMBA_THREADS: ThreadCount = _NumbaThreads()
THREADS_REPORTED: Tuple[Reported, ...] = (TORCH_THREADS, TORCH_INTER_OP, NUMBA_THREADS, _Pools())
