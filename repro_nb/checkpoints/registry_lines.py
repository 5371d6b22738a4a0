"""The lines of a registry: how each is written with its own digest, and what is made of one that is damaged."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.names import is_safe
from repro_nb.checkpoints.registration import SCHEMA, Registration
from repro_nb.errors import UnsafeCheckpointError, UsageError

__all__ = ["DamagedLine", "line_of", "opening", "read_line"]

_SEAL = re.compile(rb',"line":"([0-9a-f]{32})"\}\Z')
_OPENING, _CLOSING = b'{"checkpoint":', b',"line":"'
_NAME = re.compile(rb'\A\{"checkpoint":("(?:[^"\\]|\\.){0,4096}"),"named":"([0-9a-f]{16})"')
_MARKERS = (b"<<<<<<<", b"|||||||", b"=======", b">>>>>>>")
_NONSENSE = (
    *(KeyError, TypeError, ValueError),
    *(OverflowError, RecursionError, UnsafeCheckpointError),
)
_FAMILY = SCHEMA.rpartition("/")[0]


@dataclass(frozen=True, kw_only=True)
class DamagedLine:
    """A line that cannot be taken at its word. It stays in the file.

    Attributes:
        number: Its number, from 1.
        checkpoint: The name it begins with, as far as that can be read.
        reason: What is wrong with it.
        harmless: Whether nothing can be missing for it: a marker that a merge left.
    """

    number: int
    checkpoint: str
    reason: str
    harmless: bool = False

    def __str__(self) -> str:
        about = f" (about {self.checkpoint})" if self.checkpoint else ""
        return f"line {self.number}{about}: {self.reason}"


def line_of(registration: Registration) -> bytes:
    """The line of a registration, without a line end: JSON, and last the digest of all the bytes before it.

    Raises:
        UsageError: The metadata holds what JSON cannot.
    """
    try:
        facts = registration.to_json()
        name = facts.pop("checkpoint")
        # The name has a digest of its own: so it can be believed in a line that is damaged elsewhere.
        kept = {"checkpoint": name, "named": _name_digest(str(name)), **facts}
        text = json.dumps(kept, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"this cannot be kept in a registry: {error}") from error
    content = text.encode("ascii")
    return b'%b,"line":"%b"}' % (content[:-1], _digest(content).encode("ascii"))


def opening(checkpoint: str) -> bytes:
    """How every line about `checkpoint` begins."""
    return b'{"checkpoint":%b,' % json.dumps(checkpoint).encode("ascii")


def read_line(number: int, line: bytes, *, complete: bool) -> Registration | DamagedLine:
    """What one line says.

    Args:
        number: Its number, from 1.
        line: Its bytes, without the line end.
        complete: Whether it has a line end.
    """
    if line.startswith(_MARKERS):
        return DamagedLine(
            number=number, checkpoint="", reason="a marker that a merge left", harmless=True
        )
    problem = _problem(line, complete=complete)
    if problem:
        return _damaged(number, line, problem)
    try:
        return _parsed(number, line)
    except _NONSENSE as error:
        return _damaged(number, line, f"it holds what cannot be understood ({error})")


def _problem(line: bytes, *, complete: bool) -> str:
    """Why a line is not to be parsed; empty where it is."""
    sealed = _SEAL.search(line)
    if sealed is None:
        ended = line.endswith(b'"}')
        return "it was torn off" if not (complete and ended) else "it has no digest of its own"
    content = line[: sealed.start()] + b"}"
    return (
        ""
        if _digest(content).encode("ascii") == sealed[1]
        else "it was changed after it was written"
    )


def _parsed(number: int, line: bytes) -> Registration:
    data: Any = json.loads(line)
    schema = str(data.get("schema", ""))
    if schema != SCHEMA:
        newer = schema.rpartition("/")[0] == _FAMILY
        raise ValueError(
            f"written by another version of repro_nb: {schema}" if newer else "no registration"
        )
    found = Registration.from_json(data, data["line"], number)
    if not is_safe(found.checkpoint):
        raise ValueError(f"the name {found.checkpoint!r} leads out of the registry's folder")
    return found


def _damaged(number: int, line: bytes, reason: str) -> DamagedLine:
    return DamagedLine(number=number, checkpoint=_name_in(line), reason=reason)


def _name_in(line: bytes) -> str:
    """The name of a damaged line, where it is not the name that is damaged.

    What lost the line end between them is two lines, and the first name says nothing of the second.
    """
    joined = line.count(_OPENING) > 1 or line.count(_CLOSING) > 1
    found = None if joined else _NAME.match(line)
    try:
        name = str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""
    return name if found and _name_digest(name) == found[2].decode() else ""


def _name_digest(name: str) -> str:
    content = name.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
