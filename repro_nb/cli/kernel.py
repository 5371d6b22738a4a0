"""``repro-nb kernel``: kernelspecs that fix what must be fixed before a kernel starts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_nb.errors import UsageError

if TYPE_CHECKING:
    from repro_nb.install.kernelspec import ReproducibleKernel

__all__ = ["kernel"]

_json = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, and nothing else, to standard output."
)


@click.group()
def kernel() -> None:
    """Install, list and remove kernels with a fixed hash seed and thread count."""


@kernel.command(
    epilog="""\b
Examples:
  repro-nb kernel install
  repro-nb kernel install --name ci --seed 7 --threads 4 --user"""
)
@click.option(
    "--name",
    default="python3-reproducible",
    show_default=True,
    metavar="NAME",
    help="What the kernel is chosen by.",
)
@click.option(
    "--display-name",
    metavar="TEXT",
    help='What menus show. [default: "Python 3 (reproducible)", or with NAME]',
)
@click.option(
    "--seed", type=int, default=42, show_default=True, metavar="N", help="Seed of string hashes."
)
@click.option(
    "--threads",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Threads of numerical libraries, on whose number sums depend. 0 leaves them free.",
)
@click.option("--sys-prefix", is_flag=True, help="Install for this environment.")
@click.option("--user", is_flag=True, help="Install for the user.")
@click.option(
    "--prefix",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Install for the environment at PATH.",
)
@click.option("--replace", is_flag=True, help="Overwrite a kernel that repro-nb did not write.")
@_json
def install(
    *,
    sys_prefix: bool,
    user: bool,
    prefix: Path | None,
    as_json: bool,
    **settings: Any,
) -> int:
    """Install a kernel of this Python that starts with what cannot be set later.

    The kernel's environment fixes the hash seed, the thread counts, and the cuBLAS workspace where this torch needs
    it. By default it is installed for this environment if that is a virtual one, else for the user.
    """
    from repro_nb.install.kernelspec import install_kernel, kernels_folder  # noqa: PLC0415 - not needed for help

    if sys_prefix + user + (prefix is not None) > 1:
        raise UsageError("give one of --sys-prefix, --user and --prefix")
    folder = kernels_folder(user=user, prefix=Path(sys.prefix) if sys_prefix else prefix)
    installed = install_kernel(folder, **settings)
    if as_json:
        _print_json([installed])
    else:
        advice = _advice(installed, settings["threads"])
        click.echo(f"Installed {_described(installed)}\n\n{advice}")
    return 0


@kernel.command("list")
@_json
def list_(*, as_json: bool) -> int:
    """List the kernels that repro-nb installed, with what they fix."""
    from repro_nb.install.kernelspec import installed_kernels  # noqa: PLC0415 - not needed for help

    found = installed_kernels()
    if as_json:
        _print_json(found)
    elif found:
        click.echo("\n\n".join(map(_described, found)))
    else:
        click.echo("repro-nb installed no kernel that Jupyter finds here.")
    return 0


@kernel.command()
@click.argument("name")
@_json
def remove(name: str, *, as_json: bool) -> int:
    """Remove a kernel that repro-nb installed."""
    from repro_nb.install.kernelspec import remove_kernel  # noqa: PLC0415 - not needed for help

    removed = remove_kernel(name)
    if as_json:
        _print_json([removed])
    else:
        click.echo(f"Removed {removed.folder}")
    return 0


def _print_json(kernels: Sequence[ReproducibleKernel]) -> None:
    results = [found.to_json() for found in kernels]
    click.echo(json.dumps({"schema": "repro_nb/kernel/1", "results": results}, indent=2))


def _described(found: ReproducibleKernel) -> str:
    fixed = [f"    {name}={value}" for name, value in found.environment.items()]
    lines = [
        f"{found.name}  ({found.display_name})",
        f"  in      {found.folder}",
        f"  starts  {found.python}",
        "  with",
        *fixed,
    ]
    if not found.visible:
        lines.append(
            f"  Jupyter does not find it under this name here: JUPYTER_PATH={found.folder.parent.parent} helps."
        )
    return "\n".join(lines)


def _advice(installed: ReproducibleKernel, threads: int) -> str:
    count = "1 thread" if threads == 1 else f"{threads} threads"
    held = (
        f"Numerical libraries use {count}, so that sums are the same on any number of processors; "
        "--threads 0 leaves it free."
        if threads
        else "The number of threads is free: sums may differ between machines."
    )
    return f"""\
{held}
Random numbers are seeded in the notebook: %repro_seed 42

Choose it
  in JupyterLab     Kernel > Change Kernel... > {installed.display_name}
  with nbconvert    jupyter nbconvert --execute --to notebook \
--ExecutePreprocessor.kernel_name={installed.name} NOTEBOOK
  with repro-nb     repro-nb verify --kernel {installed.name} NOTEBOOK"""
