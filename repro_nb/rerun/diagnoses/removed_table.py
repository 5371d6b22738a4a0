"""The table of what libraries took out: compiled by hand, dated, read from ``removed_apis.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["PYTHON", "Removed", "RemovedMessage", "messages", "removed_apis", "table_date"]

PYTHON = "python"
"""The library that stands for the language and its standard library."""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """A name that a library took out.

    Attributes:
        library: The library's top-level module, or `PYTHON`.
        version: The first version without it.
        name: The name below the library, such as ``misc.imread``, ``DataFrame.append`` or ``hist(normed=)``.
        instead: What to use instead.
    """

    library: str
    version: str
    name: str
    instead: str

    @property
    def full_name(self) -> str:
        """The name as one imports it."""
        return self.name if self.library == PYTHON else f"{self.library}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class RemovedMessage:
    """A text by which a failure tells that something went.

    Attributes:
        library: As in `Removed`.
        version: As in `Removed`.
        pattern: What the text is recognised by; its group ``name`` names what went.
        what: What went; ``{name}`` stands for the group.
        instead: What to use instead.
        through: What the traceback shows, where the text alone does not tell.
    """

    library: str
    version: str
    pattern: re.Pattern[str]
    what: str
    instead: str
    through: re.Pattern[str]


@cache
def removed_apis() -> tuple[Removed, ...]:
    """Every name of the table."""
    return tuple(_apis(_table()["apis"]))


@cache
def messages() -> tuple[RemovedMessage, ...]:
    """Every text of the table."""
    return tuple(map(_message, _table()["messages"]))


def table_date() -> str:
    """When the table was last looked at, as ``YYYY-MM-DD``."""
    return str(_table()["date"])


@cache
def _table() -> dict[str, Any]:
    text = files("repro_nb.rerun.diagnoses").joinpath("removed_apis.toml").read_text("utf-8")
    return tomllib.loads(text)


def _message(entry: Mapping[str, str]) -> RemovedMessage:
    pattern, through = re.compile(entry["pattern"], re.DOTALL), re.compile(entry.get("through", ""))
    return RemovedMessage(
        library=entry["library"],
        version=entry["version"],
        pattern=pattern,
        what=entry["what"],
        instead=entry["instead"],
        through=through,
    )


def _apis(libraries: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Iterator[Removed]:
    for library, versions in libraries.items():
        for version, names in versions.items():
            for name, instead in names.items():
                yield Removed(library=library, version=version, name=name, instead=instead)
