"""DSSE envelopes: what exactly is signed, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from repro_nb.checkpoints.signing.extra import required

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        ECDSA,
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

__all__ = ["PAYLOAD_TYPE", "Envelope", "pre_authentication_encoding", "sign", "signed_by"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_HASHES = {256: "SHA256", 384: "SHA384", 521: "SHA512"}


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A payload with the signature over it.

    Attributes:
        payload: The bytes that were signed.
        signature: The signature, DER.
    """

    payload: bytes
    signature: bytes


def pre_authentication_encoding(payload: bytes) -> bytes:
    """The bytes that the signature is made over: the payload with its type and both lengths.

    The type is part of it, so that a signature over one kind of document passes for no other.
    """
    return b"DSSEv1 %d %s %d %s" % (
        len(PAYLOAD_TYPE),
        PAYLOAD_TYPE.encode(),
        len(payload),
        payload,
    )


def sign(payload: bytes, key: EllipticCurvePrivateKey) -> Envelope:
    """Sign `payload` with ECDSA, with the hash that fits the key's curve."""
    signature = key.sign(pre_authentication_encoding(payload), _scheme(key.key_size))
    return Envelope(payload=payload, signature=signature)


def signed_by(envelope: Envelope, key: EllipticCurvePublicKey) -> bool:
    """Whether the private half of `key` made the envelope's signature over just this payload."""
    invalid = required("cryptography.exceptions").InvalidSignature
    encoded = pre_authentication_encoding(envelope.payload)
    try:
        key.verify(envelope.signature, encoded, _scheme(key.key_size))
    except invalid:
        return False
    return True


def _scheme(key_size: int) -> ECDSA:
    ec = required("cryptography.hazmat.primitives.asymmetric.ec")
    hashes = required("cryptography.hazmat.primitives.hashes")
    return ec.ECDSA(getattr(hashes, _HASHES[key_size])())  # type: ignore[no-any-return]
