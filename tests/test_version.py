"""The version is one."""

import tomllib
from pathlib import Path

import repro_nb
from repro_nb.version import VERSION


def test_every_place_that_names_the_version_names_the_same():
    """The package, its metadata and what recordings carry agree."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert repro_nb.__version__ == project["project"]["version"] == VERSION
