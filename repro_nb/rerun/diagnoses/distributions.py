"""The table of what provides a module: compiled by hand, dated, read from ``distributions.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

__all__ = ["KNOWN", "Known"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of modules and programs.

    Attributes:
        date: When the table was last looked at, as ``YYYY-MM-DD``.
        distributions: What to install for a module, where the names differ.
        places: The one place where a module exists that no distribution brings.
        libraries: The system's package for a shared library.
        programs: The system's package for a program.
        same: Distributions that are called like their module, so that nobody else's package is meant.
    """

    date: str
    distributions: Mapping[str, str]
    places: Mapping[str, str]
    libraries: Mapping[str, str]
    programs: Mapping[str, str]
    same: frozenset[str]


def _read() -> Known:
    text = files("repro_nb.rerun.diagnoses").joinpath("distributions.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return Known(**{**table, "same": frozenset(table["same"])})


KNOWN = _read()
