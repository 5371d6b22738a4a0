"""Digests of folders: one over the names, sizes and digests of all files, told together with these."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repro_nb.checkpoints.algorithms import Algorithm
from repro_nb.checkpoints.cores import cores
from repro_nb.checkpoints.hashing import (
    SHARD_SIZE,
    FileDigest,
    hash_files,
    hash_on_this_thread,
)
from repro_nb.checkpoints.mapped import is_worth_mapping
from repro_nb.checkpoints.opened_file import OpenedFile
from repro_nb.checkpoints.progress import ByteProgress, Silent
from repro_nb.checkpoints.safe_names import canonical_name, safe_name
from repro_nb.checkpoints.tree_listing import LEFT_OUT, TreeFile, list_tree, open_in_tree
from repro_nb.errors import CheckpointError, FileChangedError

__all__ = [
    "HEADER",
    "Measured",
    "TreeDigest",
    "TreeRow",
    "hash_tree",
    "safe_name",
    "tree_digest",
]

HEADER = "repro_nb-tree-1"
"""What the digested text begins with; another way to digest trees gets another one."""


_LARGE = 8 * 1024 * 1024
"""Bytes from which it does not pay to leave a file to one core."""

_OPEN = 64
"""Files that are open at a time."""


@dataclass(frozen=True, kw_only=True)
class TreeRow:
    """One file of a tree.

    Attributes:
        name: Relative to the tree, with ``/``, exactly as the file system has it.
        size: In bytes.
        digest: Of the whole file.
        shards: Of each 8 MiB; empty where they were not asked for.
    """

    name: str
    size: int
    digest: str
    shards: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TreeDigest:
    """The digests of a tree.

    Attributes:
        digest: Of the rows, in hexadecimal digits; `tree_digest` says how.
        rows: The files, in the order of their canonical names' code points.
    """

    digest: str
    rows: tuple[TreeRow, ...]

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(row.size for row in self.rows)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The digests of a checkpoint, whether it is a file or a folder.

    Attributes:
        kind: What it is.
        digest: Of the whole.
        size: Of all its files, in bytes.
        rows: Its files; a single file is its own only row.
    """

    kind: Literal["file", "directory"]
    digest: str
    size: int
    rows: tuple[TreeRow, ...]


def hash_tree(
    path: str | os.PathLike[str],
    algorithm: Algorithm,
    *,
    shards: bool = False,
    progress: ByteProgress | None = None,
    left_out: Iterable[str] = LEFT_OUT,
    held: Mapping[str, OpenedFile] | None = None,
) -> TreeDigest:
    """Hash all files of a folder, several at a time.

    Args:
        path: The folder.
        algorithm: How.
        shards: Whether each 8 MiB get a digest of their own.
        progress: Hears how it goes on; may be called from several threads.
        left_out: Names of files and folders, relative to `path`, that do not count.
        held: Files of it that are open already, by name: these are hashed through their descriptors, so that what
            is read of them later is what was hashed.

    Raises:
        CheckpointError: There is no file in it, or one that cannot be read or hashed.
        FileChangedError: Something in it was written, removed or added meanwhile.
        UnsafeCheckpointError: A link leads out of it, or a name is none that other systems can have.
        UsageError: A package that the algorithm needs is not installed.
    """
    root, left_out = Path(path), frozenset(left_out)
    algorithm.hasher()  # what is missing is told once, and before anything is read
    files = list_tree(root, left_out)
    if not files:
        raise CheckpointError("there is no file in this folder", where=str(root))
    opener = _Opener(held or {})
    digests = _hash_all(files, opener, algorithm, _shard_size(shards), progress or Silent())
    if list_tree(root, left_out) != files:
        raise FileChangedError("was changed while it was read", where=str(root))
    rows = tuple(
        TreeRow(name=file.name, size=found.size, digest=found.digest, shards=found.shards)
        for file, found in zip(files, digests, strict=True)
    )
    return TreeDigest(digest=tree_digest(rows, algorithm), rows=rows)


def tree_digest(rows: Iterable[TreeRow], algorithm: Algorithm) -> str:
    r"""The digest of a folder whose files are `rows`.

    It is that of this text in UTF-8: the line ``repro_nb-tree-1 ALGORITHM``, then for each file ``DIGEST SIZE NAME``
    and a NUL character. The digest is in lower-case hexadecimal digits, the size in decimal ones, the name in Unicode's
    form C with ``/``; files go by the code points of that name.
    """
    lines = {canonical_name(row.name): f"{row.digest} {row.size}" for row in rows}
    hasher = algorithm.hasher()
    hasher.update(f"{HEADER} {algorithm.name}\n".encode())
    for name in sorted(lines):
        hasher.update(f"{lines[name]} {name}\0".encode())
    return hasher.hexdigest()


def _shard_size(shards: bool) -> int | None:
    return SHARD_SIZE if shards else None


class _Opener:
    """Opens the files of a tree.

    Args:
        held: Those that are open already, by name.
    """

    def __init__(self, held: Mapping[str, OpenedFile]) -> None:
        self._held = held

    @contextmanager
    def open(self, file: TreeFile) -> Iterator[OpenedFile]:
        """A file that was listed.

        Raises:
            CheckpointError: It cannot be read.
            FileChangedError: It is another one now.
        """
        held = self._held.get(file.name)
        if held is None:
            with open_in_tree(file) as opened:
                yield opened
            return
        if held.identity != file.identity:
            raise FileChangedError("was changed while its folder was read", where=str(file.path))
        yield held


def _hash_all(
    files: Sequence[TreeFile],
    opener: _Opener,
    algorithm: Algorithm,
    shard_size: int | None,
    progress: ByteProgress,
) -> list[FileDigest]:
    """The digests of `files`: those that all cores work on together one by one, the others one on each core."""

    def alone(file: TreeFile) -> FileDigest:
        with opener.open(file) as opened:
            return hash_on_this_thread(opened, algorithm, shard_size=shard_size, progress=progress)

    found: dict[str, FileDigest] = {}
    large = _large(files, algorithm, shard_size)
    small = sorted(set(files) - set(large), key=lambda each: each.size, reverse=True)
    for file in small:
        progress.expected(file.name, file.size)
    for start in range(0, len(large), _OPEN):
        batch = large[start : start + _OPEN]
        with ExitStack() as stack:
            opened = [stack.enter_context(opener.open(file)) for file in batch]
            digests = hash_files(opened, algorithm, shard_size=shard_size, progress=progress)
        found.update(zip((file.name for file in batch), digests, strict=True))
    found.update(_in_parallel(small, alone))
    return [found[file.name] for file in files]


def _large(
    files: Sequence[TreeFile], algorithm: Algorithm, shard_size: int | None
) -> Sequence[TreeFile]:
    """The files that all cores are to work on together."""
    if len(files) == 1:
        return files
    large = [file for file in files if file.size >= _LARGE]
    size = sum(file.size for file in large)
    return large if is_worth_mapping(algorithm, size, shard_size) else []


def _taken(waiting: deque[TreeFile]) -> TreeFile | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _in_parallel(
    files: Sequence[TreeFile], digest_of: Callable[[TreeFile], FileDigest]
) -> dict[str, FileDigest]:
    """The digest of each file by name; the first that fails ends them all."""
    waiting = deque(files)
    found: dict[str, FileDigest] = {}

    def work() -> None:
        try:
            while (file := _taken(waiting)) is not None:
                found[file.name] = digest_of(file)
        except BaseException:
            waiting.clear()
            raise

    count = min(cores(), len(files))
    with ThreadPoolExecutor(max(count, 1)) as pool:
        try:
            for ended in [pool.submit(work) for _ in range(count)]:
                ended.result()
        finally:
            waiting.clear()  # Ctrl-C waits for the files in hand alone
    return found
