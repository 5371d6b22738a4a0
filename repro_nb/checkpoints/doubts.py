"""What a registry does not say: lines that are damaged, checkpoints that nobody registered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from repro_nb.checkpoints.algorithms import Strength, algorithms
from repro_nb.checkpoints.examining import Examination
from repro_nb.checkpoints.names import REGISTRY
from repro_nb.checkpoints.registry import History
from repro_nb.checkpoints.registry_lines import DamagedLine
from repro_nb.checkpoints.remote import is_remote
from repro_nb.checkpoints.verdicts import Verdict, Verification
from repro_nb.checkpoints.wording import listed
from repro_nb.pages.one_line import one_line

__all__ = ["doubts", "remarks", "unregistered"]

_SUFFIXES = frozenset(
    (".bin", ".ckpt", ".gguf", ".h5", ".keras", ".npz", ".onnx", ".pt", ".pth", ".safetensors")
)
_MOST_LOOKED_AT = 10_000


def doubts(history: History) -> tuple[Examination, ...]:
    """A result that is not true for each damaged line for which something may be missing."""
    return tuple(Examination(verification=_doubt(line)) for line in history.doubtful())


def unregistered(name: str, directory: Path, history: History) -> Examination:
    """The result for a checkpoint that is not registered, as far as the registry can be read."""
    there = is_remote(name) or (directory / name).exists()
    lines = [line for line in history.doubtful() if line.checkpoint in (name, "")]
    reason = "it is not registered" if there else "it is neither registered nor there"
    if lines:
        reason += f", as far as the registry can be read: {lines[0]}"
    elif history.of(name):
        reason += " any more: it was removed from the registry"
    verdict = Verdict.EXTRA if there else Verdict.MISSING
    return Examination(
        verification=Verification(name=name, verdict=verdict, reason=reason, algorithm="")
    )


def remarks(
    history: History, directory: Path, names: Collection[str] | None = None
) -> Iterator[str]:
    """What else there is to know, a sentence each; none of it makes a verification fail.

    Args:
        history: What the registry says.
        directory: Its folder.
        names: The checkpoints that were verified; None where all were, and so the registry itself.
    """
    if names is None:
        yield from _harmless(history)
    chosen = [name for name in history.names() if names is None or name in names]
    for name in chosen:
        if len(history.heads(name)) > 1:
            yield f"{one_line(name)} was registered on several branches: register it again to settle which holds"
    yield from _weak(history, chosen)
    if names is None:
        yield from _unregistered(history, directory)


def _harmless(history: History) -> Iterator[str]:
    doubtful = history.doubtful()
    for line in history.damaged:
        if line not in doubtful:
            yield f"{REGISTRY}, {line}; nothing is missing for it"


def _weak(history: History, names: Iterable[str]) -> Iterator[str]:
    """Who is registered by an algorithm that no digest of should be trusted against an attacker."""
    weak = {each.name for each in algorithms() if each.strength is not Strength.CRYPTOGRAPHIC}
    found: dict[str, list[str]] = {}
    for name in names:
        current = history.current(name)
        if current is not None and current.algorithm in weak:
            found.setdefault(current.algorithm, []).append(one_line(name))
    for algorithm, those in found.items():
        verb = "is" if len(those) == 1 else "are"
        yield f"{listed(those)} {verb} registered by {algorithm}, which protects from accidents alone"


def _unregistered(history: History, directory: Path) -> Iterator[str]:
    loose = [one_line(name) for name in _loose(history, directory)]
    if len(loose) == 1:
        yield f"1 file that may be a checkpoint and is not registered: {loose[0]}"
    elif loose:
        yield f"{len(loose):,} files that may be checkpoints and are not registered: {listed(loose)}"


def _doubt(line: DamagedLine) -> Verification:
    advice = (
        f"register {line.checkpoint} again" if line.checkpoint else "take it from version control"
    )
    return Verification(
        name=f"{REGISTRY}:{line.number}",
        verdict=Verdict.UNREADABLE,
        reason=f"this line of the registry is damaged: {line.reason}; {advice}",
        algorithm="",
    )


def _loose(history: History, directory: Path) -> Iterator[str]:
    """Files with a suffix of checkpoints that are neither registered nor part of what is."""
    known = set(history.names())
    for path in islice(directory.rglob("*"), _MOST_LOOKED_AT):
        if path.suffix.lower() in _SUFFIXES and path.is_file():
            name = path.relative_to(directory)
            hidden = any(part.startswith(".") for part in name.parts)
            if not hidden and not any(each.as_posix() in known for each in (name, *name.parents)):
                yield name.as_posix()
