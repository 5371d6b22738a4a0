"""The digest of an architecture."""

import os
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest
import torch

from repro_nb.checkpoints.architecture import architecture_digest
from repro_nb.errors import UsageError

BUILD = "torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.GELU())"


def build():
    """A model."""
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.GELU())


def test_it_is_the_same_in_every_process():
    """Unlike ``hash(str(model))``, which depends on the hash seed."""
    program = (
        "import torch; from repro_nb.checkpoints.architecture import architecture_digest as digest\n"
        f"print(digest({BUILD}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.path[:0] = {sys.path!r}\n{program}"],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == architecture_digest(build())


def test_training_does_not_change_it():
    """Values, gradients and mode are no part of it."""
    model = build()
    before = architecture_digest(model)
    model(torch.randn(5, 3)).sum().backward()
    model.eval()
    assert architecture_digest(model) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.append(torch.nn.ReLU()),
        lambda model: setattr(model[1], "eps", 1e-3),
        lambda model: model.half(),
        lambda model: model.register_buffer("extra", torch.zeros(1)),
        lambda model: setattr(model, "0", torch.nn.Linear(3, 4, bias=False)),
        lambda model: setattr(model, "2", torch.nn.SiLU()),
    ],
    ids=["layer", "setting", "data type", "buffer", "bias", "activation"],
)
def test_every_change_of_the_architecture_changes_it(change):
    """Also those that ``str(model)`` does not show."""
    model = build()
    change(model)
    assert architecture_digest(model) != architecture_digest(build())


def test_a_compiled_model_is_the_model():
    """torch.compile wraps it, and changes nothing of what it is made of."""
    assert architecture_digest(torch.compile(build(), backend="eager")) == architecture_digest(
        build()
    )


def test_an_address_in_a_description_does_not_count():
    """Functions show where they are in memory."""

    class Applies(torch.nn.Module):
        def extra_repr(self):
            return f"function={object()}"

    assert architecture_digest(Applies()) == architecture_digest(Applies())


def test_a_state_dict_and_its_checkpoint_have_one_digest(tmp_path):
    """Names, data types and shapes, in every library and format."""
    state = build().state_dict()
    torch.save(state, tmp_path / "a.pt")
    arrays = {name: each.numpy() for name, each in state.items()}
    np.savez(tmp_path / "a.npz", **arrays)
    digests = {
        architecture_digest(each)
        for each in (state, arrays, tmp_path / "a.pt", str(tmp_path / "a.npz"))
    }
    assert len(digests) == 1


def test_parameters_of_jax_are_a_tree_of_arrays():
    """Nested as Flax has them; values do not count."""
    params = {"params": {"Dense_0": {"kernel": jnp.ones((2, 3)), "bias": jnp.ones(3)}}}
    other = {"params": {"Dense_0": {"kernel": np.zeros((2, 3), "f4"), "bias": np.zeros(3, "f4")}}}
    assert architecture_digest(params) == architecture_digest(other)
    other["params"]["Dense_0"]["bias"] = np.zeros(3, "f2")
    assert architecture_digest(params) != architecture_digest(other)


KERAS = """
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras
from repro_nb.checkpoints.architecture import architecture_digest as digest
def build(units):
    return keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(units), keras.layers.Dropout(0.5)])
first, second, third = digest(build(4)), digest(build(4)), digest(build(5))
print(first == second, first == third)
"""


def test_a_keras_model_is_its_layers_without_generated_names():
    """``dense``, ``dense_1``: the second model of a session has other names, and is the same."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"import sys\nsys.path[:0] = {sys.path!r}\n{KERAS}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "False"]


@pytest.mark.parametrize(
    "model", [object(), {}, 3, [1, "a"]], ids=["object", "empty", "number", "no arrays"]
)
def test_what_holds_no_arrays_is_refused(model):
    """Nothing is a poor architecture."""
    with pytest.raises(UsageError, match=r"arrays"):
        architecture_digest(model)
