"""Fingerprints of all sources, made only for states that changed."""

from __future__ import annotations

from typing import Dict, Mapping, Optional, Tuple

from repro_nb.probe.running import States
from repro_nb.rng.fingerprint import fingerprint
from repro_nb.rng.held import Held

__all__ = ["Printer"]

_MAX_KNOWN = 256


class Printer:
    """Makes fingerprints, and remembers the last ones.

    Attributes:
        kinds: Types of the held sources that were fingerprinted last.
    """

    def __init__(self) -> None:
        self.kinds: Mapping[str, str] = {}
        self._states: States = {}
        self._held: Mapping[str, Held] = {}
        self._prints: Mapping[str, Optional[str]] = {}
        self._known: Dict[str, Tuple[Optional[bytes], Optional[str]]] = {}

    def prints(self, states: States, held: Mapping[str, Held]) -> Mapping[str, Optional[str]]:
        """Fingerprint of each source; the very mapping of the last time where nothing changed, to save memory."""
        if states is self._states and held == self._held:
            return self._prints
        prints = {name: self._print(name, state) for name, state in states.items()}
        prints.update((path, self._print(path, source.state)) for path, source in held.items())
        kinds = {path: source.kind for path, source in held.items()}
        if kinds != self.kinds:
            self.kinds = kinds
        self._states, self._held, self._prints = states, held, prints
        return prints

    def _print(self, name: str, state: Optional[bytes]) -> Optional[str]:
        known = self._known.get(name)
        if known is not None and known[0] == state:
            return known[1]
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        made = None if state is None else fingerprint(state)
        self._known[name] = state, made
        return made
