"""Memory that is read before anybody has written to it."""

from __future__ import annotations

import functools
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Sequence

from repro_nb.imports import ImportWatch
from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.memory_fill import MemoryFill
from repro_nb.probe.factors.standin import StandIn
from repro_nb.probe.factors.vocabulary import mentions
from repro_nb.rng.usercode import is_user_module

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Uses

__all__ = ["UninitialisedMemory"]

_MALLOC = "MALLOC_PERTURB_"
_COMPLEMENT = 0xFF  # what the C library fills with is the complement of the number that it is told
# Pinned first, then one for each round.
_FILLS = (
    MemoryFill(byte=0xAA, truth=1, letter="a"),
    MemoryFill(byte=0x55, truth=0, letter="b"),
    MemoryFill(byte=0x33, truth=0, letter="c"),
)
_NUMPY = ("empty", "empty_like")
_TORCH = ("empty", "empty_like", "empty_strided")
_MAKERS = r"\bempty|\bndarray\(|\b(?:\w+)?Tensor\(|\b(?:malloc|recarray)\b"

_Fill = Callable[[Any], None]


class UninitialisedMemory:
    """``np.empty``, ``torch.empty`` and their like, and the C library's ``malloc``, which fill what they hand out.

    The C library's part needs glibc; other ones do not know the variable.
    """

    name = "uninitialised-memory"
    floating = True
    wording = "what is in memory that nobody has written to"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """One byte, over and over."""
        return _setting(0)

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """Another byte."""
        return _setting(1 + round_ % (len(_FILLS) - 1))

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Wrap what makes arrays and tensors without content, once the libraries are there."""
        watch = _Watch(uses, None if held is None else _FILLS[int(held)])
        imports = ImportWatch()
        imports.when_imported("numpy", watch.wrap_numpy)
        imports.when_imported("torch", watch.wrap_torch)
        imports.when_imported("torch._dynamo", watch.spare_compiler)
        imports.install()

    def is_active(self, traces: Traces) -> bool:
        """Whether a line made such an array, or its text looks as if it did."""
        return bool(traces.uses_of(self.name)) or mentions(traces, _MAKERS)

    def remedy(self, code: str) -> str:
        """Begin with zeros."""
        what = f"`{code}`" if code else "the array"
        name = "torch.zeros" if "torch" in code else "np.zeros"
        return f"make {what} with `{name}`, or write to every element before it is read"


def _setting(number: int) -> Setting:
    fill = _FILLS[number]
    variable = {_MALLOC: str(fill.byte ^ _COMPLEMENT)}
    return Setting(f"0x{fill.byte:02X}", environment=variable, unset=(_MALLOC,), held=str(number))


class _Watch:
    """Notes and fills what the user's own code makes: libraries write to all that they make."""

    def __init__(self, uses: Uses, fill: Optional[MemoryFill]) -> None:
        self._uses = uses
        self._held = fill
        self._of_torch: List[StandIn] = []

    def wrap_numpy(self, numpy: Any) -> None:
        """Wrap numpy's functions."""
        fill = None if self._held is None else functools.partial(self._held.fill_array, numpy)
        for name in _NUMPY:
            self._wrap(numpy, name, fill)

    def wrap_torch(self, torch: Any) -> None:
        """Wrap torch's functions, and the method of tensors."""
        fill = None if self._held is None else functools.partial(self._held.fill_tensor, torch)
        self._of_torch = [self._wrap(torch, name, fill) for name in _TORCH]
        _tell_scripts(self._of_torch)
        original = torch.Tensor.new_empty

        @functools.wraps(original)
        def new_empty(*given: Any, **named: Any) -> Any:
            made = original(*given, **named)
            self._made("Tensor.new_empty", fill, made, sys._getframe(1))  # noqa: SLF001 - has no public twin
            return made

        torch.Tensor.new_empty = new_empty

    def spare_compiler(self, dynamo: Any) -> None:
        """Have torch's compiler call the wraps as they are: it would compile what is in them."""
        for stand_in in self._of_torch:
            dynamo.allow_in_graph(stand_in)

    def _wrap(self, home: Any, name: str, fill: Optional[_Fill]) -> StandIn:
        original = getattr(home, name)

        def make(*given: Any, **named: Any) -> Any:
            made = original(*given, **named)
            if named.get("out") is None:  # else it is of another's memory
                self._made(f"{home.__name__}.{name}", fill, made, sys._getframe(2))  # noqa: SLF001 - as above
            return made

        stand_in = StandIn(original, make, home.__name__)
        setattr(home, name, stand_in)
        return stand_in

    def _made(self, call: str, fill: Optional[_Fill], made: Any, caller: FrameType) -> None:
        if not is_user_module(str(caller.f_globals.get("__name__"))):
            return
        place = self._uses.place_of(caller)
        if place is not None:
            self._uses.note(UninitialisedMemory.name, call, place)
            if fill is not None:
                fill(made)


def _tell_scripts(stand_ins: Sequence[StandIn]) -> None:
    """Have ``torch.jit.script`` know what takes the place of its operators."""
    register = getattr(sys.modules.get("torch.jit._builtins"), "_register_builtin", None)
    if register is not None:
        for stand_in in stand_ins:
            register(stand_in, f"aten::{stand_in.__name__}")
