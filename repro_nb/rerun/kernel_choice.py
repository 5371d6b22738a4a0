"""In which kernel a notebook is run: the one it names, or Python's own where that is not installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import NATIVE_KERNEL_NAME

from repro_nb.errors import KernelUnavailableError
from repro_nb.findings import Finding, Place, Severity
from repro_nb.rerun.kernel import find_kernelspec

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec

    from repro_nb.rerun.kernel import Launch
    from repro_nb.rerun.notebook import Notebook

__all__ = ["KernelChoice", "choose_kernel", "kernel_replaced"]


@dataclass(frozen=True, kw_only=True)
class KernelChoice:
    """The kernel that a notebook is run in.

    Attributes:
        name: The kernelspec's name.
        spec: The kernelspec.
        instead_of: The kernel that the notebook names, where that is not installed; else None.
    """

    name: str
    spec: KernelSpec
    instead_of: str | None = None


def choose_kernel(notebook: Notebook, name: str, *, asked_for: bool) -> KernelChoice:
    """The kernelspec `name`; where the notebook is a Python one and names what is not here, that of Python.

    Names such as ``python2`` and ``conda-env-study-py`` are those of one machine.

    Args:
        notebook: What is to be run.
        name: The kernelspec to run it in.
        asked_for: Whether the user named it: nothing takes its place then.

    Raises:
        KernelUnavailableError: There is none, and nothing may take its place.
    """
    try:
        return KernelChoice(name=name, spec=find_kernelspec(name))
    except KernelUnavailableError as missing:
        if asked_for or name != notebook.kernel_name or notebook.language != "python":
            raise
        try:
            spec = find_kernelspec(NATIVE_KERNEL_NAME)
        except KernelUnavailableError:
            raise missing from None
    return KernelChoice(name=NATIVE_KERNEL_NAME, spec=spec, instead_of=name)


def kernel_replaced(path: str, launch: Launch) -> tuple[Finding, ...]:
    """The remark that another kernel was taken; none where the notebook ran in its own.

    Args:
        path: The notebook, as the user named it.
        launch: How its kernel was started.
    """
    if launch.instead_of is None:
        return ()
    return (
        Finding(
            code="kernel-replaced",
            severity=Severity.WARNING,
            message=f"the kernel {launch.instead_of!r} that the notebook names is not installed here: "
            f"it was run in {launch.name!r}",
            place=Place(path=path),
            evidence="the notebook's metadata says that its language is Python",
            fix="install that kernel, or name one with --kernel, to judge it as it was written",
        ),
    )
