"""The protocol that every stream of random numbers implements."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Optional, Protocol, Tuple

__all__ = ["QuickSource", "Source", "States"]

States = Mapping[str, Optional[bytes]]
"""Raw states by the name of the stream; None for a device that is not initialised."""


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
        limits: What of the library's random state cannot be read or put back, as one clause; empty if nothing.
    """

    name: str
    module: str
    seed_functions: Tuple[str, ...]
    limits: str

    def states(self) -> States:
        """Raw state of each stream that exists now, by source name.

        A library with one stream gives one entry; torch with two CUDA devices gives ``torch.cuda:0`` and
        ``torch.cuda:1``. None means that the device is not initialised, so that there is no state yet. Empty when the
        library is not loaded. The bytes are comparable within one process *and across processes*: they hold no
        addresses, and they hold all that `restoring` needs.
        """
        ...

    def glance(self) -> Any:
        """What differs from the last glance whenever `states` does, and is cheaper to get.

        None where there is no such thing: then `states` is read every time. Empty while the library is not loaded.
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

    def restoring(self, states: States) -> Callable[[], None]:
        """What puts the streams where they were when `states` was read, here or in another process.

        Everything is checked before this returns, and nothing changes before the result is called.

        Raises:
            RandomStateError: The states are not of this library as it is loaded here.
        """
        ...


class QuickSource(Source, Protocol):
    """A source that has a quicker way back within this process than through bytes that are checked."""

    def keep(self) -> Any:
        """The streams as they are now, in the form that is quickest to put back; empty if there are none."""
        ...

    def states_of(self, kept: Any) -> States:
        """What `states` gave when `keep` gave `kept`."""
        ...

    def go_back(self, kept: Any) -> None:
        """Put the streams where they were when `keep` gave `kept`, in this process; those that are gone stay so."""
        ...
