"""Context managers as decorators of functions, where that means what it says."""

from __future__ import annotations

import inspect
from contextlib import ContextDecorator
from typing import Any, Callable, TypeVar

from repro_nb.errors import UsageError

__all__ = ["BlockDecorator"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_SUSPENDING = (
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
)


class BlockDecorator(ContextDecorator):
    """A context manager that decorates functions, and refuses those whose body runs after their call has returned."""

    def __call__(self, func: _Function) -> _Function:
        """Decorate `func`, so that each call of it is such a block.

        Raises:
            UsageError: `func` is a generator or a coroutine function.
        """
        if any(suspends(func) for suspends in _SUSPENDING):
            name = type(self).__name__
            raise UsageError(
                f"{getattr(func, '__name__', func)} runs after its call has returned: no block can be around it",
                where=name,
                hint=f"Write `with {name}(…):` inside it, around code that does not wait.",
            )
        return super().__call__(func)
