"""What the three Mersenne Twisters (Python's, numpy's, torch's) have in common."""

from __future__ import annotations

from typing import Sequence

__all__ = ["WORDS", "is_seeded_key"]

WORDS = 624
"""Words of 32 bits in the state; an index of this size means that the next draw generates the next block."""

_SEEDED_BY_ARRAY = 0x80000000


def is_seeded_key(words: Sequence[int]) -> bool:
    """Whether the state begins as a seeding leaves it, and not as the generator does.

    Both published seedings are known by their first words: ``init_by_array`` leaves 2**31 in the first one,
    ``init_genrand`` fills each word from the one before it. A generated block looks like either once in
    2**32 blocks.

    Args:
        words: At least the first three words of the state.
    """
    if words[0] == _SEEDED_BY_ARRAY:
        return True
    return all(
        words[i] == (1812433253 * (words[i - 1] ^ (words[i - 1] >> 30)) + i) & 0xFFFFFFFF
        for i in (1, 2)
    )
