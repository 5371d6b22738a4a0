"""Where a checkpoint is damaged: which files, which of their 8 MiB shards, which tensors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.hashing import SHARD_SIZE, hash_shards
from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.reading_content import read_content
from repro_nb.checkpoints.registered_parts import (
    SHARD_BYTES,
    RegisteredContent,
    RegisteredFile,
    RegisteredTensor,
)
from repro_nb.checkpoints.registration import Registration
from repro_nb.checkpoints.verdicts import ByteRange, Damage, Verdict

__all__ = ["differing_shards", "differing_tensors", "localise", "same_content"]

_DIGITS = 2 * SHARD_BYTES


def localise(
    path: str | Path, registration: Registration, files: Iterable[RegisteredFile]
) -> tuple[tuple[Damage, ...], RegisteredContent]:
    """Where a checkpoint differs from its registration.

    Args:
        path: The checkpoint; what lies elsewhere is not read again.
        registration: What it was.
        files: The files that it has now, with their digests.

    Returns:
        The damage of each file, and what can be read of the content now.

    Raises:
        OSError: A file cannot be read.
        CheckpointError: Likewise.
    """
    was = {each.name: each for each in registration.files}
    now = {each.name: each for each in files}
    damaged = [name for name in was if name in now and _differ(was[name], now[name])]
    content = (
        RegisteredContent() if isinstance(path, str) else read_content(path, registration.algorithm)
    )
    ranges = {name: _ranges(path, was[name], now[name], registration.algorithm) for name in damaged}
    tensors = _tensors(registration.content, content, ranges)
    return (
        *(Damage(file=name, verdict=Verdict.MISSING) for name in sorted(was.keys() - now.keys())),
        *(
            Damage(
                file=name,
                verdict=Verdict.MISMATCH,
                ranges=ranges[name],
                tensors=tensors.get(name, ()),
            )
            for name in damaged
        ),
        *(Damage(file=name, verdict=Verdict.EXTRA) for name in sorted(now.keys() - was.keys())),
    ), content


def same_content(was: RegisteredContent | None, now: RegisteredContent) -> bool:
    """Whether the same tensors and values are there, in whatever bytes."""
    return was is not None and bool(was.digest) and was.digest == now.digest


def differing_shards(
    was: Sequence[str], now: Sequence[str], sizes: tuple[int, int]
) -> tuple[ByteRange, ...]:
    """The bytes whose shards differ, neighbours as one range.

    Args:
        was: First digits of the digests of a file's shards.
        now: The digests of the shards that it has now.
        sizes: The file's size in bytes, then and now.
    """
    longest = max(sizes)
    ranges: list[ByteRange] = []
    for number, (old, new) in enumerate(zip_longest(was, now, fillvalue="")):
        if old and old == new[:_DIGITS]:
            continue
        start, stop = number * SHARD_SIZE, min((number + 1) * SHARD_SIZE, longest)
        if ranges and ranges[-1].stop == start:
            start = ranges.pop().start
        ranges.append(ByteRange(start=start, stop=stop))
    return tuple(ranges)


def differing_tensors(
    was: Iterable[RegisteredTensor], now: Iterable[RegisteredTensor]
) -> tuple[RegisteredTensor, ...]:
    """The entries that are gone, or other than they were; then those that are new."""
    old, new = ({each.name: each for each in entries} for entries in (was, now))
    changed = [each for name, each in old.items() if name not in new or _other(each, new[name])]
    return (*changed, *(each for name, each in new.items() if name not in old))


def _differ(was: RegisteredFile, now: RegisteredFile) -> bool:
    return (was.size, was.digest) != (now.size, now.digest)


def _ranges(
    checkpoint: str | Path, was: RegisteredFile, now: RegisteredFile, algorithm: str
) -> tuple[ByteRange, ...]:
    if not was.shards:
        return ()
    shards = now.shards
    if isinstance(checkpoint, Path):
        with open_regular(checkpoint / now.name) as file:
            shards = hash_shards(file, algorithm_named(algorithm))
    return differing_shards(was.shards, shards, (was.size, now.size))


def _tensors(
    was: RegisteredContent | None,
    now: RegisteredContent,
    ranges: Mapping[str, Sequence[ByteRange]],
) -> dict[str, tuple[str, ...]]:
    """Names of the tensors that differ, by the file they lie in.

    Where the content can be read they are those that differ; else those that a range of damaged bytes meets.
    """
    if was is None or not was.digest:
        return {}
    if now.digest:
        differing: Iterable[RegisteredTensor] = differing_tensors(was.tensors, now.tensors)
    else:
        differing = [each for each in was.tensors if _is_met(each, ranges)]
    found: dict[str, tuple[str, ...]] = {}
    for each in differing:
        found[each.file] = (*found.get(each.file, ()), each.name)
    return found


def _other(was: RegisteredTensor, now: RegisteredTensor) -> bool:
    facts = [(each.kind, each.dtype, each.shape, each.digest) for each in (was, now)]
    return facts[0] != facts[1]


def _is_met(tensor: RegisteredTensor, ranges: Mapping[str, Sequence[ByteRange]]) -> bool:
    place = tensor.range
    return place is not None and any(place.meets(each) for each in ranges.get(tensor.file, ()))
