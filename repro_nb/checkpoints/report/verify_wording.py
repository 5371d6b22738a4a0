"""What is said of verified checkpoints, in a terminal and on paper alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from repro_nb.checkpoints.examining import Examination, Undecided
from repro_nb.checkpoints.metadata import from_kept
from repro_nb.checkpoints.registering import now
from repro_nb.checkpoints.registration import Registration
from repro_nb.checkpoints.report.provenance_wording import made_from, made_in
from repro_nb.checkpoints.verdicts import Damage, Verdict
from repro_nb.checkpoints.wording import plural, size_text
from repro_nb.pages.one_line import one_line
from repro_nb.version import VERSION

__all__ = [
    "PLACES",
    "Report",
    "Tone",
    "damage_rows",
    "facts",
    "headline",
    "origin",
    "tone",
    "worst_first",
]

Tone = str
"""``good``, ``bad`` or ``unknown``."""

PLACES = "somewhere in"
"""Head of the column of byte ranges: each is a shard or more, and one byte of it may be all that differs."""

_MOST_RANGES = 20
_MOST_TENSORS = 50


@dataclass(frozen=True, kw_only=True)
class Report:
    """Verified checkpoints of one registry.

    Attributes:
        directory: The registry's folder, as the user named it.
        examinations: The results.
        remarks: What else there is to know, a sentence each.
        time: When it was verified, in UTC.
    """

    directory: str
    examinations: tuple[Examination, ...]
    remarks: tuple[str, ...] = ()
    time: str = field(default_factory=now)

    @property
    def folder(self) -> str:
        """The name of the registry's folder, for who reads the report elsewhere: ``.`` says nothing there."""
        return one_line(Path(self.directory).resolve().name or self.directory)


def worst_first(examinations: Iterable[Examination]) -> list[Examination]:
    """Results in another order: those that need somebody come first."""
    order: Sequence[Tone] = ("bad", "unknown", "good")
    return sorted(examinations, key=lambda each: order.index(tone(each)))


def origin(reports: Sequence[Report]) -> str:
    """When reports were made, and by what."""
    last = max((report.time for report in reports), default=now())
    return f"verified {last[:10]} {last[11:19]} UTC by repro_nb {VERSION}"


def headline(report: Report) -> str:
    """One sentence, with how much was verified."""
    found = report.examinations
    counts = Counter(each.verification.verdict for each in found)
    if not found:
        return "no checkpoint is registered: nothing was verified"
    if counts[Verdict.OK] == len(found):
        return f"{plural(len(found), 'checkpoint')} verified: all bytes are as registered"
    rest = [
        f"{counts[each]:,} {each.value}"
        for each in Verdict
        if each is not Verdict.OK and counts[each]
    ]
    return (
        f"{counts[Verdict.OK]:,} of {plural(len(found), 'checkpoint')} verified; {', '.join(rest)}"
    )


def tone(examination: Examination) -> Tone:
    """How a result is coloured."""
    if examination.verification:
        return "good"
    return "unknown" if examination.undecided is not Undecided.NO else "bad"


def facts(examination: Examination) -> list[tuple[str, str]]:
    """Names and values of what is known of a checkpoint."""
    return [(name, value) for name, value in _facts(examination) if value]


def damage_rows(damage: Sequence[Damage]) -> list[tuple[str, str, str, str]]:
    """File, verdict, bytes and tensors of each damaged file."""
    return [
        (
            one_line(each.file) or "(the file)",
            each.verdict.value,
            _some([str(item) for item in each.ranges], _MOST_RANGES),
            _some([one_line(name) for name in each.tensors], _MOST_TENSORS),
        )
        for each in damage
    ]


def _facts(examination: Examination) -> Iterator[tuple[str, str]]:
    found, was = examination.verification, examination.registration
    yield "Registered digest", f"{found.algorithm}:{found.expected}" if found.expected else ""
    if found.actual and found.actual != found.expected:
        yield "Digest now", f"{found.algorithm}:{found.actual}"
    if was is not None:
        yield from _registered(was)


def _registered(was: Registration) -> Iterator[tuple[str, str]]:
    files = f" in {plural(len(was.files), 'file')}" if was.kind == "directory" else ""
    yield "Size", f"{size_text(was.size)}{files}"
    content = was.content
    if content is not None and content.digest:
        yield (
            "Content",
            f"{plural(len(content.tensors), 'tensor or value', 'tensors and values')}, {content.digest}",
        )
    yield "Architecture", was.architecture
    yield "Registered", was.time + (f", imported from {was.source}" if was.source else "")
    yield "Made in", made_in(was.provenance)
    yield "Made from", made_from(was.parent)
    yield "Note", was.note
    yield from (
        (f"Metadata: {name}", str(value)) for name, value in from_kept(was.metadata).items()
    )


def _some(items: Sequence[str], most: int) -> str:
    more = len(items) - most
    return ", ".join(items[:most]) + (f" and {more:,} more" if more > 0 else "")
