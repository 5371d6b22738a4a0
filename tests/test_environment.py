"""The environment: what a process runs in, read without loading, initialising or starting anything."""

import json
import os
import sys
from importlib.metadata import version

import numpy as np
import pytest
import torch
from fresh_python import in_fresh_python

from repro_nb.probe.distributions import imported_packages
from repro_nb.probe.environment import capture_environment
from repro_nb.records import Environment


def test_the_environment_survives_json():
    """What is written into a recording is read back equal."""
    environment = capture_environment()
    assert Environment.from_json(json.loads(json.dumps(environment.to_json()))) == environment


def test_it_names_the_interpreter_the_processor_and_the_threads():
    """The facts a numerical result depends on are there."""
    environment = capture_environment()
    assert environment.python == f"CPython {sys.version.split()[0]}"
    assert environment.os.startswith("Linux ")
    assert environment.cpu
    assert environment.cpu_count == len(os.sched_getaffinity(0))
    assert environment.threads["torch"] == torch.get_num_threads()


def test_it_names_the_blas_of_each_library():
    """Numpy's and torch's BLAS are told, each as its library tells it."""
    blas = np.__config__.CONFIG["Build Dependencies"]["blas"]
    environment = capture_environment()
    assert environment.blas["numpy"] == f"{blas['name']} {blas['version']}"
    assert environment.blas["torch"] in torch.__config__.show()


def test_packages_are_those_imported_not_those_installed():
    """A package is listed once a module of it was imported, under its distribution's name."""
    (printed,) = in_fresh_python(
        "import json, sklearn, PIL\n"
        "from repro_nb.probe.environment import capture_environment\n"
        "print(json.dumps(dict(capture_environment().packages)))"
    )
    listed = json.loads(printed)
    assert listed["scikit-learn"] == version("scikit-learn")
    assert listed["pillow"] == version("pillow")
    assert not {"torch", "matplotlib", "sklearn", "repro_nb", "setuptools"} & set(listed)


def test_the_kernels_own_packages_do_not_count():
    """What ipykernel is made of is no choice of the notebook's author."""
    listed = in_fresh_python(
        "import ipykernel.kernelapp, yaml\n"
        "from repro_nb.probe.distributions import imported_packages\n"
        "print(list(imported_packages()))"
    )
    assert listed == ["['PyYAML']"]


def test_a_baseline_leaves_out_what_was_loaded_before():
    """Only what was imported after the baseline was taken counts."""
    assert "numpy" in imported_packages(frozenset())
    assert imported_packages(frozenset(sys.modules)) == {}


def test_secrets_stay_out(monkeypatch):
    """Variables that change results are kept; tokens, keys and passwords never are."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("TZ", "XXX-5:45")
    for name in ("JAX_API_KEY", "PYTORCH_TOKEN", "TF_VAR_db", "TORCH_PASSWORD", "HOME_SECRET"):
        monkeypatch.setenv(name, "hidden")
    environment = capture_environment()
    assert environment.variables["TZ"] == "XXX-5:45"
    assert environment.threads["OMP_NUM_THREADS"] == 3
    assert "hidden" not in environment.variables.values()


def test_a_thread_count_that_is_none_is_a_variable_only(monkeypatch):
    """`OMP_NUM_THREADS=4,2` is legal; it is kept as text."""
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    environment = capture_environment()
    assert "OMP_NUM_THREADS" not in environment.threads
    assert environment.variables["OMP_NUM_THREADS"] == "4,2"


@pytest.mark.parametrize("framework", ["numpy", "torch", "jax", "ipykernel", "IPython"])
def test_nothing_is_imported_to_find_out(framework):
    """Looking at the environment loads no framework."""
    loaded = in_fresh_python(
        "import sys\n"
        "from repro_nb.probe.environment import capture_environment\n"
        "capture_environment()\n"
        f"print({framework!r} in sys.modules)"
    )
    assert loaded == ["False"]


def test_jax_gets_no_backend_by_being_looked_at():
    """JAX makes its backends at first use, and that stays so."""
    lines = in_fresh_python(
        "import jax\n"
        "from repro_nb.probe.environment import capture_environment\n"
        "print(capture_environment().accelerators)\n"
        "print(jax._src.xla_bridge._backends)"
    )
    assert lines == ["()", "{}"]
