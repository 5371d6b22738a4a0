"""HTML that is escaped by construction: text becomes markup in one place alone."""

from __future__ import annotations

import base64
import binascii
import html
from collections.abc import Iterable, Mapping

from repro_nb.pages.readable import readable

__all__ = ["Child", "Markup", "el", "join", "picture", "prose", "text"]


class Markup(str):
    """A string that is HTML already. Only this module makes any."""

    __slots__ = ()


Child = str | Markup | None | Iterable["Child"]
"""What an element can hold: text, which is escaped; markup; nothing; or several of these."""

_VOID = frozenset({"img", "meta"})


def text(value: str) -> Markup:
    """`value` escaped, with control characters made visible."""
    return Markup(html.escape(readable(value), quote=True))


def join(children: Child) -> Markup:
    """Children in a row, without an element around them."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        return text(children)
    return Markup("".join(join(child) for child in children))


def el(name: str, attributes: Mapping[str, str] | None = None, *children: Child) -> Markup:
    """One element.

    Args:
        name: Its tag.
        attributes: Its attributes; values are escaped. An empty value gives a bare attribute, such as ``open``.
        *children: What it holds.
    """
    shown = "".join(
        f" {key}" if not value else f' {key}="{text(value)}"'
        for key, value in (attributes or {}).items()
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{join(children)}</{name}>")


def prose(sentence: str) -> Markup:
    """A sentence of ours, with what stands between back-ticks as code."""
    pieces = sentence.split("`")
    return join([el("code", None, piece) if i % 2 else piece for i, piece in enumerate(pieces)])


def picture(data: str, description: str) -> Markup:
    """A PNG given as base64; a word in its place where it is none."""
    try:
        clean = base64.b64encode(base64.b64decode(data, validate=True)).decode("ascii")
    except (binascii.Error, ValueError):
        return el("span", {"class": "muted"}, "not a picture")
    return el("img", {"src": f"data:image/png;base64,{clean}", "alt": description})
