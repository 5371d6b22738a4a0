"""What a run's factors are set to: one setting for each, put together into what a kernel is launched with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from repro_nb.probe.factors import Factor, Host, Setting, UnavailableError, factors
from repro_nb.probe.factors.hash_seed import HASH_SEED

__all__ = ["Plan", "Variation", "pinned", "plain", "varied"]


@dataclass(frozen=True, kw_only=True)
class Variation:
    """What is set for one run.

    Attributes:
        values: The value of each varied factor, by its public name.
        reference: The value of each factor that is held at its reference, by its public name.
        environment: Environment variables of the kernel.
        unset: Variables of `environment` that the probe takes out again before the first cell: they act on the
            interpreter's start, and are not for the notebook to see.
        prefix: What goes before the kernel's command.
        held: What the kernel's own side holds, by factor.
        watch: Whether the kernel's own side notes the lines that use a factor.
        not_varied: Factors that could not be varied here, each with why.
        not_pinned: Factors that could not be pinned here, each with why.
        trace: Streams whose first draw is to be found, by the id of the cell that draws.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    reference: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    prefix: tuple[str, ...] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    watch: bool = False
    not_varied: tuple[str, ...] = ()
    not_pinned: tuple[str, ...] = ()
    trace: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def pinned(self) -> tuple[str, ...]:
        """Names of the factors that are held at their reference value."""
        return tuple(self.reference)

    @property
    def is_plain(self) -> bool:
        """Whether the run is as the user's own would be."""
        return not self.values and not self.reference


Plan = Callable[[Host], Variation]
"""Gives what is set for a run, once it is known where that run takes place."""


def plain(host: Host) -> Variation:
    """A run as the user's own would be: nothing differs from it but what differs by itself."""
    if HASH_SEED in host.kernel_env or os.environ.get(HASH_SEED, "random") != "random":
        return Variation()
    # Two floating seeds may order a small set alike: this one is chosen.
    return Variation(environment={HASH_SEED: host.hash_seed}, unset=(HASH_SEED,))


def varied(round_: int, free: Mapping[str, str] | None = None) -> Plan:
    """Every factor varied, to other values in each round: round 0 is the first varied run.

    Args:
        round_: The round.
        free: Factors that are left alone, each with why.
    """
    return lambda host: _combined(
        host, {factor.name: round_ for factor in factors()}, free=free or {}
    )


def pinned(
    but: Mapping[str, int] | None = None,
    trace: Mapping[str, tuple[str, ...]] | None = None,
    free: Mapping[str, str] | None = None,
) -> Plan:
    """Every factor pinned, but some.

    Args:
        but: Factors that are varied, each to the value of the round that is given.
        trace: Streams whose first draw is to be found, by the id of the cell that draws.
        free: Factors that are left alone, each with why.
    """
    return lambda host: replace(
        _combined(host, but or {}, free=free or {}),
        trace=trace or {},
    )


def _combined(host: Host, rounds: Mapping[str, int], free: Mapping[str, str]) -> Variation:
    """The settings of all factors: varied where `rounds` names a round, else pinned; but for those left `free`."""
    mixture = _Mixture()
    mixture.not_pinned += [f"{name}: {why}" for name, why in free.items()]
    for factor in factors():
        if factor.name not in free:
            mixture.add(factor, host, rounds.get(factor.name))
    return mixture.variation()


class _Mixture:
    """Settings as they come together."""

    def __init__(self) -> None:
        self.settings: dict[str, Setting] = {}
        self.values: dict[str, str] = {}
        self.reference: dict[str, str] = {}
        self.not_varied: list[str] = []
        self.not_pinned: list[str] = []

    def add(self, factor: Factor, host: Host, round_: int | None) -> None:
        """Set `factor`: varied in round `round_`, or pinned when that is None."""
        missing = self.not_pinned if round_ is None else self.not_varied
        try:
            setting = factor.pin(host) if round_ is None else factor.vary(host, round_)
        except UnavailableError as obstacle:
            missing.append(f"{factor.name}: {obstacle}")
            return
        taken = sorted(set(setting.environment) & set(host.kernel_env))
        if taken:
            missing.append(f"{factor.name}: the kernelspec sets {', '.join(taken)}")
            return
        if setting.missing:
            missing.append(f"{factor.name}: {setting.missing}")
        self.settings[factor.name] = setting
        chosen = self.reference if round_ is None else self.values
        chosen[factor.name] = setting.value

    def variation(self) -> Variation:
        """All of it."""
        settings = list(self.settings.values())
        return Variation(
            values=self.values,
            reference=self.reference,
            environment=_united(setting.environment for setting in settings),
            unset=tuple(name for setting in settings for name in setting.unset),
            prefix=tuple(word for setting in settings for word in setting.prefix),
            held={
                name: setting.held
                for name, setting in self.settings.items()
                if setting.held is not None
            },
            watch=True,
            not_varied=tuple(self.not_varied),
            not_pinned=tuple(self.not_pinned),
        )


def _united(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {name: value for part in parts for name, value in part.items()}
