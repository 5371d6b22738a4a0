"""Call back when modules are imported, without importing anything and without leaving a trace.

numpy, torch and JAX are often imported by the very cell that draws from them. A finder at the head of
``sys.meta_path`` sees each watched module coming, lets the other finders find it, and wraps the loader for the
length of that one import. The module gets its original ``__spec__`` and ``__loader__`` back before its code runs.
"""

from __future__ import annotations

import importlib
import sys
import threading
import traceback
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType
from typing import Any, Callable, Dict, List, Optional, Sequence, Set

__all__ = ["ImportBracket", "ImportWatch", "whole_module"]

Callback = Callable[[ModuleType], None]
Run = Callable[[ModuleType], None]


def whole_module(name: str) -> Optional[ModuleType]:
    """The module if its import is over; None when it is not loaded, or still on its way."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return None if getattr(spec, "_initializing", False) else module


class _Finder(MetaPathFinder):
    """A finder that stands before all others, and finds nothing by itself."""

    def install(self) -> None:
        """Begin to watch. Does nothing when installed."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Stop watching. Does nothing when not installed."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class ImportWatch(_Finder):
    """Tells when named modules are first imported.

    Any number of watches can be installed at a time; each is a finder of its own.
    """

    def __init__(self) -> None:
        self._waiting: Dict[str, List[Callback]] = {}
        self._lock = threading.Lock()
        self._searching = threading.local()

    def when_imported(self, module: str, callback: Callback) -> None:
        """Call `callback` with `module` once its import has succeeded; at once if it is loaded already.

        Args:
            module: Absolute name, such as ``numpy.random.mtrand``.
            callback: Called once, in the thread that imports. An exception it raises is printed, so that the
                user's import does not fail for it.
        """
        with self._lock:
            if module not in sys.modules:
                self._waiting.setdefault(module, []).append(callback)
                return
        # A module that another thread is still importing is in sys.modules too: this waits for that thread.
        callback(importlib.import_module(module))

    def uninstall(self) -> None:
        """Stop watching and forget every callback. Does nothing when not installed."""
        with self._lock:
            self._waiting.clear()
        super().uninstall()

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        """The spec that the finders behind this one give for a watched module, with a loader that tells."""
        searching: Set[str] = self._searching.__dict__.setdefault("names", set())
        if fullname not in self._waiting or fullname in searching:
            return None
        searching.add(fullname)
        try:
            spec = _ask_those_behind(self, fullname, path, target)
        finally:
            searching.discard(fullname)
        return _with_loader(spec, self._run_and_tell)

    def _run_and_tell(self, module: ModuleType, run: Run) -> None:
        run(module)
        if module.__spec__ is not None:
            # The import system says so a moment later; those who are told now may rely on it.
            module.__spec__._initializing = False  # type: ignore[attr-defined]  # noqa: SLF001 - has no public twin
        self._tell(module)

    def _tell(self, module: ModuleType) -> None:
        """Call what waits for `module`, once."""
        name = module.__spec__.name if module.__spec__ else module.__name__
        with self._lock:
            callbacks = self._waiting.pop(name, [])
        for callback in callbacks:
            _guarded(callback, sys.modules.get(name, module))


class ImportBracket(_Finder):
    """Calls before and after each outermost import of a module that was not loaded.

    What that import imports in its turn lies inside the same bracket.

    Args:
        wanted: Tells whether a module's import is of interest.
        begin: Called before the module's code runs.
        end: Called after it ran, also when it raised, with what `begin` gave: None when that failed.
    """

    def __init__(
        self,
        wanted: Callable[[ModuleSpec], bool],
        begin: Callable[[], Any],
        end: Callable[[Any], None],
    ) -> None:
        self._wanted = wanted
        self._begin = begin
        self._end = end
        self._thread = threading.local()

    def find_spec(
        self,
        fullname: str,
        path: Optional[Sequence[str]],
        target: Optional[ModuleType] = None,
    ) -> Optional[ModuleSpec]:
        """The spec that the finders behind this one give, with a loader that calls before and after."""
        if getattr(self._thread, "busy", False) or not _is_import(sys._getframe()):  # noqa: SLF001 - has no public twin
            return None
        self._thread.busy = True
        try:
            spec = _ask_those_behind(self, fullname, path, target)
        finally:
            self._thread.busy = False
        return spec if spec is None or not self._wanted(spec) else _with_loader(spec, self._around)

    def _around(self, module: ModuleType, run: Run) -> None:
        self._thread.busy = True
        begun = _guarded(self._begin)
        try:
            run(module)
        finally:
            _guarded(self._end, begun)
            self._thread.busy = False


def _guarded(call: Callable[..., Any], *given: Any) -> Any:
    """What `call` gives; None after printing what it raised: no fault of ours may fail the user's import."""
    try:
        return call(*given)
    except Exception:  # noqa: BLE001 - as above
        traceback.print_exc()
        return None


def _is_import(frame: FrameType) -> bool:
    """Whether a finder is asked by an import, not by ``importlib.util.find_spec``, which only looks."""
    asking = frame.f_back
    while asking is not None and asking.f_globals is frame.f_globals:
        asking = asking.f_back  # another finder of ours, which passes the question on
    asking = asking and asking.f_back
    return asking is not None and asking.f_code.co_name == "_find_and_load_unlocked"


def _ask_those_behind(
    finder: MetaPathFinder,
    name: str,
    path: Optional[Sequence[str]],
    target: Optional[ModuleType],
) -> Optional[ModuleSpec]:
    finders = list(sys.meta_path)
    behind = finders[finders.index(finder) + 1 :] if finder in finders else []
    for other in behind:
        find_spec = getattr(other, "find_spec", None)
        spec: Optional[ModuleSpec] = find_spec(name, path, target) if find_spec else None
        if spec is not None:
            return spec
    return None


def _with_loader(
    spec: Optional[ModuleSpec], around: Callable[[ModuleType, Run], None]
) -> Optional[ModuleSpec]:
    if spec is not None and hasattr(spec.loader, "exec_module"):
        spec.loader = _OneImportLoader(spec, around)
    return spec


class _OneImportLoader(Loader):
    """Stands in for a module's loader during one import, and for every other use passes on to it."""

    def __init__(self, spec: ModuleSpec, around: Callable[[ModuleType, Run], None]) -> None:
        self._spec = spec
        self._around = around
        self._original: Any = spec.loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        """What the original loader makes."""
        module: Optional[ModuleType] = self._original.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put the original loader back, and run the module with what goes around it."""
        self._spec.loader = self._original
        if module.__spec__ is not None:
            module.__spec__.loader = self._original
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = self._original
        self._around(module, self._original.exec_module)
