"""The kernel side as one zip file, for kernels in whose environment repro_nb is not installed."""

from __future__ import annotations

import importlib.metadata
import sys
import zipfile
from pathlib import Path

__all__ = ["installed_for", "write_bundle"]

_PACKAGE = Path(__file__).resolve().parent.parent
# What runs inside a kernel: the standard library is all that it imports.
_KERNEL_SIDE = (
    "__init__",
    "deterministic",
    "errors",
    "files",
    "findings",
    "imports",
    "magics",
    "plugins",
    "probe",
    "records",
    "rng",
    "seeding",
    "values",
    "workspace",
)


def installed_for(python: str) -> bool:
    """Whether the interpreter `python` is this process's own, with this very package installed in it."""
    if python != sys.executable:
        return False
    try:
        importlib.metadata.distribution("repro_nb")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def write_bundle(folder: Path) -> Path:
    """Write the kernel side to ``repro_nb.zip`` in `folder`, importable as ``repro_nb`` from there."""
    target = folder / "repro_nb.zip"
    with zipfile.ZipFile(target, "w") as bundle:
        for name in _KERNEL_SIDE:
            for path in sorted((*_PACKAGE.glob(f"{name}.py"), *_PACKAGE.glob(f"{name}/**/*.py"))):
                bundle.write(path, Path("repro_nb") / path.relative_to(_PACKAGE))
    return target
