"""Warns of hash algorithms that do not protect from an attacker."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from repro_nb.checkpoints.algorithms import Algorithm, Strength

__all__ = ["WeakAlgorithmWarning", "told_plainly", "warn_of_weakness"]


class WeakAlgorithmWarning(UserWarning):
    """A digest that does not protect from changes made on purpose."""


def warn_of_weakness(algorithm: Algorithm, stacklevel: int = 3) -> None:
    """Warn the caller's caller where `algorithm` is broken."""
    if algorithm.strength is Strength.BROKEN:
        warnings.warn(
            f"{algorithm.name} protects from accidents alone (it is {algorithm.strength.value}), and is slower than "
            "sha256; blake3 is the fast choice",
            WeakAlgorithmWarning,
            stacklevel=stacklevel,
        )


@contextmanager
def told_plainly(tell: Callable[[str], None]) -> Iterator[None]:
    """Hand on the warnings of this package as texts, each once, for as long as the block lasts.

    A file of this package and a line in it, which Python shows with each warning, tell a user nothing.

    Args:
        tell: Called with each text. Warnings of other packages are shown as ever.
    """
    told: set[str] = set()
    with warnings.catch_warnings():
        warnings.filterwarnings("always", category=UserWarning, module=r"repro_nb\.")
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
            if not category.__module__.startswith("repro_nb."):
                usual(message, category, *place)
            elif str(message) not in told:
                told.add(str(message))
                tell(str(message))

        warnings.showwarning = show  # type: ignore[assignment]  # the place is handed on as it comes
        yield
