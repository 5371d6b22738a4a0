"""Digests as users give them: whole ones, with or without the algorithm's name before them."""

from __future__ import annotations

import re

from repro_nb.checkpoints.algorithms import Algorithm, algorithm_named
from repro_nb.errors import UsageError

__all__ = ["parse_expected"]

_HEXADECIMAL = re.compile(r"[0-9a-f]*", re.ASCII)


def parse_expected(text: str, algorithm: str = "sha256") -> tuple[Algorithm, str]:
    """The algorithm and the digest that `text` names; ``sha256:9f86…`` names its algorithm itself.

    Args:
        text: Hexadecimal digits in any case, blanks around them.
        algorithm: Name of the algorithm where `text` names none.

    Returns:
        The algorithm, and the digest in lower case.

    Raises:
        UsageError: The digest is not a whole one, or there is no such algorithm.
    """
    name, colon, digits = text.strip().rpartition(":")
    chosen = algorithm_named(name if colon else algorithm)
    digits = digits.strip().lower()
    if not _HEXADECIMAL.fullmatch(digits):
        raise UsageError(f"{text.strip()[:80]!r} is no digest in hexadecimal digits")
    if len(digits) != chosen.digits:
        raise UsageError(
            f"a {chosen.name} digest has {chosen.digits} hexadecimal digits, and this one has {len(digits)}",
            hint="Give the whole digest: a part of it could be matched on purpose.",
        )
    return chosen, digits
