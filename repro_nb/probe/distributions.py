"""Which distributions the modules in this process came from."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Set

if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = ["imported_packages"]


def imported_packages(baseline: Optional[FrozenSet[str]] = None) -> Dict[str, str]:
    """Version of every distribution of which a module was imported, by the distribution's name.

    Args:
        baseline: Names of modules that do not count. By default, the modules of the kernel's own distributions
            (ipykernel and everything that it requires) do not count.
    """
    installed = _installed()
    imported = _top_level(sys.modules)
    own = {"repro-nb"}
    if baseline is None:
        # jupyter_client imports msgpack where it is installed, and requires it nowhere.
        own |= _closure("ipykernel", installed) | {"msgpack"}
    else:
        imported -= _top_level(baseline)
    return {
        dist.metadata["Name"]: dist.version
        for name, dist in sorted(installed.items())
        if name not in own and not imported.isdisjoint(_modules(dist))
    }


def _installed() -> Dict[str, Distribution]:
    """Every distribution on the path by its normalised name; the first one found is the one that imports see."""
    # Imported here because it takes longer than the rest of the probe together.
    from importlib.metadata import distributions

    found: Dict[str, Distribution] = {}
    for dist in distributions():
        # A folder that a broken uninstall left behind has no name.
        name = dist.metadata["Name"]
        if name:
            found.setdefault(_normalised(name), dist)
    return found


def _top_level(modules: Iterable[str]) -> Set[str]:
    # Private ones (hooks of installers, bare C extensions) say nothing about what was imported.
    return {name.partition(".")[0] for name in modules if not name.startswith("_")}


def _modules(dist: Distribution) -> Set[str]:
    """Top-level modules of `dist`, from its list of them, else from its list of files."""
    listed = dist.read_text("top_level.txt")
    if listed is not None:
        return set(listed.split())
    return set(_modules_by_file(dist)) or {dist.metadata["Name"].replace("-", "_")}


def _modules_by_file(dist: Distribution) -> Iterator[str]:
    for line in (dist.read_text("RECORD") or "").splitlines():
        head, _, rest = line.split(",", 1)[0].partition("/")
        if rest:
            yield head
        elif head.endswith((".py", ".so", ".pyd")):
            yield head.partition(".")[0]


def _closure(start: str, installed: Mapping[str, Distribution]) -> Set[str]:
    """`start` and everything that it requires, extras left out."""
    seen: Set[str] = set()
    waiting: List[str] = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen and name in installed:
            seen.add(name)
            waiting += _requirements(installed[name])
    return seen


def _requirements(dist: Distribution) -> Iterator[str]:
    for requirement in dist.requires or ():
        name, _, marker = requirement.partition(";")
        if "extra" not in marker:
            yield _normalised(re.split(r"[^\w.-]", name.strip(), maxsplit=1)[0])


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
