"""One line of the registry: a checkpoint as it was when it was registered, or the word that it was removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from repro_nb.checkpoints.provenance import Provenance
from repro_nb.checkpoints.registered_parts import (
    RegisteredContent,
    RegisteredFile,
    as_digits,
    as_mapping,
    as_text,
    as_whole,
    as_word,
)

__all__ = ["SCHEMA", "Event", "Parent", "Registration"]

SCHEMA = "repro_nb/registration/1"


class Event(StrEnum):
    """What a line tells."""

    REGISTERED = "registered"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Parent:
    """The checkpoint that another one was made from.

    Attributes:
        checkpoint: Its name.
        digest: Its digest when the other one was registered.
    """

    checkpoint: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What one line of the registry says.

    Attributes:
        checkpoint: The checkpoint's name, relative to the registry's folder, with ``/``.
        event: Whether it was registered or removed; a removal has no facts but time, note and provenance.
        time: When, in UTC, such as ``2026-03-01T09:30:00.000000Z``.
        kind: ``file`` or ``directory``.
        algorithm: Name of the hash algorithm.
        digest: Of the whole checkpoint.
        size: Of all its files, in bytes.
        modified: When it was last written, in seconds since 1970, as the file system said.
        identity: What `repro_nb.checkpoints.identity` gave; empty where it is not known.
        files: Its files; one without a name where it is a single file.
        content: What is in it; None where nobody looked.
        architecture: Digest of the model's architecture; empty where no model was given.
        metadata: What the user wants to be remembered.
        note: The same, in words.
        parent: The checkpoint that it was made from.
        provenance: Where it comes from.
        source: The file that the registration was imported from; empty for one of our own.
        after: The lines that it takes the place of.
        line: The line's own digest; empty before it is written.
        number: The line's number in the file, from 1; 0 before it is written.
    """

    checkpoint: str
    event: Event
    time: str
    kind: str = ""
    algorithm: str = ""
    digest: str = ""
    size: int = 0
    modified: float = 0.0
    identity: str = ""
    files: tuple[RegisteredFile, ...] = ()
    content: RegisteredContent | None = None
    architecture: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    parent: Parent | None = None
    provenance: Provenance = field(default_factory=Provenance)
    source: str = ""
    after: tuple[str, ...] = ()
    line: str = ""
    number: int = 0

    def to_json(self) -> dict[str, Any]:
        """The line as what ``json`` can write, the checkpoint's name first; what is empty is left out."""
        facts = {
            "event": self.event.value,
            "time": self.time,
            "kind": self.kind,
            "algorithm": self.algorithm,
            "digest": self.digest,
            "size": self.size,
            "modified": self.modified,
            "identity": self.identity,
            "files": [each.to_json() for each in self.files],
            "content": self.content.to_json() if self.content else None,
            "architecture": self.architecture,
            "metadata": dict(self.metadata),
            "note": self.note,
            "parent": asdict(self.parent) if self.parent else None,
            "provenance": self.provenance.to_json(),
            "source": self.source,
            "after": list(self.after),
        }
        kept = {name: value for name, value in sorted(facts.items()) if value or name == "size"}
        return {"checkpoint": self.checkpoint, **kept, "schema": SCHEMA}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], line: str, number: int) -> Registration:
        """The line that `to_json` wrote.

        Args:
            data: What the line holds; keys that are not known are left alone.
            line: Its own digest.
            number: Its number in the file, from 1.

        Raises:
            KeyError: A key is missing.
            UnsafeCheckpointError: A file's name leads out of the checkpoint.
            TypeError: A value is of another type.
            ValueError: A value is none that can be.
        """
        parent, content = data.get("parent"), data.get("content")
        return cls(
            checkpoint=as_text(data["checkpoint"]),
            event=Event(data["event"]),
            time=as_text(data["time"]),
            kind=as_text(data.get("kind", "")),
            algorithm=as_word(data.get("algorithm", "")),
            digest=as_digits(data.get("digest", "")),
            size=as_whole(data.get("size", 0)),
            modified=float(data.get("modified", 0.0)),
            identity=as_digits(data.get("identity", "")),
            files=tuple(map(RegisteredFile.from_json, data.get("files", ()))),
            content=RegisteredContent.from_json(as_mapping(content)) if content else None,
            architecture=as_digits(data.get("architecture", "")),
            metadata=as_mapping(data.get("metadata", {})),
            note=as_text(data.get("note", "")),
            parent=Parent(
                checkpoint=as_text(parent["checkpoint"]), digest=as_text(parent["digest"])
            )
            if parent
            else None,
            provenance=Provenance.from_json(as_mapping(data.get("provenance", {}))),
            source=as_text(data.get("source", "")),
            after=tuple(map(as_text, data.get("after", ()))),
            line=line,
            number=number,
        )
