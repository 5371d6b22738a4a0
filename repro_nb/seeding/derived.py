"""Seeds made from a seed: for named streams, and for workers that shall never meet."""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Optional

from repro_nb.errors import UsageError
from repro_nb.seeding.domain import checked_seed

__all__ = ["derived_seed", "generate_deterministic_seeds"]

_MAX_COUNT = 2**24


def derived_seed(seed: int, *parts: str, bits: int = 32) -> int:
    """A seed for the stream that `parts` name: the same for the same `seed` and parts, in every process and version.

    Args:
        seed: The seed that it is made from.
        parts: What tells the stream from others, such as a cell's id and a source's name.
        bits: Size of the result: 32 or 64.
    """
    # Lengths go in too, so that ("ab", "c") and ("a", "bc") are two streams.
    text = "".join(f"{len(part)}:{part}" for part in (str(seed), *parts))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=bits // 8)
    return int.from_bytes(digest.digest(), "little")


def generate_deterministic_seeds(
    base_seed: int, count: Optional[int] = None, *, num_workers: Optional[int] = None
) -> List[int]:
    """Seeds for workers: all different, the same in every process, and the first ones the same for any `count`.

    They come from numpy's ``SeedSequence(base)``, and so have nothing to do with the seeds ``base + rank`` that
    collide with another run's.

    Args:
        base_seed: The seed of the whole run, from 0 to 2**32 - 1.
        count: How many seeds.
        num_workers: The same, by the name that data loaders use.

    Returns:
        `count` different integers from 0 to 2**32 - 1.

    Raises:
        UsageError: `base_seed` is no seed, the number is missing, given twice, negative or above 2**24, or numpy is not
            installed.
    """
    wanted = _wanted(count, num_workers)
    sequence = _seed_sequence(checked_seed(base_seed))
    # Words of 32 bits repeat among 77,000 with even odds: one that was there before is passed over.
    seeds: Dict[int, None] = {}
    drawn = wanted
    while len(seeds) < wanted:
        seeds = dict.fromkeys(sequence.generate_state(drawn).tolist())
        drawn += wanted
    return list(seeds)[:wanted]


def _wanted(count: Optional[int], num_workers: Optional[int]) -> int:
    if (count is None) == (num_workers is None):
        raise UsageError(
            "give either count or num_workers",
            where="generate_deterministic_seeds",
            hint="generate_deterministic_seeds(42, 4), or generate_deterministic_seeds(42, num_workers=4).",
        )
    wanted = count if num_workers is None else num_workers
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted <= _MAX_COUNT:
        raise UsageError(
            f"{wanted!r} is no number of seeds from 0 to {_MAX_COUNT}",
            where="generate_deterministic_seeds",
        )
    return wanted


def _seed_sequence(seed: int) -> Any:
    try:
        from numpy.random import SeedSequence
    except ImportError as error:
        raise UsageError(
            "numpy is not installed, whose SeedSequence makes the seeds",
            where="generate_deterministic_seeds",
            hint="pip install numpy",
        ) from error
    return SeedSequence(seed)
