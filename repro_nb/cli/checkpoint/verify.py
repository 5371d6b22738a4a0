"""``repro-nb checkpoint verify``: are registered checkpoints still what they were?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro_nb.cli.checkpoint.path_type import CheckpointPath
from repro_nb.cli.checkpoint.registry import (
    check_registered,
    exit_code,
    grouped,
    has_registry,
    nearest_registry,
    registry_option,
    verifier_for,
)
from repro_nb.cli.options import output_options
from repro_nb.errors import UsageError

if TYPE_CHECKING:
    from repro_nb.checkpoints.progress import ByteProgress
    from repro_nb.checkpoints.report.verify_wording import Report
    from repro_nb.checkpoints.verifier import CheckpointVerifier

__all__ = ["verify"]


@click.command(
    epilog="""\b
Examples:
  repro-nb checkpoint verify
  repro-nb checkpoint verify checkpoints/ --html report.html
  repro-nb checkpoint verify model.pth other.safetensors"""
)
@click.argument("paths", type=CheckpointPath(), nargs=-1, metavar="[PATH…]")
@registry_option
@click.option(
    "--trust-mtime",
    is_flag=True,
    help="Do not hash what the file system says was not written, but for a random sample. It is told as skipped.",
)
@output_options("verification")
def verify(
    paths: tuple[str | Path, ...],
    *,
    registry: Path | None,
    trust_mtime: bool,
    as_json: bool,
    html: Path | None,
    markdown: Path | None,
) -> int:
    """Verify checkpoints against their registry: each PATH, or all in the registry of a folder.

    Without PATH, the registry is that of the current folder, or of the nearest one above that has one.

    Every byte is hashed. Where one differs, the report says which 8 MiB and which tensors. It exits with 1 when a
    checkpoint is not what was registered, and with 3 when one was written meanwhile.
    """
    from repro_nb.checkpoints.report.verify_contract import envelope  # noqa: PLC0415 - slow
    from repro_nb.cli.checkpoint.byte_progress import watching_bytes  # noqa: PLC0415 - slow
    from repro_nb.cli.output import printing  # noqa: PLC0415 - slow
    from repro_nb.cli.targets import check_targets  # noqa: PLC0415 - needed by a few commands alone
    from repro_nb.pages.reports import write_report  # noqa: PLC0415 - slow

    check_targets((html, markdown), [path for path in paths if isinstance(path, Path)])
    with watching_bytes() as progress:
        reports = list(_reports(paths, registry, trust_mtime, progress))
    if html is not None:
        from repro_nb.checkpoints.report.verify_html import html as page  # noqa: PLC0415 - slow

        write_report(html, page(*reports))
    if markdown is not None:
        from repro_nb.checkpoints.report.verify_markdown import markdown as text  # noqa: PLC0415 - slow

        write_report(markdown, text(*reports))
    if as_json:
        click.echo(json.dumps(envelope(*reports), indent=2))
    else:
        from repro_nb.checkpoints.report.verify_terminal import verify_report  # noqa: PLC0415 - slow

        with printing() as console:
            console.print(verify_report(reports))
    return exit_code(reports)


def _reports(
    paths: tuple[str | Path, ...], registry: Path | None, trust_mtime: bool, progress: ByteProgress
) -> Iterator[Report]:
    """Whole registries first, then single checkpoints."""
    folders = [path for path in paths if isinstance(path, Path) and _is_whole(path, registry)]
    for folder in folders if paths else (nearest_registry(registry),):
        found = verifier_for(folder).report(trust_mtime=trust_mtime, progress=progress)
        yield check_registered(found)
    single = [path for path in paths if path not in folders]
    for folder, group in grouped(single, registry).items():
        verifier = verifier_for(folder)
        names = [verifier.name_of(path) for path in group]
        if not verifier.history().registrations:
            raise UsageError(
                "there is no registry in its folder, nor in one above",
                where=str(next(path for path in single if _absolute(path) == group[0])),
                hint="Register a checkpoint first: repro-nb checkpoint register PATH",
            )
        yield _of_some(verifier, names, trust_mtime, progress)


def _of_some(
    verifier: CheckpointVerifier, names: list[str], trust_mtime: bool, progress: ByteProgress
) -> Report:
    from repro_nb.checkpoints.doubts import remarks  # noqa: PLC0415 - slow
    from repro_nb.checkpoints.report.verify_wording import Report  # noqa: PLC0415 - slow

    return Report(
        directory=str(verifier.directory),
        examinations=verifier.examine(names, trust_mtime=trust_mtime, progress=progress),
        remarks=tuple(remarks(verifier.history(), verifier.directory, names)),
    )


def _is_whole(path: Path, registry: Path | None) -> bool:
    """Whether a path stands for all that is registered in it."""
    return has_registry(path) if registry is None else path.resolve() == registry.resolve()


def _absolute(path: str | Path) -> str | Path:
    return path.absolute() if isinstance(path, Path) else path
