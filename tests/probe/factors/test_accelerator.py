"""Deterministic mode as the reference, from the moment at which a device is in use."""

import pytest
from fresh_python import in_fresh_python

from repro_nb.probe.factors import Traces
from repro_nb.probe.factors.accelerator import Accelerator

PROGRAM = """
import torch
from repro_nb.probe.factors.accelerator import Accelerator
from repro_nb.probe.factors.uses import Uses
before = len(torch.cuda._queued_calls)
Accelerator().install(Uses(), {held!r})
print(torch.are_deterministic_algorithms_enabled(), torch.cuda.is_initialized())
for call, _ in torch.cuda._queued_calls[before:]:
    call()
print(torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled())
print(torch.backends.cudnn.deterministic, torch.get_num_threads(), torch.cuda.is_initialized())
"""


def test_nothing_is_set_before_a_device_is_in_use_and_deterministic_mode_then():
    """Without a device at hand, torch is told that its own is being initialised; nothing initialises one."""
    lines = in_fresh_python(PROGRAM.format(held="deterministic"), OMP_NUM_THREADS="2")
    assert lines == ["False False", "True True", "True 2 False"]


def test_a_free_run_is_left_alone():
    lines = in_fresh_python(PROGRAM.format(held=None), OMP_NUM_THREADS="2")
    assert lines == ["False False", "False False", "False 2 False"]


@pytest.mark.parametrize("devices", [(), ("A device (torch, CUDA 12)",)])
def test_it_is_tried_where_a_device_was_in_use(devices):
    assert Accelerator().is_active(Traces((), ("x.cuda()",), devices)) is bool(devices)


def test_the_reference_alone_is_held():
    assert Accelerator().pin(None).held
    assert Accelerator().vary(None, 0).held is None
    assert "deterministic" in Accelerator().remedy("")
