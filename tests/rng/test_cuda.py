"""CUDA streams: captured, put back, written to a file; on a machine that has a device."""

import base64
import json
from pathlib import Path

import pytest
import torch
from fresh_python import in_fresh_python

from repro_nb.rng.capture import capture, restore
from repro_nb.rng.held import read
from repro_nb.rng.placing import restoring
from repro_nb.seeding import SeedContext, load_seed_state, save_seed_state, set_global_seed

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def drawn() -> list[float]:
    """Numbers from the device's stream."""
    return torch.randn(1000, device="cuda").tolist()


def test_the_devices_stream_is_captured_and_put_back() -> None:
    torch.cuda.init()
    captured = capture()
    first = drawn()
    restore(captured)
    assert drawn() == first
    restore(captured.states)
    assert drawn() == first


def test_a_held_generator_of_the_device_is_put_back() -> None:
    generator = torch.Generator("cuda").manual_seed(3)
    torch.randn(5, device="cuda", generator=generator)
    found = read(generator)
    assert found is not None
    assert found.state is not None
    first = torch.randn(1000, device="cuda", generator=generator).tolist()
    restoring(generator, found.kind, found.state)()
    assert torch.randn(1000, device="cuda", generator=generator).tolist() == first


def test_a_block_gives_its_draws_back() -> None:
    set_global_seed(1, deterministic=False)
    with SeedContext(2):
        inside = drawn()
    after = drawn()
    set_global_seed(1, deterministic=False)
    assert drawn() == after != inside


def test_the_state_goes_through_a_file(tmp_path: Path) -> None:
    torch.cuda.init()
    save_seed_state(tmp_path / "states.json")
    saved = json.loads((tmp_path / "states.json").read_text())["sources"]["torch"]
    assert len(base64.b64decode(saved["torch.cuda:0"])) == 16
    first = drawn()
    load_seed_state(tmp_path / "states.json")
    assert drawn() == first


def test_capturing_initialises_no_device() -> None:
    """A block around the device's first use leaves it as torch's own seeding would have."""
    lines = in_fresh_python(
        "import repro_nb, torch\n"
        "repro_nb.set_global_seed(5, deterministic=False)\n"
        "with repro_nb.SeedContext(6):\n"
        "    print(torch.cuda.is_initialized())\n"
        "    torch.randn(3, device='cuda')\n"
        "after = torch.randn(3, device='cuda').tolist()\n"
        "torch.cuda.manual_seed_all(5)\n"
        "print(after == torch.randn(3, device='cuda').tolist())\n"
    )
    assert lines == ["False", "True"]
