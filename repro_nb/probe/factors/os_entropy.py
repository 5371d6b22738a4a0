"""Entropy of the operating system, whichever library asks for it on the user's behalf."""

from __future__ import annotations

import functools
import os
import random
import sys
import uuid
from typing import TYPE_CHECKING, Any, Optional

from repro_nb.imports import ImportWatch
from repro_nb.probe.factors.callers import Caller, caller_of
from repro_nb.probe.factors.factor import Host, Setting, Traces
from repro_nb.probe.factors.numpy_makers import maker_at
from repro_nb.probe.factors.placed_bytes import PlacedBytes
from repro_nb.probe.factors.standin import StandIn
from repro_nb.probe.factors.type_slots import set_method
from repro_nb.rng.usercode import is_user_module

if TYPE_CHECKING:
    from repro_nb.probe.factors.uses import Place, Uses

__all__ = ["OsEntropy"]

# What these do with it never shows in a result, and other processes may count on its being unlike.
_PLUMBING = frozenset({"asyncio", "concurrent", "email", "multiprocessing", "ssl", "tempfile"})
# These make a generator only to give it the state of another one.
_COPYING = frozenset({"copy", "copyreg", "pickle"})
_SEED_BITS = 256
_NODE_BITS, _CLOCK_BITS = 48, 14
_MULTICAST = 1 << 40  # marks a node that is not a network card
_TORCH_SEED_BITS = 53  # as many as torch asks the system for


class OsEntropy:
    """What ``os.urandom`` and its like give: unseeded generators, ``secrets``, ``uuid4``.

    It is held for the user's code alone. Code in a compiled library that asks the system by itself is out of reach, and
    so is a child process that is not forked.
    """

    name = "os-entropy"
    floating = True
    wording = "the random bits that the operating system gives"

    def pin(self, host: Host) -> Setting:  # noqa: ARG002 - the same everywhere
        """Bits that follow from the line that asks."""
        return Setting("held", held="held")

    def vary(self, host: Host, round_: int) -> Setting:  # noqa: ARG002 - as above
        """Other bits."""
        salt = f"other {round_ + 1}"
        return Setting(salt, held=salt)

    def install(self, uses: Uses, held: Optional[str]) -> None:
        """Wrap every function that hands such bits to Python code."""
        _Entropy(uses, None if held is None else PlacedBytes(held)).install()

    def is_active(self, traces: Traces) -> bool:
        """Whether a line of the user's asked for any."""
        return bool(traces.uses_of(self.name)) or any(record.entropy for record in traces.records)

    def remedy(self, code: str) -> str:
        """Seed what the line makes."""
        return next(
            (advice for word, advice in _REMEDIES if word in code),
            "seed the generator that takes its bits from the system, such as `np.random.default_rng(42)`",
        )


_REMEDIES = (
    ("default_rng", "give the generator a seed: `np.random.default_rng(42)`"),
    ("SeedSequence", "give the sequence its entropy: `np.random.SeedSequence(42)`"),
    ("RandomState", "give the generator a seed: `np.random.RandomState(42)`"),
    ("np.random.seed", "give a seed: `np.random.seed(42)`"),
    ("numpy.random.seed", "give a seed: `numpy.random.seed(42)`"),
    ("uuid", "derive the id from what it names, `uuid.uuid5(uuid.NAMESPACE_URL, name)`, or leave it out"),
    ("secrets", "leave what `secrets` gives out of the results, or use a seeded `random.Random(42)`"),
    ("token_", "leave the token out of the results, or draw it from a seeded `random.Random(42)`"),
    ("SystemRandom", "use a seeded generator, `random.Random(42)`, in its place"),
    ("random.Random", "give the generator a seed: `random.Random(42)`"),
    ("random.seed", "give a seed: `random.seed(42)`"),
    ("torch", "give a seed: `torch.manual_seed(42)`, or `.manual_seed(42)` of the generator"),
    ("Generator", "give the generator a seed: `.manual_seed(42)`, or `np.random.default_rng(42)`"),
    ("urandom", "use a seeded generator, `random.Random(42).randbytes(n)`, in its place"),
    ("getrandom", "use a seeded generator, `random.Random(42).randbytes(n)`, in its place"),
)  # fmt: skip


class _Entropy:
    """Watches the functions that give entropy, and gives `held` bytes instead where there are any."""

    def __init__(self, uses: Uses, held: Optional[PlacedBytes]) -> None:
        self._uses = uses
        self._held = held
        self._imports = ImportWatch()

    def install(self) -> None:
        """Put a wrap around each."""
        self._wrap_system()
        self._wrap_random()
        self._wrap_uuid1()
        self._imports.when_imported("numpy.random.bit_generator", self._wrap_numpy)
        self._imports.when_imported("torch", self._wrap_torch)
        self._imports.install()

    def _wrap_system(self) -> None:
        for name in ("urandom", "getrandom"):
            original = getattr(os, name, None)
            if original is not None:
                give = functools.partial(self._give, original, f"os.{name}")
                setattr(os, name, StandIn(original, give, "os"))
        # Where `SystemRandom`, and all that is built on it, asks.
        random._urandom = os.urandom  # type: ignore[attr-defined]  # noqa: SLF001 - has no public name

    def _give(self, original: Any, call: str, *given: Any, **named: Any) -> bytes:
        """What `original` gives, or as many bytes that are held: what it refuses stays refused."""
        true: bytes = original(*given, **named)
        caller, place = self._asked()
        if place is None:
            return true
        self._note(caller, place, caller.call or call)
        return true if self._held is None else self._held.take(place, len(true))

    def _wrap_random(self) -> None:
        original = random.Random.seed

        @functools.wraps(original)
        def seed(self: Any, a: Any = None, version: int = 2) -> None:
            if a is None:
                a = watch._seed_of(self)
            original(self, a, version)

        watch = self
        module: Any = random
        module.Random.seed = seed
        module.seed = module._inst.seed  # noqa: SLF001 - has no public name

    def _seed_of(self, stream: Any) -> Optional[int]:
        if isinstance(stream, random.SystemRandom):
            return None
        caller, place = self._asked()
        if place is None:
            return None
        own = stream is random._inst  # noqa: SLF001 - has no public name
        self._note(caller, place, caller.call or ("random.seed" if own else "random.Random.seed"))
        return None if self._held is None else self._held.integer(place, _SEED_BITS)

    def _wrap_uuid1(self) -> None:
        original = uuid.uuid1

        @functools.wraps(original)
        def uuid1(node: Optional[int] = None, clock_seq: Optional[int] = None) -> uuid.UUID:
            caller, place = self._asked()
            if place is None or (node is not None and clock_seq is not None):
                return original(node, clock_seq)
            self._note(caller, place, caller.call or "uuid.uuid1")
            if self._held is None:
                return original(node, clock_seq)
            clock = self._held.integer(place, _CLOCK_BITS)
            card = self._held.integer(place, _NODE_BITS) | _MULTICAST
            return original(
                card if node is None else node, clock if clock_seq is None else clock_seq
            )

        uuid.uuid1 = uuid1

    def _wrap_numpy(self, home: Any) -> None:
        original = home.randbits

        def randbits(k: int) -> int:
            caller, place = self._asked()
            if place is None:
                bits: int = original(k)
                return bits
            maker = None if caller.frame is None else maker_at(caller.frame)
            if maker is None or not maker.is_seeded:
                self._note(caller, place, maker.name if maker else "numpy.random.SeedSequence")
            return int(original(k)) if self._held is None else self._held.integer(place, k)

        home.randbits = functools.update_wrapper(randbits, original)

    def _wrap_torch(self, torch: Any) -> None:
        original = torch.Generator.seed

        @functools.wraps(original)
        def seed(self: Any) -> int:
            value = watch._torch_seed()
            if value is None:
                value = int(original(self))
            else:
                self.manual_seed(value)
            return value

        watch = self
        set_method(torch.Generator, "seed", seed)

    def _torch_seed(self) -> Optional[int]:
        caller, place = self._asked()
        if place is None:
            return None
        name = caller.frame.f_globals.get("__name__") if caller.frame else ""
        self._note(
            caller, place, "torch.seed" if name == "torch.random" else "torch.Generator.seed"
        )
        return None if self._held is None else self._held.integer(place, _TORCH_SEED_BITS)

    def _asked(self) -> Any:
        """Who asked, and the place of the user's on whose behalf; no place where the true bits serve."""
        caller = caller_of(sys._getframe(2))  # noqa: SLF001 - has no public twin
        place = None if caller.modules & _PLUMBING else self._uses.place(2)
        return caller, place

    def _note(self, caller: Caller, place: Place, call: str) -> None:
        if caller.modules & (_COPYING | {"importlib"}):
            return
        if not place.importing or is_user_module(place.direct):
            self._uses.note(OsEntropy.name, call, place)
