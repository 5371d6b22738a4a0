"""Pairing what two containers hold."""

from __future__ import annotations

from array import array
from collections import defaultdict
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Tuple

from repro_nb.values.difference import Difference
from repro_nb.values.path import Step, key_step, short
from repro_nb.values.signature import PLAIN, Signer
from repro_nb.values.view import Indexed, Keyed, Named, Part, Unordered

__all__ = ["Pair", "Pairing", "pair"]

Pair = Tuple[Step, Any, Any]

_FLOAT = frozenset((id(float),))


class Pairing(NamedTuple):
    """What two containers' parts have in common, and what they have not.

    Attributes:
        pairs: What is to be compared in its turn.
        differences: Of the containers themselves, by the step to where they are; an empty step is the container.
        unmatched: Steps of what has no counterpart that can be told, with why.
        compared: Leaves that were found equal on the way.
    """

    pairs: Iterable[Pair] = ()
    differences: Iterable[Tuple[Step, Difference]] = ()
    unmatched: Iterable[Tuple[Step, str]] = ()
    compared: int = 0


def pair(first: Part, second: Part, signer: Signer) -> Pairing:
    """The pairs of two parts of one sort.

    Args:
        first: Of the first side.
        second: Of the second side.
        signer: Tells keys and elements apart.
    """
    if isinstance(first, Indexed) and isinstance(second, Indexed):
        return _pair_indexed(first, second)
    if isinstance(first, Named) and isinstance(second, Named):
        return _pair_named(first, second)
    if isinstance(first, Keyed) and isinstance(second, Keyed):
        return _pair_keyed(first, second, signer)
    if isinstance(first, Unordered) and isinstance(second, Unordered):
        return _pair_unordered(first, second, signer)
    return Pairing(differences=[("", Difference("", "made of other parts"))])


def _pair_indexed(first: Indexed, second: Indexed) -> Pairing:
    lengths = len(first.values), len(second.values)
    if lengths[0] != lengths[1]:
        unequal = Difference("", f"length {lengths[0]:,} against {lengths[1]:,}")
        return Pairing(_in_order(first, second), [("", unequal)])
    if _are_same_scalars(first.values, second.values):
        return Pairing(compared=lengths[0])
    return Pairing(_in_order(first, second))


def _in_order(first: Indexed, second: Indexed) -> Iterator[Pair]:
    for position, (one, other) in enumerate(zip(first.values, second.values)):  # noqa: B905 - `strict` is newer than Python 3.9
        yield first.step(position), one, other


def _are_same_scalars(first: List[Any], second: List[Any]) -> bool:
    """Whether two lists hold the same numbers and texts; False also when that takes a closer look."""
    types = list(map(id, map(type, first)))
    kinds = frozenset(types)
    if kinds <= PLAIN:
        return types == list(map(id, map(type, second))) and first == second
    if kinds == _FLOAT and kinds == frozenset(map(id, map(type, second))):
        return array("d", first).tobytes() == array("d", second).tobytes()
    return False


def _pair_named(first: Named, second: Named) -> Pairing:
    pairs = [
        (step, value, second.values[step])
        for step, value in first.values.items()
        if step in second.values
    ]
    lost = [step for step in first.values if step not in second.values]
    new = [step for step in second.values if step not in first.values]
    return Pairing(pairs, [*_missing(lost, "second"), *_missing(new, "first")])


def _missing(steps: Iterable[Step], side: str) -> Iterator[Tuple[Step, Difference]]:
    for step in steps:
        yield step, Difference("", f"missing in the {side}")


def _are_same_items(first: List[Tuple[Any, Any]], second: List[Tuple[Any, Any]]) -> bool:
    """As `_are_same_scalars`, of keys and values."""
    return all(
        _are_same_scalars([item[place] for item in first], [item[place] for item in second])
        for place in (0, 1)
    )


class _Items(NamedTuple):
    """A mapping's items by signature; equal signatures are numbered, as keys are told by value."""

    by_signature: Dict[Any, Tuple[Any, Step, Any]]
    unsigned: List[Step]


def _sign_items(items: List[Tuple[Any, Any]], signer: Signer) -> _Items:
    signed = _Items({}, [])
    seen: Dict[Any, int] = defaultdict(int)
    for position, (key, value) in enumerate(items):
        signature, step = signer.sign(key), key_step(key, position)
        if signature is None:
            signed.unsigned.append(step)
            continue
        signed.by_signature[signature, seen[signature]] = (key, step, value)
        seen[signature] += 1
    return signed


def _pair_keyed(first: Keyed, second: Keyed, signer: Signer) -> Pairing:
    if _are_same_items(first.items, second.items):
        return Pairing(compared=len(first.items))
    one, other = _sign_items(first.items, signer), _sign_items(second.items, signer)
    common = [key for key in one.by_signature if key in other.by_signature]
    pairs = [
        (one.by_signature[key][1], one.by_signature[key][2], other.by_signature[key][2])
        for key in common
    ]
    lost = [held[1] for key, held in one.by_signature.items() if key not in other.by_signature]
    new = [held[1] for key, held in other.by_signature.items() if key not in one.by_signature]
    differences = [
        *_missing(lost, "second"),
        *_missing(new, "first"),
        *_order(common, one, other),
    ]
    unmatched = ((step, "a key that cannot be compared") for step in one.unsigned + other.unsigned)
    return Pairing(pairs, differences, unmatched)


def _order(common: List[Any], one: _Items, other: _Items) -> Iterator[Tuple[Step, Difference]]:
    """The order of keys is part of a dict's value: printing and iterating show it, and the hash seed may decide it."""
    theirs = [key for key in other.by_signature if key in one.by_signature]
    for position, (key, their_key) in enumerate(zip(common, theirs)):  # noqa: B905 - as above
        if key != their_key:
            shown = short(one.by_signature[key][0]), short(other.by_signature[their_key][0])
            yield (
                "",
                Difference(
                    "", "order of keys", first_index=(position,), first=shown[0], second=shown[1]
                ),
            )
            return


def _pair_unordered(first: Unordered, second: Unordered, signer: Signer) -> Pairing:
    one, other = _sign_elements(first, signer), _sign_elements(second, signer)
    unmatched = [
        ("{" + short(value) + "}", "an element that cannot be compared")
        for value in one.pop(None, []) + other.pop(None, [])
    ]
    lost, new = _left_over(one, other), _left_over(other, one)
    compared = sum(map(len, one.values())) - len(lost)
    if not lost and not new:
        return Pairing(unmatched=unmatched, compared=compared)
    reason = f"{len(lost):,} only in the first, {len(new):,} only in the second"
    example = short((lost or new)[0])
    told = Difference("", f"elements differ: {reason}, such as {example}")
    return Pairing(differences=[("", told)], unmatched=unmatched, compared=compared)


def _sign_elements(part: Unordered, signer: Signer) -> Dict[Any, List[Any]]:
    """Elements by signature; those without one under None."""
    signed: Dict[Any, List[Any]] = defaultdict(list)
    for value in part.values:
        signed[signer.sign(value)].append(value)
    return signed


def _left_over(one: Dict[Any, List[Any]], other: Dict[Any, List[Any]]) -> List[Any]:
    """Elements of `one` for which `other` has no counterpart."""
    return [
        value
        for signature, values in one.items()
        for value in values[len(other.get(signature, ())) :]
    ]
