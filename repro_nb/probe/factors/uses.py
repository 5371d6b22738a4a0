"""Which line of the user's code is at work: what every watch of a factor notes.

A call is the user's when, seen from it outwards, the first frame that is of neither the standard library nor repro_nb
belongs to the user or to a library that the user's code called; and not to the kernel, which shares the process.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from repro_nb.probe.factors.forks import Forks
from repro_nb.records import FactorUse
from repro_nb.rng.usercode import is_user_module

__all__ = ["TIMED", "Place", "Uses", "is_kernel", "is_standard"]

_MAX_CODE = 200
_MAX_USES = 200
# What serves the kernel and its front end: whatever these do, the user did not ask for.
_KERNEL = frozenset(
    {
        "IPython",
        "comm",
        "debugpy",
        "ipykernel",
        "ipywidgets",
        "jupyter_client",
        "jupyter_core",
        "matplotlib_inline",
        "tornado",
        "traitlets",
        "zmq",
    }
)
TIMED = ("<timed exec>", "<timed eval>", "<magic-timeit>")
"""Files that IPython says the code is in which its ``%%time`` and ``%%timeit`` run."""
_IMPORT_SYSTEM = ("importlib._bootstrap", "importlib._bootstrap_external")


class Place(NamedTuple):
    """A line of the user's code.

    Attributes:
        cell: Id of the cell that the line is in.
        line: Its number in the cell, from 1.
        code: Its text.
        file: ``helpers.py:12`` where the cell's line called into a file of the user's; else empty.
        direct: Module of the first frame that is not of the standard library: ``__main__`` for a cell's own code.
        importing: Whether a module is being imported between the line and the call.
    """

    cell: str
    line: int
    code: str
    file: str
    direct: str
    importing: bool


class Uses:
    """Notes the lines of the user's code that use a factor, for the cell that is running."""

    def __init__(self) -> None:
        self._cells: Dict[str, str] = {}
        self._noted: Dict[Tuple[str, str, str, int, str], int] = {}
        self._code: Dict[Tuple[str, int], str] = {}
        self._sources: Dict[str, List[str]] = {}
        self._lines: Dict[Tuple[str, int, int], Tuple[int, str]] = {}
        self._begun: List[Callable[[], None]] = []
        self._lock = threading.Lock()
        Forks().watch(in_child=self._unlock)

    def begin(self, cell_id: str, filename: str, source: str = "") -> None:
        """A cell begins; its code says of itself that it is in `filename`, and was written as `source`."""
        self._cells[filename] = cell_id
        self._sources[filename] = source.splitlines()
        for callback in self._begun:
            callback()

    def when_begun(self, callback: Callable[[], None]) -> None:
        """Call `callback` whenever a cell begins."""
        self._begun.append(callback)

    def cell_of(self, filename: str) -> Optional[str]:
        """Id of the cell whose code says of itself that it is in `filename`; None for all other code."""
        return self._cells.get(filename)

    def taken(self) -> Tuple[FactorUse, ...]:
        """What was noted since the last time."""
        with self._lock:
            noted, self._noted = self._noted, {}
        return tuple(
            FactorUse(factor, call, cell, line, self._code.get((cell, line), ""), file, count)
            for (factor, call, cell, line, file), count in noted.items()
        )

    def note(self, factor: str, call: str, place: Place) -> None:
        """Note that the line at `place` used `factor` through `call`."""
        key = (factor, call, place.cell, place.line, place.file)
        with self._lock:
            if key in self._noted or len(self._noted) < _MAX_USES:
                self._noted[key] = self._noted.get(key, 0) + 1
                self._code[place.cell, place.line] = place.code

    def _unlock(self) -> None:
        # Another thread may have held it while this process was forked off.
        self._lock = threading.Lock()

    def place(self, depth: int = 1, *, through_kernel: bool = False) -> Optional[Place]:
        """The line of a notebook cell on whose behalf the caller's caller runs; None when it is the kernel's own.

        Args:
            depth: How many frames of the watch itself lie between: 1 for the function that calls this.
            through_kernel: Take what the kernel does for a cell, by a magic, for the user's own doing.
        """
        return self.place_of(sys._getframe(depth), through_kernel=through_kernel)  # noqa: SLF001 - has no public twin

    def place_of(
        self, caller: FrameType, line: Optional[int] = None, *, through_kernel: bool = False
    ) -> Optional[Place]:
        """The same, seen from the frame `caller` outwards; as if it were still in `line`, where that is given."""
        frame: Optional[FrameType] = caller
        number = caller.f_lineno if line is None else line
        direct, file, importing, timed = "", "", False, 0
        while frame is not None:
            name = str(frame.f_globals.get("__name__"))
            path = frame.f_code.co_filename
            cell = self._cells.get(path)
            if cell is not None:
                written, code = self._line(path, number, timed)
                return Place(cell, written, code, file, direct or name, importing)
            if name in _IMPORT_SYSTEM:
                importing = True
            elif not direct and not is_standard(name):
                direct = name
                if not through_kernel and is_kernel(name):
                    return None
            if path in TIMED:
                timed = number
            if not file and name != "__main__" and is_user_module(name):
                file = f"{_short(path)}:{number}"
            frame = frame.f_back
            number = 0 if frame is None else frame.f_lineno
        return None

    def _line(self, file: str, number: int, timed: int) -> Tuple[int, str]:
        """Number and text of a line of a cell as it was written.

        Args:
            file: What the cell's code says that it is in.
            number: The line as it was compiled, without the empty lines at the cell's beginning.
            timed: The line below the cell's own magic, if that runs the rest.
        """
        found = self._lines.get((file, number, timed))
        if found is None:
            found = self._lines[file, number, timed] = _written(
                self._sources.get(file, []), number, timed
            )
        return found


def _written(lines: List[str], number: int, timed: int) -> Tuple[int, str]:
    filled = [index for index, text in enumerate(lines, 1) if text.strip()] or [1]
    is_magic = bool(timed and lines) and lines[filled[0] - 1].lstrip().startswith("%%")
    line = filled[1] + timed - 1 if is_magic and len(filled) > 1 else filled[0] + number - 1
    code = lines[line - 1] if line <= len(lines) else ""
    return line, code.strip()[:_MAX_CODE]


def is_kernel(name: str) -> bool:
    """Whether a module is of the kernel, or serves it."""
    return name.partition(".")[0] in _KERNEL


def is_standard(name: str) -> bool:
    """Whether a module is of the standard library, or one of ours, which stand between a user and what is watched."""
    top = name.partition(".")[0]
    return top == "repro_nb" or top in _standard_names()


def _standard_names() -> Any:
    names = getattr(sys, "stdlib_module_names", None)
    # Python 3.9 has no list of its own modules; these lie between a user and what is watched.
    return names if names is not None else _FORMER_NAMES


_FORMER_NAMES = frozenset(
    (
        "_strptime",
        "calendar",
        "contextlib",
        "datetime",
        "functools",
        "glob",
        "logging",
        "os",
        "pathlib",
        "posixpath",
        "random",
        "secrets",
        "shutil",
        "tempfile",
        "threading",
        "timeit",
        "uuid",
    )
)


def _short(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
