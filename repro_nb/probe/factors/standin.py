"""What takes the place of a built-in function that is watched."""

from __future__ import annotations

import functools
from typing import Any, Callable

__all__ = ["StandIn"]


class StandIn:
    """Is called like a built-in function, and then calls another one.

    Like the built-in, and unlike a Python function, it is no method of the class that it is an attribute of. It has the
    name and the signature of the original, and is pickled by name.

    Args:
        original: The built-in function.
        call: What is called instead.
        module: Where it stands, for pickling.
    """

    def __init__(self, original: Any, call: Callable[..., Any], module: str) -> None:
        functools.update_wrapper(self, original)
        self.__module__ = module
        self._call = call

    def __call__(self, *given: Any, **named: Any) -> Any:
        """What is called instead gives."""
        return self._call(*given, **named)

    def __getattr__(self, name: str) -> Any:
        # Asked only for what a stand-in has not got itself.
        return getattr(self.__dict__["__wrapped__"], name)

    def __eq__(self, other: object) -> bool:
        # Libraries keep built-in functions in sets, as `os.supports_fd` does, or look for them in tables.
        return other is self or bool(other == self.__wrapped__)

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __reduce__(self) -> str:
        name: str = self.__wrapped__.__name__
        return name

    def __repr__(self) -> str:
        return repr(self.__wrapped__)
