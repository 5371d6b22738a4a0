"""Which output of one run corresponds to which of another."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Hashable, Iterator, List, Optional, Sequence, Tuple

from repro_nb.magics.repetition.outputs import Output

__all__ = ["paired"]

Pair = Tuple[Optional[int], Optional[int]]
_Part = Tuple[bool, range, range]


def paired(first: Sequence[Output], other: Sequence[Output]) -> List[Pair]:
    """Places of the outputs that correspond, from 0; None stands for one that the other run lacks.

    In order, where both runs show the same kinds of things. Else what one of them has more of must not shift all that
    follows: equal outputs are paired first, then what lies between them, by its kind.
    """
    left, right = ([_kind(output) for output in side] for side in (first, other))
    if left == right:
        return list(zip(range(len(left)), range(len(right))))  # noqa: B905  strict= is younger than 3.9
    pairs: List[Pair] = []
    contents = ([_content(output) for output in side] for side in (first, other))
    for equal, ours, theirs in _parts(*contents):
        if equal:
            pairs += zip(ours, theirs)  # noqa: B905  as above
            continue
        for alike, one, second in _parts(_at(left, ours), _at(right, theirs)):
            pairs += _pairs(ours[one.start : one.stop], theirs[second.start : second.stop], alike)
    return pairs


def _pairs(ours: range, theirs: range, alike: bool) -> Iterator[Pair]:
    if alike:
        yield from zip(ours, theirs)  # noqa: B905  as above
    else:
        yield from zip_longest(ours, ())
        yield from zip_longest((), theirs)


def _parts(first: Sequence[Hashable], other: Sequence[Hashable]) -> Iterator[_Part]:
    """Parts of both, in order, and whether they are equal."""
    for tag, *bounds in SequenceMatcher(None, first, other, autojunk=False).get_opcodes():
        yield tag == "equal", range(*bounds[:2]), range(*bounds[2:])


def _at(values: Sequence[Hashable], places: range) -> Sequence[Hashable]:
    return values[places.start : places.stop]


def _kind(output: Output) -> Hashable:
    return output.kind, frozenset(output.data)


def _content(output: Output) -> Hashable:
    return output.kind, repr(output.data)
