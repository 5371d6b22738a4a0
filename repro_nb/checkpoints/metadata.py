"""What users want to be remembered with a checkpoint, and how they get it back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import PurePath
from typing import Any

from repro_nb.checkpoints.registration import Registration
from repro_nb.errors import UsageError

__all__ = ["CheckpointMetadata", "from_kept", "to_kept"]

_FLOAT = "$float"
"""Key of the object that stands for a number JSON has no word for: NaN and the infinities."""

_DEEPEST = 64


@dataclass(frozen=True, kw_only=True)
class CheckpointMetadata:
    """What is known of a registered checkpoint.

    Attributes:
        file_path: Its name, relative to the registry's folder, with ``/``.
        file_size: Of all its files, in bytes.
        hash_algorithm: Name of the hash algorithm.
        hash_value: Its digest.
        created_timestamp: When it was registered, as ISO 8601 in UTC.
        last_modified: When it was last written before that, in seconds since 1970.
        metadata: What the user gave.
        note: The same, in words.
        content_hash: Digest of its tensors, whatever format holds them; empty where they could not be read.
        architecture_hash: Digest of the model's architecture; empty where no model was given.
    """

    file_path: str
    file_size: int
    hash_algorithm: str
    hash_value: str
    created_timestamp: str
    last_modified: float
    metadata: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""
    content_hash: str = ""
    architecture_hash: str = ""

    @classmethod
    def of(cls, registration: Registration) -> CheckpointMetadata:
        """What a registration knows."""
        return cls(
            file_path=registration.checkpoint,
            file_size=registration.size,
            hash_algorithm=registration.algorithm,
            hash_value=registration.digest,
            created_timestamp=registration.time,
            last_modified=registration.modified,
            metadata=from_kept(dict(registration.metadata)),
            note=registration.note,
            content_hash=registration.content.digest if registration.content else "",
            architecture_hash=registration.architecture,
        )

    def to_dict(self) -> dict[str, Any]:
        """The same as a dictionary."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CheckpointMetadata:
        """What `to_dict` gave.

        Raises:
            TypeError: A key is unknown or missing.
        """
        return cls(**data)


def to_kept(value: Any, where: str = "metadata", depth: int = 0) -> Any:
    """`value` as what ``json`` can write, numbers of numpy and torch among it.

    Raises:
        UsageError: It holds something else; the message says where.
    """
    if depth > _DEEPEST:
        raise UsageError("this is nested too deeply, or holds itself", where=where[:100])
    if isinstance(value, Mapping):
        return {
            _key(key, where): to_kept(each, f"{where}[{key!r}]", depth + 1)
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [to_kept(each, f"{where}[{at}]", depth + 1) for at, each in enumerate(value)]
    return _plain(value, where)


def from_kept(value: Any) -> Any:
    """What was given to `to_kept`; tuples have become lists."""
    if isinstance(value, dict):
        if value.keys() == {_FLOAT}:
            return float(value[_FLOAT])
        return {key: from_kept(each) for key, each in value.items()}
    return [from_kept(each) for each in value] if isinstance(value, list) else value


def _plain(value: Any, where: str) -> Any:
    if isinstance(value, float):  # a float64 of numpy's is one, too
        return float(value) if math.isfinite(value) else {_FLOAT: str(float(value))}
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, Enum):
        return to_kept(value.value, where)
    if isinstance(value, int | str | PurePath):
        return int(value) if isinstance(value, int) else str(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return to_kept(value.item(), where)
    raise UsageError(
        f"a registry keeps texts, numbers, lists and dictionaries, and no {type(value).__name__}",
        where=where,
        hint="Give its text, or what is to be remembered of it.",
    )


def _key(key: Any, where: str) -> str:
    if not isinstance(key, str) or key == _FLOAT:
        raise UsageError(
            f"{key!r} cannot be a key: a registry keeps dictionaries by texts", where=where
        )
    return key
