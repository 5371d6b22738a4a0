"""Writing a manifest."""

from __future__ import annotations

import os
from pathlib import Path

from repro_nb.checkpoints.algorithms import Algorithm, Strength, algorithm_named
from repro_nb.checkpoints.manifests import oms, sha256sums
from repro_nb.checkpoints.manifests.manifest import Form, IntegrityManifest, form_named
from repro_nb.checkpoints.manifests.verifying import read_manifest
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.signing.comparing import describe
from repro_nb.checkpoints.tree_listing import LEFT_OUT
from repro_nb.checkpoints.trees import hash_tree
from repro_nb.checkpoints.warning import warn_of_weakness
from repro_nb.errors import CheckpointError, UsageError
from repro_nb.files import write_atomically

__all__ = ["create_integrity_manifest"]


def create_integrity_manifest(
    directory: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    algorithm: str = "sha256",
    form: str = "sha256sums",
    progress: ByteProgress | None = None,
) -> IntegrityManifest:
    """Write down the digest of each file of a folder.

    Args:
        directory: The folder.
        output: Where the manifest goes; an older one is replaced. By default into the folder, as ``SHA256SUMS`` (or
            what the algorithm's own program calls it) or ``manifest.intoto.json``.
        algorithm: Name of the hash algorithm.
        form: ``sha256sums`` for ``sha256sum -c``, or ``oms`` for the statement that model signing signs.
        progress: Hears how hashing goes on.

    Raises:
        CheckpointError: The folder cannot be read, or holds what cannot be hashed; or the manifest would replace
            something else, or cannot be written.
        FileChangedError: Something in the folder was written meanwhile.
        UsageError: There is no such algorithm or form, or the form has no name for the algorithm.
    """
    root, chosen, shape = Path(directory), algorithm_named(algorithm), form_named(form)
    warn_of_weakness(chosen)
    if not root.is_dir():
        raise CheckpointError("there is no such folder", where=str(root))
    default = oms.FILE_NAME if shape is Form.OMS else sha256sums.FILE_NAMES[chosen.name]
    target = Path(output) if output is not None else root / default
    _check_replaceable(target)
    if shape is Form.OMS:
        _check_fits_statement(chosen)
        statement = describe(root, target, progress, algorithm=chosen.name)
        digests, content = dict(statement.digests), statement.to_json() + b"\n"
    else:
        tree = hash_tree(root, chosen, left_out=_left_out(root, target), progress=progress)
        digests = {row.name: row.digest for row in tree.rows}
        content = sha256sums.text_of(digests).encode()
    _write(target, content)
    return IntegrityManifest(path=target, form=shape, algorithm=chosen.name, digests=digests)


def _left_out(root: Path, target: Path) -> frozenset[str]:
    folder, own = root.resolve(), target.resolve()
    inside = own.is_relative_to(folder)
    return LEFT_OUT | {own.relative_to(folder).as_posix()} if inside else LEFT_OUT


def _check_fits_statement(algorithm: Algorithm) -> None:
    if algorithm.strength is not Strength.CRYPTOGRAPHIC or algorithm.name == "sha512":
        raise UsageError(
            f"model signing knows no {algorithm.name}", hint="Use sha256, blake2b or blake3."
        )


def _check_replaceable(target: Path) -> None:
    """Refuses to put a manifest in the place of what is none."""
    if not target.exists():
        return
    try:
        read_manifest(target)
    except (CheckpointError, UsageError) as error:
        raise CheckpointError(
            "this is no manifest, and is not overwritten",
            where=str(target),
            hint="Name another file for the manifest.",
        ) from error


def _write(target: Path, content: bytes) -> None:
    try:
        write_atomically(target, content)
    except OSError as error:
        raise CheckpointError(
            f"the manifest cannot be written: {error.strerror or error}", where=str(target)
        ) from error
