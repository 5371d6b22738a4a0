"""``repro-nb checkpoint keygen``, ``sign`` and ``verify-signature``: who vouches for a checkpoint."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_nb.cli.checkpoint.path_type import LocalPath
from repro_nb.errors import UsageError
from repro_nb.pages.one_line import one_line, unbroken

if TYPE_CHECKING:
    from repro_nb.checkpoints.progress import ByteProgress
    from repro_nb.checkpoints.verdicts import Verification

__all__ = ["keygen", "sign", "verify_signature"]

_PASSPHRASE = "REPRO_NB_PASSPHRASE"  # noqa: S105 - the name of a variable
_MOST_SHOWN = 20

_path = click.argument("path", type=LocalPath(exists=True), metavar="PATH")
_file = LocalPath(exists=True, dir_okay=False)
_signature = click.option(
    "--signature",
    type=LocalPath(),
    metavar="FILE",
    help="Where the signature is. [default: model.sig in the folder, or the file's name with .sig after it]",
)
_trust_config = click.option(
    "--trust-config", type=_file, metavar="FILE", help="A Sigstore of your own, not the public one."
)
_json = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint keygen signing-key
  REPRO_NB_PASSPHRASE=… repro-nb checkpoint keygen signing-key
  repro-nb checkpoint keygen signing-key --unencrypted"""
)
@click.argument("path", type=LocalPath(), metavar="NAME")
@click.option(
    "--unencrypted",
    is_flag=True,
    help="Give the private key no passphrase: its file mode alone protects it.",
)
@_json
def keygen(path: Path, *, unencrypted: bool, as_json: bool) -> int:
    """Make a key pair for signatures: NAME is private, NAME.pub is for everyone.

    The passphrase is asked for, or taken from the variable REPRO_NB_PASSPHRASE. Nothing is overwritten.
    """
    from repro_nb.checkpoints.signing.keys import make_key_pair  # noqa: PLC0415 - slow

    passphrase = None if unencrypted else os.environ.get(_PASSPHRASE) or _new_passphrase()
    pair = make_key_pair(path, passphrase=passphrase)
    if as_json:
        result = {
            "status": "ok",
            "private": str(pair.private),
            "public": str(pair.public),
            "encrypted": passphrase is not None,
        }
        _print_json("keygen", result)
        return 0
    click.echo(
        f"{one_line(pair.private)}  the private key: keep it secret{_unprotected(passphrase)}"
    )
    click.echo(f"{one_line(pair.public)}  the public key: give it to whoever verifies")
    return 0


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint sign model.safetensors --key signing-key
  repro-nb checkpoint sign model/ --keyless"""
)
@_path
@click.option("--key", type=_file, metavar="KEY", help="The private key, in PEM form.")
@click.option("--keyless", is_flag=True, help="Sign by identity, through Sigstore.")
@_signature
@click.option(
    "--identity-token",
    envvar="SIGSTORE_IDENTITY_TOKEN",
    metavar="TOKEN",
    help="Sign by this identity; better set in SIGSTORE_IDENTITY_TOKEN, where other users cannot see it. "
    "[default: that of the CI system, or the browser's]",
)
@_trust_config
@_json
def sign(
    path: Path,
    *,
    key: Path | None,
    keyless: bool,
    signature: Path | None,
    identity_token: str | None,
    trust_config: Path | None,
    as_json: bool,
) -> int:
    """Sign a checkpoint, so that others can tell who made it and that nothing was changed since.

    `model_signing verify` accepts the signature too. A signature by identity is kept, with that identity, in
    Sigstore's public log.
    """
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    if (key is not None) == keyless:
        raise UsageError("give one of --key and --keyless")
    if key is not None and trust_config is not None:
        raise UsageError("--trust-config goes with --keyless")
    passphrase = _passphrase(key) if key is not None else None
    with watching_bytes() as progress:
        if key is not None:
            from repro_nb.checkpoints.signing.signing import sign_checkpoint  # noqa: PLC0415 - slow

            written = sign_checkpoint(
                path, key, signature, passphrase=passphrase, progress=progress
            )
        else:
            from repro_nb.checkpoints.signing.sigstore_signing import sign_keyless  # noqa: PLC0415 - slow

            written = sign_keyless(
                path,
                signature,
                identity_token=identity_token,
                trust_config=trust_config,
                progress=progress,
            )
    if as_json:
        _print_json("sign", {"status": "ok", "checkpoint": str(path), "signature": str(written)})
    else:
        click.echo(f"{one_line(path)}: signed, {one_line(written)}")
    return 0


@click.command(
    "verify-signature",
    epilog="""\b
Examples:
  repro-nb checkpoint verify-signature model.safetensors --key signing-key.pub
  repro-nb checkpoint verify-signature model/ --identity me@example.org --issuer https://accounts.google.com""",
)
@_path
@click.option("--key", type=_file, metavar="KEY.pub", help="The signer's public key, in PEM form.")
@click.option("--identity", metavar="WHO", help="Who must have signed, without a key.")
@click.option("--issuer", metavar="URL", help="Who must have vouched for that identity.")
@click.option("--offline", is_flag=True, help="Take Sigstore's keys as they are on this machine.")
@_signature
@_trust_config
@_json
def verify_signature(  # noqa: PLR0913 - one argument per option
    path: Path,
    *,
    key: Path | None,
    identity: str | None,
    issuer: str | None,
    offline: bool,
    signature: Path | None,
    trust_config: Path | None,
    as_json: bool,
) -> int:
    """Verify a checkpoint's signature: who signed, that each file is what was signed, and that none was added.

    It exits with 1 when any of this is not so.
    """
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow

    if (key is not None) == (identity is not None) or (identity is None) != (issuer is None):
        raise UsageError("give either --key, or --identity with --issuer")
    if key is not None and (offline or trust_config is not None):
        raise UsageError("--offline and --trust-config go with --identity")
    with watching_bytes() as progress:
        if key is not None:
            found = _verified_by_key(path, key, signature, progress)
        else:
            from repro_nb.checkpoints.signing.sigstore_signing import verify_keyless  # noqa: PLC0415 - slow

            found = verify_keyless(
                path,
                identity or "",
                issuer or "",
                signature,
                trust_config=trust_config,
                offline=offline,
                progress=progress,
            )
    if as_json:
        from repro_nb.checkpoints.signing.contract import verification_json  # noqa: PLC0415 - slow

        _print_json("verify-signature", verification_json(found))
    else:
        _print_found(found)
    return 0 if found else 1


def _verified_by_key(
    path: Path, key: Path, signature: Path | None, progress: ByteProgress
) -> Verification:
    from repro_nb.checkpoints.signing import signing  # noqa: PLC0415 - slow

    return signing.verify_signature(path, key, signature, progress=progress)


def _new_passphrase() -> str | None:
    """What the user types twice; None where nothing is typed."""
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no passphrase for the private key, and nobody to type one",
            hint=f"Put one into the variable {_PASSPHRASE}, or give --unencrypted for a key without.",
        )
    typed = click.prompt(
        "Passphrase (empty for none)",
        default="",
        hide_input=True,
        confirmation_prompt=True,
        show_default=False,
        err=True,
    )
    return typed or None


def _passphrase(key: Path) -> str | None:
    """The passphrase of a private key, if it has one: from the environment, or from whoever is there to type it."""
    from repro_nb.checkpoints.signing.keys import needs_passphrase  # noqa: PLC0415 - slow

    given = os.environ.get(_PASSPHRASE)
    if given or not sys.stdin.isatty() or not needs_passphrase(key):
        return given
    return str(click.prompt(f"Passphrase of {key}", hide_input=True, err=True))


def _unprotected(passphrase: str | None) -> str:
    return "" if passphrase else " (it has no passphrase; its file mode alone protects it)"


def _print_found(found: Verification) -> None:
    click.echo(f"{found.verdict.value}  {one_line(found.name)}: {unbroken(found.reason)}")
    if found.signer:
        click.echo(f"  signed by {unbroken(found.signer)}")
    for each in found.damage[:_MOST_SHOWN]:
        click.echo(f"  {each.verdict.value:8}  {one_line(each.file or found.name)}")
    if len(found.damage) > _MOST_SHOWN:
        click.echo(f"  … and {len(found.damage) - _MOST_SHOWN:,} more")


def _print_json(verb: str, result: dict[str, Any]) -> None:
    envelope = {"schema": f"repro_nb/checkpoint-{verb}/1", "results": [result]}
    click.echo(json.dumps(envelope, indent=2))
