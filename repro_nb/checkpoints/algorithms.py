"""Hash algorithms by name: what each is good for, and where it comes from."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from repro_nb.errors import UsageError

__all__ = ["Algorithm", "Hasher", "Strength", "algorithm_named", "algorithms"]


class Hasher(Protocol):
    """What every hash object offers."""

    def update(self, data: memoryview | bytes, /) -> object:
        """Take `data` in."""

    def digest(self) -> bytes:
        """The digest of all that was taken in."""

    def hexdigest(self) -> str:
        """The same, as lower-case hexadecimal digits."""


class Strength(StrEnum):
    """Whom a digest protects from."""

    CRYPTOGRAPHIC = "cryptographic"
    BROKEN = "broken: files with the same digest can be made on purpose"
    ACCIDENTAL = "accidental change only"


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """A hash algorithm.

    Attributes:
        name: What users call it, and what stands before its digests.
        strength: Whom its digests protect from.
        digits: Length of its digests in hexadecimal digits.
        package: What to install for it; empty where the standard library has it.
    """

    name: str
    strength: Strength
    digits: int
    package: str = ""

    def hasher(self) -> Hasher:
        """A new hash object.

        Raises:
            UsageError: Its package is not installed.
        """
        return _maker(self)()


_ALGORITHMS = (
    Algorithm(name="sha256", strength=Strength.CRYPTOGRAPHIC, digits=64),
    Algorithm(name="sha512", strength=Strength.CRYPTOGRAPHIC, digits=128),
    Algorithm(name="blake2b", strength=Strength.CRYPTOGRAPHIC, digits=128),
    Algorithm(name="blake3", strength=Strength.CRYPTOGRAPHIC, digits=64, package="blake3"),
    Algorithm(name="xxh3", strength=Strength.ACCIDENTAL, digits=32, package="xxhash"),
    Algorithm(name="md5", strength=Strength.BROKEN, digits=32),
)


def algorithms() -> tuple[Algorithm, ...]:
    """All, the default first."""
    return _ALGORITHMS


def algorithm_named(name: str) -> Algorithm:
    """The algorithm called `name`, in any case.

    Raises:
        UsageError: There is none.
    """
    for each in _ALGORITHMS:
        if each.name == name.lower():
            return each
    known = ", ".join(each.name for each in _ALGORITHMS)
    raise UsageError(f"there is no hash algorithm {name!r}", hint=f"Use one of {known}.")


def _maker(algorithm: Algorithm) -> Callable[[], Hasher]:
    if not algorithm.package:
        if algorithm.name == "md5":
            return lambda: hashlib.md5(usedforsecurity=False)
        return getattr(hashlib, algorithm.name)  # type: ignore[no-any-return]
    try:
        module = importlib.import_module(algorithm.package)
    except ImportError as error:
        raise UsageError(
            f"{algorithm.name} needs the package {algorithm.package}, which is not installed",
            hint='Install it with: pip install "repro_nb[checkpoints]"',
        ) from error
    return getattr(module, {"xxh3": "xxh3_128"}.get(algorithm.name, algorithm.name))  # type: ignore[no-any-return]
