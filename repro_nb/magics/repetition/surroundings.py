"""What a run of a cell changes around it, and how it is put back."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import Any, Callable, Iterator, List

__all__ = ["Written", "descriptors_diverted", "surroundings_kept"]


@contextmanager
def surroundings_kept() -> Iterator[None]:
    """Put back, after the block, what Python itself keeps for the whole process; settings of libraries stay.

    A warning that is shown once for each place is shown anew inside the block, and after it.
    """
    steps = [*_place(), _streams(), *map(_logger, _loggers())]
    known = set(_loggers())
    with warnings.catch_warnings():
        try:
            yield
        finally:
            for logger in set(_loggers()) - known:
                logger.handlers.clear()
                logger.setLevel(logging.NOTSET)
            for step in steps:
                step()


def _place() -> Iterator[Callable[[], None]]:
    folder, environment, path = os.getcwd(), dict(os.environ), list(sys.path)  # noqa: PTH109  a text is enough

    def put_back_environment() -> None:
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        for name, value in environment.items():
            if os.environ.get(name) != value:
                os.environ[name] = value

    def put_back_path() -> None:
        sys.path[:] = path

    yield lambda: os.chdir(folder)
    yield put_back_environment
    yield put_back_path


def _streams() -> Callable[[], None]:
    streams = sys.stdout, sys.stderr, sys.stdin

    def put_back() -> None:
        sys.stdout, sys.stderr, sys.stdin = streams

    return put_back


def _loggers() -> List[logging.Logger]:
    made = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(logger for logger in made if isinstance(logger, logging.Logger))]


def _logger(logger: logging.Logger) -> Callable[[], None]:
    handlers, level = list(logger.handlers), logger.level
    propagate, disabled = logger.propagate, logger.disabled

    def put_back() -> None:
        logger.handlers[:] = handlers
        logger.propagate, logger.disabled = propagate, disabled
        if logger.level != level:
            logger.setLevel(level)

    return put_back


class Written:
    """How much went past Python's streams.

    Attributes:
        size: In bytes.
    """

    size = 0


@contextmanager
def descriptors_diverted() -> Iterator[Written]:
    """Keep what libraries in C and other programs write inside the block from being seen, and say how much it was."""
    written = Written()
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())
        for number, stream in ((1, sys.__stdout__), (2, sys.__stderr__)):
            _divert(number, stream, file.fileno(), stack)
        try:
            yield written
        finally:
            _flush(sys.__stdout__)
            _flush(sys.__stderr__)
            written.size = os.fstat(file.fileno()).st_size


def _divert(number: int, stream: Any, target: int, stack: ExitStack) -> None:
    _flush(stream)
    try:
        kept = os.dup(number)
    except OSError:  # a process may have been started without it
        return
    stack.callback(os.close, kept)
    stack.callback(os.dup2, kept, number)
    os.dup2(target, number)


def _flush(stream: Any) -> None:
    if stream is not None and not stream.closed:
        stream.flush()
