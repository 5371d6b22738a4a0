"""What two runs show, without what never repeats and says nothing about what was computed."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any, NamedTuple, Tuple

from repro_nb.magics.repetition.outputs import STREAMS

__all__ = ["Normalised", "normalised"]

_ADDRESS = re.compile(r"(?<=\bat )0x[0-9A-Fa-f]{6,16}\b")


class Normalised(NamedTuple):
    """Two shown things that are not equal.

    Attributes:
        texts: What is left of both.
        hidden: The names of all in which they differ, where that says nothing; empty where they differ in more.
    """

    texts: Tuple[str, str]
    hidden: Tuple[str, ...] = ()


def normalised(mime: str, one: Any, second: Any) -> Normalised:
    """Both sides without what never repeats.

    By the rules of `repro_nb.recording.compare`, but for its tolerances: numbers have to be the same. A kernel of
    another environment has none of them at hand; memory addresses alone are left out there.

    Args:
        mime: The mime type, or the name of a stream.
        one: What one run showed.
        second: What the other did, which is not equal.
    """
    raw = _text(one), _text(second)
    if find_spec("repro_nb.recording") is not None:
        return _by_rules(mime, raw, (one, second))
    left, right = (_ADDRESS.sub("<address>", text) for text in raw)
    return Normalised((left, right), ("memory addresses",) if left == right else ())


def _by_rules(mime: str, raw: Tuple[str, str], data: Tuple[Any, Any]) -> Normalised:
    from repro_nb.recording.compare.normalisers import Scope, Scrubber, differing_names
    from repro_nb.recording.compare.options import CompareOptions
    from repro_nb.recording.compare.registry import comparator_for
    from repro_nb.recording.outcome import Outcome

    options = CompareOptions(rtol=0, atol=0)
    sides = Scrubber(options, Scope), Scrubber(options, Scope)
    shown = tuple(map(_in_the_end, raw)) if mime in STREAMS else raw
    left, right = (side.scrub(text) for side, text in zip(sides, shown))  # noqa: B905  strict= is younger than 3.9
    # The comparator knows where in a document an identifier is random; by its numbers it is more lenient than this.
    if left == right and comparator_for(mime).compare(*data, options).outcome is Outcome.EQUIVALENT:
        return Normalised((left, right), tuple(differing_names(*sides)) or ("terminal codes",))
    return Normalised((left, right) if left != right else raw)


def _text(data: Any) -> str:
    return data if isinstance(data, str) else repr(data)


def _in_the_end(text: str) -> str:
    """What a terminal shows in the end, without the blanks with which progress bars write over what was longer."""
    from repro_nb.recording.compare.terminal import render

    shown = render(text)
    return text if shown == text else "\n".join(map(str.rstrip, shown.split("\n")))
