"""Factors of other packages."""

import subprocess
import sys

import pytest

MODULE = """
from repro_nb.probe.factors import Setting

class Moon:
    name = "moon"
    floating = False
    wording = "the phase of the moon"

    def pin(self, host):
        return Setting("full", environment={"MOON": "full"})

    def vary(self, host, round_):
        return Setting("new", environment={"MOON": "new"})

    def install(self, uses, held):
        pass

    def is_active(self, traces):
        return True

    def remedy(self, code):
        return "wait a fortnight"
"""
BROKEN = "class Moon:\n    name = 'moon'\n"


@pytest.fixture
def in_child_with(tmp_path):
    """What a program prints where a package with an entry point of our group is installed."""

    def run(module, program):
        (tmp_path / "lunar.py").write_text(module)
        (tmp_path / "lunar-1.0.dist-info").mkdir()
        (tmp_path / "lunar-1.0.dist-info" / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: lunar\nVersion: 1.0\n"
        )
        (tmp_path / "lunar-1.0.dist-info" / "entry_points.txt").write_text(
            "[repro_nb.factors]\nmoon = lunar:Moon\n"
        )
        lines = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n{program}"
        done = subprocess.run(
            [sys.executable, "-c", lines], capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    return run


def test_a_package_adds_a_factor_and_a_varied_run_sets_it(in_child_with):
    """An entry point is all it takes."""
    program = """\
from pathlib import Path
from repro_nb.probe.factors import Host
from repro_nb.rerun.vary import pinned, varied
host = Host(scratch=Path(sys.path[0]), project=Path("."), cwd=Path("."))
print(varied(0)(host).environment["MOON"], pinned()(host).environment["MOON"])"""
    assert in_child_with(MODULE, program) == "new full\n"


def test_a_factor_that_lacks_a_part_is_left_out_with_a_warning(in_child_with):
    """Another package's fault stops nobody's notebook."""
    program = (
        "from repro_nb.probe.factors import factors\nprint('moon' in [f.name for f in factors()])"
    )
    said = in_child_with(BROKEN, program)
    assert "False" in said
    assert "it lacks" in said
