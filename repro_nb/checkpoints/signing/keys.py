"""Key pairs on disk: ECDSA over a NIST curve, in PEM files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro_nb.checkpoints.signing.extra import required
from repro_nb.checkpoints.signing.reading import read_whole
from repro_nb.errors import SignatureError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

__all__ = [
    "KeyPair",
    "load_private_key",
    "load_public_key",
    "make_key_pair",
    "needs_passphrase",
    "public_pem",
]

_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_LIMIT = 64 * 1024
"""Bytes that a key file may have: the longest key takes under 2 KiB."""


@dataclass(frozen=True, kw_only=True)
class KeyPair:
    """The two files of a key pair.

    Attributes:
        private: The key that signs; keep it secret.
        public: The key that verifies; give it to everyone.
    """

    private: Path
    public: Path


def make_key_pair(path: str | os.PathLike[str], *, passphrase: str | None = None) -> KeyPair:
    """Make a key pair: ECDSA over P-256.

    The private key is written to `path`, for its owner's eyes alone, and the public one to the same
    name with ``.pub`` after it.

    Args:
        path: Where the private key goes.
        passphrase: What encrypts the private key; None leaves it in the clear.

    Raises:
        SignatureError: One of the two files exists, or cannot be written. Nothing is overwritten.
        UsageError: The passphrase is empty, or the package ``cryptography`` is not installed.
    """
    if passphrase == "":
        raise UsageError("an empty passphrase protects nothing", hint="Give one, or none at all.")
    private = Path(path)
    pair = KeyPair(private=private, public=private.with_name(f"{private.name}.pub"))
    ec = required("cryptography.hazmat.primitives.asymmetric.ec")
    key = ec.generate_private_key(ec.SECP256R1())
    _write_new(pair.public, public_pem(key.public_key()), 0o644)
    try:
        _write_new(pair.private, _private_pem(key, passphrase), 0o600)
    except SignatureError:
        pair.public.unlink()  # half a pair is of no use, and would stand in the way of the next try
        raise
    return pair


def load_private_key(
    path: str | os.PathLike[str], passphrase: str | None = None
) -> EllipticCurvePrivateKey:
    """The private key at `path`; a passphrase that it does not need is left aside.

    Raises:
        SignatureError: It cannot be read, is no ECDSA key over P-256, P-384 or P-521, or the
            passphrase is missing or wrong.
        UsageError: The package ``cryptography`` is not installed.
    """
    content = read_whole(Path(path), _LIMIT)
    key = _parsed_private(content, path)
    if key is None and not passphrase:
        raise SignatureError(
            "the private key is encrypted, and its passphrase was not given",
            where=str(path),
            hint="Type it at the prompt, or put it into the environment variable REPRO_NB_PASSPHRASE.",
        )
    if key is None:
        key = _decrypted(content, str(passphrase), path)
    ec = required("cryptography.hazmat.primitives.asymmetric.ec")
    return _checked(key, ec.EllipticCurvePrivateKey, path)  # type: ignore[no-any-return]


def needs_passphrase(path: str | os.PathLike[str]) -> bool:
    """Whether the private key at `path` is encrypted.

    Raises:
        SignatureError: It cannot be read, or is no private key.
        UsageError: The package ``cryptography`` is not installed.
    """
    return _parsed_private(read_whole(Path(path), _LIMIT), path) is None


def load_public_key(path: str | os.PathLike[str]) -> EllipticCurvePublicKey:
    """The public key at `path`.

    Raises:
        SignatureError: It cannot be read, or is no ECDSA key over P-256, P-384 or P-521.
        UsageError: The package ``cryptography`` is not installed.
    """
    serialization = required("cryptography.hazmat.primitives.serialization")
    unsupported = required("cryptography.exceptions").UnsupportedAlgorithm
    content = read_whole(Path(path), _LIMIT)
    if b"PRIVATE KEY" in content:
        raise SignatureError(
            "this is a private key; a signature is verified with the public one",
            where=str(path),
            hint="Give the file that ends in .pub, and keep this one to yourself.",
        )
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, unsupported) as error:
        raise _unusable(path) from error
    ec = required("cryptography.hazmat.primitives.asymmetric.ec")
    return _checked(key, ec.EllipticCurvePublicKey, path)  # type: ignore[no-any-return]


def public_pem(key: EllipticCurvePublicKey) -> bytes:
    """The public key as PEM text."""
    serialization = required("cryptography.hazmat.primitives.serialization")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form)


def _private_pem(key: EllipticCurvePrivateKey, passphrase: str | None) -> bytes:
    serialization = required("cryptography.hazmat.primitives.serialization")
    encryption = (
        serialization.NoEncryption()
        if passphrase is None
        else serialization.BestAvailableEncryption(passphrase.encode())
    )
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, encryption)


def _parsed_private(content: bytes, path: str | os.PathLike[str]) -> Any:
    """The key; None where it is encrypted."""
    serialization = required("cryptography.hazmat.primitives.serialization")
    unsupported = required("cryptography.exceptions").UnsupportedAlgorithm
    try:
        return serialization.load_pem_private_key(content, None)
    except TypeError:  # how the library says that it is encrypted
        return None
    except (ValueError, unsupported) as error:
        raise _unusable(path) from error


def _decrypted(content: bytes, passphrase: str, path: str | os.PathLike[str]) -> Any:
    serialization = required("cryptography.hazmat.primitives.serialization")
    try:
        return serialization.load_pem_private_key(content, passphrase.encode())
    except ValueError as error:
        raise SignatureError(
            "the private key cannot be decrypted with this passphrase", where=str(path)
        ) from error


def _checked(key: Any, kind: Any, path: str | os.PathLike[str]) -> Any:
    if not isinstance(key, kind) or key.curve.name not in _CURVES:
        raise _unusable(path)
    return key


def _unusable(path: str | os.PathLike[str]) -> SignatureError:
    return SignatureError(
        "this is no key in PEM form for ECDSA over P-256, P-384 or P-521",
        where=str(path),
        hint="A key pair is made with: repro-nb checkpoint keygen NAME",
    )


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Writes a file that must not be there; not even a link may stand in its place."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise SignatureError(
            "this file exists, and a key is never overwritten",
            where=str(path),
            hint="Choose another name, or move the file away.",
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink()
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> SignatureError:
    return SignatureError(f"the key cannot be written: {error.strerror or error}", where=str(path))
