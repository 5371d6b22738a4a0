"""The sentences that say what shows a cause, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from repro_nb.probe.factors import Factor, factors
from repro_nb.rerun.attribution.advice import advised_code, in_names_of

if TYPE_CHECKING:
    from repro_nb.rerun.attribution.facts import Facts, Line
    from repro_nb.rerun.attribution.origins import Found

__all__ = ["factor_named", "observed", "proof", "remedy", "sentence"]

# Others are held at what only the kernel's side understands.
_TELLING = frozenset({"hash-seed", "threads", "timezone", "locale", "directory-order"})
_DEEDS = {
    "os-entropy": "asked the system for random bits",
    "clock": "read the clock",
    "directory-order": "listed a folder",
    "working-directory": "asked for a path of this machine",
    "process": "asked for what each process gets anew",
    "uninitialised-memory": "took memory without filling it",
    "network": "reached for the network",
    "timezone": "used the time zone",
    "locale": "used the locale",
    "accelerator": "used the accelerator",
    "threads": "used the number of threads",
}
_DRAW = "draw"


def factor_named(name: str) -> Factor | None:
    """The factor with this public name; None where there is none."""
    return next((factor for factor in factors() if factor.name == name), None)


def proof(facts: Facts, cell: int, found: Found | None) -> str:
    """What shows that the factor makes `cell` differ, and where it came in."""
    varied = f"With {_subject(facts)} alone varied{_values(facts)}, cell {cell} differs"
    return (
        f"{varied}; with every factor pinned, two runs of it agree. {_first(facts, found)}".strip()
    )


def observed(facts: Facts, found: Found) -> str:
    """What a line was seen to do, as a sentence."""
    use = found.use
    if use is None:
        return ""
    noted = use.noted
    deed = "drew from it" if noted.call == _DRAW else _DEEDS.get(facts.factor, "used it")
    how = "" if noted.call == _DRAW else f" (`{noted.call}`)"
    times = f", {noted.count} times" if noted.count > 1 else ""
    where = f", in {noted.file}" if noted.file else ""
    when = "" if use.during == found.line.cell else f", while cell {use.during} ran"
    return sentence(f"{_place(found.line)} {deed}{how}{times}{where}{when}")


def _first(facts: Facts, found: Found | None) -> str:
    """Where the factor came in, as a sentence; empty where there is nothing to tell."""
    if found is None:
        return ""
    if found.use is None and found.variable:
        return f"The first variable to differ is `{found.variable}`, after {_place(found.line)}."
    return observed(facts, found)


def remedy(facts: Facts, found: Found | None, cells: Iterable[int]) -> str:
    """What to do about the factor that came in at `found`, and makes `cells` differ, as a sentence."""
    known = factor_named(facts.factor)
    if known is None:
        return ""
    code = "" if found is None else advised_code(facts, found.line, cells)
    return sentence(in_names_of(facts, known.remedy(code), code))


def sentence(text: str) -> str:
    """`text` with a capital letter and a full stop."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _subject(facts: Facts) -> str:
    known = factor_named(facts.factor)
    return facts.factor if known is None else re.split("[,:]", known.wording, maxsplit=1)[0]


def _values(facts: Facts) -> str:
    if facts.reference is None or facts.varied is None:
        return ""
    before = facts.reference.launch.variation.reference.get(facts.factor)
    after = facts.varied.launch.variation.values.get(facts.factor)
    if facts.factor not in _TELLING or not before or not after:
        return ""
    return f" (from {before} to {after})"


def _place(line: Line) -> str:
    return f"line {line.number} of cell {line.cell}"
