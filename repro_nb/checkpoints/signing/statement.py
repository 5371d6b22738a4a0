"""In-toto statements of model signing 1.0: what a signature vouches for, file by file."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.safe_names import check_no_clash, safe_name
from repro_nb.checkpoints.signing.reading import parse_json
from repro_nb.errors import CheckpointError, SignatureError, UsageError

__all__ = ["SINGLE", "Statement", "parse_statement"]

SINGLE = "."
"""What the only file of a checkpoint that is a single file is called."""

_TYPE = "https://in-toto.io/Statement/v1"
_PREDICATE = "https://model_signing/signature/v1.0"
_ALGORITHMS = ("sha256", "blake2b", "blake3")
_HEXADECIMAL = re.compile(r"[0-9a-f]+")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is signed.

    Attributes:
        subject: Name of the checkpoint; tells nothing about where it lies.
        algorithm: Name of the hash algorithm of the files' digests.
        digests: The digest of each file by its name; that of a single file is ``.``.
        left_out: Names, relative to the folder, of what the signature does not cover.
    """

    subject: str
    algorithm: str
    digests: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def root(self) -> str:
        """The SHA-256 over all digests, in the order of the names' code points."""
        return _root(self.digests[name] for name in sorted(self.digests))

    def to_json(self) -> bytes:
        """The statement as it is signed."""
        resources = [
            {"name": name, "algorithm": self.algorithm, "digest": self.digests[name]}
            for name in sorted(self.digests)
        ]
        serialization = {
            "method": "files",
            "hash_type": self.algorithm,
            "allow_symlinks": False,
            "ignore_paths": sorted(self.left_out),
        }
        content = {
            "_type": _TYPE,
            "subject": [{"name": self.subject, "digest": {"sha256": self.root}}],
            "predicateType": _PREDICATE,
            "predicate": {"serialization": serialization, "resources": resources},
        }
        return json.dumps(content, ensure_ascii=False).encode()


def parse_statement(payload: bytes) -> Statement:
    """The statement that was signed. Give it only what a signature was verified over.

    Raises:
        SignatureError: It is none of model signing 1.0, contradicts itself, names files outside of the checkpoint, or
            was made in a way that is not supported.
    """
    try:
        return _statement(parse_json(payload))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise SignatureError(
            f"what is signed is no statement about a checkpoint: {what}"
        ) from error
    except (CheckpointError, UsageError) as error:
        raise SignatureError(f"what is signed cannot be checked: {error.message}") from error


def _statement(content: Any) -> Statement:
    if content["_type"] != _TYPE or content["predicateType"] != _PREDICATE:
        raise ValueError(
            f"it is a {content['predicateType']} in a {content['_type']}, not a {_PREDICATE}"
        )
    (subject,) = content["subject"]
    predicate = content["predicate"]
    algorithm, left_out = _serialization(predicate["serialization"])
    digests = _digests(predicate["resources"], algorithm)
    if _root(digests.values()) != subject["digest"]["sha256"]:
        raise ValueError("the digest of the whole is not that of its files")
    return Statement(
        subject=_text(subject["name"]), algorithm=algorithm, digests=digests, left_out=left_out
    )


def _serialization(content: Any) -> tuple[str, tuple[str, ...]]:
    """The hash algorithm, and what is left out."""
    if content["method"] != "files":
        raise ValueError(f"files were digested by {content['method']!r}, which is not supported")
    if content["allow_symlinks"] is not False:
        raise ValueError("links were followed when it was made, which is not supported")
    algorithm = content["hash_type"]
    if algorithm not in _ALGORITHMS:
        raise ValueError(f"its hash is {algorithm!r}, not one of {', '.join(_ALGORITHMS)}")
    return algorithm, tuple(safe_name(_text(name)) for name in content.get("ignore_paths", []))


def _digests(resources: Any, algorithm: str) -> dict[str, str]:
    """The digests in the order of the statement."""
    digits = algorithm_named(algorithm).digits
    found: dict[str, str] = {}
    for each in resources:
        name, digest = _text(each["name"]), _text(each["digest"])
        if each["algorithm"] != algorithm or len(digest) != digits:
            raise ValueError(f"the digest of {name!r} is no {algorithm}")
        if not _HEXADECIMAL.fullmatch(digest):
            raise ValueError(f"the digest of {name!r} is not in hexadecimal digits")
        if name in found:
            raise ValueError(f"{name!r} is in it twice")
        found[name] = digest
    if not found:
        raise ValueError("it names no file")
    if set(found) != {SINGLE}:
        check_no_clash(safe_name(name) for name in found)
    return found


def _root(digests: Any) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(digest) for digest in digests)).hexdigest()


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")  # noqa: TRY004 - told like whatever else is wrong
    return value
