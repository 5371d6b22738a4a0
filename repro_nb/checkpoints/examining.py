"""Verifies one checkpoint against its registration: hashed once, and where that differs, told where."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from repro_nb.checkpoints.algorithms import algorithm_named, algorithms
from repro_nb.checkpoints.damage import localise
from repro_nb.checkpoints.differing import different, sizes, worst
from repro_nb.checkpoints.identity import touch_of
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.older_digest import older_digest
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.registering import measured_files
from repro_nb.checkpoints.registration import Registration
from repro_nb.checkpoints.sampling import sample
from repro_nb.checkpoints.trees import Measured
from repro_nb.checkpoints.verdicts import Damage, Verdict, Verification
from repro_nb.checkpoints.wording import plural
from repro_nb.errors import CheckpointError, FileChangedError, UsageError

__all__ = ["Examination", "Undecided", "examine"]


_ALGORITHMS = tuple(each.name for each in algorithms())


class Undecided(StrEnum):
    """Why there is no verdict on the bytes."""

    NO = ""
    TRUSTED = "trusted"
    """The user asked for it: the file system says that nothing was written."""
    CHANGED = "changed"
    """It was written while it was read."""
    UNKNOWN = "unknown"
    """The registration was imported, and its digest cannot be computed without running code."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """A verification, with what it was made from.

    Attributes:
        verification: The result.
        registration: What the checkpoint was verified against; None where it is not registered.
        undecided: Why there is no verdict on the bytes.
    """

    verification: Verification
    registration: Registration | None = None
    undecided: Undecided = Undecided.NO


def examine(
    path: str | Path,
    registrations: Sequence[Registration],
    *,
    architecture: str = "",
    trust_mtime: bool = False,
    progress: ByteProgress | None = None,
) -> Examination:
    """Verify a checkpoint.

    Args:
        path: Where it should be: a path, or an address.
        registrations: What it should be, the one that holds first; the others come from branches that were merged.
        architecture: Digest of the architecture that it should fit; empty to leave that out.
        trust_mtime: Leave out what the file system says was not written since, but for a random sample.
        progress: Hears how hashing goes on.
    """
    case = _Case(path, registrations, architecture, progress)
    try:
        if trust_mtime and (trusted := case.trusted()) is not None:
            return trusted
        return case.hashed()
    except FileChangedError as error:
        return case.ended(Verdict.UNREADABLE, error.message, undecided=Undecided.CHANGED)
    except (CheckpointError, UsageError) as error:
        gone = isinstance(path, str) and isinstance(error.__cause__, FileNotFoundError)
        return case.ended(Verdict.MISSING if gone else Verdict.UNREADABLE, error.message)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError) and not Path(path).is_symlink()
        reason = "it is not there" if missing else f"it cannot be read: {error.strerror or error}"
        return case.ended(Verdict.MISSING if missing else Verdict.UNREADABLE, reason)


class _Case:
    """One checkpoint while it is verified."""

    def __init__(
        self,
        path: str | Path,
        registrations: Sequence[Registration],
        architecture: str,
        progress: ByteProgress | None,
    ) -> None:
        self._path = path
        self._registrations = registrations
        self._registration = registrations[0]
        self._architecture = architecture
        self._progress = progress

    def trusted(self) -> Examination | None:
        """The end where the file system says that nothing was written, and a sample agrees; else None."""
        was = self._registration
        if isinstance(self._path, str) or not was.identity:
            return None
        if touch_of(self._path).digest != was.identity:
            return None
        found = sample(self._path, was)
        if not found.agrees or not found.read:
            return None
        reason = (
            "skipped, not verified: the file system says that nothing was written; "
            f"{found.read} of {plural(found.of, 'shard')} of 8 MiB, chosen at random, agree"
        )
        return self.ended(Verdict.SKIPPED, reason, undecided=Undecided.TRUSTED)

    def hashed(self) -> Examination:
        """The end where all bytes are hashed."""
        was = self._registration
        if isinstance(self._path, Path):
            self._path.lstat()
        if was.algorithm not in _ALGORITHMS:
            reason = f"skipped, not verified: {was.algorithm} is not supported; register it again"
            return self.ended(Verdict.SKIPPED, reason, undecided=Undecided.UNKNOWN)
        chosen = algorithm_named(was.algorithm)
        # What lies elsewhere is not fetched a second time to find the place of a damage.
        measured = measure(
            self._path, chosen, shards=isinstance(self._path, str), progress=self._progress
        )
        if hmac.compare_digest(measured.digest, was.digest):
            return self._architecture_checked(measured)
        if isinstance(self._path, Path) and was.source and not was.files:
            return self._older(self._path, measured)
        return self._elsewhere(measured) or self._different(measured)

    def _architecture_checked(self, measured: Measured) -> Examination:
        was = self._registration.architecture
        if self._architecture and was and self._architecture != was:
            reason = (
                "the bytes are as registered, and belong to another architecture than the model's"
            )
            return self.ended(Verdict.ARCHITECTURE_CHANGED, reason, measured.digest)
        return self.ended(Verdict.OK, "the bytes are as registered", measured.digest)

    def _older(self, path: Path, measured: Measured) -> Examination:
        """The older toolkit hashed what it unpickled of .pt and .pth files, and not their bytes."""
        was = self._registration
        digest = older_digest(path, was.algorithm)
        if digest is not None and hmac.compare_digest(digest, was.digest):
            reason = (
                "skipped, not verified: the numbers are as the older toolkit registered them, but its "
                "digest leaves out their types and shapes; register it again"
            )
            return self.ended(Verdict.SKIPPED, reason, undecided=Undecided.UNKNOWN)
        if digest is None and was.size == measured.size and path.suffix in (".pt", ".pth"):
            reason = (
                "skipped, not verified: the older toolkit hashed what it unpickled, which is not done here; "
                "register it again"
            )
            return self.ended(Verdict.SKIPPED, reason, undecided=Undecided.UNKNOWN)
        return self.ended(Verdict.MISMATCH, sizes(was.size, measured.size), measured.digest)

    def _elsewhere(self, measured: Measured) -> Examination | None:
        """The end where the checkpoint is what another branch registered."""
        others = self._registrations[1:]
        algorithm = self._registration.algorithm
        same = next(
            (
                each
                for each in others
                if (each.algorithm, each.digest) == (algorithm, measured.digest)
            ),
            None,
        )
        if same is None:
            return None
        reason = f"the bytes are as registered on {same.time}; another branch registered others: register it again"
        return self.ended(Verdict.OK, reason, measured.digest)

    def _different(self, measured: Measured) -> Examination:
        was = self._registration
        if was.kind != measured.kind:
            reason = f"it was a {was.kind}, and is a {measured.kind}"
            return self.ended(Verdict.MISMATCH, reason, measured.digest)
        damage, content = localise(self._path, was, measured_files(measured))
        verdict = worst(damage)
        reason = different(was, measured, damage, content)
        return self.ended(verdict, reason, measured.digest, damage)

    def ended(
        self,
        verdict: Verdict,
        reason: str,
        actual: str = "",
        damage: tuple[Damage, ...] = (),
        undecided: Undecided = Undecided.NO,
    ) -> Examination:
        """The examination with this result."""
        was = self._registration
        verification = Verification(
            name=was.checkpoint,
            verdict=verdict,
            reason=reason,
            algorithm=was.algorithm,
            expected=was.digest,
            actual=actual,
            damage=damage,
        )
        return Examination(verification=verification, registration=was, undecided=undecided)
