"""The last resort for what hashes decide: a kernel that pins its hash seed."""

from __future__ import annotations

from collections.abc import Sequence

from repro_nb.install.kernelspec import installed_kernels
from repro_nb.rerun.fix.changes import KernelChange, Proposal
from repro_nb.rerun.fix.script import Script
from repro_nb.rerun.result import Cause

__all__ = ["PinnedKernel"]


class PinnedKernel:
    """The reproducible kernel, where one is installed."""

    factors = frozenset({"hash-seed"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:  # noqa: ARG002 - one kernel for all causes
        """The first kernel of `repro-nb kernel install` that Jupyter finds and that pins the hash seed."""
        known = [
            kernel
            for kernel in installed_kernels()
            if kernel.visible and "PYTHONHASHSEED" in kernel.environment
        ]
        why = (
            "runs the notebook in a kernel that pins its hash seed, which is then no longer varied: the order of sets "
            "still matters, and holds in this kernel alone"
        )
        changes = [KernelChange(each.name, each.display_name) for each in known[:1]]
        return [Proposal((change,), why) for change in changes]
