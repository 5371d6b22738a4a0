"""What a recording keeps of an output: all of it, but of a large payload only digest and size.

An output is a dict of nbformat 4. Its *payloads* are the text of a stream, the message and traceback of an
error, and each mime type of a display. One over `LIMIT` bytes is taken out, and noted under the key ``large``
of the output: ``{"large": {"image/png": {"digest": "blake2b-16:…", "size": 812345}}}``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["LIMIT", "output_digest", "shrink", "stable_outputs", "unshrink"]

LIMIT = 256 * 1024
"""Bytes of one payload above which only its digest and size are kept."""

_VOLATILE = ("execution_count", "transient")
"""Keys of an output that say nothing about its content."""


def stable_outputs(outputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`outputs` in the form that is recorded: neighbouring pieces of one stream joined, counters left out."""
    kept: list[dict[str, Any]] = []
    for output in outputs:
        plain = {key: _plain(value) for key, value in output.items() if key not in _VOLATILE}
        if plain.get("output_type") == "stream":
            plain["text"] = _joined(plain.get("text", ""))
            if (
                kept
                and kept[-1].get("output_type") == "stream"
                and kept[-1]["name"] == plain["name"]
            ):
                kept[-1]["text"] += plain["text"]
                continue
        elif plain.get("output_type") == "execute_result":
            plain["execution_count"] = None
        kept.append(plain)
    return kept


def output_digest(output: Mapping[str, Any]) -> str:
    """Digest of one whole output, as ``blake2b-16:<hex>`` over its JSON with sorted keys."""
    return _digest(_encoded(output))


def shrink(output: Mapping[str, Any]) -> dict[str, Any]:
    """`output` with every payload over `LIMIT` bytes replaced by its digest and size."""
    shrunk, large = _copied(output), {}
    for holder, key in _payloads(shrunk):
        encoded = _encoded(holder[key])
        if len(encoded) > LIMIT:
            del holder[key]
            large[key] = {"digest": _digest(encoded), "size": len(encoded)}
    return {**shrunk, "large": large} if large else shrunk


def unshrink(
    recorded: Sequence[Mapping[str, Any]], actual: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """`recorded` outputs made whole again, so that they can be compared with `actual` ones.

    A payload that was too large to keep is taken from `actual` where one has the recorded digest; elsewhere a
    line of text stands for it, which compares as different.
    """
    return [_unshrunk(output, actual) for output in recorded]


def _unshrunk(output: Mapping[str, Any], actual: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    whole = _copied(output)
    large = whole.pop("large", None)
    if not large:
        return whole
    known = {
        _digest(_encoded(holder[key])): holder[key]
        for candidate in stable_outputs(actual)
        for holder, key in _payloads(candidate)
        if key in large
    }
    for key, note in large.items():
        stand_in = f"<{note['size']} bytes, not kept in the recording; digest {note['digest']}>"
        holder = whole if key in ("text", "traceback", "evalue") else whole.setdefault("data", {})
        holder[key] = known.get(note["digest"], [stand_in] if key == "traceback" else stand_in)
    return whole


def _payloads(output: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every payload as the dict that holds it and its key there; the dict may be changed meanwhile."""
    yield from [(output, key) for key in ("text", "evalue", "traceback") if key in output]
    data = output.get("data")
    if isinstance(data, dict):
        yield from [(data, key) for key in sorted(data)]


def _copied(output: Mapping[str, Any]) -> dict[str, Any]:
    copy = dict(output)
    if isinstance(copy.get("data"), Mapping):
        copy["data"] = dict(copy["data"])
    return copy


def _plain(value: Any) -> Any:
    """`value` in plain dicts and lists: nbformat's nodes are subclasses, which would compare and copy as such."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _joined(text: Any) -> str:
    return text if isinstance(text, str) else "".join(text)


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return json.dumps(value, sort_keys=True).encode()


def _digest(data: bytes) -> str:
    return "blake2b-16:" + hashlib.blake2b(data, digest_size=16).hexdigest()
