"""What deterministic mode shows and never changes."""

import jax
import pytest
from fresh_python import in_fresh_python

from repro_nb.deterministic import DeterministicContext, When, get_deterministic_status

JAX = ("jax_enable_x64", "jax_default_prng_impl", "jax_threefry_partitionable")


def test_jax_is_shown_and_left_alone():
    """Each of these settings decides which numbers are drawn, so the mode flips none."""
    before = {name: getattr(jax.config, name) for name in JAX}
    with DeterministicContext():
        status = get_deterministic_status()
        assert {name: status[name].value for name in JAX} == before
    assert status["jax_enable_x64"].settled is None


@pytest.mark.parametrize(
    ("implementation", "settled"),
    [("threefry2x32", True), ("rbg", False), ("unsafe_rbg", False)],
)
def test_keys_that_depend_on_the_compiler_are_told(implementation, settled):
    """Threefry gives the same numbers everywhere, rbg does not."""
    before = jax.config.jax_default_prng_impl
    jax.config.update("jax_default_prng_impl", implementation)
    status = get_deterministic_status()["jax_default_prng_impl"]
    jax.config.update("jax_default_prng_impl", before)
    assert (status.value, status.settled) == (implementation, settled)


@pytest.mark.parametrize(
    "name", ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_DETERMINISTIC_OPS"]
)
def test_variables_that_count_at_the_start_are_shown(monkeypatch, name):
    """They are read when a library is loaded, so a change needs a restart."""
    monkeypatch.setenv(name, "1")
    status = get_deterministic_status()[name]
    assert (status.value, status.when, status.settled) == ("1", When.NEEDS_RESTART, None)


def test_a_bare_process_has_little_to_show():
    """Nothing is imported for the status, and nothing is shown of what is not there."""
    lines = in_fresh_python(
        "import os, sys\n"
        "for name in list(os.environ):\n"
        "    if 'THREADS' in name: del os.environ[name]\n"
        "from repro_nb.deterministic import get_deterministic_status\n"
        "print(*get_deterministic_status())\n"
        "print({'torch', 'jax', 'numpy', 'numba', 'threadpoolctl'} & set(sys.modules))\n"
    )
    assert lines == ["PYTHONHASHSEED", "set()"]


def test_the_status_of_jax_starts_no_backend():
    """Asking JAX for its devices would initialise them; the status does not ask."""
    lines = in_fresh_python(
        "import jax\n"
        "from repro_nb.deterministic import get_deterministic_status\n"
        "get_deterministic_status()\n"
        "print(jax._src.xla_bridge._backends)\n"
    )
    assert lines == ["{}"]
