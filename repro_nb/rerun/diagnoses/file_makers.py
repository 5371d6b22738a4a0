"""Which line of a notebook makes a file: found by its text, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.shell import NETWORK_COMMAND
from repro_nb.rerun.result import Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["Maker", "maker_of", "writes_files"]

_WRITES = re.compile(
    r"\.to_(?:csv|excel|json|parquet|pickle|hdf|feather|html|sql|stata|netcdf|file|zarr)\(|savefig\("
    r"|\bimwrite\(|\bimsave\(|np\.save(?:z|txt|z_compressed)?\(|\bsave_weights\(|\.save\(|\bsave_model\("
    r"|\bdump\(|\.write_(?:text|bytes|html|image)\(|\bmkdir\(|makedirs\(|\bcopyfile\(|shutil\.(?:copy|move)\w*\("
    r"|open\([^)]*,\s*(?:mode\s*=\s*)?['\"][rb+t]*[wax][rb+t]*['\"]"
    r"|^\s*%%(?:writefile|file)\b|^\s*%?!?\s*(?:touch|mkdir|cp|mv)\b|>\s*\S+"
)
_PYTHON_WRITES = re.compile(_WRITES.pattern.rpartition("|>")[0])
_UNPACKS = re.compile(r"\b(?:unzip|tar|gunzip|7z|unrar)\b|\.extract(?:all)?\(|unpack_archive\(")
_DOWNLOADS = re.compile(
    rf"{NETWORK_COMMAND.pattern}|urlretrieve\(|get_file\(|download\w*\(|requests\.get\("
)
_COMMENT = re.compile(r"^\s*#+\s*(?=[!%\w])")


@dataclass(frozen=True)
class Maker:
    """A line that makes a file.

    Attributes:
        line: The line.
        downloads: It takes the file from the network.
        commented: It stands in a comment.
    """

    line: Origin
    downloads: bool = False
    commented: bool = False


def writes_files(line: str) -> bool:
    """Whether a line of Python writes a file, as far as its text tells."""
    return _PYTHON_WRITES.search(line) is not None


def maker_of(case: Case, name: str, cell: int) -> Maker | None:
    """The line that makes the file called `name`: before `cell` where there is one, else after it.

    Args:
        case: The case.
        name: The file's name without folders.
        cell: The cell that looks for the file.
    """
    found = list(_makers(case, name, cell))
    living = [maker for maker in found if not maker.commented]
    before = [maker for maker in living if maker.line.cell < cell]
    after = [maker for maker in living if maker.line.cell > cell]
    chosen = before[-1:] or after[:1] or found[:1]
    return chosen[0] if chosen else None


def _makers(case: Case, name: str, cell: int) -> Iterator[Maker]:
    stem = name.rpartition(".")[0] or name
    for other in case.cells:
        for number, text in enumerate(other.source.splitlines(), 1):
            line = _COMMENT.sub("", text)
            commented = line != text
            if other.index == cell and not commented:
                continue
            downloads = _DOWNLOADS.search(line) is not None
            exact = name in line and (_WRITES.search(line) or downloads)
            # An archive often has the name of what is in it.
            packed = f"{stem}." in line and _UNPACKS.search(line)
            if exact or packed:
                yield Maker(
                    Origin(cell=other.index, line=number, code=text.strip()), downloads, commented
                )
