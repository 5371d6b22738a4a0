"""What is a process's own: its ID, the names of its temporary files, and where its objects lie in memory.

The ID and the addresses are held by the system, so that whatever asks for them gets one answer: the kernel runs in a
PID namespace in which its ID was free, and without randomisation of its address space.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from repro_nb.probe.factors.callers import caller_of
from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.placed_bytes import PlacedBytes
from repro_nb.probe.factors.process_space import fixed_addresses, own_process_ids
from repro_nb.probe.factors.process_words import tell_of_the_process
from repro_nb.probe.factors.standin import StandIn

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Place, Uses

__all__ = ["Process"]

_PINNED = 4242
# Added to it, each gives another remainder by every number up to 10 000, and stays below 32 768.
_PRIMES = (10_009, 16_411, 23_719)
_ARENAS = "MALLOC_ARENA_MAX"
_NAME_LENGTH = 8
# These names are the system's, which other processes see, too.
_SHARED = frozenset({"multiprocessing"})


class Process:
    """The process's ID, temporary names, and memory addresses, with what is derived from them."""

    name = "process"
    floating = True
    wording = "the process ID, names of temporary files and memory addresses"

    def pin(self, host: Host) -> Setting:
        """A fixed ID, addresses that are not randomised, and names that follow from the line that asks."""
        return _setting(host, _PINNED, "held", fixed=True)

    def vary(self, host: Host, round_: int) -> Setting:
        """Another ID, addresses as the system chooses them, and other names."""
        process_id = _PINNED + _PRIMES[round_ % len(_PRIMES)]
        return _setting(host, process_id, f"other {round_ + 1}", fixed=False)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Note who asks for the ID, and give out temporary names."""
        for name in ("getpid", "getppid"):
            original = getattr(os, name)
            setattr(os, name, StandIn(original, _Noting(uses, original, f"os.{name}"), "os"))
        _wrap_temporary_names(uses, None if held is None else PlacedBytes(held))

    def is_active(self, traces: Traces) -> bool:
        """Whether a line asked for an ID or a name, or may tell an address."""
        return bool(traces.uses_of(self.name)) or tell_of_the_process(traces.sources)

    def remedy(self, code: str) -> str:
        """Leave out what is the process's own."""
        return next((advice for word, advice in _REMEDIES if word in code), _REMEDY)


_REMEDY = (
    "leave process IDs, temporary names and memory addresses out of what is computed and shown"
)
_REMEDIES = (
    ("getpid", "take a constant where the process ID is used as a number or a seed, or leave it out of the output"),
    ("mkstemp", "name the file yourself, in a folder that `tempfile` makes, and show the name alone"),
    ("mkdtemp", "leave the folder's name out of what is computed and shown"),
    ("Temporary", "leave the temporary name out of what is computed and shown"),
    ("mktemp", "name the file yourself, in a folder that `tempfile` makes"),
    ("key=id", "sort by something that objects hold, not by where they lie in memory"),
    ("id(", "tell objects apart by something that they hold: `id` is where they lie in memory"),
    ("hash(", "give the class a `__hash__` and an `__eq__` of its own: the default is an address"),
    ("set(", "sort the set by something that its objects hold: their order follows their addresses"),
    ("repr(", "give the class a `__repr__` of its own: the default shows an address"),
)  # fmt: skip


def _setting(host: Host, process_id: int, salt: str, *, fixed: bool) -> Setting:
    """The ID by a namespace and the addresses by the personality, as far as the system allows."""
    space, space_lacks = own_process_ids(process_id, _temporary_folder(host), mounts=host.mounts)
    layout, layout_lacks = fixed_addresses() if fixed else ((), "")
    missing = [
        f"{what}: {why}"
        for what, why in (("the process ID", space_lacks), ("memory addresses", layout_lacks))
        if why
    ]
    return Setting(
        f"process {process_id}",
        # One arena for all threads: which one a thread gets is a matter of chance.
        environment={_ARENAS: "1"},
        unset=(_ARENAS,),
        prefix=(*space, *layout),
        held=salt,
        missing="; ".join(missing),
    )


def _temporary_folder(host: Host) -> str:
    """The folder for temporary files, where the run has a layer of its own over it; else empty.

    The run's scratch folder, which serves else, has a name that is another one in every run.
    """
    folder = tempfile.gettempdir()
    true = Path(folder).resolve()
    hidden = _lies_in(host.scratch.resolve(), true) or _lies_in(true, host.project.resolve())
    return folder if host.mounts and not hidden else ""


def _lies_in(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


class _Noting:
    """Calls a function, and notes the lines of the user's code, or of a library, that call it themselves."""

    def __init__(self, uses: Uses, original: Any, call: str) -> None:
        self._uses = uses
        self._original = original
        self._call = call

    def __call__(self) -> int:
        caller = caller_of(sys._getframe(1))  # noqa: SLF001 - has no public twin
        # The standard library asks to tell forks, and in every record of a log.
        place = None if caller.modules else self._uses.place()
        if place is not None and not place.importing:
            self._uses.note(Process.name, self._call, place)
        process_id: int = self._original()
        return process_id


def _wrap_temporary_names(uses: Uses, held: Optional[PlacedBytes]) -> None:
    """Note who asks for a temporary name, and give names that follow from the line."""
    sequence: Any = tempfile._RandomNameSequence  # type: ignore[attr-defined]  # noqa: SLF001 - has no public name
    original = sequence.__next__

    def __next__(self: Any) -> str:  # noqa: N807 - it becomes the method of this name
        caller = caller_of(sys._getframe(1))  # noqa: SLF001 - has no public twin
        place = None if caller.modules & _SHARED else uses.place()
        if place is None:
            name: str = original(self)
            return name
        if caller.call.startswith("tempfile.") and "gettempdir" not in caller.call:
            uses.note(Process.name, caller.call, place)
        return (
            str(original(self)) if held is None else _temporary_name(held, place, self.characters)
        )

    sequence.__next__ = __next__


def _temporary_name(held: PlacedBytes, place: Place, characters: str) -> str:
    taken = held.take(place, 2 * _NAME_LENGTH)
    numbers = [int.from_bytes(taken[at : at + 2], "big") for at in range(0, len(taken), 2)]
    return "".join(characters[number % len(characters)] for number in numbers)
