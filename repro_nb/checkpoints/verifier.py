"""The registry of a folder of checkpoints as users work with it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.architecture import architecture_digest
from repro_nb.checkpoints.doubts import doubts, remarks, unregistered
from repro_nb.checkpoints.examining import Examination, examine
from repro_nb.checkpoints.integrity import IncompleteCheckpointWarning, warn_of_shards
from repro_nb.checkpoints.metadata import CheckpointMetadata, to_kept
from repro_nb.checkpoints.names import REGISTRY, name_of, path_of
from repro_nb.checkpoints.older_registry import OLDER, older_registrations
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.provenance import Provenance, capture_provenance
from repro_nb.checkpoints.registering import draft, now
from repro_nb.checkpoints.registration import Event, Parent, Registration
from repro_nb.checkpoints.registry import History, Registry
from repro_nb.checkpoints.remote import is_remote
from repro_nb.checkpoints.report.exporting import write_report
from repro_nb.checkpoints.report.verify_wording import Report
from repro_nb.checkpoints.side_by_side import side_by_side
from repro_nb.checkpoints.verdicts import Verification
from repro_nb.checkpoints.warning import warn_of_weakness
from repro_nb.errors import CheckpointError, UsageError

__all__ = ["CheckpointVerifier", "NothingVerifiedWarning"]


class NothingVerifiedWarning(UserWarning):
    """There was nothing to verify, and so nothing that could fail."""


class CheckpointVerifier:
    """Registers the checkpoints of a folder, and verifies them.

    What is registered is kept in ``checkpoints.repro.jsonl``, a file to commit: it is only ever appended to. A registry
    of the older toolkit (``.checkpoint_verification.json``) is imported when something is registered first, and stays
    as it is.

    Args:
        directory: The folder; it is made where it does not exist. Names of checkpoints are relative to it.
        algorithm: Name of the hash algorithm for what is registered from now on.

    Raises:
        UsageError: There is no such algorithm, or the folder cannot be made.
    """

    def __init__(self, directory: str | Path, *, algorithm: str = "sha256") -> None:
        self._algorithm = algorithm_named(algorithm)
        if is_remote(directory):
            raise UsageError("a registry lies in a folder of this machine", where=str(directory))
        self.directory = Path(directory)
        _make(self.directory)
        self._registry = Registry(self.directory)

    def register_checkpoint(
        self,
        path: str | Path,
        metadata: Mapping[str, Any] | None = None,
        *,
        note: str = "",
        parent: str | Path | None = None,
        model: object = None,
        provenance: Provenance | None = None,
        progress: ByteProgress | None = None,
    ) -> str:
        """Register a checkpoint as it is now. When this returns, the registration is on the disk.

        A checkpoint that is registered already gets a new line; the old one stays in its history.

        Args:
            path: A file or folder, relative to the verifier's folder or absolute; or an address such as
                ``s3://bucket/model.pth``, which is streamed.
            metadata: What is to be remembered: texts, numbers, lists, dictionaries.
            note: The same, in words.
            parent: A registered checkpoint that this one was made from.
            model: The model that it belongs to, for `architecture_digest`.
            provenance: Where it comes from; by default what this process tells: notebook, cell, seed, code version.
            progress: Hears how hashing goes on.

        Returns:
            The digest, in hexadecimal digits.

        Raises:
            CheckpointError: It is not there or cannot be read.
            FileChangedError: It was written meanwhile.
            RegistryError: The registry cannot be read or written.
            UsageError: It does not lie in the folder, the metadata cannot be kept, or the parent is not registered.
        """
        warn_of_weakness(self._algorithm)
        name = self.name_of(path)
        if metadata is not None and not isinstance(metadata, Mapping):
            raise UsageError(f"metadata is a dictionary, and not {type(metadata).__name__}")
        kept = to_kept(metadata or {})
        self._import_older()
        ancestor = self._parent(parent)
        registration = replace(
            draft(path_of(name, self.directory), name, self._algorithm.name, progress),
            metadata=kept,
            note=note,
            parent=ancestor,
            architecture=architecture_digest(model) if model is not None else "",
            provenance=provenance or capture_provenance(self.directory),
        )
        self._registry.append(registration)
        self._warn_of_shards(name)
        return registration.digest

    def verify_checkpoint(
        self,
        path: str | Path,
        *,
        model: object = None,
        trust_mtime: bool = False,
        progress: ByteProgress | None = None,
    ) -> Verification:
        """Verify a checkpoint against its registration. True in a boolean context only where all of it is as it was.

        Args:
            path: As in `register_checkpoint`.
            model: The model that it should fit; compared where a model was given at its registration.
            trust_mtime: Skip it if the file system says that nothing was written, but for a random sample of its
                bytes; the verdict then is ``skipped``, which is not true.
            progress: Hears how hashing goes on.

        Raises:
            RegistryError: The registry cannot be read.
            UsageError: It does not lie in the folder.
        """
        name = self.name_of(path)
        found = self.examine(
            [name],
            architecture=architecture_digest(model) if model is not None else "",
            trust_mtime=trust_mtime,
            progress=progress,
        )
        return found[0].verification

    def verify_all_checkpoints(
        self, *, trust_mtime: bool = False, progress: ByteProgress | None = None
    ) -> dict[str, Verification]:
        """Verify every registered checkpoint.

        A damaged line of the registry for which something may be missing has an entry of its own, such as
        ``checkpoints.repro.jsonl:7``: ``all(results.values())`` does not pass over it.

        Args:
            trust_mtime: As in `verify_checkpoint`.
            progress: Hears how hashing goes on.

        Warns:
            NothingVerifiedWarning: No checkpoint is registered: `all` of nothing is true, and means nothing.

        Raises:
            RegistryError: The registry cannot be read.
        """
        found = self.examine(None, trust_mtime=trust_mtime, progress=progress)
        if not found:
            warnings.warn(
                f"no checkpoint is registered in {self.directory}: nothing was verified",
                NothingVerifiedWarning,
                stacklevel=2,
            )
        return {each.verification.name: each.verification for each in found}

    def examine(
        self,
        names: Iterable[str] | None,
        *,
        architecture: str = "",
        trust_mtime: bool = False,
        progress: ByteProgress | None = None,
    ) -> tuple[Examination, ...]:
        """Verify checkpoints by name; all, and the registry itself, where `names` is None.

        Args:
            names: Names of checkpoints.
            architecture: Digest of the architecture that they should fit.
            trust_mtime: As in `verify_checkpoint`.
            progress: Hears how hashing goes on.

        Raises:
            RegistryError: The registry cannot be read.
        """
        history = self.history()

        def one(name: str, progress: ByteProgress) -> Examination:
            registered = _registered(name, history)
            if not registered:
                return unregistered(name, self.directory, history)
            return examine(
                path_of(name, self.directory),
                registered,
                architecture=architecture,
                trust_mtime=trust_mtime,
                progress=progress,
            )

        chosen = history.names() if names is None else tuple(names)
        found = side_by_side(one, chosen, progress)
        return (*found, *(doubts(history) if names is None else ()))

    def get_checkpoint_metadata(self, path: str | Path) -> CheckpointMetadata | None:
        """What is known of a registered checkpoint; None where it is not registered.

        Raises:
            RegistryError: The registry cannot be read.
            UsageError: It does not lie in the folder.
        """
        found = self.history().current(self.name_of(path))
        return CheckpointMetadata.of(found) if found is not None else None

    def list_registered_checkpoints(self) -> list[str]:
        """Names of the registered checkpoints, in the order of their first registration.

        Raises:
            RegistryError: The registry cannot be read.
        """
        return list(self.history().names())

    def remove_checkpoint(self, path: str | Path, *, note: str = "") -> bool:
        """Say that a checkpoint is not registered any more. Its file stays, and its history does.

        Returns:
            Whether it was registered.

        Raises:
            RegistryError: The registry cannot be read or written.
            UsageError: It does not lie in the folder.
        """
        name = self.name_of(path)
        if self.history().current(name) is None:
            return False
        self._import_older()
        self._registry.append(
            Registration(checkpoint=name, event=Event.REMOVED, time=now(), note=note)
        )
        return True

    def export_verification_report(self, path: str | Path) -> None:
        """Verify every checkpoint, and write a report; its suffix says how: ``.md``, ``.html`` or ``.json``.

        Raises:
            RegistryError: The registry cannot be read.
            UsageError: The suffix is another one, or the report cannot be written.
        """
        write_report(Path(path), self.report)

    def log(self, path: str | Path) -> tuple[Registration, ...]:
        """All that was ever registered of a checkpoint, the oldest first.

        Raises:
            RegistryError: The registry cannot be read.
            UsageError: It does not lie in the folder.
        """
        return self.history().of(self.name_of(path))

    def history(self) -> History:
        """All that the registry says, with what the older toolkit's says and ours does not.

        Raises:
            RegistryError: A registry cannot be read.
        """
        own = self._registry.read()
        known = {each.checkpoint for each in own.registrations}
        older = [
            each for each in older_registrations(self.directory) if each.checkpoint not in known
        ]
        return History(registrations=(*older, *own.registrations), damaged=own.damaged)

    def report(
        self,
        names: Iterable[str] | None = None,
        *,
        trust_mtime: bool = False,
        progress: ByteProgress | None = None,
    ) -> Report:
        """Verify checkpoints as `examine` does, with what else there is to know of the registry.

        Raises:
            RegistryError: The registry cannot be read.
        """
        found = self.examine(names, trust_mtime=trust_mtime, progress=progress)
        return Report(
            directory=str(self.directory),
            examinations=found,
            remarks=tuple(remarks(self.history(), self.directory)),
        )

    def _warn_of_shards(self, name: str) -> None:
        path = path_of(name, self.directory)
        try:
            warn_of_shards(path, stacklevel=4)
        except CheckpointError as error:  # registered is registered, whatever its index looks like
            warnings.warn(f"{path}: {error.message}", IncompleteCheckpointWarning, stacklevel=3)

    def _import_older(self) -> None:
        """Bring what only the older registry knows into ours."""
        known = {each.checkpoint for each in self._registry.read().registrations}
        for each in older_registrations(self.directory):
            if each.checkpoint not in known:
                self._registry.append(each, only_first=True)

    def name_of(self, path: str | Path) -> str:
        """The name of a checkpoint in the registry.

        Raises:
            UsageError: It does not lie in the folder, or is the registry itself.
        """
        name = name_of(path, self.directory)
        if name in (REGISTRY, OLDER):
            raise UsageError("the registry itself is no checkpoint", where=name)
        return name

    def _parent(self, path: str | Path | None) -> Parent | None:
        if path is None:
            return None
        name = self.name_of(path)
        found = self.history().current(name)
        if found is None:
            raise UsageError("the parent is not registered", where=name, hint="Register it first.")
        return Parent(checkpoint=name, digest=found.digest)


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(
            f"there is no such folder, and it cannot be made: {problem.strerror or problem}",
            where=str(directory),
        ) from problem


def _registered(name: str, history: History) -> tuple[Registration, ...]:
    """What is registered of a checkpoint: what holds first, then what other branches registered."""
    current = history.current(name)
    if current is None:
        return ()
    others = [head for head in history.heads(name) if head is not current]
    return (current, *(head for head in others if head.event is Event.REGISTERED))
