"""``repro-nb checkpoint``: digests, a registry, what changed, signatures."""

from __future__ import annotations

import click

from repro_nb.cli.checkpoint.content import content
from repro_nb.cli.checkpoint.diff import diff
from repro_nb.cli.checkpoint.hash import hash_
from repro_nb.cli.checkpoint.listing import list_
from repro_nb.cli.checkpoint.log import log
from repro_nb.cli.checkpoint.manifest import manifest
from repro_nb.cli.checkpoint.register import register
from repro_nb.cli.checkpoint.remove import remove
from repro_nb.cli.checkpoint.report import report
from repro_nb.cli.checkpoint.sign import keygen, sign, verify_signature
from repro_nb.cli.checkpoint.verify import verify
from repro_nb.cli.checkpoint.warned import PlainWarnings

__all__ = ["checkpoint"]


@click.group(cls=PlainWarnings)
def checkpoint() -> None:
    """Register, verify, compare and sign checkpoints. None of them is ever loaded or executed."""


for _verb in (
    register,
    verify,
    list_,
    log,
    remove,
    report,
    hash_,
    manifest,
    content,
    diff,
    sign,
    verify_signature,
    keygen,
):
    checkpoint.add_command(_verb)
