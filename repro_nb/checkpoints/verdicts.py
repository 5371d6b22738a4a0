"""What a verification found: a verdict, and where the damage is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ByteRange", "Damage", "Verdict", "Verification"]


class Verdict(StrEnum):
    """The result of one verification; true in a boolean context only where it is ``OK``."""

    OK = "ok"
    MISMATCH = "mismatch"
    MISSING = "missing"
    EXTRA = "extra"
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    ARCHITECTURE_CHANGED = "architecture changed"

    def __bool__(self) -> bool:
        return self is Verdict.OK


@dataclass(frozen=True, kw_only=True, order=True)
class ByteRange:
    """Bytes of a file.

    Attributes:
        start: Offset of the first.
        stop: Offset after the last.
    """

    start: int
    stop: int

    def __str__(self) -> str:
        return f"bytes {self.start:,} to {self.stop - 1:,}"

    def meets(self, other: ByteRange) -> bool:
        """Whether the two share a byte."""
        return self.start < other.stop and other.start < self.stop


@dataclass(frozen=True, kw_only=True)
class Damage:
    """Where one file differs from what was registered.

    Attributes:
        file: Its name within the checkpoint; empty where the checkpoint is a single file.
        verdict: What is wrong with this file.
        ranges: Bytes that differ, to the shard of 8 MiB; empty where that is not known.
        tensors: Names of the tensors that differ; empty where that is not known.
    """

    file: str
    verdict: Verdict
    ranges: tuple[ByteRange, ...] = ()
    tensors: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The verification of one checkpoint; true in a boolean context only where its verdict is ``OK``.

    Attributes:
        name: The checkpoint's name, relative to the directory of its registry, with ``/``.
        verdict: What was found.
        reason: One sentence for the user.
        algorithm: Name of the algorithm.
        expected: The digest that was registered or given; empty where there is none.
        actual: The digest of what is there; empty where it was not computed.
        damage: Each file that differs, with the place.
        signer: Who signed it, where a signature was verified and is good.
    """

    name: str
    verdict: Verdict
    reason: str
    algorithm: str = "sha256"
    expected: str = ""
    actual: str = ""
    damage: tuple[Damage, ...] = ()
    signer: str = ""

    def __bool__(self) -> bool:
        return bool(self.verdict)

    def __str__(self) -> str:
        """``True``, or ``False`` with the reason: for text that shows it as the truth value that it is."""
        return "True" if self else f"False ({self.verdict.value}: {self.reason})"
