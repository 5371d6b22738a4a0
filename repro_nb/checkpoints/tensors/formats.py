"""Finds the format of a checkpoint by what is in it, and opens it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from repro_nb.checkpoints.opening import OpenedFile, open_regular
from repro_nb.checkpoints.remote import is_remote
from repro_nb.checkpoints.remote_measuring import local_copy
from repro_nb.checkpoints.tensors import gguf, hdf5, onnx
from repro_nb.checkpoints.tensors.entries import Entry, TensorEntry, Tensors
from repro_nb.checkpoints.tensors.folder import Part, folder_parts
from repro_nb.checkpoints.tensors.limits import MOST_ENTRIES, Expansion, enough_memory
from repro_nb.checkpoints.tensors.npy import MAGIC, read_npy
from repro_nb.checkpoints.tensors.npz import read_npz
from repro_nb.checkpoints.tensors.safetensors import looks_like_safetensors, read_safetensors
from repro_nb.checkpoints.tensors.signatures import SNIFFED
from repro_nb.checkpoints.tensors.sources import read
from repro_nb.checkpoints.tensors.torch_legacy import read_pickles
from repro_nb.checkpoints.tensors.torch_zip import STREAM, read_torch_zip
from repro_nb.checkpoints.tensors.zip_archive import ZIP, ZipArchive, open_archive
from repro_nb.errors import CheckpointError, UnsafeCheckpointError

__all__ = ["open_folder", "open_tensors", "opened_tensors"]

_PICKLE_SUFFIXES = frozenset([".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle"])
_FOREIGN_MEMBERS = {
    "model.weights.h5": "is a Keras archive; open the model.weights.h5 in it, or save with save_weights()",
    "checkpoint.json": "is an archive of another tool",
}


@contextmanager
def open_tensors(path: str | Path) -> Iterator[Tensors]:
    """The tensors and values of a checkpoint, read as data: nothing of it is imported, called or unpickled.

    Entries can be read for as long as the block lasts, by any number of threads.

    Args:
        path: A file (torch's ``.pt`` in both forms, safetensors, ``.npz``, ``.npy``, HDF5, ONNX, GGUF), or a folder
            of shards. What an address such as ``s3://bucket/model.pt`` names is on this disk while the block lasts.

    Raises:
        CheckpointError: It cannot be read, is damaged, or holds what has no canonical bytes; the error names it.
        UnsafeCheckpointError: Loading it would run code, or eat memory or time without end.
        FileChangedError: It was written while it was read.
        UsageError: A package that its format needs is not installed.
    """
    if is_remote(path):
        with local_copy(str(path)) as copy, open_tensors(copy) as tensors:
            yield tensors
        return
    path = Path(path)
    if path.is_dir():
        with open_folder(path) as (tensors, _):
            yield tensors
        return
    with open_regular(path) as file:
        yield opened_tensors(file)
        file.check_unchanged()


@contextmanager
def open_folder(path: Path) -> Iterator[tuple[Tensors, Mapping[str, OpenedFile]]]:
    """The tensors and values of a folder, and the files that they are read from, by name.

    Raises:
        CheckpointError: See `open_tensors`.
    """
    folder = folder_parts(path)
    with ExitStack() as stack:
        files = [stack.enter_context(open_regular(each.path)) for each in folder.parts]
        found = _opened(folder.parts, files, str(path))
        names = [part.name for part in folder.parts]
        yield replace(found, left_out=folder.left_out), dict(zip(names, files, strict=True))
        for file in files:
            file.check_unchanged()


def opened_tensors(file: OpenedFile) -> Tensors:
    """The tensors and values of a file that is open already; it must stay so while they are read.

    Raises:
        CheckpointError: See `open_tensors`.
    """
    return _opened([Part(path=file.path, name="")], [file], str(file.path))


def _opened(parts: Sequence[Part], files: Sequence[OpenedFile], where: str) -> Tensors:
    entries: list[Entry] = []
    formats: dict[str, None] = {}
    with enough_memory(where):
        for part, file in zip(parts, files, strict=True):
            found, here = _read(file, part.name)
            _check_total(here, file.size, str(part.path))
            _check_expected(part, here)
            entries += [_renamed(entry, part, len(parts) > 1) for entry in here]
            formats[found] = None
        return Tensors(
            format=", ".join(formats),
            entries=_by_name(entries, where),
            size=sum(file.size for file in files),
        )


def _renamed(entry: Entry, part: Part, several: bool) -> Entry:
    """An entry as it is called among those of other files; an array without a name is called as its file is."""
    stem = part.path.stem
    alone = not several or part.prefix.endswith((f"{stem}/", f"{part.path.name}/"))
    name = entry.name or ("" if alone else stem)
    name = (part.prefix + name).rstrip("/") if part.prefix else name
    return entry if name == entry.name else replace(entry, name=name)


def _check_expected(part: Part, entries: Iterable[Entry]) -> None:
    """An index says which tensors a shard holds; neither more nor fewer are right."""
    if part.tensors is None:
        return
    there = {entry.name for entry in entries}
    for name in sorted(part.tensors - there):
        raise CheckpointError(
            f"does not hold the tensor {name!r}, as the index says", where=str(part.path)
        )
    for name in sorted(there - part.tensors):
        raise CheckpointError(
            f"holds {name!r}, which the index does not know", where=str(part.path)
        )


def _by_name(entries: Iterable[Entry], where: str) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.name in found:
            raise CheckpointError(
                f"holds two things called {entry.name!r}",
                where=where,
                hint="Names are the keys that lead to a tensor, joined by /; these two cannot be told apart.",
            )
        found[entry.name] = entry
    return found


def _check_total(entries: list[Entry], size: int, where: str) -> None:
    if len(entries) > MOST_ENTRIES:
        raise UnsafeCheckpointError(
            f"holds more than {MOST_ENTRIES:,} tensors and values", where=where
        )
    expansion = Expansion(size, where)
    for entry in entries:
        if isinstance(entry, TensorEntry):
            expansion.take(entry.size)


def _read(file: OpenedFile, within: str) -> tuple[str, list[Entry]]:  # noqa: PLR0911 - one for each format
    """Name of the format, and what is in the file."""
    start = read(file, 0, min(SNIFFED, file.size))
    if start.startswith(ZIP):
        return _zip(open_archive(file), within)
    if start.startswith(MAGIC):
        return "npy", [*read_npy(file, within)]
    if start.startswith(gguf.MAGIC):
        return "GGUF", gguf.read_gguf(file, within)
    if start.startswith(hdf5.MAGIC):
        return "HDF5", hdf5.read_hdf5(file, within)
    if looks_like_safetensors(start):
        return "safetensors", read_safetensors(file, within)
    if start[:1] == b"\x80" or file.path.suffix in _PICKLE_SUFFIXES:
        return read_pickles(file, within)
    if file.path.suffix == ".onnx":
        return "ONNX", onnx.read_onnx(file, within)
    raise CheckpointError(
        "is of no format that is known" if file.size else "is empty",
        where=str(file.path),
        hint="Known are torch's .pt, safetensors, .npz, .npy, HDF5, ONNX and GGUF.",
    )


def _zip(archive: ZipArchive, within: str) -> tuple[str, list[Entry]]:
    streams = [name for name in archive.members if name.rpartition("/")[2] == STREAM]
    if len(streams) == 1:
        return "torch", read_torch_zip(archive, within, streams[0])
    where = str(archive.file.path)
    if streams:
        raise UnsafeCheckpointError(
            f"holds {len(streams)} pickle streams, where one is right", where=where
        )
    for name, what in _FOREIGN_MEMBERS.items():
        if name in archive.members:
            raise CheckpointError(what, where=where)
    return "npz", read_npz(archive, within)
