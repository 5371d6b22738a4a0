"""How each factor and diagnosis is named in a sentence; one of another package by its own wording."""

from __future__ import annotations

import re

from repro_nb.probe.factors import factors
from repro_nb.rerun.result import Cause

__all__ = ["CLAUSES", "OF_SAVED_OUTPUTS", "deed"]

_UNSEEDED = "draws from {}, which is not seeded"

_DEEDS = {
    "python": _UNSEEDED.format("Python's `random`"),
    "numpy": _UNSEEDED.format("`np.random`"),
    "torch": _UNSEEDED.format("torch's generator"),
    "tensorflow": _UNSEEDED.format("TensorFlow's generator"),
    "cupy": _UNSEEDED.format("CuPy's generator"),
    "numba": _UNSEEDED.format("the generator of code that Numba compiled"),
    "os-entropy": "takes fresh random bits from the operating system",
    "hash-seed": "depends on string hashes, as the order of a set does",
    "clock": "reads the clock",
    "directory-order": "takes files in the order in which the file system lists them",
    "timezone": "uses the time zone of the machine",
    "locale": "uses the locale of the machine",
    "process": "uses what each process gets anew: its id, temporary names, memory addresses",
    "uninitialised-memory": "reads memory that nothing was written to",
    "accelerator": "uses operations that are not deterministic on the accelerator",
    "working-directory": "uses the path of the working directory or of the home folder",
    "network": "reads from the network",
    "missing-module": "imports a module that is not installed",
    "missing-file": "opens a file that is not there",
    "missing-name": "uses a name that no cell before it defines",
    "removed-api": "uses what was removed from a package",
    "time-out": "takes longer than it may",
    "kernel-death": "ends the kernel's process",
}
"""What the line at fault does, as the predicate of a sentence."""

CLAUSES = {
    "cell-order": "the cells ran in another order when it was saved",
    "stale-source": "its code was changed after the output was saved",
    "environment": "the packages have other versions than when it was saved",
}
"""Causes that no line is the subject of, as whole clauses."""

OF_SAVED_OUTPUTS = frozenset(CLAUSES)
"""Causes of a difference from the saved outputs, where fresh runs agree with one another."""

_MAKES_GENERATOR = re.compile(
    r"\b(?:default_rng|RandomState|SeedSequence|PCG64|PCG64DXSM|MT19937|Philox|SFC64|Random)\(\s*\)"
)


def deed(cause: Cause) -> str:
    """What the line at fault does: ``makes a generator without a seed``."""
    if cause.factor == "threads":
        racing, counting = "races between threads", "the number of threads"
        return f"depends on {racing if cause.floating else counting}"
    code = cause.origin.code if cause.origin is not None else ""
    if cause.factor == "os-entropy" and _MAKES_GENERATOR.search(code):
        return "makes a generator without a seed"
    return _DEEDS.get(cause.factor) or f"depends on {_wording(cause.factor)}"


def _wording(name: str) -> str:
    """What a factor that another package added calls itself; its name where it is not known here."""
    return next((factor.wording for factor in factors() if factor.name == name), name)
