"""Generators of random numbers, by their states: what they would draw next."""

from __future__ import annotations

import sys
from typing import Any, Mapping

from repro_nb.values.scalars import Exact
from repro_nb.values.view import Kind, Named, View

__all__ = ["KINDS"]


def _python(stream: Any) -> View:
    base = sys.modules["random"].Random
    return View(payload=Exact(base.getstate(stream), "state differs"))


def _system(_: Any) -> View:
    return View()  # its numbers come from the system, and it has no state


def _numpy(generator: Any) -> View:
    return View(parts=(Named({".bit_generator": generator.bit_generator}),))


def _bit_generator(generator: Any) -> View:
    return View(parts=(Named({".state": generator.state, ".seed_seq": generator.seed_seq}),))


def _seed_sequence(sequence: Any) -> View:
    names = ("entropy", "spawn_key", "pool_size", "n_children_spawned")
    return View(parts=(Named({f".{name}": getattr(sequence, name) for name in names}),))


def _random_state(stream: Any) -> View:
    return View(parts=(Named({".get_state()": stream.get_state(legacy=False)}),))


def _torch(generator: Any) -> View:
    base = sys.modules["torch"].Generator
    return View(parts=(Named({".get_state()": base.get_state(generator)}),))


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "random": {"Random": Kind(_python, attributes=True), "SystemRandom": Kind(_system)},
    "numpy.random": {
        "Generator": Kind(_numpy, attributes=True),
        "BitGenerator": Kind(_bit_generator, attributes=True),
        "SeedSequence": Kind(_seed_sequence, attributes=True),
        "RandomState": Kind(_random_state, attributes=True),
    },
    "torch": {"Generator": Kind(_torch, attributes=True)},
}
"""How they are looked at, by module and name."""
