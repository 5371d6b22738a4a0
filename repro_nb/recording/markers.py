"""What a cell says about its own comparison: the tags and comments of nbval, and the magics that must not compare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CellMarker", "cell_marker"]

_FIELDS = {
    "nbval-ignore-output": "ignore",
    "pytest-validate-ignore-output": "ignore",
    "nbval-check-output": "check",
    "nbval-skip": "skip",
    "nbval-raises-exception": "raises",
    "raises-exception": "raises",
}
_COMMENT = re.compile(
    r"^[ \t]*#[# \t]*((?:NBVAL_(?:IGNORE_OUTPUT|CHECK_OUTPUT|SKIP|RAISES_EXCEPTION))|PYTEST_VALIDATE_IGNORE_OUTPUT)"
    r"[ \t]*(?::[ \t]*(.*?))?[ \t]*$",
    re.MULTILINE,
)
_VERIFY = re.compile(r"^%{1,2}repro_verify\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class CellMarker:
    """What a cell says about its own comparison.

    Attributes:
        ignore_output: Its outputs are not compared.
        skip: It is not run.
        raises_exception: It may raise without failing the notebook.
        check_output: Its outputs are compared even where the default is not to.
        reason: Why, in the author's words where there are any, else the name of the marker.
    """

    ignore_output: bool = False
    skip: bool = False
    raises_exception: bool = False
    check_output: bool = False
    reason: str = ""


def cell_marker(cell: Mapping[str, Any]) -> CellMarker:
    """Read the markers of a cell.

    Tags (``nbval-skip``, ``nbval_skip``, ``raises-exception``, …) come first, then comments in the order of their
    lines; where two contradict each other the later one holds, as in nbval. A comment may give a reason after a colon:
    ``# NBVAL_IGNORE_OUTPUT: prints a duration``. The outputs of a cell with ``%repro_verify`` are never compared,
    since the magic does nothing inside a rerun.
    """
    source = _source(cell)
    found: dict[str, str] = {}
    for field, reason in (*_tags(cell), *_comments(source)):
        found.pop({"ignore": "check", "check": "ignore"}.get(field, ""), None)
        found[field] = reason
    if _VERIFY.search(source):
        found.pop("check", None)
        found["ignore"] = "%repro_verify is inert inside a rerun"
    return CellMarker(
        ignore_output="ignore" in found,
        skip="skip" in found,
        raises_exception="raises" in found,
        check_output="check" in found,
        reason="; ".join(dict.fromkeys(found.values())),
    )


def _tags(cell: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    for tag in tags if isinstance(tags, (list, tuple)) else ():
        field = _FIELDS.get(str(tag).lower().replace("_", "-"))
        if field:
            yield field, f"cell tag {tag}"


def _comments(source: str) -> Iterator[tuple[str, str]]:
    for match in _COMMENT.finditer(source):
        yield _FIELDS[match.group(1).lower().replace("_", "-")], match.group(2) or match.group(1)


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, (list, tuple)) else str(source)
