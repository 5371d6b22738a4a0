"""Sees which checkpoints a cell writes: the libraries' saving functions, wrapped for as long as the watch is on.

A library is touched once it is loaded, and never imported. What a module took for itself before the watch was turned
on (``from torch import save``) goes unseen.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Callable, List, Mapping, Optional, Tuple

from repro_nb.imports import ImportWatch

__all__ = ["CheckpointWatch"]


@dataclass(frozen=True)
class _Saver:
    """A function that writes a checkpoint.

    Attributes:
        module: The module that has it.
        name: Its name there, dotted where a class has it.
        position: Which positional argument says where to.
        keyword: The same argument's name.
        suffix: What the function adds to a name that does not end so.
    """

    module: str
    name: str
    position: int
    keyword: str
    suffix: str = ""


_SAVERS = (
    _Saver("torch", "save", 1, "f"),
    _Saver("torch", "serialization.save", 1, "f"),
    *(
        _Saver(f"safetensors.{framework}", "save_file", 1, "filename")
        for framework in ("torch", "numpy", "flax", "tensorflow", "paddle", "mlx")
    ),
    _Saver("numpy", "save", 0, "file", ".npy"),
    _Saver("numpy", "savez", 0, "file", ".npz"),
    _Saver("numpy", "savez_compressed", 0, "file", ".npz"),
    # A method's own object comes first.
    _Saver("orbax.checkpoint", "Checkpointer.save", 1, "directory"),
    _Saver("orbax.checkpoint", "AsyncCheckpointer.save", 1, "directory"),
    _Saver("orbax.checkpoint", "StandardCheckpointer.save", 1, "directory"),
)


@dataclass(frozen=True)
class _Wrap:
    """A function of a library's that stands wrapped."""

    owner: Any
    name: str
    original: Any
    wrapper: Any


class CheckpointWatch:
    """Tells of each checkpoint after it was written.

    Args:
        written: Called with its absolute path; from the thread that wrote it.
        failed: Called with what `written` raised: the user's code shall not notice.
    """

    def __init__(self, written: Callable[[str], None], failed: Callable[[Exception], None]) -> None:
        self._written = written
        self._failed = failed
        self._imports = ImportWatch()
        self._wraps: List[_Wrap] = []
        self._on = False

    def install(self) -> None:
        """Begin to watch. Does nothing when installed."""
        if self._on:
            return
        self._on = True
        self._imports.install()
        for module in dict.fromkeys(saver.module for saver in _SAVERS):
            self._imports.when_imported(module, functools.partial(self._wrap_all, module))

    def uninstall(self) -> None:
        """Put everything back. Does nothing when not installed.

        Where somebody has wrapped our wrapper meanwhile, it stays in between, and does nothing any more.
        """
        self._on = False
        self._imports.uninstall()
        for wrap in reversed(self._wraps):
            if vars(wrap.owner).get(wrap.name) is wrap.wrapper:
                setattr(wrap.owner, wrap.name, wrap.original)
        self._wraps.clear()

    def _wrap_all(self, name: str, module: ModuleType) -> None:
        for saver in _SAVERS:
            if saver.module == name:
                self._wrap(saver, module)

    def _wrap(self, saver: _Saver, module: ModuleType) -> None:
        *way, name = saver.name.split(".")
        owner = functools.reduce(_part, way, module)
        # A class that inherits the method is not given one of its own.
        original = None if owner is None else vars(owner).get(name)
        if original is None:
            return
        wrapper = self._telling(saver, original)
        self._wraps.append(_Wrap(owner, name, original, wrapper))
        setattr(owner, name, wrapper)

    def _telling(self, saver: _Saver, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def save(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if self._on:
                self._tell(saver, args, kwargs)
            return result

        return save

    def _tell(self, saver: _Saver, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        try:
            path = _path(saver, args, kwargs)
            if path is not None:
                self._written(path)
        except Exception as fault:  # noqa: BLE001 - the file is written, and the user's code goes on
            self._failed(fault)


def _part(owner: Any, name: str) -> Any:
    return None if owner is None else vars(owner).get(name)


def _path(saver: _Saver, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Optional[str]:
    """Where a saving function wrote to; None for a file that has no name, such as one in memory."""
    given = args[saver.position] if len(args) > saver.position else kwargs.get(saver.keyword)
    opened = not isinstance(given, (str, bytes, os.PathLike))
    target = getattr(given, "name", None) if opened else given
    if not isinstance(target, (str, bytes, os.PathLike)):
        return None
    path = os.fsdecode(target)
    if not opened and not path.endswith(saver.suffix):
        path += saver.suffix
    return os.path.abspath(path)  # noqa: PTH100 - a link goes by its own name
