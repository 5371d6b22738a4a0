"""Shell commands and magics in cells that install, download or unpack: found by their text, never run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.distributions import KNOWN
from repro_nb.rerun.result import Origin

if TYPE_CHECKING:
    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = ["NETWORK_COMMAND", "installing_line", "shell_lines"]

NETWORK_COMMAND = re.compile(
    r"\b(?:wget|curl|git\s+clone|gdown|kaggle|gsutil|aws\s+s3|pip3?\s+install|conda\s+install"
    r"|mamba\s+install|apt(?:-get)?\s+|npm\s+install|huggingface-cli|nltk\.downloader|spacy\s+download)\b"
)
"""A command that needs the network."""

_SHELL_LINE = re.compile(r"^\s*(?:[\w, ]+=\s*)?(?:!|%(?:pip|conda|mamba|system|sx|sh)\b)")
_SHELL_CELL = re.compile(r"^\s*%%(?:bash|sh|script|system|sx|!)")
_INSTALL = re.compile(r"\b(?:pip3?|conda|mamba|apt(?:-get)?)\s+install\b(?P<packages>.*)")


def shell_lines(case: Case, cell: int) -> Iterator[Origin]:
    """The lines of a cell that go to a shell."""
    source = case.cells[cell].source
    whole = _SHELL_CELL.match(source) is not None
    for number, line in enumerate(source.splitlines(), 1):
        if whole or _SHELL_LINE.match(line):
            yield Origin(cell=cell, line=number, code=line.strip())


def installing_line(case: Case, module: str) -> Origin | None:
    """The line by which the notebook installs what provides `module`, no later than in the cell that failed."""
    failure = case.run.failure
    last = -1 if failure is None or failure.cell is None else failure.cell
    names = {
        each.lower().replace("_", "-") for each in (module, KNOWN.distributions.get(module, module))
    }
    for cell in range(last + 1):
        for line in shell_lines(case, cell):
            match = _INSTALL.search(line.code)
            words = re.split(r"[\s=<>!~\[\];,]+", match["packages"].lower()) if match else []
            if names & {word.replace("_", "-") for word in words}:
                return line
    return None
