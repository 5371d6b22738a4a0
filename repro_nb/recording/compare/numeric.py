r"""When two printed numbers agree.

- Integers agree when they are equal.
- Floating-point numbers agree when ``|a - b| <= atol + rtol * max(|a|, |b|)``; complex ones likewise, by modulus.
  ``nan`` agrees with ``nan``, ``inf`` with ``inf`` of the same sign.
- The tolerance is never finer than the last printed digit: a number that is printed with fewer digits on one side
  agrees with what rounds to it (3.14 and 3.141). This can hide a result that merely ends in zeros (0.825 for 0.8250),
  so it takes three significant digits, two of them decimals, and a relative difference of at most 1e-3: 0.5 and 0.82,
  100. and 100.4, 0.125 and 0.1254 all differ. Two prints with the *same* number of digits are not excused in this way,
  as 0.82 and 0.83 are what a reader wants to be told apart.
- Seconds since 1970 (ten digits before the point, from 1.5e9 to 2.1e9) agree to the millisecond only: a relative
  tolerance would take two runs half an hour apart for the same moment.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from repro_nb.recording.compare.options import CompareOptions

__all__ = ["Agreement", "NumberPair", "compare_numbers", "relative_difference", "values_agree"]

_LONGEST = 400
"""Characters; a longer number must be equal as text, since its conversion is not linear."""
_EPOCH = (1.5e9, 2.1e9)
_MILLISECOND = 1e-3
_MIN_DIGITS = 3
_MIN_DECIMALS = 2
_MOST_ROUNDING = 1e-3


class Agreement(Enum):
    """How two numbers agree."""

    EQUAL = "equal"
    """The same value, perhaps printed otherwise."""
    WITHIN = "within"
    """Within tolerance."""
    ROUNDED = "rounded"
    """Printed with fewer digits on one side, and equal as far as printed."""
    BEYOND = "beyond"


@dataclass(frozen=True)
class NumberPair:
    """Two numbers and how they agree.

    Attributes:
        agreement: How they agree.
        relative: Their relative difference; infinite where there is none to tell.
    """

    agreement: Agreement
    relative: float


_BEYOND = NumberPair(Agreement.BEYOND, float("inf"))


def compare_numbers(left: str, right: str, options: CompareOptions) -> NumberPair:
    """How two numbers agree that are printed as `left` and `right`, which differ as text."""
    left, right = (text.replace(",", "").removeprefix("+") for text in (left, right))
    if left == right:
        return NumberPair(Agreement.EQUAL, 0.0)
    if max(len(left), len(right)) > _LONGEST:
        return _BEYOND
    a, b = complex(left), complex(right)
    if _is_integer(left) and _is_integer(right):
        return NumberPair(Agreement.BEYOND, relative_difference(a, b))
    if _overflowed(left, a) or _overflowed(right, b):
        return _BEYOND
    agreement = values_agree(a, b, options)
    relative = relative_difference(a, b)
    if agreement is Agreement.BEYOND and relative <= _MOST_ROUNDING and _rounds_to(left, right):
        agreement = Agreement.ROUNDED
    return NumberPair(agreement, relative)


def values_agree(a: complex, b: complex, options: CompareOptions) -> Agreement:
    """How two values agree, whatever they look like in print."""
    if a == b or (cmath.isnan(a) and cmath.isnan(b)):
        return Agreement.EQUAL
    if not (cmath.isfinite(a) and cmath.isfinite(b)):
        return Agreement.BEYOND
    difference, scale = _modulus(a - b), max(_modulus(a), _modulus(b))
    if math.isinf(difference) or math.isinf(scale):
        return Agreement.BEYOND
    if _is_epoch(a) and _is_epoch(b):
        return Agreement.WITHIN if difference < _MILLISECOND else Agreement.BEYOND
    return (
        Agreement.WITHIN if difference <= options.atol + options.rtol * scale else Agreement.BEYOND
    )


def relative_difference(a: complex, b: complex) -> float:
    """``|a - b| / max(|a|, |b|)``; 0 for equal values, infinite where one is infinite or not a number."""
    if a == b:
        return 0.0
    if not (cmath.isfinite(a) and cmath.isfinite(b)):
        return float("inf")
    difference, scale = _modulus(a - b), max(_modulus(a), _modulus(b))
    return float("inf") if math.isinf(difference) or math.isinf(scale) else difference / scale


def _modulus(value: complex) -> float:
    """``abs(value)``, infinite where that would raise."""
    return math.hypot(value.real, value.imag)


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _overflowed(text: str, value: complex) -> bool:
    """Whether the digits stand for more than a float can hold; ``inf`` itself is fine."""
    return cmath.isinf(value) and "n" not in text.lower()


def _is_epoch(value: complex) -> bool:
    return not value.imag and _EPOCH[0] <= value.real < _EPOCH[1]


def _rounds_to(left: str, right: str) -> bool:
    """Whether the one with more decimals, rounded, gives the other."""
    if any(character in "jnN" for character in left + right):
        return False
    try:
        a, b = Decimal(left), Decimal(right)
    except ArithmeticError:  # an exponent beyond what even decimals can hold
        return False
    exponents = (_exponent(a), _exponent(b))
    if exponents[0] == exponents[1]:
        return False
    shorter, text = (a, left) if exponents[0] > exponents[1] else (b, right)
    if len(shorter.as_tuple().digits) < _MIN_DIGITS or _decimals(text) < _MIN_DECIMALS:
        return False
    return abs(a - b) <= Decimal((0, (5,), _exponent(shorter) - 1))


def _exponent(value: Decimal) -> int:
    return int(value.as_tuple().exponent)


def _decimals(text: str) -> int:
    mantissa = text.lower().partition("e")[0]
    return len(mantissa.partition(".")[2])
