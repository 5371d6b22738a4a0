"""Torch's refusals name an operation, and the name is read out of the real errors."""

import pytest
import torch
from fresh_python import in_fresh_python
from torch.nn import functional

from repro_nb.deterministic import DeterministicContext, refused_operation


def put():
    torch.zeros(3).put_(torch.tensor([0, 0]), torch.ones(2))


def unpool():
    pooled, places = functional.max_pool2d(torch.zeros(1, 1, 4, 4), 2, return_indices=True)
    functional.max_unpool2d(pooled, places, 2)


def unpool_volumes():
    pooled, places = functional.max_pool3d(torch.zeros(1, 1, 4, 4, 4), 2, return_indices=True)
    functional.max_unpool3d(pooled, places, 2)


def wrapped():
    try:
        put()
    except RuntimeError as error:
        raise ValueError("step 3 failed") from error


@pytest.mark.parametrize(
    ("call", "operation"),
    [
        (put, "put_"),
        (unpool, "max_unpooling2d_forward_out"),
        (unpool_volumes, "max_unpooling3d_forward_out"),
        (wrapped, "put_"),
    ],
)
def test_the_operation_is_read_from_what_torch_raises(call, operation):
    """Also through an error that user code made of it."""
    with DeterministicContext(), pytest.raises((RuntimeError, ValueError)) as caught:
        call()
    assert refused_operation(caught.value) == operation


def test_the_operation_is_read_from_compiled_code():
    """TorchScript puts the sentence behind a traceback of its own."""
    lines = in_fresh_python(
        "import torch, warnings\n"
        "from repro_nb.deterministic import DeterministicContext, refused_operation\n"
        "warnings.simplefilter('ignore')\n"
        "graph = torch._C.parse_ir('graph(%x : Tensor, %i : Tensor, %v : Tensor):\\n'\n"
        "    '  %f : bool = prim::Constant[value=0]()\\n'\n"
        "    '  %y : Tensor = aten::put_(%x, %i, %v, %f)\\n  return (%y)')\n"
        "call = torch._C._create_function_from_graph('forward', graph)\n"
        "with DeterministicContext():\n"
        "    try:\n"
        "        call(torch.zeros(3), torch.tensor([0, 0]), torch.ones(2))\n"
        "    except RuntimeError as error:\n"
        "        print(str(error).startswith('put_'), refused_operation(error))\n"
    )
    assert lines == ["False put_"]


# As older versions of torch say it; the version at hand does not ask for the variable any more.
CUBLAS = (
    "Deterministic behavior was enabled with either `torch.use_deterministic_algorithms(True)` or "
    "`at::Context::setDeterministicAlgorithms(true)`, but this operation is not deterministic because it uses "
    "CuBLAS and you have CUDA >= 10.2."
)


def test_a_refusal_without_a_name_is_told_in_words():
    """Where torch names no operation, so much is known."""
    assert refused_operation(RuntimeError(CUBLAS)) == "a cuBLAS operation"


@pytest.mark.parametrize(
    "error", [RuntimeError("shapes do not match"), ValueError(CUBLAS), KeyError("put_")]
)
def test_other_errors_are_no_refusals(error):
    """Nothing is guessed."""
    assert refused_operation(error) is None


def test_a_circle_of_causes_ends():
    """Errors may be raised from one another; looking through them comes to an end."""
    one, other = RuntimeError("one"), RuntimeError("other")
    one.__cause__, other.__cause__ = other, one
    assert refused_operation(one) is None
