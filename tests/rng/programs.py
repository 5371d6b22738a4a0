"""Random programs of draws over the global streams and over generators that a user holds, and what they give."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numba import njit

COUNT = 1000
BIT_GENERATORS = (
    np.random.MT19937,
    np.random.PCG64,
    np.random.PCG64DXSM,
    np.random.Philox,
    np.random.SFC64,
)


class Loud(random.Random):
    """A user's subclass, none of whose code may run when it is looked at or put back."""

    watched = False

    def __getattribute__(self, name: str) -> Any:
        if Loud.watched:
            raise AssertionError(name)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if Loud.watched:
            raise AssertionError(name)
        super().__setattr__(name, value)


@contextmanager
def watching() -> Iterator[None]:
    """Fail if anything of a `Loud` runs."""
    Loud.watched = True
    try:
        yield
    finally:
        Loud.watched = False


@lru_cache(maxsize=1)
def jitted() -> dict[str, Callable[[], Any]]:
    """Draws from numba's two streams; compiled once."""

    def from_numpy() -> Any:
        drawn = np.empty(4 * COUNT)
        for i in range(COUNT):
            drawn[i] = np.random.randint(0, 1 << 30)
            drawn[COUNT + i] = np.random.random()
            drawn[2 * COUNT + i] = np.random.normal(0.0, 1.0)
        drawn[3 * COUNT :] = np.random.permutation(COUNT)
        return drawn

    def from_python() -> Any:
        drawn = np.empty(3 * COUNT)
        for i in range(COUNT):
            drawn[i] = random.randrange(1 << 30)
            drawn[COUNT + i] = random.random()
            drawn[2 * COUNT + i] = random.gauss(0.0, 1.0)
        return drawn

    return {
        "numba.numpy": njit(from_numpy),
        "numba.python": njit(from_python),
        "numba.numpy, a normal": njit(lambda: np.random.normal(0.0, 1.0)),
        "numba.python, a normal": njit(lambda: random.gauss(0.0, 1.0)),
    }


def from_python(stream: Any) -> bytes:
    """The next numbers of every kind from `random` or a ``random.Random``."""
    drawn = [stream.randrange(1 << 40) for _ in range(COUNT)]
    drawn += [stream.gauss(0, 1) for _ in range(COUNT)]
    drawn += [stream.normalvariate(0, 1) for _ in range(COUNT)]
    return repr((drawn, stream.sample(range(COUNT), COUNT))).encode()


def from_numpy(stream: Any) -> bytes:
    """The same from ``np.random`` or a ``RandomState``."""
    parts = (
        stream.randint(0, 1 << 30, COUNT),
        stream.standard_normal(COUNT),
        stream.permutation(COUNT),
        stream.random_sample(COUNT),
    )
    return b"".join(part.tobytes() for part in parts)


def from_generator(rng: Any) -> bytes:
    """The same from a ``Generator``; and children, with their numbers and their own children's."""
    parts = [
        *(rng.integers(0, 9, COUNT, dtype=np.uint32), rng.standard_normal(COUNT)),
        *(rng.permutation(COUNT), rng.random(COUNT, dtype=np.float32)),
    ]
    for child in rng.spawn(2):
        parts += [child.random(COUNT), child.spawn(1)[0].random(COUNT)]
    return b"".join(part.tobytes() for part in parts)


def from_bit_generator(bit_generator: Any) -> bytes:
    """The same from a bare bit generator."""
    children = bit_generator.spawn(2)
    drawn = [child.random_raw(COUNT) for child in (bit_generator, *children)]
    return b"".join(part.tobytes() for part in drawn)


def from_torch(generator: Any) -> bytes:
    """The same from torch's default stream or a ``torch.Generator``."""
    parts = (
        torch.randint(1 << 40, (COUNT,), generator=generator),
        torch.randn(COUNT, generator=generator),
        torch.randn(1, dtype=torch.float64, generator=generator),
        torch.randperm(COUNT, generator=generator),
        torch.rand(COUNT, generator=generator),
    )
    return b"".join(part.numpy().tobytes() for part in parts)


def from_globals() -> bytes:
    """The next numbers of every kind from every global stream."""
    drawn = [from_python(random), from_numpy(np.random), from_torch(None)]
    drawn += [jitted()[name]().tobytes() for name in ("numba.numpy", "numba.python", "numba.numpy")]
    return b"".join(drawn)


def another_state() -> Any:
    """A state for the bit generator that numpy's stream has now."""
    make: Any = type(np.random.get_bit_generator())
    return np.random.RandomState(make(8)).get_state(legacy=False)


GLOBAL_STEPS: dict[str, Callable[[], Any]] = {
    "python": random.random,
    "python, a normal": lambda: random.gauss(0, 1),
    "python, bytes": lambda: random.randbytes(999),
    "python, seed": lambda: random.seed(3),
    "python, state": lambda: random.setstate(random.Random(8).getstate()),
    "numpy": np.random.rand,
    "numpy, a normal": np.random.standard_normal,
    "numpy, many": lambda: np.random.randint(0, 9, 999),
    "numpy, seed": lambda: np.random.seed(3),
    "numpy, state": lambda: np.random.set_state(another_state()),
    "numpy, swap": lambda: np.random.set_bit_generator(np.random.PCG64(1)),
    "numpy, swap again": lambda: np.random.set_bit_generator(np.random.Philox(1)),
    "numpy, swap back": lambda: np.random.set_bit_generator(np.random.MT19937(1)),
    "torch": lambda: torch.rand(3),
    "torch, a normal": lambda: torch.randn(1),
    "torch, a double normal": lambda: torch.randn(1, dtype=torch.float64),
    "torch, seed": lambda: torch.manual_seed(3),
    "torch, state": lambda: torch.set_rng_state(torch.Generator().manual_seed(8).get_state()),
    "numba.numpy": lambda: float(jitted()["numba.numpy, a normal"]()),
    "numba.python": lambda: float(jitted()["numba.python, a normal"]()),
}

HELD: dict[str, tuple[Callable[[int], Any], Callable[[Any], bytes]]] = {
    "random.Random": (random.Random, from_python),
    "a subclass": (Loud, from_python),
    "RandomState": (np.random.RandomState, from_numpy),
    "torch.Generator": (lambda seed: torch.Generator().manual_seed(seed), from_torch),
    **{
        f"RandomState({make.__name__})": (
            lambda seed, make=make: np.random.RandomState(make(seed)),
            from_numpy,
        )
        for make in BIT_GENERATORS
    },
    **{
        f"Generator({make.__name__})": (
            lambda seed, make=make: np.random.Generator(make(seed)),
            from_generator,
        )
        for make in BIT_GENERATORS
    },
    **{make.__name__: (make, from_bit_generator) for make in BIT_GENERATORS},
}


def step(source: Any, which: int) -> None:
    """One step of a program on a generator that the user holds."""
    if isinstance(source, random.Random):
        (source.random, lambda: source.gauss(0, 1), lambda: source.randbytes(999))[which % 3]()
    elif isinstance(source, np.random.RandomState):
        (source.rand, source.standard_normal, lambda: source.randint(0, 9, 999))[which % 3]()
    elif isinstance(source, torch.Generator):
        draws = (
            torch.rand,
            torch.randn,
            lambda n, generator: torch.randperm(99 * n, generator=generator),
        )
        draws[which % 3](1, generator=source)
    elif isinstance(source, np.random.Generator):
        integer = lambda: source.integers(9, dtype=np.uint32)  # noqa: E731 - one of four
        (source.random, source.standard_normal, integer, lambda: source.spawn(2))[which % 4]()
    else:
        (source.random_raw, lambda: source.random_raw(99), lambda: source.spawn(2))[which % 3]()


def digest(drawn: bytes) -> str:
    """Short form of what was drawn."""
    return hashlib.sha256(drawn).hexdigest()


def environment(root: Path) -> dict[str, str]:
    """The environment for a child process that imports this module and the package."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(root), str(Path(__file__).parent)))}
