"""A report as one self-contained page: no script, no outside resource, both colour schemes."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from repro_nb.pages.elements import Markup, el

__all__ = ["page", "stylesheet"]


def page(title: str, subtitle: str, *sections: Markup | None) -> str:
    """A whole document with the report's style; its policy lets nothing run and nothing load."""
    style = stylesheet()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        None,
        el("meta", {"charset": "utf-8"}),
        el("meta", {"http-equiv": "Content-Security-Policy", "content": policy}),
        el("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        el("meta", {"name": "color-scheme", "content": "light dark"}),
        el("title", None, title),
        el("style", None, Markup(style)),
    )
    top = el(
        "header",
        None,
        el("p", {"class": "brand"}, "repro_nb"),
        el("h1", None, title),
        el("p", None, subtitle),
    )
    body = el("body", {"class": "repro-nb"}, top, el("main", None, sections))
    return "<!doctype html>\n" + el("html", {"lang": "en"}, head, body) + "\n"


@cache
def stylesheet() -> str:
    """The style of page and fragment."""
    return files("repro_nb.pages").joinpath("report.css").read_text("utf-8")
