"""prng_key: a JAX key for a name, from the global seed."""

import jax
import pytest
from fresh_python import in_fresh_python
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_shell import Notebook

from repro_nb.errors import UsageError
from repro_nb.probe.key_reuse import reused_keys
from repro_nb.seeding import SeedContext, prng_key, set_global_seed


def words(key) -> list[int]:
    """The key's data."""
    return jax.random.key_data(key).tolist()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.text(min_size=1), st.text(min_size=1))
def test_a_key_is_a_function_of_seed_and_name(seed, name, other):
    """The same again for the same, and another one for another."""
    set_global_seed(seed, deterministic=False)
    assert words(prng_key(name)) == words(prng_key(name, seed=seed))
    assert (words(prng_key(name)) == words(prng_key(other))) is (name == other)


def test_it_is_threefry_whatever_the_default_is():
    """Another default implementation, and 64-bit mode, change nothing in the key."""
    program = (
        "import jax, repro_nb\n{}\nrepro_nb.set_global_seed(4294967295, False)\n"
        "k = repro_nb.prng_key('dropout')\nprint(jax.random.key_impl(k), jax.random.key_data(k))"
    )
    settings = [
        "",
        "jax.config.update('jax_default_prng_impl', 'rbg')",
        "jax.config.update('jax_enable_x64', True)",
    ]
    printed = {tuple(in_fresh_python(program.format(line))) for line in settings}
    assert len(printed) == 1
    assert "threefry2x32" in printed.pop()[0]


def test_high_seeds_do_not_fold():
    """Seeds that jax.random.key would take modulo its width give keys of their own."""
    assert words(prng_key("a", seed=2**32 - 1)) != words(prng_key("a", seed=2**31 - 1))


def test_a_seed_context_gives_keys_of_its_own():
    """The seed in force counts."""
    set_global_seed(1, deterministic=False)
    outside = words(prng_key("a"))
    with SeedContext(2):
        assert words(prng_key("a")) == words(prng_key("a", seed=2)) != outside
    assert words(prng_key("a")) == outside


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_needed(name):
    """Without one, all keys would be the same."""
    with pytest.raises(UsageError, match="is no name"):
        prng_key(name, seed=1)


def test_without_a_seed_there_is_no_key():
    """Nor is one guessed."""
    with pytest.raises(UsageError, match="no seed is set"):
        prng_key("a")


def test_the_record_tells_of_the_key(live: Notebook):
    """By its name, like a draw; in both cells it is the same key."""
    live.run(
        "import jax\nfrom repro_nb.seeding import prng_key, set_global_seed\nset_global_seed(1, False)"
    )
    record = live.run("key = prng_key('init')")
    assert "jax" in record.draws
    assert [use.function for use in record.keys] == ["prng_key('init')"]
    used = live.run("x = jax.random.normal(key)")
    assert [use.function for use in used.keys] == ["normal"]
    assert used.keys[0].fingerprint == record.keys[0].fingerprint


def reuses(live: Notebook):
    """Cells by order, with the functions that drew."""
    found = reused_keys(live.recorder.records)
    return [[(live.recorder.records[at].order, name) for at, name in reuse.uses] for reuse in found]


def test_a_key_that_two_cells_draw_from_is_reused(live: Notebook):
    """Whether by the same function or another; a split of the same key gives the same keys again."""
    live.run("import jax\nkey = jax.random.key(0)")
    live.run("a = jax.random.normal(key)")
    assert reuses(live) == []
    live.run("b = jax.random.uniform(key)")
    live.run("c, d = jax.random.split(key)")
    assert reuses(live) == [[(2, "normal"), (3, "uniform"), (4, "split")]]


def test_sound_use_of_keys_is_no_reuse(live: Notebook):
    """Split, folded in, made twice by name, or one cell run twice."""
    live.run("import jax\nfrom repro_nb.seeding import prng_key\nkey = prng_key('a', seed=1)")
    live.run(
        "first, second = jax.random.split(prng_key('b', seed=1))\nx = jax.random.normal(first)"
    )
    live.run("folded = [jax.random.normal(jax.random.fold_in(key, n)) for n in range(3)]")
    live.run("more = [jax.random.normal(jax.random.fold_in(key, n)) for n in range(5, 8)]")
    live.run("y = jax.random.normal(second)")
    for _ in range(2):
        live.run("z = jax.random.normal(prng_key('a', seed=1))", cell_id="twice")
    assert reuses(live) == []
