"""The protocol that every setting implements."""

from __future__ import annotations

import sys
from enum import Enum
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from repro_nb.deterministic.config import DeterministicConfig

__all__ = ["Knob", "Reported", "When"]


class When(str, Enum):
    """When a change of a setting takes effect."""

    LIVE = "live"
    """At once, in this process."""
    NEEDS_RESTART = "needs-restart"
    """Only in a kernel that was started with it."""
    TOO_LATE = "too-late"
    """It would have taken effect before a device was initialised, which has happened."""


class Knob:
    """One setting: it reads, writes and so restores itself.

    Attributes:
        name: The setting's own name, as its documentation has it.
        module: The module whose presence means that the setting exists; empty for settings of Python itself.
        loaded_by: The import that brings the module; the setting is not touched before that import is complete.
        purpose: What it does for reproducibility, as one clause.
    """

    name: str
    module: str = ""
    loaded_by: str = ""
    purpose: str = ""

    @property
    def exists(self) -> bool:
        """Whether the process has loaded what the setting belongs to."""
        return not self.module or self.module in sys.modules

    def read(self) -> Any:
        """The value now."""
        raise NotImplementedError

    def write(self, value: Any) -> None:
        """Set the value; `value` is what `read` gave, or what `wanted` asks for."""
        raise NotImplementedError

    def wanted(self, config: DeterministicConfig, value: Any) -> Any:
        """The value that deterministic mode holds, given that it is `value` now."""
        raise NotImplementedError

    def when(self) -> When:
        """When a change takes effect."""
        return When.LIVE

    def settled(self, config: DeterministicConfig) -> Optional[bool]:
        """Whether the setting is as deterministic mode wants it; None where it decides nothing here."""
        value = self.read()
        return bool(self.wanted(config, value) == value)


class Reported(Knob):
    """A setting that deterministic mode shows and never changes."""

    def wanted(self, config: DeterministicConfig, value: Any) -> Any:  # noqa: ARG002  Knob's signature
        """The value it has."""
        return value

    def settled(self, config: DeterministicConfig) -> Optional[bool]:  # noqa: ARG002  Knob's signature
        """None: it decides nothing here, unless a setting says otherwise."""
        return None
