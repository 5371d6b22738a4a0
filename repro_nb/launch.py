"""Runs a Python program with seeded random numbers, as ``python script.py`` would run it.

What a program can tell: repro_nb is loaded, ``sys.flags.safe_path`` is set, and options of the interpreter (``-X``,
``-W``, ``-O``) are those of a plain start. Processes that it spawns share its hash seed, and seed themselves:
`repro_nb.seed_worker` is for them.

`launch` starts it; ``python -m repro_nb.launch`` is what it starts.
"""

from __future__ import annotations

import builtins
import os
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import SourceFileLoader
from io import open_code
from pathlib import Path
from types import ModuleType, TracebackType

from repro_nb.errors import UsageError
from repro_nb.seeding import checked_seed, set_global_seed

__all__ = ["launch"]

_PLAIN, _DETERMINISTIC = "plain", "deterministic"
_OWN_FILES = (__file__, runpy.run_path.__code__.co_filename)

Hook = Callable[[type[BaseException], BaseException, TracebackType | None], object]


def launch(seed: int, program: Sequence[str], *, deterministic: bool = False) -> int:
    """Run a program in a fresh interpreter: hash seed and every global stream set from `seed`.

    Where the system can, the program takes this process's place, so that signals, exit code and terminal are its
    own; then this function does not return.

    Args:
        seed: An integer from 0 to 2**32 - 1.
        program: What would follow ``python``: a script, or ``-m`` and a module, and arguments.
        deterministic: Also switch on deterministic mode.

    Returns:
        The program's exit code.

    Raises:
        UsageError: The seed is out of range, or there is no such script.
    """
    environment = {**os.environ, "PYTHONHASHSEED": str(checked_seed(seed))}
    _check(program)
    mode = _DETERMINISTIC if deterministic else _PLAIN
    # -P: no module that lies in the working folder may stand in for one that the launcher needs.
    command = [sys.executable, "-P", "-m", "repro_nb.launch", str(seed), mode, *program]
    if os.name != "nt":  # there, exec hands the terminal back while the program still runs
        sys.stdout.flush()
        os.execve(sys.executable, command, environment)  # noqa: S606 - the user's own program
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - as above


def _check(program: Sequence[str]) -> None:
    if program[0] == "-m":
        if len(program) == 1:
            raise UsageError("-m needs the name of a module")
    elif not Path(program[0]).exists():
        raise UsageError(
            "there is no such script",
            where=program[0],
            hint="After -- comes a script or `-m MODULE`, then its arguments.",
        )


def _main() -> None:
    seed, mode, *program = sys.argv[1:]
    set_global_seed(int(seed), deterministic=mode == _DETERMINISTIC)
    try:
        _run(program)
    except BaseException:
        sys.excepthook = partial(_show_without_our_frames, sys.excepthook)
        raise


def _run(program: Sequence[str]) -> None:
    """Run the program as ``__main__``, with the arguments and the first import folder that Python gives it."""
    if program[0] == "-m":
        sys.argv = list(program[1:])
        _import_first_from(os.getcwd())  # noqa: PTH109 - entries of sys.path are text
        runpy.run_module(program[1], run_name="__main__", alter_sys=True)
        return
    sys.argv = list(program)
    if _is_source(program[0]):
        _import_first_from(os.path.dirname(os.path.realpath(program[0])))  # noqa: PTH120 - as above
        _run_script(program[0])
    else:
        runpy.run_path(program[0], run_name="__main__")


def _import_first_from(folder: str) -> None:
    if not os.environ.get("PYTHONSAFEPATH"):
        sys.path.insert(0, folder)


def _is_source(path: str) -> bool:
    return Path(path).is_file() and not path.endswith(".pyc") and not zipfile.is_zipfile(path)


def _run_script(path: str) -> None:
    """What `runpy.run_path` does, with an absolute ``__file__`` beside ``sys.argv[0]`` as given, as Python has it."""
    file = os.path.abspath(path)  # noqa: PTH100 - a symbolic link keeps its name here
    main = ModuleType("__main__")
    main.__file__ = file
    main.__loader__ = SourceFileLoader("__main__", file)
    main.__dict__.update(__builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = main
    with open_code(file) as source:
        code = compile(source.read(), file, "exec", dont_inherit=True)
    exec(code, main.__dict__)  # noqa: S102 - the program that the user asked to run


def _show_without_our_frames(
    hook: Hook, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    while trace is not None and trace.tb_frame.f_code.co_filename in _OWN_FILES:
        trace = trace.tb_next
    hook(kind, error.with_traceback(trace), trace)


if __name__ == "__main__":
    _main()
