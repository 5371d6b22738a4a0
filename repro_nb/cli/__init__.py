"""The command line, ``repro-nb``: each command calls one function of the package and prints what it returns."""

from repro_nb.cli.main import main

__all__ = ["main"]
