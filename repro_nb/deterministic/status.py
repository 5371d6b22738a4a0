"""What the settings are now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Optional

from repro_nb.deterministic.config import DeterministicConfig
from repro_nb.deterministic.held import HELD
from repro_nb.deterministic.reported import REPORTED

if TYPE_CHECKING:
    from repro_nb.deterministic.knob import When

__all__ = ["KnobStatus", "get_deterministic_status"]


@dataclass(frozen=True)
class KnobStatus:
    """One setting as it is now.

    Attributes:
        name: The setting.
        value: What it is; None for a variable that is not set.
        settled: Whether it is as deterministic mode wants it; None where it decides nothing in this process.
        when: When a change would take effect.
        purpose: What it does.
    """

    name: str
    value: Any
    settled: Optional[bool]
    when: When
    purpose: str


def get_deterministic_status(
    config: Optional[DeterministicConfig] = None,
) -> Dict[str, KnobStatus]:
    """Every setting that exists in this process, by name, compared with what `config` wants.

    Args:
        config: What deterministic mode would set; the default one if None.
    """
    wish = config if config is not None else DeterministicConfig()
    return {
        knob.name: KnobStatus(knob.name, knob.read(), knob.settled(wish), knob.when(), knob.purpose)
        for knob in (*HELD, *REPORTED)
        if knob.exists
    }
