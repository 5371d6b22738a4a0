"""The notebook's file with the edits in it: the named cells alone change, all else stays byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from repro_nb.errors import NotebookError
from repro_nb.rerun.fix.changes import KernelChange
from repro_nb.rerun.fix.draft import Draft
from repro_nb.rerun.fix.json_spans import Element, Member, Span, elements, members

__all__ = ["rewritten"]

_LAST_ASCII = 0x7F


def rewritten(text: str, draft: Draft) -> str:
    """The text of the notebook's file with the edits of `draft`.

    Args:
        text: The file's text, its line ends as they are.
        draft: The edits; it was made from this very text.

    Raises:
        NotebookError: The file is of a format that is read, and not written.
    """
    if json.loads(text).get("nbformat") != 4:  # noqa: PLR2004  the format's number
        raise NotebookError(
            "a notebook of an older format is not written",
            where=str(draft.original.path),
            hint="Save it in Jupyter first: that brings it into the current format.",
        )
    document = _Document(text)
    cells = {
        position: document.with_source(position, source)
        for position, source in draft.sources.items()
    }
    new = document.new_cell(draft) if draft.new_cell else ""
    changed: list[tuple[Span, str]] = [
        (document.cells_span, document.arranged(draft.layout, cells, new))
    ]
    if draft.kernel is not None:
        changed += document.with_kernel(draft.kernel)
    result = _replaced(text, changed)
    _check(text, result, draft)
    return result


def _replaced(text: str, parts: Sequence[tuple[Span, str]]) -> str:
    for span, new in sorted(parts, key=lambda part: part[0].start, reverse=True):
        text = text[: span.start] + new + text[span.end :]
    return text


class _Document:
    """A notebook's text, with the places of its cells."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._top = _by_key(members(text, text.index("{")))
        self.cells_span = self._top["cells"]
        self._cells = elements(text, self.cells_span.start)
        self._ascii = _escapes(text)

    def with_source(self, position: int, source: str) -> str:
        """The text of a cell with another source, written as the one before was."""
        cell = self._cells[position]
        old = self._members(cell)["source"]
        new = self._source_like(old, source)
        return self.text[cell.start : old.start] + new + self.text[old.end : cell.end]

    def arranged(self, layout: Sequence[int | None], cells: Mapping[int, str], new: str) -> str:
        """The list of cells, in the order of `layout`: separators stay at their places."""
        texts = [
            new if position is None else cells.get(position, self._cells[position].of(self.text))
            for position in layout
        ]
        head, between, tail = self._gaps(self.cells_span, self._cells)
        more = between[-1] if between else f",{head[1:]}"
        gaps = [*between, *[more] * (len(texts) - 1 - len(between))]
        return "".join([head, *_alternating(texts, gaps), tail])

    def new_cell(self, draft: Draft) -> str:
        """The text of the new cell, in the style of a code cell near it."""
        at = list(draft.layout).index(None)
        codes = [cell.position for cell in draft.original.code_cells]
        model = self._cells[min(codes, key=lambda position: abs(position - at))]
        known = self._members(model)
        values: dict[str, str] = {
            "cell_type": '"code"',
            "execution_count": "null",
            "id": json.dumps(draft.notebook.node.cells[at].get("id", "")),
            "metadata": "{}",
            "outputs": "[]",
            "source": self._source_like(known["source"], draft.new_cell),
        }
        if not draft.notebook.node.cells[at].get("id"):
            del values["id"]
        kept = [member for member in known.values() if member.key in values]
        ordered = list(known.values())
        between = [self.text[one.end : other.key_span.start] for one, other in pairwise(ordered)]
        pairs = [
            member.key_span.of(self.text)
            + self.text[member.key_span.end : member.start]
            + values[member.key]
            for member in kept
        ]
        head = self.text[model.start : ordered[0].key_span.start]
        tail = self.text[ordered[-1].end : model.end]
        gap = between[0] if between else ", "
        return f"{head}{gap.join(pairs)}{tail}"

    def with_kernel(self, kernel: KernelChange) -> list[tuple[Span, str]]:
        """The changed names of the kernel in the metadata."""
        metadata = _by_key(members(self.text, self._top["metadata"].start))
        spec = _by_key(members(self.text, metadata["kernelspec"].start))
        values = {"name": kernel.name, "display_name": kernel.display_name}
        return [(spec[key], self._written(value)) for key, value in values.items() if key in spec]

    def _members(self, cell: Span) -> dict[str, Member]:
        return _by_key(members(self.text, cell.start))

    def _source_like(self, old: Span, source: str) -> str:
        """`source` as a list of lines where `old` is one, else as one text."""
        if self.text[old.start] != "[":
            return self._written(source)
        lines = elements(self.text, old.start)
        known = {str(json.loads(line.of(self.text))): line.of(self.text) for line in lines}
        wanted = [known.get(line) or self._written(line) for line in _split(source)]
        head, between, tail = self._gaps(old, lines)
        if not lines:
            head, more, tail = self._list_style()
        else:
            more = between[0] if between else f",{head[1:] or ' '}"
        gaps = [*between, *[more] * len(wanted)][: max(0, len(wanted) - 1)]
        return "".join([head, *_alternating(wanted, gaps), tail])

    def _list_style(self) -> tuple[str, str, str]:
        """How the lines of a source are laid out in a cell that has some."""
        for cell in self._cells:
            source = self._members(cell).get("source")
            if source is not None and self.text[source.start] == "[":
                lines = elements(self.text, source.start)
                if lines:
                    head, between, tail = self._gaps(source, lines)
                    return head, between[0] if between else f",{head[1:] or ' '}", tail
        return "[", ", ", "]"

    def _gaps(self, around: Span, parts: Sequence[Element]) -> tuple[str, list[str], str]:
        """What stands in front of, between and behind the values of a list."""
        if not parts:
            return "[", [], "]"
        between = [self.text[one.end : other.start] for one, other in pairwise(parts)]
        return (
            self.text[around.start : parts[0].start],
            between,
            self.text[parts[-1].end : around.end],
        )

    def _written(self, value: str) -> str:
        return json.dumps(value, ensure_ascii=self._ascii)


def _by_key(found: Sequence[Member]) -> dict[str, Member]:
    # Of a key that is there twice, readers of JSON take the last.
    return {member.key: member for member in found}


def _alternating(texts: Sequence[str], gaps: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for index, text in enumerate(texts):
        parts += [gaps[index - 1], text] if index else [text]
    return parts


def _split(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _escapes(text: str) -> bool:
    """Whether the file writes what is beyond ASCII as escapes."""
    return all(ord(character) <= _LAST_ASCII for character in text) and "\\u" in text


def _check(old: str, new: str, draft: Draft) -> None:
    """Refuse to go on if anything but the edits is different: it would be a fault of ours.

    Raises:
        AssertionError: It is.
    """
    before, after = json.loads(old), json.loads(new)
    cells = [None if at is None else before["cells"][at] for at in draft.layout]
    for index, (at, cell) in enumerate(zip(draft.layout, cells, strict=True)):
        expected = after["cells"][index] if cell is None else cell
        source = draft.new_cell if at is None else draft.sources.get(at)
        _expect(after["cells"][index], expected, source)
    rest = [
        {k: v for k, v in each.items() if k not in ("cells", "metadata")}
        for each in (before, after)
    ]
    if rest[0] != rest[1] or (draft.kernel is None and before["metadata"] != after["metadata"]):
        raise AssertionError("more than the cells would change")


def _expect(found: Mapping[str, Any], expected: Mapping[str, Any], source: str | None) -> None:
    text = found["source"]
    joined = "".join(text) if isinstance(text, list) else text
    if source is not None and joined != source:
        raise AssertionError("a cell would get another text")
    parts = ("source",) if source is not None else ()
    if {k: v for k, v in found.items() if k not in parts} != {
        k: v for k, v in expected.items() if k not in parts
    }:
        raise AssertionError("more than a cell's text would change")
