"""Factors: what can make two runs differ. One file for each."""

from __future__ import annotations

from repro_nb.probe.factors.factor import Factor, Host, Setting, Traces, UnavailableError
from repro_nb.probe.factors.registry import factors

__all__ = ["Factor", "Host", "Setting", "Traces", "UnavailableError", "factors"]
