"""Outputs that tell of another version of a library by their form alone: dated table, ``display_changes.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from repro_nb.rerun.diagnoses.versions import at_least, used_version

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["DisplayChange", "display_change", "text_of"]

_LIBRARY_WARNING = re.compile(
    r"[/\\](?:site|dist)-packages[/\\](?P<library>\w+)[^\n]*?: \w*Warning:"
)


@dataclass(frozen=True, kw_only=True)
class DisplayChange:
    """A change in what a library prints.

    Attributes:
        library: The library's top-level module.
        version: The first version with it.
        what: What changed, as a clause.
        older: What older output is recognised by.
        newer: What newer output is recognised by.
    """

    library: str
    version: str
    what: str
    older: re.Pattern[str]
    newer: re.Pattern[str]


def display_change(case: Case, cell: int) -> str | None:
    """What tells that the saved output of `cell` was printed by another version; None for nothing."""
    saved, fresh = text_of(case.cells[cell].outputs), text_of(case.run.outputs[cell] or [])
    for change in _changes():
        version = used_version(case, change.library)
        newer_here = version is not None and at_least(version, change.version)
        old, new = (saved, fresh) if newer_here else (fresh, saved)
        if version is not None and _shows(change, old, new):
            side = "the fresh" if newer_here else "the saved"
            return (
                f"Since {change.library} {change.version} {change.what}, as {side} output has it"
                f" and the other has not; this run had {version}."
            )
    return _warning(saved, fresh)


def _shows(change: DisplayChange, old: str, new: str) -> bool:
    if not (change.older.search(old) and change.newer.search(new)):
        return False
    return not (change.newer.search(old) and change.older.search(new))


def _warning(saved: str, fresh: str) -> str | None:
    """A library that warns on one side alone."""
    old = {match["library"] for match in _LIBRARY_WARNING.finditer(saved)}
    new = {match["library"] for match in _LIBRARY_WARNING.finditer(fresh)}
    only = sorted(old ^ new)
    if not only:
        return None
    side = "saved" if only[0] in old else "fresh"
    return f"{only[0]} warns in the {side} output alone: its versions warn of different things."


def text_of(outputs: Sequence[Mapping[str, Any]]) -> str:
    """All text that outputs show, but for what is HTML or an image."""
    return "\n".join(_texts(outputs))


def _texts(outputs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for output in outputs:
        data = output.get("data")
        plain = data.get("text/plain", "") if isinstance(data, dict) else ""
        for text in (output.get("text", ""), plain):
            yield text if isinstance(text, str) else "".join(map(str, text))


@cache
def _changes() -> tuple[DisplayChange, ...]:
    text = files("repro_nb.rerun.diagnoses").joinpath("display_changes.toml").read_text("utf-8")
    return tuple(
        DisplayChange(
            **{**entry, "older": re.compile(entry["older"]), "newer": re.compile(entry["newer"])}
        )
        for entry in tomllib.loads(text)["changes"]
    )
