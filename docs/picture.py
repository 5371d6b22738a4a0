"""Makes the README's picture of the report, from a real run: ``python docs/picture.py``."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from repro_nb import verify
from repro_nb.rerun.report import print_report

DOCS = Path(__file__).parent
NOTEBOOK = "notebooks/monte_carlo_pi.ipynb"


def main() -> None:
    """Write ``verify.svg`` beside this file."""
    console = Console(record=True, width=104, file=io.StringIO(), force_terminal=True)
    print_report([verify(NOTEBOOK)], console)
    # The reader's own monospaced font serves; nothing is fetched from elsewhere.
    style = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    picture = console.export_svg(title=f"repro-nb verify {NOTEBOOK}", code_format=style)
    (DOCS / "verify.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
