"""Sees which checkpoints a cell writes: the libraries' saving functions, wrapped for as long as the watch is on.

Those that rename files are wrapped too: a careful program writes to a temporary name, and renames when all is written.
A library is touched once it is loaded, and never imported. What a module took for itself before the watch was turned
on (``from torch import save``) goes unseen, as does what another process writes or renames.
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
        position: Which positional argument says where to; None where only a keyword does.
        keyword: The same argument's name.
        suffix: What the function adds to a name that does not end so.
    """

    module: str
    name: str
    position: Optional[int]
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
    _Saver("torch.distributed.checkpoint", "save", None, "checkpoint_id"),
    _Saver("torch.distributed.checkpoint.state_dict_saver", "save", None, "checkpoint_id"),
)


@dataclass(frozen=True)
class _Mover:
    """A function that gives a file another name; its first argument is the old one.

    Attributes:
        module: The module that has it.
        name: Its name there, dotted where a class has it.
        keyword: Name of the second argument, which is the new name.
    """

    module: str
    name: str
    keyword: str


_MOVERS = (
    _Mover("os", "rename", "dst"),
    _Mover("os", "replace", "dst"),
    # Up to Python 3.10 these keep functions of os that they took when they were loaded.
    _Mover("pathlib", "Path.rename", "target"),
    _Mover("pathlib", "Path.replace", "target"),
    # To another file system it copies.
    _Mover("shutil", "move", "dst"),
)
_MOVED_IN = ("src_dir_fd", "dst_dir_fd")
"""Arguments by which names are relative to another folder than the current one."""


_Tell = Callable[[Tuple[Any, ...], Mapping[str, Any], Any], None]
"""Takes what a function was called with, and what it gave back."""


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
        failed: Called with what `written` or `moved` raised: the user's code shall not notice.
        moved: Called with the old and the new absolute path of whatever was renamed, checkpoint or not; it may be
            called twice for one renaming.
    """

    def __init__(
        self,
        written: Callable[[str], None],
        failed: Callable[[Exception], None],
        moved: Callable[[str, str], None],
    ) -> None:
        self._written = written
        self._failed = failed
        self._moved = moved
        self._imports = ImportWatch()
        self._wraps: List[_Wrap] = []
        self._on = False

    def install(self) -> None:
        """Begin to watch. Does nothing when installed."""
        if self._on:
            return
        self._on = True
        self._imports.install()
        modules = [saver.module for saver in _SAVERS] + [mover.module for mover in _MOVERS]
        for module in dict.fromkeys(modules):
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
                self._wrap(module, saver.name, functools.partial(self._saved, saver))
        for mover in _MOVERS:
            if mover.module == name:
                self._wrap(module, mover.name, functools.partial(self._renamed, mover))

    def _wrap(self, module: ModuleType, dotted: str, tell: _Tell) -> None:
        *way, name = dotted.split(".")
        owner = functools.reduce(_part, way, module)
        # A class that inherits the method is not given one of its own.
        original = None if owner is None else vars(owner).get(name)
        if original is None:
            return
        wrapper = self._telling(original, tell)
        if isinstance(owner, ModuleType):
            wrapper.__module__ = (
                owner.__name__
            )  # pickle finds it there, and not where the original comes from
        self._wraps.append(_Wrap(owner, name, original, wrapper))
        setattr(owner, name, wrapper)

    def _telling(self, original: Callable[..., Any], tell: _Tell) -> Callable[..., Any]:
        @functools.wraps(original)
        def telling(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if self._on:
                try:
                    tell(args, kwargs, result)
                except Exception as fault:  # noqa: BLE001 - the file is written, and the user's code goes on
                    self._failed(fault)
            return result

        return telling

    def _saved(
        self, saver: _Saver, args: Tuple[Any, ...], kwargs: Mapping[str, Any], _: Any
    ) -> None:
        path = _path(saver, args, kwargs)
        if path is not None:
            self._written(path)

    def _renamed(
        self, mover: _Mover, args: Tuple[Any, ...], kwargs: Mapping[str, Any], result: Any
    ) -> None:
        if any(kwargs.get(name) is not None for name in _MOVED_IN):
            return
        old = args[0] if args else kwargs.get("src")
        new = args[1] if len(args) > 1 else kwargs.get(mover.keyword)
        # What is moved into a folder has a name there, which is what `shutil.move` gives back.
        names = [_absolute(each) for each in (old, new if result is None else result)]
        if names[0] is not None and names[1] is not None:
            self._moved(names[0], names[1])


def _part(owner: Any, name: str) -> Any:
    return None if owner is None else vars(owner).get(name)


def _path(saver: _Saver, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Optional[str]:
    """Where a saving function wrote to; None for a file that has no name, such as one in memory."""
    at = saver.position
    given = args[at] if at is not None and len(args) > at else kwargs.get(saver.keyword)
    opened = not isinstance(given, (str, bytes, os.PathLike))
    target = getattr(given, "name", None) if opened else given
    if not isinstance(target, (str, bytes, os.PathLike)):
        return None
    path = os.fsdecode(target)
    if not opened and not path.endswith(saver.suffix):
        path += saver.suffix
    return _absolute(path)


def _absolute(path: Any) -> Optional[str]:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - a link goes by its own name
