"""Ending all runs of an examination early."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repro_nb.rerun.result import Failure

__all__ = ["Stop"]


class Stop:
    """Tells all runs of an examination to end early, from any thread.

    Attributes:
        reason: Why; None while nobody asked for it.
    """

    def __init__(self) -> None:
        self.reason: Failure | None = None
        self._waiting: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def set(self, reason: Failure) -> None:
        """Stop everything, because of `reason`."""
        self.reason = reason
        for event, loop in list(self._waiting.items()):
            loop.call_soon_threadsafe(event.set)

    async def wait_with(self, task: asyncio.Future[Any], seconds: float | None = None) -> bool:
        """Wait for `task`, but no longer than `seconds`, nor past the stop; then it is cancelled.

        Returns:
            Whether the task ended by itself. Its exception is left for the caller to look at.
        """
        event = asyncio.Event()
        self._waiting[event] = asyncio.get_running_loop()
        if self.reason is not None:
            event.set()
        stopped = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait(
                {task, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            del self._waiting[event]
            stopped.cancel()
        if task.done():
            return True
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # nbclient turns a cancellation into an error of its own
        return False
