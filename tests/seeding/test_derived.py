"""Seeds made from a seed: for workers that never meet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro_nb.errors import UsageError
from repro_nb.seeding import SEED_LIMIT, derived_seed, generate_deterministic_seeds

SEEDS = st.integers(0, SEED_LIMIT - 1)


def test_a_million_workers_never_collide():
    """A million words of 32 bits would share about 116 values by chance; these share none."""
    seeds = generate_deterministic_seeds(42, 10**6)
    assert len(set(seeds)) == len(seeds) == 10**6
    assert seeds[:300_000] == generate_deterministic_seeds(42, 300_000)


@settings(deadline=None)
@given(SEEDS, st.integers(0, 300), st.integers(0, 300))
def test_more_workers_change_no_seed(base, few, more):
    """The first seeds are the same for any number, all differ, and each is a seed."""
    short, long = sorted((few, few + more))
    seeds = generate_deterministic_seeds(base, long)
    assert generate_deterministic_seeds(base, short) == seeds[:short]
    assert len(set(seeds)) == long
    assert all(type(seed) is int and 0 <= seed < SEED_LIMIT for seed in seeds)


@given(SEEDS, st.integers(0, 50))
def test_both_spellings_give_the_same(base, number):
    """`count` and `num_workers` are two names of one argument."""
    assert generate_deterministic_seeds(base, number) == generate_deterministic_seeds(
        base, num_workers=number
    )


def test_neighbouring_runs_share_no_worker():
    """Unlike `base + rank`, whose rank 1 is the next run's rank 0."""
    runs = [set(generate_deterministic_seeds(base, 100)) for base in range(100)]
    assert len(set().union(*runs)) == 100 * 100


def test_the_seeds_are_numpys():
    """They come from its `SeedSequence`, and so are the same wherever that is."""
    assert generate_deterministic_seeds(42, 3) == [3444837047, 2669555309, 2046530742]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ((42,), {}),
        ((42, 4), {"num_workers": 4}),
        ((42, -1), {}),
        ((42, True), {}),
        ((42, 2.0), {}),
        ((42, 2**24 + 1), {}),
        ((-1, 4), {}),
        ((2**32, 4), {}),
        ((True, 4), {}),
    ],
)
def test_what_makes_no_list_of_seeds_is_refused(arguments, names):
    """A number that is missing, given twice or no number, and a base that is no seed."""
    with pytest.raises(UsageError):
        generate_deterministic_seeds(*arguments, **names)


@given(SEEDS, st.text(), st.text())
def test_a_derived_seed_tells_its_parts_apart(seed, one, other):
    """Parts are not run together, and 64 bits are on offer."""
    assert derived_seed(seed, one, other) == derived_seed(seed, one, other) < 2**32
    assert derived_seed(seed, one, other, bits=64) < 2**64
    assert derived_seed(seed, one + "x", other) != derived_seed(seed, one, "x" + other)
