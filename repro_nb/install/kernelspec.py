"""A kernelspec that fixes what must be fixed before a kernel starts, and what `repro-nb kernel` does with it."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from repro_nb.errors import UsageError
from repro_nb.install.fixed import fixed_environment
from repro_nb.version import VERSION

__all__ = [
    "DEFAULT_NAME",
    "ReproducibleKernel",
    "install_kernel",
    "installed_kernels",
    "kernels_folder",
    "remove_kernel",
]

DEFAULT_NAME = "python3-reproducible"
_NAME = re.compile(r"[a-z0-9_][a-z0-9._-]*")
_MARK = "repro_nb"
"""The key in a kernelspec's metadata by which our own are known."""


@dataclass(frozen=True, kw_only=True)
class ReproducibleKernel:
    """A kernelspec that repro_nb wrote.

    Attributes:
        name: What it is chosen by.
        display_name: What a menu shows.
        folder: Where its ``kernel.json`` lies.
        python: The interpreter that it starts.
        environment: The variables that it sets, by name.
        visible: Whether Jupyter, asked for `name`, finds this one.
    """

    name: str
    display_name: str
    folder: Path
    python: str
    environment: Mapping[str, str]
    visible: bool

    def to_json(self) -> dict[str, Any]:
        """The kernelspec as an entry of a ``repro_nb/kernel/1`` envelope."""
        return {**asdict(self), "folder": str(self.folder)}


def kernels_folder(*, user: bool = False, prefix: Path | None = None) -> Path:
    """The folder that kernelspecs lie in.

    Args:
        user: That of the user.
        prefix: That of the environment at this path. Without either, that of the environment that this process
            runs in if it is a virtual one, else that of the user.
    """
    from jupyter_core.paths import jupyter_data_dir, prefer_environment_over_user  # noqa: PLC0415 - slow

    if prefix is None and not user and prefer_environment_over_user():
        prefix = Path(sys.prefix)
    data = Path(jupyter_data_dir()) if prefix is None else prefix.absolute() / "share" / "jupyter"
    return data / "kernels"


def install_kernel(
    folder: Path,
    *,
    name: str = DEFAULT_NAME,
    display_name: str | None = None,
    seed: int = 42,
    threads: int = 1,
    replace: bool = False,
) -> ReproducibleKernel:
    """Write a kernelspec for the interpreter of this process.

    One that repro_nb wrote before under the same name is renewed.

    Args:
        folder: Where kernelspecs lie: `kernels_folder`.
        name: ASCII letters, digits and ``.-_``; upper case is lowered, as Jupyter does.
        display_name: What menus show; made of `name` if None.
        seed: For string hashes, from 0 to 2**32 - 1.
        threads: For numerical libraries; 0 leaves them free.
        replace: Also replace one that something else wrote.

    Raises:
        UsageError: A value cannot be used, the name is taken, or the folder cannot be written.
    """
    name = _checked_name(name)
    target = folder / name
    if target.exists() and not replace and _read(target) is None:
        raise UsageError(
            f"there is a kernel {name!r} that repro_nb did not write",
            where=str(target),
            hint="Choose another --name, or overwrite it with --replace.",
        )
    spec = _spec(name, display_name, seed, threads)
    try:
        _write(target, spec)
    except OSError as problem:
        raise _unwritable(target, problem) from problem
    return _kernel(target, spec)


def installed_kernels() -> list[ReproducibleKernel]:
    """The kernelspecs on Jupyter's path that repro_nb wrote, sorted by name; shadowed ones too."""
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - slow

    folders = [Path(folder) for folder in KernelSpecManager().kernel_dirs]
    targets = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    found = [(target, _read(target)) for target in targets]
    kernels = [_kernel(target, spec) for target, spec in found if spec is not None]
    return sorted(kernels, key=lambda kernel: kernel.name)


def remove_kernel(name: str) -> ReproducibleKernel:
    """Remove the kernelspec `name`, if repro_nb wrote it; of several, the one that Jupyter finds first.

    Raises:
        UsageError: There is none that repro_nb wrote, or it cannot be removed.
    """
    ours = [kernel for kernel in installed_kernels() if kernel.name == name.lower()]
    if not ours:
        taken = _found(name.lower())
        what = "was not written by repro_nb" if taken else "does not exist"
        raise UsageError(
            f"the kernel {name!r} {what}",
            where=str(taken) if taken else None,
            hint="`repro-nb kernel list` shows those that it wrote.",
        )
    try:
        shutil.rmtree(ours[0].folder)
    except OSError as problem:
        raise _unwritable(ours[0].folder, problem) from problem
    return ours[0]


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name.lower()):
        raise UsageError(
            f"{name!r} is no name for a kernel", hint="Use ASCII letters, digits, '.', '-' and '_'."
        )
    return name.lower()


def _spec(name: str, display_name: str | None, seed: int, threads: int) -> dict[str, Any]:
    """What differs from the kernelspec that ipykernel writes."""
    from ipykernel.kernelspec import get_kernel_dict  # noqa: PLC0415 - slow

    title = "reproducible" if name == DEFAULT_NAME else name
    base = get_kernel_dict()
    mark = {"version": VERSION, "seed": int(seed), "threads": threads}
    return {
        "argv": base["argv"],
        "display_name": display_name or f"Python 3 ({title})",
        "env": fixed_environment(seed, threads),
        "metadata": {**base["metadata"], _MARK: mark},
    }


def _write(target: Path, spec: Mapping[str, Any]) -> None:
    """Build the kernelspec out of Jupyter's sight, then rename it into place: no half of one is ever seen."""
    from ipykernel.kernelspec import write_kernel_spec  # noqa: PLC0415 - slow

    with _staging(target.parent) as staging:
        write_kernel_spec(staging / "new", overrides=dict(spec))
        if not target.exists():
            (staging / "new").rename(target)
            return
        target.rename(staging / "old")
        try:
            (staging / "new").rename(target)
        except OSError:
            (staging / "old").rename(target)
            raise


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder on the same file system which Jupyter does not take for a kernelspec."""
    folder.mkdir(parents=True, exist_ok=True)
    staging = folder / f".repro_nb-{secrets.token_hex(8)}"
    staging.mkdir()
    try:
        yield staging
    finally:
        shutil.rmtree(staging)


def _read(target: Path) -> dict[str, Any] | None:
    """The kernelspec at `target`; None if there is none, or none of ours."""
    try:
        spec = json.loads((target / "kernel.json").read_text("utf-8"))
        return spec if isinstance(spec["metadata"][_MARK], dict) and spec["argv"] else None
    except (OSError, ValueError, LookupError, TypeError):
        return None  # whatever it is, repro_nb did not write it


def _kernel(target: Path, spec: Mapping[str, Any]) -> ReproducibleKernel:
    return ReproducibleKernel(
        name=target.name,
        display_name=str(spec.get("display_name", target.name)),
        folder=target,
        python=str(spec["argv"][0]),
        environment=dict(spec.get("env", {})),
        visible=_found(target.name) == target.resolve(),
    )


def _found(name: str) -> Path | None:
    """Where Jupyter finds the kernelspec `name`."""
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - slow

    folder = KernelSpecManager().find_kernel_specs().get(name)
    return None if folder is None else Path(folder).resolve()


def _unwritable(target: Path, problem: OSError) -> UsageError:
    return UsageError(f"this cannot be written: {problem.strerror or problem}", where=str(target))
