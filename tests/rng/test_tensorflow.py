"""TensorFlow's seed and generators, asked in one process of its own, since importing TensorFlow takes seconds."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import json
from repro_nb import set_global_seed
from repro_nb.rng import held, placing, sources
from repro_nb.rng.capture import capture, restore

facts = {}
set_global_seed(5)
import tensorflow as tf
from tensorflow.python.eager import context as home

source = next(source for source in sources() if source.name == "tensorflow")
normal = lambda: [float(tf.random.normal([])) for _ in range(5)]
facts["device untouched"] = not home.context()._initialized and home.context()._context_handle is None
facts["fresh"] = source.is_fresh("tensorflow", source.states()["tensorflow"])
seeded_on_import = normal()
tf.random.set_seed(5)
facts["seeded on import"] = normal() == seeded_on_import

captured = capture()
expected = normal()
facts["not fresh"] = not source.is_fresh("tensorflow", source.states()["tensorflow"])
restore(captured)
facts["restored"] = normal() == expected
restore(captured.states)
facts["restored from bytes"] = normal() == expected
facts["no generator is made"] = list(source.states()) == ["tensorflow"]

counted = [float(tf.random.uniform([], seed=1)) for _ in range(2)]
restore(capture())
facts["counts go on if nothing moved"] = float(tf.random.uniform([], seed=1)) not in counted
captured = capture()
normal()
restore(captured)
facts["counts begin again"] = float(tf.random.uniform([], seed=1)) == counted[0]

home.context()._seed = None
del home.context()._rng
facts["no seed"] = source.states()["tensorflow"] is None
unseeded = capture()
drawn = normal()
restore(unseeded)
facts["without a seed nothing comes back"] = normal() != drawn
tf.random.set_seed(1)
restore(unseeded)
facts["the seed is taken away again"] = home.context()._seed is None

generator = tf.random.Generator.from_seed(3)
kept = held.read(generator)
expected = generator.normal([9]).numpy().tolist()
placing.restoring(generator, kept.kind, kept.state)()
facts["a held generator"] = generator.normal([9]).numpy().tolist() == expected
placing.reseeding(generator, 9)()
twin = tf.random.Generator.from_seed(9)
facts["a reseeded generator"] = (generator.state.numpy() == twin.state.numpy()).all().item()

@tf.function
def traced(look):
    if look:
        seen.append(held.read(generator).state)
    return generator.normal([])
seen = []
sizes = {len(traced.get_concrete_function(look).graph.get_operations()) for look in (True, False)}
facts["tracing does not show it"] = len(sizes) == len(seen) == 1
before = held.read(generator).state
facts["reading draws nothing"] = before == held.read(generator).state

tf.random.get_global_generator()
source.seed(7)
captured = capture()
expected = tf.random.get_global_generator().normal([9]).numpy().tolist()
restore(captured)
again = tf.random.get_global_generator().normal([9]).numpy().tolist()
same = tf.random.Generator.from_seed(7).normal([9]).numpy().tolist()
facts["the global generator"] = expected == again == same
errors = []
for damaged in ({"tensorflow": b"5"}, {"tensorflow": b"5\\0" + bytes(9)}, {"other": b""},
                {**captured.states["tensorflow"], "tensorflow.generator": b"1"}):
    before = source.states()
    try:
        source.restoring(damaged)
    except Exception as error:
        errors.append(type(error).__name__ if source.states() == before else "changed")
facts["errors"] = errors
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    """What the process says."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    "fact",
    [
        *("device untouched", "fresh", "not fresh", "seeded on import"),
        *("restored", "restored from bytes", "no generator is made"),
        *("a held generator", "a reseeded generator", "the global generator"),
        *("reading draws nothing", "tracing does not show it", "the seed is taken away again"),
    ],
)
def test_seeding_and_restoring_are_exact(facts: dict[str, Any], fact: str) -> None:
    assert facts[fact] is True


@pytest.mark.parametrize(
    "fact",
    [
        *("no seed", "without a seed nothing comes back"),
        *("counts go on if nothing moved", "counts begin again"),
    ],
)
def test_the_limits_are_as_they_are_said_to_be(facts: dict[str, Any], fact: str) -> None:
    assert facts[fact] is True


def test_damaged_states_are_refused_and_nothing_changes(facts: dict[str, Any]) -> None:
    assert facts["errors"] == ["RandomStateError"] * 4
