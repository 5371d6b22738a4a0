"""Which child of which process this is, by the order of the forks: what tells children of a pool apart."""

from __future__ import annotations

import os
from typing import Callable, Optional, Tuple

__all__ = ["Forks"]


class Forks:
    """The forks that led to this process since `watch` was called.

    Attributes:
        path: For each fork on the way here, its number among those of the process that forked; empty in the process
            that was there first.
    """

    def __init__(self) -> None:
        self.path: Tuple[int, ...] = ()
        self._children = 0

    def watch(
        self,
        before: Callable[[], None] = lambda: None,
        in_child: Callable[[], None] = lambda: None,
    ) -> None:
        """Count forks from now on; there is no way to end that.

        Args:
            before: Called before each fork.
            in_child: Called in each child, once `path` is the child's own.
        """
        register: Optional[Callable[..., None]] = getattr(os, "register_at_fork", None)
        if register is None:  # a system without fork
            return

        def count() -> None:
            self._children += 1
            before()

        def descend() -> None:
            self.path, self._children = (*self.path, self._children), 0
            in_child()

        register(before=count, after_in_child=descend)
