"""Sigstore bundles on disk: the JSON file that a signature is kept in."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro_nb.checkpoints.signing.dsse import PAYLOAD_TYPE, Envelope
from repro_nb.checkpoints.signing.keys import public_pem
from repro_nb.checkpoints.signing.reading import decode_base64, parse_json, read_whole
from repro_nb.errors import SignatureError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = ["LIMIT", "MEDIA_TYPE", "Bundle", "key_hint", "read_bundle"]

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
LIMIT = 64 * 1024 * 1024
"""Bytes that a signature may have: enough for 300,000 files."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A signature made with a key.

    Attributes:
        envelope: What was signed, and the signature.
        hint: The digest of the public key; tells which key to take, and proves nothing.
    """

    envelope: Envelope
    hint: str

    def to_json(self) -> bytes:
        """The bundle as it is written."""
        signature = {"sig": b64encode(self.envelope.signature).decode(), "keyid": ""}
        content = {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {"publicKey": {"hint": self.hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": b64encode(self.envelope.payload).decode(),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [signature],
            },
        }
        return json.dumps(content).encode()

    def names(self, key: EllipticCurvePublicKey) -> bool:
        """Whether the hint is that of `key`; also where there is none."""
        return not self.hint or hmac.compare_digest(
            self.hint.encode("utf-8", "surrogatepass"), key_hint(key).encode()
        )


def key_hint(key: EllipticCurvePublicKey) -> str:
    """What a bundle calls `key`: the SHA-256 of its PEM text."""
    return hashlib.sha256(public_pem(key)).hexdigest()


def read_bundle(path: Path) -> Bundle:
    """The bundle in the file at `path`; its signature is not verified yet.

    Raises:
        SignatureError: It cannot be read, is no bundle of version 0.3, or was not made with a key.
    """
    try:
        return _bundle(parse_json(read_whole(path, LIMIT)))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise SignatureError(f"this is no signature: {what}", where=str(path)) from error
    except SignatureError as error:
        raise SignatureError(error.message, where=str(path), hint=error.hint) from error


def _bundle(content: Any) -> Bundle:
    if content["mediaType"] != MEDIA_TYPE:
        raise ValueError(f"its media type is {content['mediaType']!r}, not {MEDIA_TYPE}")
    material = content["verificationMaterial"]
    if "publicKey" not in material:
        raise SignatureError(
            "this signature was made with a certificate, not with a key",
            hint="Verify it with --identity and --issuer in place of a key.",
        )
    hint = material["publicKey"].get("hint") or ""
    if not isinstance(hint, str):
        raise ValueError("the key's hint is no text")  # noqa: TRY004 - told like whatever else is wrong
    return Bundle(envelope=_envelope(content["dsseEnvelope"]), hint=hint)


def _envelope(content: Any) -> Envelope:
    if content["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"it signs {content['payloadType']!r}, not {PAYLOAD_TYPE}")
    signatures = content["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise ValueError("it does not have exactly one signature")
    return Envelope(
        payload=decode_base64(content["payload"]), signature=decode_base64(signatures[0]["sig"])
    )
