"""Signing by identity, without a key to keep: through Sigstore, and with its own code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from repro_nb.checkpoints.progress import ByteProgress
from repro_nb.checkpoints.signing.bundle import LIMIT
from repro_nb.checkpoints.signing.comparing import compare, describe
from repro_nb.checkpoints.signing.dsse import PAYLOAD_TYPE
from repro_nb.checkpoints.signing.extra import required
from repro_nb.checkpoints.signing.reading import read_whole
from repro_nb.checkpoints.signing.signing import check_replaceable, signature_path, write_signature
from repro_nb.checkpoints.signing.statement import parse_statement
from repro_nb.checkpoints.verdicts import Verdict, Verification
from repro_nb.errors import ReproError, SignatureError, UsageError

if TYPE_CHECKING:
    from sigstore.models import Bundle, ClientTrustConfig
    from sigstore.oidc import IdentityToken

__all__ = ["sign_keyless", "verify_keyless"]

_SIGN_OFFLINE = (
    "Signing by identity needs Sigstore's servers. Without them, sign with a key: "
    "repro-nb checkpoint sign PATH --key KEY"
)
_VERIFY_OFFLINE = (
    "Sigstore's keys could not be refreshed. With --offline, those that came with the package or were fetched "
    "before are taken."
)


def sign_keyless(
    path: str | os.PathLike[str],
    signature: str | os.PathLike[str] | None = None,
    *,
    identity_token: str | None = None,
    trust_config: str | os.PathLike[str] | None = None,
    progress: ByteProgress | None = None,
) -> Path:
    """Sign a checkpoint as whoever you are logged in as; Sigstore's public log keeps that for everyone to see.

    Args:
        path: The checkpoint, a file or a folder.
        signature: Where the signature goes; by default as in `sign_checkpoint`.
        identity_token: An OpenID Connect token. None takes that of the CI system, else opens the browser.
        trust_config: A file that names another Sigstore than the public one.
        progress: Hears how hashing goes on.

    Returns:
        Where the signature is.

    Raises:
        SignatureError: Sigstore cannot be reached or refuses, there is no identity, or the signature cannot be written,
            or would replace what is none.
        CheckpointError: The checkpoint cannot be read, or holds what cannot be hashed.
        FileChangedError: The checkpoint was written meanwhile.
        UsageError: The package ``sigstore`` is not installed.
    """
    path, target = Path(path), signature_path(path, signature)
    check_replaceable(target)
    sigstore_dsse = required("sigstore.dsse")
    with _told(_SIGN_OFFLINE):
        config = _trust(trust_config, offline=False)
        context = required("sigstore.sign").SigningContext.from_trust_config(config)
    statement = sigstore_dsse.Statement(describe(path, target, progress).to_json())
    with _told(_SIGN_OFFLINE):
        token = _identity(config, identity_token)  # after hashing: it may be good for a minute only
        with context.signer(token) as signer:
            bundle = signer.sign_dsse(statement)
    write_signature(target, bundle.to_json().encode())
    return target


def verify_keyless(
    path: str | os.PathLike[str],
    identity: str,
    issuer: str,
    signature: str | os.PathLike[str] | None = None,
    *,
    trust_config: str | os.PathLike[str] | None = None,
    offline: bool = False,
    progress: ByteProgress | None = None,
) -> Verification:
    """Verify that a checkpoint is what `identity` signed, and that nothing was added to it.

    Args:
        path: The checkpoint, a file or a folder.
        identity: Who must have signed: a mail address, or the address of a CI workflow.
        issuer: Who must have vouched for that identity, such as ``https://accounts.google.com``.
        signature: Where the signature is; by default where `sign_checkpoint` puts it.
        trust_config: A file that names another Sigstore than the public one.
        offline: Whether Sigstore's keys are taken as they are here, and not refreshed.
        progress: Hears how hashing goes on.

    Raises:
        SignatureError: The signature cannot be read, or Sigstore's keys cannot be had.
        CheckpointError: The checkpoint cannot be read, or holds what cannot be hashed.
        FileChangedError: The checkpoint was written meanwhile.
        UsageError: `identity` or `issuer` is empty, or the package ``sigstore`` is not installed.
    """
    if not identity or not issuer:
        raise UsageError("a signature by identity is verified against an identity and its issuer")
    path, source = Path(path), signature_path(path, signature)
    bundle = _read_bundle(source)
    with _told(_VERIFY_OFFLINE):
        config = _trust(trust_config, offline=offline)
    try:
        payload = _verified_payload(bundle, config, identity, issuer)
    except required("sigstore.errors").VerificationError as error:
        reason = f"the signature is bad, or not by {identity}: {_first_line(error)}"
        return Verification(name=path.name or str(path), verdict=Verdict.MISMATCH, reason=reason)
    found = compare(path, source, parse_statement(payload), progress)
    return replace(found, signer=f"{identity} ({issuer}), with a certificate of {_issued(bundle)}")


def _verified_payload(
    bundle: Bundle, config: ClientTrustConfig, identity: str, issuer: str
) -> bytes:
    verify = required("sigstore.verify")
    policy = verify.policy.Identity(identity=identity, issuer=issuer)
    kind, payload = verify.Verifier(trusted_root=config.trusted_root).verify_dsse(bundle, policy)
    if kind != PAYLOAD_TYPE:
        raise SignatureError(f"what is signed is {kind!r}, not {PAYLOAD_TYPE}")
    return bytes(payload)


def _issued(bundle: Bundle) -> str:
    """When the signer's certificate was issued, in UTC: it is good for some minutes, in which they signed."""
    return f"{bundle.signing_certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}"


def _read_bundle(path: Path) -> Bundle:
    content = read_whole(path, LIMIT)
    if b'"publicKey"' in content:
        raise SignatureError(
            "this signature was made with a key, not by identity",
            where=str(path),
            hint="Verify it with the public key: --key KEY.pub",
        )
    models = required("sigstore.models")
    try:
        return models.Bundle.from_json(content)  # type: ignore[no-any-return]
    except (models.InvalidBundle, ValueError, RecursionError) as error:
        raise SignatureError(
            f"this is no signature: {_first_line(error)}", where=str(path)
        ) from error


def _trust(path: str | os.PathLike[str] | None, *, offline: bool) -> ClientTrustConfig:
    kind = required("sigstore.models").ClientTrustConfig
    if path is None:
        return kind.production(offline=offline)  # type: ignore[no-any-return]
    content = read_whole(Path(path), LIMIT)
    try:
        return kind.from_json(content.decode())  # type: ignore[no-any-return]
    except ValueError as error:
        raise SignatureError(
            f"this is no trust configuration: {_first_line(error)}", where=str(path)
        ) from error


def _identity(config: ClientTrustConfig, raw: str | None) -> IdentityToken:
    """The signer's identity: the one given, that of the CI system, or whoever logs in with the browser."""
    oidc = required("sigstore.oidc")
    raw = raw or oidc.detect_credential()
    if raw:
        return oidc.IdentityToken(raw)  # type: ignore[no-any-return]
    if not sys.stdin.isatty():
        raise SignatureError(
            "there is nobody to log in, and no identity of a CI system",
            hint="Give a token, or sign with a key: repro-nb checkpoint sign PATH --key KEY",
        )
    return oidc.Issuer(config.signing_config.get_oidc_url()).identity_token()  # type: ignore[no-any-return]


@contextmanager
def _told(hint: str) -> Iterator[None]:
    """Turns what Sigstore and its network raise into our errors."""
    try:
        yield
    except ReproError:
        raise
    except Exception as error:  # its clients raise their own kinds, which share no base
        raise SignatureError(
            f"Sigstore could not be used: {_first_line(error)}", hint=hint
        ) from error


def _first_line(error: BaseException) -> str:
    """What an error says, or what it was caused by where it says nothing."""
    lines = str(error).strip().splitlines()
    if lines:
        return lines[0]
    return _first_line(error.__cause__) if error.__cause__ else type(error).__name__
