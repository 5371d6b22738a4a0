"""The arrows of the design hold."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_imports_point_one_way():
    """import-linter's contracts hold: faces above, ground floor below, nothing points back."""
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_the_kernel_side_keeps_to_python_3_9():
    """What travels into other environments uses no syntax or module newer than Python 3.9."""
    parts = (
        "__init__.py errors.py files.py findings.py imports.py plugins.py records.py "
        "seeding deterministic rng values workspace probe magics"
    )
    command = [
        str(Path(sys.executable).with_name("vermin")),
        "--target=3.9-",
        "--no-tips",
        "--eval-annotations",
    ]
    paths = [str(ROOT / "repro_nb" / part) for part in parts.split()]
    run = subprocess.run(
        [*command, "--violations", *paths], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
