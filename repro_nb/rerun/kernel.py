"""Fresh kernels: which kernelspec, what is set for it, and the process from start to end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async

from repro_nb.errors import KernelUnavailableError
from repro_nb.probe.boot import FOLDER_VARIABLE, ORDERS_VARIABLE, UNSET_VARIABLE
from repro_nb.probe.factors.process_space import SHELL
from repro_nb.probe.witness import Orders
from repro_nb.rerun.bundle import installed_for, write_bundle
from repro_nb.rerun.waking_client import WakingClient

if TYPE_CHECKING:
    from repro_nb.rerun.isolation import Workspace
    from repro_nb.rerun.vary import Variation

__all__ = ["Launch", "describe_death", "find_kernelspec", "interpreter", "running_kernel"]

# The names by which a kernelspec means "the Python that runs Jupyter", as jupyter_client reads them.
_OWN_PYTHON = {
    "python",
    f"python{sys.version_info[0]}",
    f"python{sys.version_info[0]}.{sys.version_info[1]}",
}
_STARTUP_SECONDS = 120
_ATTEMPTS = 3
_TEMP = "TMPDIR"
# What a shell adds to the number of the signal that ended its command.
_BY_SIGNAL = 128


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Everything that decides how a kernel starts.

    Attributes:
        name: The kernelspec's name.
        spec: The kernelspec.
        workspace: Where it runs.
        variation: What is set on purpose.
        instead_of: The kernelspec that the notebook names, where another was taken.
    """

    name: str
    spec: KernelSpec
    workspace: Workspace
    variation: Variation
    instead_of: str | None = None

    @property
    def is_python(self) -> bool:
        """Whether the probe can be carried into it."""
        return str(self.spec.language).lower() == "python"

    @property
    def probe_folder(self) -> Path:
        """Where the probe writes."""
        return self.workspace.scratch / "probe"


def find_kernelspec(name: str) -> KernelSpec:
    """The kernelspec called `name`.

    Raises:
        KernelUnavailableError: There is none; the hint lists those that there are.
    """
    manager = KernelSpecManager()
    try:
        return manager.get_kernel_spec(name)
    except NoSuchKernel as error:
        known = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise KernelUnavailableError(
            f"there is no kernel named {name!r}",
            hint=f"Kernels here: {known}. Name one of them with --kernel.",
        ) from error


def interpreter(spec: KernelSpec) -> str:
    """The program that the kernelspec starts."""
    return sys.executable if spec.argv[0] in _OWN_PYTHON else str(spec.argv[0])


class _OneSpec(KernelSpecManager):
    """A kernelspec manager that knows the one kernelspec that was prepared for a run."""

    def __init__(self, spec: KernelSpec) -> None:
        super().__init__()
        self._spec = spec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002  the base class passes it
        return self._spec


@contextlib.asynccontextmanager
async def running_kernel(launch: Launch) -> AsyncIterator[tuple[AsyncKernelManager, Any]]:
    """A kernel that is ready, with its client; on exit its whole process group is killed.

    Raises:
        KernelUnavailableError: It did not start, or ended at once.
    """
    spec = _prepared(launch)
    for attempt in range(_ATTEMPTS):
        manager = AsyncKernelManager(
            kernel_name=launch.name,
            kernel_spec_manager=_OneSpec(spec),
            client_factory=WakingClient,
            connection_file=str(launch.workspace.scratch / f"kernel{attempt}.json"),
        )
        log = launch.workspace.scratch / f"kernel{attempt}.log"
        client = None
        try:
            with log.open("wb") as sink:
                client = await _start(manager, launch, sink, log)
            yield manager, client
        except KernelUnavailableError:
            if client is not None or attempt + 1 == _ATTEMPTS or not _lost_a_port(log):
                raise
        else:
            return
        finally:
            if client is not None:
                client.stop_channels()
            await _end(manager)
            _kill_descendants(launch.workspace.temp)


def _lost_a_port(log: Path) -> bool:
    """Whether another program took a port between its choice and the kernel's start."""
    return "Address already in use" in log.read_text(encoding="utf-8", errors="replace")


def _kill_descendants(temp: Path) -> None:
    """Kill what the notebook started in a session of its own: it is known by the run's temporary folder."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(_TEMP) == str(temp):
                process.kill()


async def _start(manager: AsyncKernelManager, launch: Launch, sink: Any, log: Path) -> Any:
    try:
        await manager.start_kernel(cwd=str(launch.workspace.cwd), stdout=sink, stderr=sink)
        client = manager.client()
        # What the kernel sends faster than it is read waits here; the kernel's own queue drops what is beyond 1,000.
        client.context.rcvhwm = 0
        client.start_channels()
    except OSError as error:
        raise _unavailable(launch, error, log) from error
    try:
        await client.wait_for_ready(timeout=_STARTUP_SECONDS)
    except BaseException as error:
        client.stop_channels()
        if isinstance(error, RuntimeError):
            raise _unavailable(launch, error, log) from error
        raise
    client.allow_stdin = False
    return client


def _unavailable(launch: Launch, error: Exception, log: Path) -> KernelUnavailableError:
    message = f"kernel {launch.name!r} did not start: {error}"
    return KernelUnavailableError(message, hint=_tail(log))


async def _end(manager: AsyncKernelManager) -> None:
    if manager.has_kernel:
        # Nothing of a run is worth a polite goodbye: its folder is about to be removed.
        with contextlib.suppress(ProcessLookupError):
            await asyncio.shield(manager.shutdown_kernel(now=True))
    await ensure_async(manager.cleanup_resources())


def _prepared(launch: Launch) -> KernelSpec:
    """The kernelspec with the run's isolation, variation and probe in it: its ``env`` beats the caller's."""
    spec = launch.spec
    python = interpreter(spec)
    environment = {
        **spec.env,
        _TEMP: str(launch.workspace.temp),
        **launch.variation.environment,
        **(_probe_environment(launch, python) if launch.is_python else {}),
    }
    return KernelSpec(
        argv=[*launch.workspace.prefix, *launch.variation.prefix, python, *spec.argv[1:]],
        env=environment,
        language=spec.language,
        display_name=spec.display_name,
        interrupt_mode=spec.interrupt_mode,
        metadata=spec.metadata,
        resource_dir=spec.resource_dir,
    )


def _probe_environment(launch: Launch, python: str) -> Mapping[str, str]:
    """What loads the probe: an IPython folder of the run's own, and the kernel side where it is not installed."""
    ipython = launch.workspace.scratch / "ipython"
    profile = ipython / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(
        "c = get_config()\n"
        "c.InteractiveShellApp.extensions.append('repro_nb.probe.boot')\n"
        "c.HistoryManager.hist_file = ':memory:'\n"
        # The tip in IPython's banner is chosen by a draw from the user's own stream.
        "c.InteractiveShell.enable_tip = False\n",
        encoding="utf-8",
    )
    launch.probe_folder.mkdir()
    environment = {
        "IPYTHONDIR": str(ipython),
        FOLDER_VARIABLE: str(launch.probe_folder),
        UNSET_VARIABLE: " ".join(launch.variation.unset),
        ORDERS_VARIABLE: Orders(
            launch.variation.held, launch.variation.watch, launch.variation.trace
        ).to_text(),
    }
    if not installed_for(python):
        bundle = write_bundle(launch.workspace.scratch)
        inherited = launch.spec.env.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(bundle), inherited)))
    return environment


def describe_death(manager: AsyncKernelManager | None) -> str:
    """How the kernel's process ended, as far as the system tells."""
    process = getattr(getattr(manager, "provisioner", None), "process", None)
    code = process.poll() if process is not None else None
    if code is None:
        return "its process ended"
    spec = getattr(manager, "kernel_spec", None)
    if code > _BY_SIGNAL and spec is not None and SHELL in spec.argv:
        code = _BY_SIGNAL - code
    if code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    guess = "; the system may have been out of memory" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{guess}"


def _tail(log: Path, lines: int = 5) -> str:
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return "\n".join(text.strip().splitlines()[-lines:])
