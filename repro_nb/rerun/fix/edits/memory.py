"""Memory that nothing was written to: zeros."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from repro_nb.rerun.fix.changes import Change, Proposal
from repro_nb.rerun.fix.edits.common import called, calls, proposals, renamed
from repro_nb.rerun.fix.script import Script, Site
from repro_nb.rerun.result import Cause

__all__ = ["Zeros"]

_LIBRARIES = ("numpy", "torch", "cupy", "jax.numpy")
_ZEROED = {
    **{f"{lib}.empty": f"{lib}.zeros" for lib in _LIBRARIES},
    **{f"{lib}.empty_like": f"{lib}.zeros_like" for lib in _LIBRARIES},
    ".new_empty": ".new_zeros",
    "numpy.ndarray": "numpy.zeros",
    "torch.Tensor": "torch.zeros",
    "torch.FloatTensor": "torch.zeros",
}


class Zeros:
    """``np.zeros`` for ``np.empty``."""

    factors = frozenset({"uninitialised-memory"})

    def propose(self, cause: Cause, script: Script) -> Sequence[Proposal]:
        """Arrays that begin with zeros."""

        def treat(sites: Sequence[Site]) -> Iterable[Change]:
            for site, call in calls(sites):
                path = called(script, call)
                if path in _ZEROED:
                    yield from renamed(script, site, call.func, _ZEROED[path])

        why = "starts from zeros instead of whatever the memory holds"
        return proposals(cause, script, treat, why)
