"""Which version of a library the notebook ran with, and how versions are ordered."""

from __future__ import annotations

import platform
import re
import sys
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from repro_nb.rerun.diagnoses.diagnosis import normalised
from repro_nb.rerun.diagnoses.distributions import KNOWN
from repro_nb.rerun.kernel import interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro_nb.rerun.diagnoses.diagnosis import Case

__all__ = [
    "at_least",
    "distribution_of",
    "distributions_of",
    "is_third_party",
    "recorded_python",
    "recorded_version",
    "runs_here",
    "used_version",
    "was_imported",
]

_BUILDS = ("-cpu", "-gpu", "-base", "-intel", "-macos")
"""What is added to a distribution's name where one library comes in several builds."""


def used_version(case: Case, module: str) -> str | None:
    """Version of the library that provides the top-level `module`; None where it is not known.

    What the run imported is known by its record; else what is installed is looked at, where the kernel has the
    interpreter that runs this program.
    """
    names = [normalised(name) for name in _candidates(module)]
    recorded = (case.versions.get(name) for name in names)
    found = next((version for version in recorded if version is not None), None)
    if found is not None or not runs_here(case):
        return found
    if module == "python":
        return platform.python_version()
    return next(filter(None, (_installed_version(name) for name in names)), None)


def at_least(version: str, bound: str) -> bool:
    """Whether `version` is not older than `bound`; suffixes such as ``rc1`` do not count."""
    return _numbers(version) >= _numbers(bound)


def runs_here(case: Case) -> bool:
    """Whether the kernel's interpreter is the one of this program, so that its metadata is ours."""
    return interpreter(case.run.launch.spec) == sys.executable


def was_imported(case: Case, module: str) -> bool:
    """Whether the run imported the library that provides the top-level `module`, as far as its record tells."""
    return any(normalised(name) in case.versions for name in _candidates(module))


def recorded_version(case: Case, module: str) -> str | None:
    """Version of the library that provides `module` in the recording beside the notebook; None where unknown."""
    recording = case.saved.previous
    if recording is None or recording.environment is None:
        return None
    packages = {normalised(n): version for n, version in recording.environment.packages.items()}
    names = (normalised(name) for name in _candidates(module))
    return next((packages[name] for name in names if name in packages), None)


def recorded_python(case: Case) -> str | None:
    """Version of Python in the recording beside the notebook; None where there is none."""
    recording = case.saved.previous
    if recording is None or recording.environment is None:
        return None
    return recording.environment.python.rpartition(" ")[2]


def is_third_party(module: str) -> bool:
    """Whether the top-level `module` comes from an installed distribution."""
    return module not in sys.stdlib_module_names and bool(distributions_of(module))


def distribution_of(module: str) -> str:
    """What to install for the top-level `module`."""
    return (*distributions_of(module), KNOWN.distributions.get(module, module))[0]


@cache
def distributions_of(module: str) -> tuple[str, ...]:
    """Installed distributions that provide the top-level `module`."""
    return tuple(dict.fromkeys(_installed_modules().get(module, ())))


@cache
def _installed_modules() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def _candidates(module: str) -> Sequence[str]:
    if module == "python":
        return ["python"]
    known = KNOWN.distributions.get(module, module)
    builds = [known + build for build in _BUILDS]
    return [known, module, *distributions_of(module), *builds]


@cache
def _installed_version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    head = re.match(r"\d+(?:\.\d+)*", version)
    parts = [int(part) for part in head[0].split(".")] if head else []
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
