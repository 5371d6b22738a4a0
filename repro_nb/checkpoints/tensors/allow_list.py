"""Reads a pickle stream as data: a list says which names may occur in it, and none is ever imported or called.

Python's own unpickler imports what a stream names and calls it; here a name stands for a small constructor of ours, or
the stream is refused. ``pickletools`` splits it into operations, which executes nothing either.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from typing import Any

from repro_nb.checkpoints.tensors.limits import MOST_PICKLE, Budget, enough_memory
from repro_nb.checkpoints.tensors.pickle_machine import Machine
from repro_nb.checkpoints.tensors.pickle_values import Names, Stream
from repro_nb.checkpoints.tensors.text import shown
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["interpret"]

_BATCH = 1024
"""Operations that are counted at a time."""

_SHORT = 256
"""Bytes that are read without a look at how many are left."""

_LONGEST_LINE = 64 * 2**20
"""Bytes of a line, which is how the oldest protocol ends a text."""


def interpret(
    stream: Stream,
    names: Names,
    persistent: Callable[[Any], Any] | None = None,
    *,
    size: int,
    budget: Budget,
    where: str,
) -> Any:
    """The value that one pickle describes, made of inert data; the stream then stands after it.

    Args:
        stream: The bytes.
        names: The allow-list.
        persistent: Makes a value of a persistent id; None where there may be none.
        size: Bytes that the stream has, or more.
        budget: What all pickles of the file may take together.
        where: The file's name, for errors.

    Raises:
        UnsafeCheckpointError: It names what is not on the allow-list, or is out of proportion.
        CheckpointError: It is damaged, or not what pickle writes.
    """
    bounded = _Bounded(stream, size, where)
    machine = Machine(names, persistent, budget, where)
    name, after = "", "what follows "
    operations = pickletools.genops(bounded)  # type: ignore[arg-type]
    try:
        with enough_memory(where):
            for count, (operation, argument, position) in enumerate(operations):
                if not count % _BATCH:
                    budget.begin(_BATCH)
                machine.position = position or 0
                name, after = operation.name, ""
                machine.do(name, argument)
                after = "what follows "
    except (ValueError, IndexError, TypeError, AttributeError, KeyError, OverflowError) as error:
        at = f"{after}{name} at byte {machine.position:,}" if name else "its first byte"
        raise CheckpointError(
            f"its pickle stream is damaged: {at}: {shown(str(error))}", where=where
        ) from error
    except CheckpointError as error:
        error.where = error.where or where
        raise
    return machine.result


class _Bounded:
    """Keeps a stream that announces endless strings from being given endless memory, and counts from its own start."""

    def __init__(self, stream: Stream, size: int, where: str) -> None:
        self._stream = stream
        self._size = size
        self._at = 0
        self._where = where

    def read(self, size: int) -> bytes:
        if size > _SHORT:
            self._check(size)
        self._at += size
        return self._stream.read(size)

    def _check(self, size: int) -> None:
        if size > self._size - self._at:
            raise ValueError(f"announces {size:,} bytes, and {self._size - self._at:,} are left")
        if size > MOST_PICKLE - self._at:
            raise self._too_long()

    def readline(self) -> bytes:
        limit = min(_LONGEST_LINE, MOST_PICKLE - self._at)
        line = self._stream.readline(limit + 1)
        self._at += len(line)
        if len(line) > limit:
            raise self._too_long()
        return line

    def tell(self) -> int:
        return self._at

    def _too_long(self) -> UnsafeCheckpointError:
        return UnsafeCheckpointError(
            f"its pickle stream has more than {MOST_PICKLE:,} bytes, or a line of more than {_LONGEST_LINE:,}",
            where=self._where,
        )
