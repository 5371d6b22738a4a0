"""Seeing which JAX keys a cell consumes.

JAX has no global stream: numbers come from the key that a function of ``jax.random`` is given. Every one of these
functions first has its key checked by one function of the module that defines them, and that one is wrapped here:
the public functions stay the objects they are, so they pickle, compare and cache as ever, and a name that was imported
from ``jax.random`` earlier is seen too.

What ``jit`` hides: inside a function that JAX traces, keys are tracers without a value, and when the compiled function
runs again nothing of ``jax.random`` is called at all. So a draw inside ``jit``, ``vmap``, ``grad`` or ``scan`` is not
recorded; the ``split`` or ``fold_in`` that made the function's key outside it is. In return such a draw depends on
nothing but its arguments.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any, Callable, Dict, Optional

from repro_nb.rng.fingerprint import fingerprint
from repro_nb.rng.jax import read_key

__all__ = ["KeyWatch"]

OnUse = Callable[[str, str], None]

_CHECK = "_check_prng_key"
_NOT_CONSUMING = frozenset(("key_data", "key_impl", "clone"))
_MAX_DEPTH = 40


class KeyWatch:
    """Tells which function of ``jax.random`` was given which concrete key.

    Args:
        on_use: Called with the function's name and the key's fingerprint, for the outermost function only:
            ``choice`` calls ``permutation`` with the same key.
        on_fault: Called with what the watch or `on_use` raised, so that the user's own call does not fail for it.
    """

    def __init__(self, on_use: OnUse, on_fault: Callable[[Exception], None]) -> None:
        self._on_use = on_use
        self._on_fault = on_fault
        self._home: Optional[Dict[str, Any]] = None
        self._original: Any = None

    def install(self) -> bool:
        """Begin to watch, if ``jax.random`` is loaded. Does nothing when installed.

        Returns:
            Whether keys are watched now: False too for a version of JAX that checks its keys in another way.
        """
        if self._home is not None:
            return True
        normal = getattr(sys.modules.get("jax.random"), "normal", None)
        home = getattr(normal, "__globals__", {})
        if _CHECK not in home:
            return False
        self._home, self._original = home, home[_CHECK]
        home[_CHECK] = self._telling(home, self._original)
        return True

    def uninstall(self) -> None:
        """Stop watching; JAX is as it was."""
        if self._home is not None:
            self._home[_CHECK] = self._original
        self._home = self._original = None

    def _telling(self, home: Dict[str, Any], original: Any) -> Any:
        def check(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            try:
                self._tell(home, args, sys._getframe(1))  # noqa: SLF001 - the caller's name is the function's
            except Exception as fault:  # noqa: BLE001 - of ours, or of the key's computation: the call itself raises that
                self._on_fault(fault)
            return original(*args, **kwargs)

        return check

    def _tell(self, home: Dict[str, Any], args: Any, caller: FrameType) -> None:
        function = caller.f_code.co_name
        if function in _NOT_CONSUMING or _is_nested(home, caller):
            return
        key = next((found for found in map(read_key, args) if found is not None), None)
        if key is not None:
            self._on_use(function, fingerprint(key.state))


def _is_nested(home: Dict[str, Any], caller: FrameType) -> bool:
    """Whether another public function of ``jax.random`` called this one."""
    frame = caller.f_back
    for _ in range(_MAX_DEPTH):
        if frame is None or not str(frame.f_globals.get("__name__")).startswith("jax"):
            return False
        if frame.f_globals is home and not frame.f_code.co_name.startswith("_"):
            return True
        frame = frame.f_back
    return False
