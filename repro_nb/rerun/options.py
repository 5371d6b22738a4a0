"""What a user can ask of `verify`, and where the defaults come from."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from repro_nb.errors import UsageError
from repro_nb.recording.compare import CompareOptions
from repro_nb.rerun.result import Level

__all__ = ["VerifyOptions", "parse_level", "project_options"]

_COMPARE = CompareOptions()
# Settings a project may not fix for everyone: they belong to one call.
_CALL_ONLY = frozenset({"update", "save"})


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """The settings of one examination.

    Attributes:
        runs: How many fresh runs are compared with one another; 1 compares with the saved outputs alone.
        timeout: Seconds that one cell may take; None for no limit.
        notebook_timeout: Seconds that one run of the whole notebook may take; None for no limit.
        kernel: Name of the kernelspec to run in, instead of the notebook's own.
        rtol: Relative tolerance of numbers.
        atol: Absolute tolerance of numbers.
        exact: Only identical outputs agree.
        update: Write ``NAME.repro.json`` beside the notebook.
        save: Folder to write the executed notebook to.
        fail_under: The level that counts as passing; None for the default, 4, or 3 where nothing is saved.
        in_place: Run in the notebook's own folder, without isolation.
        explain: Find out by further runs why cells differ, where they do.
        budget: Seconds that these further runs may take, as estimated from the first one; None for no limit.
    """

    runs: int = 2
    timeout: float | None = None
    notebook_timeout: float | None = None
    kernel: str | None = None
    rtol: float = _COMPARE.rtol
    atol: float = _COMPARE.atol
    exact: bool = False
    update: bool = False
    save: Path | None = None
    fail_under: Level | None = None
    in_place: bool = False
    explain: bool = True
    budget: float | None = 900

    def __post_init__(self) -> None:
        """Refuse values that mean nothing.

        Raises:
            UsageError: A number is out of range.
        """
        if self.runs < 1:
            raise UsageError(f"runs must be at least 1, not {self.runs}")
        for name in ("timeout", "notebook_timeout", "budget"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} must be a positive number of seconds, not {value}")
        for name in ("rtol", "atol"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise UsageError(f"{name} must be a finite number, at least 0, not {value}")

    @classmethod
    def for_project(cls, start: Path, **given: Any) -> Self:
        """The options for a notebook at `start`: `given` beats the project's settings, which beat the defaults.

        Args:
            start: The notebook, or a folder.
            **given: What the user asked for; None means "not given".

        Raises:
            UsageError: The project's settings cannot be used, or a value is out of range.
        """
        chosen = {name: value for name, value in given.items() if value is not None}
        return cls(**{**project_options(start), **chosen})

    def kernel_for(self, own: str | None) -> str:
        """The kernelspec to run in: the one that was asked for, else the notebook's `own`, else Python's."""
        return self.kernel or own or "python3"

    def compare_options(self, private_paths: tuple[tuple[str, str], ...] = ()) -> CompareOptions:
        """The part of the settings that the comparators need."""
        return replace(
            _COMPARE,
            rtol=self.rtol,
            atol=self.atol,
            exact=self.exact,
            private_paths=private_paths,
        )


def parse_level(text: str) -> Level:
    """The level that a user wrote, as a number or a name.

    Raises:
        UsageError: There is no such level.
    """
    for level in Level:
        if text.strip().lower() in (str(level.value), level.label):
            return level
    known = ", ".join(f"{level.value} ({level.label})" for level in Level)
    raise UsageError(f"there is no level {text!r}", hint=f"Levels: {known}.")


def project_options(start: Path) -> dict[str, Any]:
    """The settings under ``[tool.repro_nb]`` of the nearest ``pyproject.toml`` at or above `start`.

    Returns:
        Keyword arguments for `VerifyOptions`; empty when there are none.

    Raises:
        UsageError: The file is not TOML, or a setting is unknown or of the wrong type.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            return _checked(_read_table(path), path)
    return {}


def _read_table(path: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"is not valid TOML: {error}", where=str(path)) from error
    settings = table.get("tool", {}).get("repro_nb", {})
    if not isinstance(settings, dict):
        raise UsageError("[tool.repro_nb] must be a table", where=str(path))
    return settings


def _checked(settings: Mapping[str, Any], path: Path) -> dict[str, Any]:
    known = {field.name for field in fields(VerifyOptions)} - _CALL_ONLY
    chosen: dict[str, Any] = {}
    for key, value in settings.items():
        name = key.replace("-", "_")
        if name not in known:
            hint = f"Known settings: {', '.join(sorted(known))}."
            raise UsageError(f"[tool.repro_nb] has no setting {key!r}", where=str(path), hint=hint)
        chosen[name] = _typed(name, value, path)
    return chosen


def _typed(name: str, value: Any, path: Path) -> Any:
    if name == "fail_under":
        return parse_level(str(value))
    wanted: tuple[type, ...] = {
        "runs": (int,),
        "kernel": (str,),
        "exact": (bool,),
        "in_place": (bool,),
        "explain": (bool,),
    }.get(name, (int, float))
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        expected = " or ".join(kind.__name__ for kind in wanted)
        raise UsageError(f"{name} must be {expected}, not {value!r}", where=str(path))
    return value
