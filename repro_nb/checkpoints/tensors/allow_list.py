"""Reads a pickle stream as data: a list says which names may occur in it, and none is ever imported or called.

Python's own unpickler imports what a stream names and calls it; here a name stands for a small constructor of ours, or
the stream is refused. ``pickletools`` splits it into operations, which executes nothing either.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

from repro_nb.checkpoints.tensors.limits import MOST_OPERATIONS, MOST_PICKLE
from repro_nb.checkpoints.tensors.pickle_machine import Machine
from repro_nb.checkpoints.tensors.pickle_values import Names, Stream
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["interpret"]


def interpret(
    stream: Stream,
    names: Names,
    persistent: Callable[[Any], Any] | None = None,
    *,
    where: str,
) -> Any:
    """The value that one pickle describes, made of inert data; the stream then stands after it.

    Args:
        stream: The bytes.
        names: The allow-list.
        persistent: Makes a value of a persistent id; None where there may be none.
        where: The file's name, for errors.

    Raises:
        UnsafeCheckpointError: It names what is not on the allow-list, or is out of proportion.
        CheckpointError: It is damaged, or not what pickle writes.
    """
    bounded = _Bounded(stream, where)
    machine = Machine(names, persistent, where)
    try:
        for count, (operation, argument, position) in enumerate(pickletools.genops(bounded)):  # type: ignore[arg-type]
            if count > MOST_OPERATIONS:
                raise UnsafeCheckpointError(
                    f"its pickle stream has more than {MOST_OPERATIONS:,} operations", where=where
                )
            machine.position = position or 0
            machine.do(operation.name, argument)
    except (ValueError, IndexError, TypeError, AttributeError, KeyError, OverflowError) as error:
        raise CheckpointError(
            f"its pickle stream is damaged: {shown(str(error))}", where=where
        ) from error
    return machine.result


class _Bounded:
    """Keeps a stream that announces endless strings from being given endless memory."""

    def __init__(self, stream: Stream, where: str) -> None:
        self._stream = stream
        self._left = MOST_PICKLE
        self._where = where

    def read(self, size: int) -> bytes:
        if size > self._left:
            raise UnsafeCheckpointError(
                f"its pickle stream asks for more than {MOST_PICKLE:,} bytes", where=self._where
            )
        return self._taken(self._stream.read(size))

    def readline(self) -> bytes:
        return self._taken(self._stream.readline())

    def tell(self) -> int:
        return self._stream.tell()

    def _taken(self, data: bytes) -> bytes:
        self._left -= len(data)
        return data
