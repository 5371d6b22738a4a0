"""The probe travels: a kernel whose environment has no repro_nb is recorded all the same."""

import json
import subprocess
import sys
import zipfile

import pytest

from repro_nb.rerun import Level, verify
from repro_nb.rerun.bundle import write_bundle


@pytest.fixture(scope="module")
def bare_kernel(tmp_path_factory):
    """A fresh virtual environment with ipykernel and nothing else; gives the folder of its kernelspec."""
    folder = tmp_path_factory.mktemp("bare")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "ipykernel"]
    subprocess.run(install, check=True)
    spec = folder / "jupyter" / "kernels" / "bare"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {"argv": argv, "display_name": "bare", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(content))
    return folder / "jupyter"


def test_a_kernel_without_repro_nb_is_recorded(notebook, bare_kernel, monkeypatch):
    """Draws, the environment and the extension itself work from the zip; the environment stays clean."""
    monkeypatch.setenv("JUPYTER_PATH", str(bare_kernel))
    path = notebook(
        "import os, sys\nprint(os.environ.get('PYTHONPATH'))",
        "import random\nx = random.random()",
        "%load_ext repro_nb\n%repro_seed 7",
        "print(random.random())",
        "print('x', x)",
        kernel="bare",
    )
    result = verify(path)
    assert result.level == Level.RUNS, result.error
    assert result.run_to_run.divergent_cells == (4,)
    assert result.cells[1].draws == ("python",)
    assert "repro_nb" not in result.environment.packages
    (first,) = result.cells[0].run_to_run.outputs
    assert first.outcome == "identical"


def test_the_bundle_imports_the_standard_library_alone(tmp_path):
    """The zip imports in an interpreter that sees no third-party package at all."""
    bundle = write_bundle(tmp_path)
    names = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in zipfile.ZipFile(bundle).namelist()
        if "magics" not in name
    ]
    code = f"import sys; sys.path.insert(0, {str(bundle)!r})\nfor n in {names!r}: __import__(n)"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
