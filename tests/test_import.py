"""Importing repro_nb costs nothing and loads nothing; its names come at first use."""

import subprocess
import sys

import pytest

import repro_nb

HEAVY = [
    "numpy",
    "torch",
    "jax",
    "pandas",
    "ipywidgets",
    "IPython",
    "rich",
    "click",
    "nbclient",
    "typing",
]


def loaded_after(program: str) -> set[str]:
    """Names of the modules that an interpreter of its own has loaded after `program`."""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            f"import sys\nsys.path[:0] = {sys.path!r}\n{program}\nprint(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_next_to_nothing():
    """No framework, no front end, not even `typing`: the package itself and `__future__`."""
    new = loaded_after("import repro_nb") - loaded_after("")
    assert new == {"repro_nb", "__future__"}


@pytest.mark.parametrize(
    "name", ["set_global_seed", "DeterministicContext", "get_deterministic_status"]
)
def test_the_kernel_side_names_load_the_standard_library_alone(name):
    """What travels into foreign kernels needs nothing that may be missing there."""
    assert not loaded_after(f"import repro_nb; repro_nb.{name}") & set(HEAVY[:-1])


@pytest.mark.parametrize("name", repro_nb.__all__)
def test_every_public_name_is_there(name):
    """What is promised can be fetched, and `dir` shows it."""
    assert getattr(repro_nb, name) is not None
    assert name in dir(repro_nb)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    """`hasattr` and `from repro_nb import …` behave as with any module."""
    assert not hasattr(repro_nb, "no_such_name")
    with pytest.raises(ImportError, match="no_such_name"):
        from repro_nb import no_such_name  # noqa: F401  it is the point
