"""The hash seed: what the order of sets of text, and ``hash`` of text, follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from repro_nb.probe.factors.factor import Host, Setting, Traces

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["HASH_SEED", "HashSeed"]

HASH_SEED = "PYTHONHASHSEED"


class HashSeed:
    """``PYTHONHASHSEED``, which acts on an interpreter's start and leaves no trace of its own."""

    name = "hash-seed"
    floating = True
    wording = "the hash seed, which orders sets of text and decides `hash` of text"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - one value serves everywhere
        """Hash seed 0."""
        return _setting("0")

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - the host has a seed for each run
        """The run's own hash seed."""
        return _setting(host.hash_seed)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Nothing: the interpreter was started with it."""

    def is_active(self, traces: Traces) -> bool:  # noqa: ARG002 - any set may show its order
        """Always."""
        return True

    def remedy(self, code: str) -> str:
        """Sort, or let the kernel pin it."""
        what = "the set" if code else "the set or the hash that the output depends on"
        return (
            f"sort {what} before its order matters (`sorted(…)`), use `hashlib` for a hash that lasts, or run the "
            "notebook in a kernel that pins its hash seed (`repro-nb kernel install`)"
        )


def _setting(seed: str) -> Setting:
    # It acts on the interpreter's start, and is not for the notebook to see.
    return Setting(seed, environment={HASH_SEED: seed}, unset=(HASH_SEED,))
