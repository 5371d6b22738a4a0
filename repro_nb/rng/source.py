"""The protocol that every stream of random numbers implements."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Protocol, Tuple

__all__ = ["Source"]


class Source(Protocol):
    """A library's global stream, or streams, of random numbers.

    One file under ``repro_nb/rng/`` implements one library. Nothing in it may import the library: everything is
    reached through ``sys.modules``, so that a process which does not use it pays nothing. Nothing may initialise
    a device, draw a number, or leave a reference to the user's objects behind.

    Attributes:
        name: The source's name in every report: ``python``, ``numpy``, ``torch``, …
        module: The module whose presence in ``sys.modules`` means that the streams exist.
        seed_functions: Qualified names of the library's own functions that set the stream, such as
            ``numpy.random.seed``; used to tell a seeding call in a cell.
    """

    name: str
    module: str
    seed_functions: Tuple[str, ...]

    def states(self) -> Mapping[str, Optional[bytes]]:
        """Raw state of each stream that exists now, by source name.

        A library with one stream gives one entry; torch with two CUDA devices gives ``torch.cuda:0`` and
        ``torch.cuda:1``. None means that the device is not initialised, so that there is no state yet. Empty when the
        library is not loaded. The bytes are comparable within one process *and across processes*: they hold no
        addresses.
        """
        ...

    def glance(self) -> Any:
        """What differs from the last glance whenever `states` does, and is cheaper to get.

        None where there is no such thing, or the library is not loaded: then `states` is read every time.
        """
        ...

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether `state` of stream `name` is one that a seeding leaves, so that nothing was drawn since.

        A cell that only seeds is so told from one that draws. False where the state does not tell.
        """
        ...

    def seed(self, seed: int) -> None:
        """Set every stream of the library from `seed`, an integer from 0 to 2**32 - 1."""
        ...
