"""An interpreter of its own for a program, which has to stay silent on standard error."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def in_fresh_python(program: str, **environment: str) -> list[str]:
    """Lines that `program` prints; without a hash seed unless one is given."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**plain, "PYTHONPATH": str(ROOT), **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()
