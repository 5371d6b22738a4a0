"""An event loop of an examination's own, in a thread of its own: it works inside a running loop, too."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

from repro_nb.rerun.result import Failure
from repro_nb.rerun.stop import Stop

__all__ = ["in_own_loop"]

T = TypeVar("T")

_POLL_SECONDS = 0.2
_INTERRUPTED = Failure(
    cell=None, type="Interrupted", message="interrupted by the user", exit_code=130
)


def in_own_loop(work: Callable[[], Awaitable[T]], stop: Stop) -> T:
    """Run `work` in a thread with an event loop of its own, so that it works inside a running loop too.

    Ctrl-C reaches the main thread alone: it tells `stop`, and waits for the kernels to be gone.
    """
    outcome: Future[T] = Future()

    async def main() -> T:
        return await work()

    def body() -> None:
        try:
            outcome.set_result(asyncio.run(main()))
        except BaseException as error:  # noqa: BLE001  carried to the thread that waits
            outcome.set_exception(error)

    # Not joined: an interrupt inside join() makes Python 3.11 take a running thread for a finished one.
    threading.Thread(target=body, name="repro_nb-verify").start()
    while True:
        try:
            return outcome.result(timeout=_POLL_SECONDS)
        except TimeoutError:
            if outcome.done():
                raise
        except KeyboardInterrupt:
            stop.set(_INTERRUPTED)
