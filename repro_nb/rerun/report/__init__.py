"""The reports on examined notebooks: one model, rendered for terminal, Markdown, HTML and JSON.

The renderers are imported when they are first asked for. All text that comes from a notebook is escaped.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from repro_nb.rerun.report.contract import envelope, validate
    from repro_nb.rerun.report.fragment import html_fragment
    from repro_nb.rerun.report.markdown_text import markdown
    from repro_nb.rerun.report.terminal import print_report, text
    from repro_nb.rerun.report.webpage import html

__all__ = ["envelope", "html", "html_fragment", "markdown", "print_report", "text", "validate"]

_HOMES = {
    "envelope": "contract",
    "validate": "contract",
    "html": "webpage",
    "html_fragment": "fragment",
    "markdown": "markdown_text",
    "print_report": "terminal",
    "text": "terminal",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
