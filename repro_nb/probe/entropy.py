"""Seeing what the system gives to generators of numpy's that the user's code makes without a seed.

numpy asks one function of its module for such entropy, and that one is wrapped here: ``default_rng()`` and bare bit
generators are seen, also where they are made inside a function and dropped again. Legacy ones are not: numpy asks for
entropy before it seeds them, whether a seed was given or not.
"""

from __future__ import annotations

import linecache
import sys
from typing import Any, Callable, Optional

from repro_nb.rng.usercode import is_user_module

__all__ = ["EntropyWatch"]

OnEntropy = Callable[[int, str, int], None]

_HOME = "numpy.random.bit_generator"
_ASKED = "randbits"
_LEGACY = ("RandomState", ".seed(")


class EntropyWatch:
    """Tells what the system gave, and to which line of the user's code.

    Args:
        on_entropy: Called with the line's number in its cell or file, its text, and the entropy.
        on_fault: Called with what the watch or `on_entropy` raised, so that the user's own call does not fail for it.
    """

    def __init__(self, on_entropy: OnEntropy, on_fault: Callable[[Exception], None]) -> None:
        self._on_entropy = on_entropy
        self._on_fault = on_fault
        self._original: Any = None

    def install(self) -> None:
        """Begin to watch, if numpy's generators are loaded. Does nothing when installed."""
        home: Any = sys.modules.get(_HOME)
        original = getattr(home, _ASKED, None)
        if self._original is None and original is not None:
            self._original = original
            setattr(home, _ASKED, self._telling(original))

    def uninstall(self) -> None:
        """Stop watching; numpy is as it was."""
        if self._original is not None:
            setattr(sys.modules[_HOME], _ASKED, self._original)
        self._original = None

    def _telling(self, original: Any) -> Any:
        def randbits(bits: int) -> int:
            __tracebackhide__ = True
            entropy: int = original(bits)
            try:
                self._tell(sys._getframe(1), entropy)  # noqa: SLF001 - numpy itself leaves no frame
            except Exception as fault:  # noqa: BLE001 - of ours: the user's generator is made all the same
                self._on_fault(fault)
            return entropy

        return randbits

    def _tell(self, caller: Optional[Any], entropy: int) -> None:
        if caller is None or not is_user_module(str(caller.f_globals.get("__name__"))):
            return
        text = linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip()
        if not any(legacy in text for legacy in _LEGACY):
            self._on_entropy(caller.f_lineno, text, entropy)
