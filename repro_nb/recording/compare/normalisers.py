"""What never repeats from run to run, and says nothing about the result.

Each `Normaliser` replaces one such thing by a placeholder on both sides before they are compared. An output that agrees
only after that is equivalent, never identical, and the reason names the normaliser. What could be a result is left
alone: dates and times of day (the clock is a cause that a user wants to see), hexadecimal numbers, the order of a set.

Patterns take linear time: every repetition is bounded or possessive.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from repro_nb.recording.compare.options import CompareOptions

__all__ = ["NORMALISERS", "Normaliser", "Scope", "Scrubber", "differing_names"]


class Scope(StrEnum):
    """Where a normaliser applies."""

    TEXT = "text"
    """All text."""
    MARKUP = "attributes, scripts and style sheets of HTML and SVG"
    METADATA = "metadata elements of SVG"


@dataclass(frozen=True, kw_only=True)
class Normaliser:
    """One thing that is hidden from comparison.

    Attributes:
        name: What it is, in the plural, as reasons say it: "memory addresses".
        hides: What it replaces, for the user.
        pattern: Finds it. Matches no line break, but where a line of its own comes and goes.
        placeholder: What it is replaced by; a template as for ``re.sub``.
        hints: Text without one of these holds no match; looking for them first is what keeps large texts fast.
        scope: Where it applies.
    """

    name: str
    hides: str
    pattern: re.Pattern[str]
    placeholder: str
    hints: tuple[str, ...]
    scope: Scope = Scope.TEXT


_UNIT = r"(?:ns|µs|μs|us|ms|s|secs?|seconds?|mins?|minutes?|h|hours?)\b"
_SPAN = rf"\d{{1,9}}(?:\.\d{{0,9}})?(?:e[+-]\d\d)? ?{_UNIT}"
_DONE = (
    r"(?:done|finished|completed?|passed|failed|ran|executed|fit|fitted|trained|loaded|built|computed|compiled|saved"
    r"|downloaded|processed)"
)
_UUID = r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"

NORMALISERS: tuple[Normaliser, ...] = (
    Normaliser(
        name="memory addresses",
        hides="The address in `<function f at 0x7f3a5c1d2e50>`, and bare ones of the form `0x7f…` or `0x55…`.",
        pattern=re.compile(
            r"(?<=\bat )0x[0-9A-Fa-f]{6,16}\b|\b0x(?:7[ef]|5[56])[0-9a-f]{10}\b|\b0x0000[0-9A-F]{12}\b"
        ),
        placeholder="<address>",
        hints=("0x",),
    ),
    Normaliser(
        name="temporary paths",
        hides="A file or folder name as `tempfile` makes them: `/tmp/tmpab12cd_x`.",
        pattern=re.compile(r"(?<=[/\\])tmp[a-z0-9_]{8}(?![A-Za-z0-9_])"),
        placeholder="<temporary>",
        hints=("/tmp", "\\tmp"),  # noqa: S108 - text to look for, not a path to use
    ),
    Normaliser(
        name="cell files",
        hides="The file that a cell's code is said to come from: `/tmp/ipykernel_4711/123456.py`.",
        pattern=re.compile(
            r"(?<![^\s\"'<>()])[^\s\"'<>()]{0,120}?\bipykernel_\d{1,10}[/\\]\d{1,12}\.py|<ipython-input-\d{1,9}-[0-9a-f]{6,40}>"
        ),
        placeholder="<cell>",
        hints=("ipykernel_", "<ipython-input-"),
    ),
    Normaliser(
        name="log prefixes",
        hides=(
            "The time and the thread at the head of a line that absl, glog or TensorFlow logs: "
            "`I0000 00:00:1795483024.657409    1234 file.cc:12]`, `2026-11-24 01:02:03.123456: I tensorflow/…`. "
            "The severity, the file and the message are compared."
        ),
        pattern=re.compile(
            r"(?<=^[IWEF])\d{4} \d\d:\d\d:\d{2,10}\.\d{1,9} {1,10}\d{1,20}(?= \S{1,200}:\d{1,6}\] )"
            r"|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9}(?=: [IWEF] \S{1,200}:\d{1,6}\] )",
            re.MULTILINE,
        ),
        placeholder="<log>",
        hints=("] ",),
    ),
    Normaliser(
        name="process ids",
        hides="`pid 4711`, `PID=4711`, `process 4711` and `ipykernel_4711`.",
        pattern=re.compile(
            r"(\b(?:pid|PID|Pid)\b['\"]?[ :=#]{0,3}|\b[Pp]rocess(?: id)?[ :=#]{1,3}|\bipykernel_)"
            r"\d{2,10}\b(?!\.\d)(?= {0,4}(?:[\]\[)(}>,.;:'\"/\\|-]|$))",
            re.MULTILINE,
        ),
        placeholder=r"\g<1><pid>",
        hints=("pid", "PID", "Pid", "rocess", "ipykernel_"),
    ),
    Normaliser(
        name="thread identifiers",
        hides="The identifier in `<Thread(Thread-5, started 140123456789)>`, of stopped ones, too.",
        pattern=re.compile(r"(\(.{1,80}?, (?:initial|started|stopped)(?: daemon)? )\d{5,20}(?=\))"),
        placeholder=r"\g<1><thread>",
        hints=(", started ", ", stopped ", " daemon ", ", initial "),
    ),
    Normaliser(
        name="timeit results",
        hides="The line that `%timeit` prints, loop counts included, and its remark on the slowest run.",
        pattern=re.compile(
            # The remark comes and goes, so it is hidden with the end of its line.
            r"(?:The slowest run took [\d.]{1,12} times longer than the fastest\.[^\n]{0,120}\n)?"
            r"(?:\d[\d.]{0,12} ?(?:ns|µs|μs|us|ms|s|min|h) ± [^\n]{1,60}? per loop \([^)\n]{1,80}\)"
            r"|\d[\d,]{0,12} loops?, best of \d{1,6}: [^\n]{1,40} per loop)"
        ),
        placeholder="<timeit>",
        hints=("per loop",),
    ),
    Normaliser(
        name="time magic results",
        hides="What `%time` and `%%time` print: `CPU times: …` and `Wall time: …`.",
        pattern=re.compile(r"(\b(?:CPU times|Wall time|Compiler +):)[^\n]{1,120}"),
        placeholder=r"\g<1> <time>",
        hints=("CPU times", "Wall time", "Compiler"),
    ),
    Normaliser(
        name="progress rates",
        hides=(
            "Times and rates of progress bars: `[00:01<00:03, 12.3it/s]` of tqdm, `2s 5ms/step` of Keras, "
            "`12.3 MB/s eta 0:00:01` of pip. The counts, such as `5/10`, and a trailing `loss=0.1` are compared."
        ),
        pattern=re.compile(
            r"(?<=\[)[\d:]{4,12}(?:<[\d:?]{1,12})?, {0,8}[\d.?]{1,12} ?[A-Za-z]{0,12}/[A-Za-z]{1,12}"
            r"|\b\d{1,6}s(?: \d{1,6}(?:ms|us|µs|s)?/(?:step|epoch|sample))"
            r"|\b[\d.]{1,9} ?[kKMGT]?i?B/s(?: eta [\d:-]{4,9})?"
        ),
        placeholder="<rate>",
        hints=("/s", "s/", "/step", "/epoch", "/sample"),
    ),
    Normaliser(
        name="durations",
        hides=(
            "A time span that the text itself calls one: `elapsed: 1.2 s`, `took 3 ms`, `total time= 0.1s`, "
            "`trained in 12.3 s`. A bare `1.43 s` is compared, and so is `took 1.43 s to fall`."
        ),
        pattern=re.compile(
            rf"((?i:\belapsed(?: time)?|\b(?:wall|run|execution|computation|training|fit|total) ?time|\bruntime)"
            rf"(?: was| is| of)?[ :=]{{1,6}}|\b[Tt]ook (?:about )?|\b(?i:{_DONE})\b[^\n\d]{{0,20}}? in )"
            rf"{_SPAN}(?! to\b)"
        ),
        placeholder=r"\g<1><duration>",
        hints=("lapsed", "time", "Time", "took", "Took", " in "),
    ),
    Normaliser(
        name="random element ids",
        hides=(
            "Identifiers in HTML and SVG that are drawn anew each time: UUIDs, `T_1a2b3` of pandas' Styler, "
            "`sk-container-id-3` of scikit-learn, `altair-viz-…`, and Matplotlib's clip paths and markers."
        ),
        pattern=re.compile(
            rf"(?i:{_UUID})|\bT_[0-9a-f]{{5}}(?![0-9a-z])|\bsk-(?:container|estimator)-id-\d{{1,9}}"
            r"|(?<![0-9a-zA-Z_-])[A-Za-z][0-9a-f]{10}(?![0-9a-zA-Z_-])|\bimage[0-9a-f]{10}\b"
        ),
        placeholder="<id>",
        hints=("",),
        scope=Scope.MARKUP,
    ),
    Normaliser(
        name="creation metadata",
        hides="The date and the Matplotlib version in the metadata of an SVG picture.",
        pattern=re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{5,20}|Matplotlib v\S{1,40}"),
        placeholder="<metadata>",
        hints=("T", "Matplotlib"),
        scope=Scope.METADATA,
    ),
)


class Scrubber:
    """Normalises the text of one side, and remembers what each normaliser found.

    What is kept is one number per normaliser, so that a text of any length can be fed in parts.
    """

    def __init__(self, options: CompareOptions, scopes: Iterable[Scope] = (Scope.TEXT,)) -> None:
        kept = set(scopes)
        self._steps = _private(options.private_paths) + tuple(
            n for n in NORMALISERS if n.scope in kept
        )
        self.found: dict[str, int] = {}

    def scrub(self, text: str) -> str:
        """`text` with placeholders for what never repeats."""
        for step in self._steps:
            if any(hint in text for hint in step.hints):
                text = self._replace(step, text)
        return text

    def _replace(self, step: Normaliser, text: str) -> str:
        def note(match: re.Match[str]) -> str:
            self.found[step.name] = hash((self.found.get(step.name, 0), match.group()))
            return match.expand(step.placeholder)

        return step.pattern.sub(note, text)


def differing_names(left: Scrubber, right: Scrubber) -> list[str]:
    """Names of the normalisers that replaced other text on one side than on the other."""
    names = dict.fromkeys((*left.found, *right.found))
    return [name for name in names if left.found.get(name) != right.found.get(name)]


def _private(paths: tuple[tuple[str, str], ...]) -> tuple[Normaliser, ...]:
    """One normaliser per private path, the longest first, as one may lie inside another."""
    return tuple(
        Normaliser(
            name="the run's own paths",
            hides=f"{path}, which stands for {meaning}",
            pattern=re.compile(re.escape(path) + r"(?![\w-])"),
            placeholder=meaning.replace("\\", r"\\"),
            hints=(path,),
        )
        for path, meaning in sorted(paths, key=lambda pair: -len(pair[0]))
        if path
    )
