"""Plain text, and everything that is text underneath: markdown, LaTeX, scripts.

Equal texts are identical. Else what never repeats is normalised (`normalisers`), numbers are compared by value
(`numeric`), and all else must be the same, in the same order. White space counts, except around numbers and
placeholders that are printed in another width, and at the end of a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from repro_nb.recording.compare.excerpt import common_prefix, common_suffix, short
from repro_nb.recording.compare.normalisers import Scope, Scrubber, differing_names
from repro_nb.recording.compare.numeric import Agreement, compare_numbers
from repro_nb.recording.compare.options import CompareOptions
from repro_nb.recording.compare.plain import as_text
from repro_nb.recording.compare.terminal import strip_colours
from repro_nb.recording.compare.tokens import Token, blocks, tokens
from repro_nb.recording.compare.verdict import IDENTICAL, Verdict, different, equivalent

__all__ = ["TextComparator", "compare_text"]

_ENOUGH = 10_000
"""Differing numbers after which reading stops."""
_LARGE = 1_048_576
"""Characters; of larger texts only the part between the first and the last difference is read."""


class TextComparator:
    """Text of any kind whose layout is not known better."""

    mime_types: tuple[str, ...] = (
        "text/plain",
        "text/latex",
        "text/markdown",
        "application/javascript",
    )

    def compare(self, expected: Any, actual: Any, options: CompareOptions) -> Verdict:
        """Compare by `compare_text`."""
        return compare_text(as_text(expected), as_text(actual), options)


def compare_text(
    expected: str,
    actual: str,
    options: CompareOptions,
    *,
    scopes: Iterable[Scope] = (Scope.TEXT,),
) -> Verdict:
    """Compare two texts by the rules of this module.

    Linear in their length. The reason of the verdict counts lines from 1.
    """
    if expected == actual:
        return IDENTICAL
    left, right = strip_colours(expected), strip_colours(actual)
    if left == right:
        return equivalent("only terminal colours differ", left, right)
    sides = Scrubber(options, scopes), Scrubber(options, scopes)
    tally = _Tally(options)
    part = _differing_part(left, right)
    mismatch = tally.read(part.tokens(part.left, sides[0]), part.tokens(part.right, sides[1]))
    names = differing_names(*sides)
    if mismatch or tally.beyond:
        return different(mismatch or tally.difference(), left, right)
    reasons = [f"equal after normalising {' and '.join(names)}"] if names else []
    reasons += tally.agreement()
    if reasons:
        return equivalent("; ".join(reasons), left, right)
    line = _first_unequal_line(part)
    if line:
        return different(f"only white space differs, first in line {line}", left, right)
    return equivalent("only white space at the end of lines differs", left, right)


@dataclass(frozen=True)
class _Part:
    """The part of two texts that differs, with the line and bracket depth at which it begins."""

    left: str
    right: str
    line: int = 1
    depth: int = 0

    def tokens(self, text: str, scrubber: Scrubber) -> Iterator[Token]:
        return tokens(text.rstrip(), scrubber.scrub, line=self.line, depth=self.depth)


def _differing_part(left: str, right: str) -> _Part:
    if max(len(left), len(right)) < _LARGE:
        return _Part(left, right)
    start = left.rfind("\n", 0, common_prefix(left, right)) + 1
    shared = common_suffix(left, right, min(len(left), len(right)) - start)
    newline = left.find("\n", len(left) - shared) if shared else -1
    kept = len(left) - newline if newline >= 0 else 0
    prefix = left[:start]
    depth = sum(map(prefix.count, "[({")) - sum(map(prefix.count, "])}"))
    return _Part(
        left[start : len(left) - kept],
        right[start : len(right) - kept],
        prefix.count("\n") + 1,
        max(0, depth),
    )


@dataclass
class _Tally:
    """Counts how the numbers of two texts agree, while it reads both."""

    options: CompareOptions
    numbers: int = 0
    reprinted: int = 0
    within: int = 0
    tiny: int = 0
    rounded: int = 0
    beyond: int = 0
    largest_within: float = 0.0
    largest_beyond: float = 0.0
    largest_line: int = 0
    stopped: bool = False
    first: tuple[Token, Token] | None = field(default=None)

    def read(self, left: Iterator[Token], right: Iterator[Token]) -> str:
        """Read both to the end, or to where they stop having the same form.

        Returns:
            Where and how the form differs; empty when it does not.
        """
        for a, b in zip_longest(left, right):
            if a is None or b is None:
                return _ending(a, b)
            if a[2] and b[2]:
                self.numbers += 1
                if a[0] != b[0]:
                    self._reprinted(a, b)
            elif a[0] != b[0]:
                return f"line {a[1]}: expected {_shown(a)}, got {_shown(b)}"
            if self.beyond == _ENOUGH:
                self.stopped = True
                break
        return ""

    def _reprinted(self, a: Token, b: Token) -> None:
        self.reprinted += 1
        pair = compare_numbers(a[0], b[0], self.options)
        if pair.agreement is Agreement.BEYOND:
            self.first = self.first or (a, b)
            self.beyond += 1
            if pair.relative > self.largest_beyond:
                self.largest_beyond, self.largest_line = pair.relative, a[1]
        elif pair.agreement is Agreement.WITHIN and pair.relative > self.options.rtol:
            self.tiny += 1
        elif pair.agreement is Agreement.WITHIN:
            self.within += 1
            self.largest_within = max(self.largest_within, pair.relative)
        elif pair.agreement is Agreement.ROUNDED:
            self.rounded += 1

    def difference(self) -> str:
        """One sentence on the numbers that differ."""
        if self.first is None:
            return ""
        a, b = self.first
        first = f"{_shown(a)} became {_shown(b)}"
        beyond = f" by more than {_tolerance(self.options)}" if _is_float(a) or _is_float(b) else ""
        if self.numbers == 1:
            return f"the number differs{beyond}: {first}"
        the_first = "the first " if self.stopped else ""
        verb = "differs" if self.beyond == 1 else "differ"
        return (
            f"{self.beyond} of {the_first}{self.numbers} numbers {verb}{beyond}, the first in line {a[1]}: {first}; "
            f"the largest relative difference is {self.largest_beyond:.2g}, in line {self.largest_line}"
        )

    def agreement(self) -> list[str]:
        """What had to be tolerated for the numbers to agree."""
        reasons = []
        if self.within:
            largest = f"largest relative difference {self.largest_within:.2g}"
            reasons.append(f"{_count(self.within)} within {_tolerance(self.options)} ({largest})")
        if self.tiny:
            reasons.append(f"{_count(self.tiny)} within atol {self.options.atol:g} alone")
        if self.rounded:
            reasons.append(f"{_count(self.rounded)} to the digits printed on both sides")
        if self.reprinted and not reasons:
            reasons.append(f"{_count(self.reprinted)} in value, printed otherwise")
        return reasons


def _first_unequal_line(part: _Part) -> int:
    """Number of the first line that differs before its trailing white space; 0 when none does."""
    pairs = zip_longest(_lines(part.left.rstrip()), _lines(part.right.rstrip()))
    return next((line for line, (a, b) in enumerate(pairs, start=part.line) if a != b), 0)


def _lines(text: str) -> Iterator[str]:
    return (line.rstrip() for block in blocks(text) for line in block.split("\n"))


def _ending(a: Token | None, b: Token | None) -> str:
    if a is not None:
        return f"line {a[1]}: expected {_shown(a)}, but the text ends"
    return f"line {b[1]}: {_shown(b)} follows where the text should end" if b is not None else ""


def _shown(token: Token) -> str:
    return "a line break" if token[0] == "\n" else short(token[0])


def _is_float(token: Token) -> bool:
    return not token[0].lstrip("+-").replace(",", "").isdecimal()


def _count(numbers: int) -> str:
    return "1 number agrees" if numbers == 1 else f"{numbers} numbers agree"


def _tolerance(options: CompareOptions) -> str:
    return f"rtol {options.rtol:g}, atol {options.atol:g}"
