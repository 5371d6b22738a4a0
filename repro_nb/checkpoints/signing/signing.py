"""Signing a checkpoint with a key, and verifying it: all of it offline."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from repro_nb.checkpoints.names import check_not_empty
from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.remote import is_remote, shown
from repro_nb.checkpoints.signing.bundle import LIMIT, Bundle, key_hint, read_bundle
from repro_nb.checkpoints.signing.comparing import SIGNATURE, compare, describe
from repro_nb.checkpoints.signing.dsse import sign, signed_by
from repro_nb.checkpoints.signing.keys import load_private_key, load_public_key
from repro_nb.checkpoints.signing.reading import parse_json, read_whole
from repro_nb.checkpoints.signing.statement import parse_statement
from repro_nb.checkpoints.verdicts import Verdict, Verification
from repro_nb.errors import CheckpointError, SignatureError, UsageError
from repro_nb.files import write_atomically

__all__ = [
    "check_replaceable",
    "sign_checkpoint",
    "signature_path",
    "verify_signature",
    "write_signature",
]

_BUNDLES = "application/vnd.dev.sigstore.bundle"


def sign_checkpoint(
    path: str | os.PathLike[str],
    key: str | os.PathLike[str],
    signature: str | os.PathLike[str] | None = None,
    *,
    passphrase: str | None = None,
    progress: ByteProgress | None = None,
) -> Path:
    """Sign a checkpoint with a private key, in a bundle that ``model_signing verify key`` accepts too.

    Args:
        path: The checkpoint, a file or a folder.
        key: The private key, in PEM form.
        signature: Where the signature goes; an old one is replaced. By default ``model.sig`` in the folder, or the
            file's name with ``.sig`` after it.
        passphrase: What the private key is encrypted with.
        progress: Hears how hashing goes on.

    Returns:
        Where the signature is.

    Raises:
        SignatureError: The key cannot be used, or the signature cannot be written, or would replace what is none.
        CheckpointError: The checkpoint cannot be read, or holds what cannot be hashed.
        FileChangedError: The checkpoint was written meanwhile.
        UsageError: The package ``cryptography`` is not installed.
    """
    private = load_private_key(key, passphrase)  # first: hashing may take minutes
    path, target = Path(path), signature_path(path, signature)
    check_replaceable(target)
    envelope = sign(describe(path, target, progress).to_json(), private)
    bundle = Bundle(envelope=envelope, hint=key_hint(private.public_key()))
    write_signature(target, bundle.to_json())
    return target


def verify_signature(
    path: str | os.PathLike[str],
    public_key: str | os.PathLike[str],
    signature: str | os.PathLike[str] | None = None,
    *,
    progress: ByteProgress | None = None,
) -> Verification:
    """Verify that a checkpoint is what the owner of a key signed, and that nothing was added to it.

    Args:
        path: The checkpoint, a file or a folder.
        public_key: The public key, in PEM form, got from its owner in a way that you trust.
        signature: Where the signature is; by default where `sign_checkpoint` puts it.
        progress: Hears how hashing goes on.

    Returns:
        Whether it is, and which files are not. The digests are those of the whole in the statement that was signed.

    Raises:
        SignatureError: The key or the signature cannot be read.
        CheckpointError: The checkpoint cannot be read, or holds what cannot be hashed.
        FileChangedError: The checkpoint was written meanwhile.
        UsageError: The package ``cryptography`` is not installed.
    """
    key = load_public_key(public_key)
    path, source = Path(path), signature_path(path, signature)
    bundle = read_bundle(source)
    if signed_by(bundle.envelope, key):
        found = compare(path, source, parse_statement(bundle.envelope.payload), progress)
        return replace(found, signer=f"the owner of the key sha256:{key_hint(key)}")
    reason = (
        "the signature is bad: it, or what it says, was altered"
        if bundle.names(key)
        else "the signature was made with another key"
    )
    return Verification(name=path.name or str(path), verdict=Verdict.MISMATCH, reason=reason)


def signature_path(path: str | os.PathLike[str], signature: str | os.PathLike[str] | None) -> Path:
    """Where the signature of a checkpoint is.

    Raises:
        CheckpointError: There is no such checkpoint.
        UsageError: It is an address, or empty.
    """
    check_not_empty(path)
    if is_remote(path):
        raise UsageError(
            "signatures are over local files alone",
            where=shown(path),
            hint="Fetch the checkpoint first, and give the path of the copy.",
        )
    path = Path(path)
    if not path.exists():
        raise CheckpointError("there is no such file or folder", where=str(path))
    if signature is not None:
        return Path(signature)
    return path / SIGNATURE if path.is_dir() else path.with_name(f"{path.name}.sig")


def check_replaceable(target: Path) -> None:
    """Make sure that a new signature replaces nothing but an old one.

    Raises:
        SignatureError: Something else is there.
    """
    if not target.exists():
        return
    try:
        kind = parse_json(read_whole(target, LIMIT))["mediaType"]
        is_signature = kind.startswith(_BUNDLES)
    except (SignatureError, ValueError, TypeError, KeyError, AttributeError):
        is_signature = False
    if not is_signature:
        raise SignatureError(
            "this is no signature, and is not overwritten",
            where=str(target),
            hint="Name another file for the signature.",
        )


def write_signature(path: Path, content: bytes) -> None:
    """Write a signature.

    Raises:
        SignatureError: It cannot be written.
    """
    try:
        write_atomically(path, content)
    except OSError as error:
        raise SignatureError(
            f"the signature cannot be written: {error.strerror or error}", where=str(path)
        ) from error
