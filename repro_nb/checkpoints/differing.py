"""What is said of a checkpoint that is not what was registered."""

from __future__ import annotations

from collections.abc import Sequence

from repro_nb.checkpoints.damage import differing_tensors, same_content
from repro_nb.checkpoints.registered_parts import RegisteredContent
from repro_nb.checkpoints.registration import Registration
from repro_nb.checkpoints.trees import Measured
from repro_nb.checkpoints.verdicts import Damage, Verdict
from repro_nb.checkpoints.wording import listed, plural

__all__ = ["different", "sizes", "worst"]


def worst(damage: Sequence[Damage]) -> Verdict:
    """The verdict on a checkpoint with this damage to its files."""
    found = {each.verdict for each in damage}
    order = (Verdict.MISMATCH, Verdict.MISSING, Verdict.EXTRA)
    return next((verdict for verdict in order if verdict in found), Verdict.MISMATCH)


def different(
    was: Registration, measured: Measured, damage: Sequence[Damage], content: RegisteredContent
) -> str:
    """In what a checkpoint differs, as one sentence."""
    parts = [_places(was, measured, damage), _content_words(was.content, content)]
    return "; ".join(part for part in parts if part)


def _places(was: Registration, measured: Measured, damage: Sequence[Damage]) -> str:
    if was.kind == "directory":
        counts = [
            (verdict, [each.file for each in damage if each.verdict is verdict])
            for verdict in _WORDS
        ]
        said = [
            f"{listed(files)} {_WORDS[verdict][len(files) > 1]}"
            for verdict, files in counts
            if files
        ]
        return ", ".join(said)
    ranges = [str(each) for item in damage for each in item.ranges]
    size = sizes(was.size, measured.size) if was.size != measured.size else ""
    places = f"{listed(ranges)} differ" if ranges else ""
    return "; ".join(part for part in (size, places) if part) or "the bytes differ"


_WORDS = {
    Verdict.MISMATCH: ("differs", "differ"),
    Verdict.MISSING: ("is missing", "are missing"),
    Verdict.EXTRA: ("was not registered", "were not registered"),
}


def _content_words(was: RegisteredContent | None, now: RegisteredContent) -> str:
    if was is None or not was.digest:
        return ""
    if same_content(was, now):
        return "the same tensors: saved again, packed in another way, or damaged outside of them"
    if not now.digest:
        return f"the content cannot be read any more ({now.problem})"
    names = [each.name for each in differing_tensors(was.tensors, now.tensors)]
    if not names:
        return "no tensor or value differs"
    verb = "differs" if len(names) == 1 else "differ"
    of = plural(len(was.tensors), "tensor or value", "tensors and values")
    return f"{len(names):,} of {of} {verb}: {listed(names)}"


def sizes(was: int, now: int) -> str:
    """How a size in bytes changed."""
    if was == now:
        return "the bytes differ"
    return f"it has {plural(now, 'byte')}, and had {was:,}"
