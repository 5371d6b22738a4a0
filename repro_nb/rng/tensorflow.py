"""TensorFlow's streams: the global seed with what it has given out, and generators, the global one among them."""

from __future__ import annotations

import re
import struct
import sys
from random import Random
from typing import Any, Callable, Dict, List, Optional, Tuple

from repro_nb.errors import RandomStateError
from repro_nb.imports import whole_module
from repro_nb.rng import python
from repro_nb.rng.source import States

__all__ = [
    "GENERATORS",
    "TensorFlowSource",
    "generator_state",
    "global_generator",
    "reseeding_generator",
    "restoring_generator",
]

GENERATORS = "tensorflow.python.ops.stateful_random_ops"
"""Home of the class ``tf.random.Generator``."""

_CONTEXT = "tensorflow.python.eager.context"
_STREAM = "tensorflow"
_GLOBAL_GENERATOR = "tensorflow.generator"
_END = b"\0"


class TensorFlowSource:
    """The streams behind ``tf.random.uniform`` and its siblings.

    Each operation takes its seed from Python's twister, which the global seed has set: ``tensorflow``. There is none
    before a seed was set; then each operation asks the system. ``tensorflow.generator`` is the global
    ``tf.random.Generator``, once somebody has asked for it.
    """

    name = "tensorflow"
    module = "tensorflow"
    seed_functions: Tuple[str, ...] = (
        "tensorflow.random.set_seed",
        "tensorflow.random.set_global_generator",
        "tensorflow.compat.v1.set_random_seed",
        "keras.utils.set_random_seed",
    )
    limits = (
        "draws before a seed was set cannot be seen or repeated; operations with a seed of their own, tf.function and"
        " tf.data count by themselves, and restoring sets their counts to zero"
    )

    def glance(self) -> Any:
        """None; empty while TensorFlow is not loaded."""
        return None if self.module in sys.modules else ()

    def states(self) -> States:
        """The seed, with the twister that it has set; and the global generator's state."""
        if whole_module(self.module) is None:
            return {}
        states: Dict[str, Optional[bytes]] = {_STREAM: _seed_state(_context())}
        generator = global_generator()
        if generator is not None:
            states[_GLOBAL_GENERATOR] = generator_state(generator)
        return states

    def is_fresh(self, name: str, state: bytes) -> bool:
        """Whether a seed was set, and nothing drawn since."""
        words = state.partition(_END)[2]
        return name == _STREAM and python.PythonSource().is_fresh(name, words)

    def seed(self, seed: int) -> None:
        """Set the seed as ``tf.random.set_seed(seed)`` does, and the global generator if it is there."""
        if whole_module(self.module) is None:
            return
        sys.modules["tensorflow.python.framework.random_seed"].set_seed(seed)
        generator = global_generator()
        if generator is not None:
            reseeding_generator(generator, seed)()

    def restoring(self, states: States) -> Callable[[], None]:
        """What sets the seed and its twister, and the global generator, in place."""
        if whole_module(self.module) is None or _STREAM not in states:
            raise RandomStateError(
                "TensorFlow is not what this state was read from", where=self.name
            )
        unknown = set(states) - {_STREAM, _GLOBAL_GENERATOR}
        if unknown:
            raise RandomStateError("TensorFlow has no such stream", where=min(unknown))
        steps = [_setting(states[_STREAM])]
        if states.get(_GLOBAL_GENERATOR) is not None:
            steps.append(_restoring_global_generator(states[_GLOBAL_GENERATOR] or b""))
        return lambda: _run(steps)


def global_generator() -> Any:
    """The global generator; None while nobody has asked for it."""
    return getattr(sys.modules.get(GENERATORS), "global_generator", None)


def generator_state(generator: Any) -> Optional[bytes]:
    """State of a ``tf.random.Generator``: its algorithm and its words; None for one that is spread over devices."""
    variable = _variable(generator)
    if variable is None:
        return None
    with sys.modules["tensorflow"].init_scope():  # a function may be traced just now
        if not sys.modules["tensorflow"].executing_eagerly():
            return None
        words: bytes = variable.numpy().tobytes()
    return struct.pack("=q", generator._alg) + words  # noqa: SLF001 - its public twin looks for a strategy


def restoring_generator(generator: Any, state: bytes) -> Callable[[], None]:
    """What puts a ``tf.random.Generator`` where it was when `generator_state` gave `state`.

    Raises:
        RandomStateError: The state is of another algorithm, or is none.
    """
    now = generator_state(generator)
    if now is None or len(now) != len(state) or now[:8] != state[:8]:
        raise RandomStateError("these bytes are no state of this generator of TensorFlow's")
    words = list(struct.unpack(f"={len(state) // 8 - 1}q", state[8:]))

    def restore() -> None:
        with sys.modules["tensorflow"].init_scope():
            _variable(generator).assign(words)

    return restore


def reseeding_generator(generator: Any, seed: int) -> Callable[[], None]:
    """What sets a ``tf.random.Generator`` as ``Generator.from_seed(seed)`` would have made it."""
    base = sys.modules[GENERATORS].Generator

    def reseed() -> None:
        with sys.modules["tensorflow"].init_scope():
            base.reset_from_seed(generator, seed)

    return reseed


def _variable(generator: Any) -> Any:
    kind = sys.modules["tensorflow.python.ops.resource_variable_ops"].ResourceVariable
    variable = vars(generator).get("_state_var")
    return variable if type(variable) is kind else None


def _context() -> Any:
    """TensorFlow's context, which need not be initialised; None before anything has needed it."""
    return getattr(sys.modules.get(_CONTEXT), "_context", None)


def _seed_state(context: Any) -> Optional[bytes]:
    seed, twister = getattr(context, "_seed", None), getattr(context, "_rng", None)
    if seed is None or twister is None:
        return None
    return str(int(seed)).encode() + _END + python.state_of(twister)


def _setting(state: Optional[bytes]) -> Callable[[], None]:
    if state is None:
        return _unset
    seed, twister = _read_seed_state(state)

    def restore() -> None:
        context = sys.modules[_CONTEXT].context()
        if (
            _seed_state(context) != state
        ):  # to clear the kernels would set the counts in them to zero
            context._seed, context._rng = seed, twister  # noqa: SLF001 - has no public name
            context.clear_kernel_cache()

    return restore


_SEED = re.compile(rb"-?\d{1,19}")  # of at most 64 bits


def _read_seed_state(state: bytes) -> Tuple[int, Random]:
    """The seed, and the twister that it has set."""
    digits, _, words = state.partition(_END)
    if not _SEED.fullmatch(digits):
        raise RandomStateError("these bytes are no state of TensorFlow's", where=_STREAM)
    twister = Random(0)  # noqa: S311 - TensorFlow's own choice
    python.restoring(twister, words)()
    return int(digits), twister


def _unset() -> None:
    context = _context()
    if getattr(context, "_seed", None) is not None:
        context._seed = None  # noqa: SLF001 - has no public name
        del context._rng  # noqa: SLF001 - as above
        context.clear_kernel_cache()


def _restoring_global_generator(state: bytes) -> Callable[[], None]:
    generator = global_generator()
    if generator is None:
        raise RandomStateError(
            "TensorFlow has no global generator here",
            where=_GLOBAL_GENERATOR,
            hint="Ask for it first: tf.random.get_global_generator().",
        )
    return restoring_generator(generator, state)


def _run(steps: List[Callable[[], None]]) -> None:
    for step in steps:
        step()
