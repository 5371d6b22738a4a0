"""What reruns say of seeds: per-cell streams, keys that are used twice, generators that can be rebuilt."""

import re
import subprocess
import sys

from repro_nb.rerun import verify
from repro_nb.rerun.report import text
from repro_nb.rerun.result import Level

LOAD = "%load_ext repro_nb"


def test_a_cell_that_seeds_and_draws_is_no_unseeded_one(notebook):
    """The state it begins with floats, and matters to nobody."""
    path = notebook(
        f"{LOAD}\nimport random", "%repro_seed 42\nprint(random.random())", "print(random.random())"
    )
    result = verify(path)
    assert result.level is Level.ROBUST
    assert result.findings == ()


def test_a_draw_before_the_seed_in_one_cell_is_found(notebook):
    """What is printed differs, and its source is named."""
    result = verify(notebook("import random", "print(random.random()); random.seed(1)"))
    assert result.level is Level.RUNS
    assert [source.name for source in result.diverged_sources] == ["python"]


def test_streams_per_cell_repeat_though_the_generator_was_made_unseeded(notebook):
    """Each cell that draws finds it in a stream of its own; nobody is blamed for how it began."""
    path = notebook(
        f"{LOAD}\nimport numpy as np, random\nrng = np.random.default_rng()",
        "%repro_seed 42 --per-cell",
        "print(rng.random(), random.random(), np.random.rand())",
    )
    result = verify(path)
    assert result.level is Level.ROBUST
    assert result.findings == ()


def test_a_key_that_two_cells_draw_from_is_a_finding(notebook):
    """With both cells and both functions."""
    path = notebook(
        "import jax\nkey = jax.random.key(1)",
        "print(jax.random.normal(key))",
        "print(jax.random.uniform(key))",
    )
    result = verify(path)
    assert result.level is Level.ROBUST
    (finding,) = result.findings
    assert (finding.code, finding.place.cell) == ("jax-key-reuse", 2)
    assert "jax.random.normal in cell 1 and jax.random.uniform in cell 2" in finding.evidence


def test_the_stream_of_the_first_run_can_be_rebuilt(notebook):
    """The advice shows the line; run as it stands, it gives what run A printed."""
    path = notebook(
        "import numpy as np\nrng = np.random.default_rng()", "print(float(rng.random()))"
    )
    result = verify(path)
    (source,) = result.diverged_sources
    assert source.rebuilt_by in re.sub(r"\s+", " ", text([result], 10_000))
    program = f"import numpy as np; print(float({source.rebuilt_by}.random()))"
    rebuilt = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    printed = result.first_divergent_cell.run_to_run.outputs[0]
    assert rebuilt.stdout.strip() in str(printed)
