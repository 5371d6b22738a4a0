"""``pytest --repro``: each notebook is a test that fails when it is below its bar."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from repro_nb.rerun import NotebookResult

__all__ = ["BelowBarError", "NotebookFile", "NotebookItem"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--repro`` and ``--repro-level``."""
    group = parser.getgroup("repro_nb", "notebooks that reproduce")
    group.addoption(
        "--repro",
        action="store_true",
        help="rerun notebooks and fail those below their reproducibility bar",
    )
    group.addoption(
        "--repro-level",
        metavar="LEVEL",
        default=None,
        help="the level that counts as passing, by number or name (default: the project's, else 4)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuses options that contradict one another.

    Raises:
        pytest.UsageError: ``--nbval`` is given too, a level without ``--repro``, or a level that does not exist.
    """
    level = config.getoption("--repro-level")
    if not config.getoption("--repro"):
        if level is not None:
            raise pytest.UsageError("--repro-level needs --repro")
        return
    if config.getoption("nbval", default=False) or config.getoption("nbval_lax", default=False):
        raise pytest.UsageError(
            "--repro and --nbval would both run every notebook: give one of them"
        )
    if level is not None:
        _parse_level(level)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> NotebookFile | None:
    """Collects notebooks, if asked to."""
    if not parent.config.getoption("--repro") or file_path.suffix != ".ipynb":
        return None
    return NotebookFile.from_parent(parent, path=file_path)


class NotebookFile(pytest.File):
    """A notebook; it holds one test."""

    def collect(self) -> Iterable[NotebookItem]:
        """The one test."""
        yield NotebookItem.from_parent(self, name="reproduces")


class NotebookItem(pytest.Item):
    """The test that a notebook is at or above its bar."""

    def runtest(self) -> None:
        """Reruns the notebook.

        Raises:
            BelowBarError: It is below its bar, or could not be judged.
        """
        from repro_nb.rerun import VerifyOptions, verify  # noqa: PLC0415 - slow, and only --repro needs it

        text = self.config.getoption("--repro-level")
        level = None if text is None else _parse_level(text)
        result = verify(self._shown_path(), VerifyOptions.for_project(self.path, fail_under=level))
        if result.exit_code:
            raise BelowBarError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any) -> Any:
        """The report in place of a traceback."""
        if isinstance(excinfo.value, BelowBarError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, *args)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the test is, and its name in the heading of a failure."""
        return self.path, None, self._shown_path()

    def _shown_path(self) -> str:
        folder = self.config.invocation_params.dir
        return str(self.path.relative_to(folder) if self.path.is_relative_to(folder) else self.path)


class BelowBarError(Exception):
    """A notebook is below its bar; its text is the report.

    Args:
        result: What was found out.
    """

    def __init__(self, result: NotebookResult) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        from repro_nb.rerun import report  # noqa: PLC0415 - slow, and only a failure needs it

        return report.text([self.result])


def _parse_level(text: str) -> Any:
    from repro_nb.errors import UsageError  # noqa: PLC0415 - pytest imports this file in every project
    from repro_nb.rerun import parse_level  # noqa: PLC0415 - slow
    from repro_nb.rerun.bar import check_reachable  # noqa: PLC0415 - slow

    try:
        level = parse_level(text)
        check_reachable(level)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from error
    return level
