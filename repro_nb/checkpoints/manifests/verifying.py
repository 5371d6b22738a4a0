"""A folder against its manifest."""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from repro_nb.checkpoints.algorithms import Algorithm, algorithm_named
from repro_nb.checkpoints.hashing import hash_file, hash_on_this_thread
from repro_nb.checkpoints.manifests import oms, sha256sums
from repro_nb.checkpoints.manifests.manifest import Form, IntegrityManifest, read_manifest_file
from repro_nb.checkpoints.mapped import is_worth_mapping
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.safe_names import canonical_name
from repro_nb.checkpoints.side_by_side import side_by_side
from repro_nb.checkpoints.signing.comparing import GIT
from repro_nb.checkpoints.tree_listing import LEFT_OUT, TreeFile, list_tree, open_in_tree
from repro_nb.checkpoints.verdicts import Verdict, Verification
from repro_nb.errors import CheckpointError, FileChangedError

__all__ = ["read_manifest", "verify_integrity_manifest"]


def verify_integrity_manifest(
    manifest: str | os.PathLike[str] | IntegrityManifest,
    directory: str | os.PathLike[str] | None = None,
    *,
    progress: ByteProgress | None = None,
) -> tuple[Verification, ...]:
    """Verify each file of a folder against a manifest, and that no file was added.

    Args:
        manifest: The manifest, or where it is: lines as ``sha256sum`` writes them, or an in-toto statement of model
            signing.
        directory: The folder; by default the one that the manifest lies in.
        progress: Hears how hashing goes on.

    Returns:
        A result for each file that the manifest names, and for each other one, in the order of their names. What a
        statement wants to be left out counts all the same, unless it speaks about checkpoints, as signatures do.

    Raises:
        CheckpointError: The manifest or the folder cannot be read, or the folder holds what cannot be hashed.
        FileChangedError: A file was written meanwhile.
        UnsafeCheckpointError: The manifest names a file outside of the folder, or a link leads out of it.
    """
    if not isinstance(manifest, IntegrityManifest):
        manifest = read_manifest(Path(manifest))
    root = Path(directory) if directory is not None else manifest.path.parent
    algorithm = algorithm_named(manifest.algorithm)
    algorithm.hasher()  # what is missing is told before anything is read
    listed = list_tree(root, _left_out(root, manifest))
    files = {canonical_name(file.name): file for file in listed}
    expected = {canonical_name(name): digest for name, digest in manifest.digests.items()}
    names = sorted(files.keys() | expected.keys())
    case = _Case(algorithm, files, expected)
    return side_by_side(case.verified, names, progress)


def read_manifest(path: Path) -> IntegrityManifest:
    """Read a manifest, whatever form it has.

    Raises:
        CheckpointError: It cannot be read, or is none.
        UnsafeCheckpointError: It names a file outside of its folder.
    """
    content = read_manifest_file(path)
    if content.lstrip().startswith(b"{"):
        algorithm, digests = oms.parse(content, path)
        form = Form.OMS
    else:
        algorithm, digests = sha256sums.parse(content, path)
        form = Form.SHA256SUMS
    return IntegrityManifest(path=path, form=form, algorithm=algorithm.name, digests=digests)


def _left_out(root: Path, manifest: IntegrityManifest) -> frozenset[str]:
    """What speaks about the checkpoint, this manifest too, unless the manifest itself covers it."""
    folder, own = root.resolve(), manifest.path.resolve()
    names = set(LEFT_OUT)
    if manifest.form is Form.OMS:
        names.update(GIT)
    if own.is_relative_to(folder):
        names.add(own.relative_to(folder).as_posix())
    covered = {
        str(part) for name in manifest.digests for part in (name, *PurePosixPath(name).parents)
    }
    return frozenset(names - covered)


class _Case:
    """One folder while it is verified."""

    def __init__(
        self, algorithm: Algorithm, files: Mapping[str, TreeFile], expected: Mapping[str, str]
    ) -> None:
        self._algorithm = algorithm
        self._files = files
        self._expected = expected

    def verified(self, name: str, progress: ByteProgress) -> Verification:
        """The result for one name."""
        if name not in self._expected:
            return self._result(name, Verdict.EXTRA, "the manifest does not name it")
        if name not in self._files:
            return self._result(name, Verdict.MISSING, "it is not there")
        try:
            actual = self._digest(self._files[name], progress)
        except FileChangedError:
            raise
        except CheckpointError as error:
            return self._result(name, Verdict.UNREADABLE, error.message)
        if hmac.compare_digest(actual, self._expected[name]):
            return self._result(name, Verdict.OK, "it is what the manifest says", actual)
        return self._result(name, Verdict.MISMATCH, "its digest is another one", actual)

    def _digest(self, file: TreeFile, progress: ByteProgress) -> str:
        with open_in_tree(file) as opened:
            if is_worth_mapping(self._algorithm, file.size) or len(self._files) == 1:
                return hash_file(opened, self._algorithm, progress=progress).digest
            progress.expected(file.name, file.size)
            return hash_on_this_thread(opened, self._algorithm, progress=progress).digest

    def _result(self, name: str, verdict: Verdict, reason: str, actual: str = "") -> Verification:
        return Verification(
            name=self._files[name].name if name in self._files else name,
            verdict=verdict,
            reason=reason,
            algorithm=self._algorithm.name,
            expected=self._expected.get(name, ""),
            actual=actual,
        )
