"""``repro-nb seed``: a fresh seed, seeds for workers, or a program that runs seeded."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

import click

from repro_nb.errors import UsageError

__all__ = ["seed"]


@click.command(
    epilog="""\b
Examples:
  repro-nb seed
  repro-nb seed 42 --workers 8
  repro-nb seed 42 -- train.py --epochs 3
  repro-nb seed 42 --deterministic -- -m package.train""",
    options_metavar="[OPTIONS]",
)
@click.argument("base", metavar="[SEED]", type=int, required=False)
@click.argument("program", metavar="[-- PROGRAM ARGS…]", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--workers", type=int, metavar="N", help="Print the seeds of N workers that SEED gives."
)
@click.option("--deterministic", is_flag=True, help="Run PROGRAM in deterministic mode as well.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)
def seed(
    base: int | None,
    program: Sequence[str],
    *,
    workers: int | None,
    deterministic: bool,
    as_json: bool,
) -> int:
    """Print a fresh seed, the seeds of workers, or run a Python program seeded.

    Without SEED, a 32-bit seed from the system's entropy is printed. PROGRAM is a script, or -m and a module; it runs
    as under `python`, with the hash seed and every global stream of random numbers set from SEED.
    """
    _check(base, program, workers, deterministic, as_json)
    if base is not None and program:
        from repro_nb.launch import launch  # noqa: PLC0415 - not needed for help

        return launch(base, program, deterministic=deterministic)
    if base is not None and workers is not None:
        from repro_nb.seeding import generate_deterministic_seeds  # noqa: PLC0415 - not needed for help

        worker_seeds = generate_deterministic_seeds(base, workers)
        _print(worker_seeds, {"seed": base, "worker_seeds": worker_seeds}, as_json)
        return 0
    fresh = secrets.randbits(32)
    _print([fresh], {"seed": fresh}, as_json)
    return 0


def _check(
    base: int | None,
    program: Sequence[str],
    workers: int | None,
    deterministic: bool,
    as_json: bool,
) -> None:
    """Refuses what does not go together."""
    if base is None and workers is not None:
        raise UsageError("--workers needs the SEED that theirs are made from")
    if base is not None and (workers is None) != bool(program):
        raise UsageError(f"seed {base} is for either --workers N or -- PROGRAM")
    if program and as_json:
        raise UsageError("--json is for printed seeds, and a program prints what it likes")
    if deterministic and not program:
        raise UsageError("--deterministic is for a program to run")


def _print(seeds: Sequence[int], result: dict[str, object], as_json: bool) -> None:
    envelope = {"schema": "repro_nb/seed/1", "results": [result]}
    click.echo(json.dumps(envelope, indent=2) if as_json else "\n".join(map(str, seeds)))
