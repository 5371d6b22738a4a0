"""Whatever was drawn before and whatever happens meanwhile: what was captured comes back, exactly and in place."""

import base64
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import programs
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro_nb.errors import RandomStateError
from repro_nb.rng import held, placing
from repro_nb.rng.capture import capture, restore

GLOBAL_PROGRAM = st.lists(st.sampled_from(sorted(programs.GLOBAL_STEPS)), max_size=8)
HELD_PROGRAM = st.lists(st.integers(0, 11), max_size=8)
HELD = st.sampled_from(sorted(programs.HELD))
SEED = st.integers(0, 2**32 - 1)
CHILD = """
import base64, hashlib, json, sys
import programs
from repro_nb.rng.capture import restore
programs.from_globals()
for line in sys.stdin:
    states = json.loads(line)
    restore({source: {name: base64.b64decode(state) for name, state in streams.items()}
             for source, streams in states.items()})
    print(hashlib.sha256(programs.from_globals()).hexdigest(), flush=True)
"""


@contextmanager
def numpy_as_it_was() -> Iterator[None]:
    """Give numpy its own bit generator back after programs that swap it; Hypothesis reads its state."""
    generator = np.random.get_bit_generator()
    try:
        yield
    finally:
        np.random.set_bit_generator(generator)


def run(program: list[str]) -> None:
    """Take each step of a program on the global streams."""
    for name in program:
        programs.GLOBAL_STEPS[name]()


@settings(deadline=None, max_examples=60)
@given(GLOBAL_PROGRAM, GLOBAL_PROGRAM)
def test_restoring_gives_the_same_numbers_from_every_global_stream(
    before: list[str], meanwhile: list[str]
) -> None:
    with numpy_as_it_was():
        run(before)
        captured = capture()
        states = captured.states
        expected = programs.from_globals()
        run(meanwhile)
        restore(captured)
        assert programs.from_globals() == expected
        restore(states)
        assert programs.from_globals() == expected


def as_text(states: Any) -> str:
    """The states of every library as one line of JSON."""
    return json.dumps(
        {
            source: {name: base64.b64encode(state).decode() for name, state in streams.items()}
            for source, streams in states.items()
        }
    )


@pytest.fixture(scope="module")
def child(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Another process, which restores what it is sent and tells what it then draws."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=request.config.rootpath,
        env=programs.environment(request.config.rootpath),
    ) as process:
        yield process


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(GLOBAL_PROGRAM)
def test_states_in_a_file_give_the_same_numbers_in_another_process(
    child: subprocess.Popen[str], before: list[str]
) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    with numpy_as_it_was():
        run(before)
        print(as_text(capture().states), file=child.stdin, flush=True)
        assert child.stdout.readline().strip() == programs.digest(programs.from_globals())


@settings(deadline=None, max_examples=150)
@given(HELD, SEED, HELD_PROGRAM, HELD_PROGRAM)
def test_restoring_gives_the_same_numbers_and_children_from_a_held_generator(
    kind: str, seed: int, before: list[int], meanwhile: list[int]
) -> None:
    make, numbers = programs.HELD[kind]
    source = make(seed)
    for which in before:
        programs.step(source, which)
    with programs.watching():
        kept = read(source)
    state = base64.b64decode(base64.b64encode(kept.state or b""))
    expected = numbers(source)
    for which in meanwhile:
        programs.step(source, which)
    with programs.watching():
        placing.restoring(source, kept.kind, state)()
        assert read(source).state == state
    assert numbers(source) == expected
    fresh = make(seed)
    placing.restoring(fresh, kept.kind, state)()
    assert numbers(fresh) == expected


def read(source: Any) -> held.Held:
    """`source` as a held one."""
    found = held.read(source)
    assert found is not None
    return found


@settings(deadline=None, max_examples=60)
@given(HELD, SEED, HELD_PROGRAM, SEED)
def test_reseeding_gives_what_a_newly_made_generator_gives(
    kind: str, seed: int, before: list[int], new: int
) -> None:
    make, numbers = programs.HELD[kind]
    source = make(seed)
    for which in before:
        programs.step(source, which)
    with programs.watching():
        placing.reseeding(source, new)()
    plain = numbers is not programs.from_generator and numbers is not programs.from_bit_generator
    if plain and not isinstance(source, np.random.RandomState):
        assert numbers(source) == numbers(make(new))
    else:
        assert draw(source) == draw(twin(source, new))


def twin(source: Any, seed: int) -> Any:
    """A generator of numpy's of the same kind, made from a seed sequence of its own."""
    bit_generator = getattr(source, "_bit_generator", getattr(source, "bit_generator", source))
    fresh = type(bit_generator)(np.random.SeedSequence(seed))
    return fresh if bit_generator is source else type(source)(fresh)


def draw(source: Any) -> bytes:
    """The next numbers, whatever the kind."""
    drawn = source.random_raw(99) if hasattr(source, "random_raw") else source.standard_normal(99)
    return bytes(drawn.tobytes())


def test_restoring_is_in_place_so_that_every_alias_sees_it() -> None:
    rng = np.random.default_rng(1)
    alias, bit_generator, sequence = rng, rng.bit_generator, rng.bit_generator.seed_seq
    kept = read(rng)
    expected = bit_generator.random_raw(9).tolist(), sequence.spawn(1)[0].entropy
    placing.restoring(rng, kept.kind, kept.state or b"")()
    assert rng.bit_generator is bit_generator
    assert alias.bit_generator.seed_seq is sequence
    assert sequence.n_children_spawned == 0
    assert (bit_generator.random_raw(9).tolist(), sequence.spawn(1)[0].entropy) == expected


@settings(deadline=None)
@given(HELD, SEED, st.data())
def test_bytes_of_another_length_are_refused_and_nothing_changes(
    kind: str, seed: int, data: st.DataObject
) -> None:
    source = programs.HELD[kind][0](seed)
    kept = read(source)
    state = kept.state or b""
    cut = data.draw(st.integers(0, len(state) - 1))
    for damaged in (state[:cut], state + b"\0" * (cut % 7 + 1)):
        with pytest.raises(RandomStateError):
            placing.restoring(source, kept.kind, damaged)
    assert read(source).state == state


@settings(deadline=None)
@given(HELD, HELD, SEED)
def test_the_state_of_another_kind_is_refused(kind: str, other: str, seed: int) -> None:
    source, stranger = (programs.HELD[name][0](seed) for name in (kind, other))
    kept = read(source)
    if read(stranger).kind == kept.kind:
        return
    with pytest.raises(RandomStateError, match="the state is of"):
        placing.restoring(stranger, kept.kind, kept.state or b"")


# Where a state keeps its position, by family.
POSITIONS = {"random.Random": 0, "RandomState": 624 * 4, "torch.Generator": 8, "MT19937": 624 * 4}


@pytest.mark.parametrize("kind", sorted(POSITIONS))
@given(flipped=st.integers(12, 30))
def test_a_position_that_cannot_be_is_refused(kind: str, flipped: int) -> None:
    source = programs.HELD[kind][0](1)
    kept = read(source)
    damaged = bytearray(kept.state or b"")
    at = POSITIONS[kind]
    position = int.from_bytes(damaged[at : at + 4], sys.byteorder) ^ 1 << flipped
    damaged[at : at + 4] = position.to_bytes(4, sys.byteorder)
    with pytest.raises(RandomStateError):
        placing.restoring(source, kept.kind, bytes(damaged))
    assert read(source).state == kept.state


def test_restoring_the_global_streams_is_all_or_nothing() -> None:
    states = capture().states
    random.random(), np.random.rand(), torch.rand(1)
    moved = capture().states
    for name in ("python", "numpy", "torch", "numba"):
        damaged = {stream: (state or b"")[:-1] for stream, state in states[name].items()}
        with pytest.raises(RandomStateError):
            restore({**states, name: damaged})
        assert capture().states == moved


def test_states_of_a_library_that_is_not_loaded_are_refused_with_what_to_do() -> None:
    code = (
        "from repro_nb.rng.capture import restore\n"
        "from repro_nb.errors import RandomStateError\n"
        "try: restore({'numpy': {'numpy': b''}})\n"
        "except RandomStateError as error: print(error)\n"
        "try: restore({'lehmer': {'lehmer': b''}})\n"
        "except RandomStateError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy.random.mtrand is not loaded\nImport it" in done.stdout
    assert "no such source of random numbers here\nInstall the package" in done.stdout


def test_capturing_twice_without_a_draw_gives_equal_states_and_draws_nothing() -> None:
    first, second = capture(), capture()
    assert first.states == second.states == capture().states


def test_a_key_of_jax_is_a_value_and_cannot_be_put_back() -> None:
    import jax

    kept = read(jax.random.key(1))
    with pytest.raises(RandomStateError, match="cannot change"):
        placing.restoring(jax.random.key(1), kept.kind, kept.state or b"")
    with pytest.raises(RandomStateError, match="no generator"):
        placing.reseeding(jax.random.key(1), 1)
