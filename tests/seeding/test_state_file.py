"""States in a file: exact, all or nothing, and never trusted."""

import base64
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from fresh_python import in_fresh_python
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_shell import Notebook

from repro_nb.errors import RandomStateError, UsageError
from repro_nb.rng.capture import capture
from repro_nb.seeding import get_current_seed, load_seed_state, save_seed_state, set_global_seed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the states go."""
    return tmp_path / "states.json"


def draws() -> list[float]:
    """One number from each global stream."""
    return [random.gauss(0, 1), float(np.random.randn()), float(torch.randn(()))]


def generators():
    """One of each kind that a user may hold."""
    return {
        "rng": np.random.default_rng(3),
        "philox": np.random.Generator(np.random.Philox(4)),
        "bits": np.random.SFC64(5),
        "legacy": np.random.RandomState(6),
        "stream": random.Random(7),
        "noise": torch.Generator().manual_seed(8),
    }


def drawn_from(held):
    """Numbers, and children, of each of `generators`."""
    return [
        held["rng"].standard_normal(5).tolist(),
        held["rng"].spawn(1)[0].random(),
        held["philox"].permutation(9).tolist(),
        np.random.Generator(held["bits"]).integers(99, size=3).tolist(),
        held["legacy"].randn(3).tolist(),
        held["stream"].gauss(0, 1),
        torch.randn(3, generator=held["noise"]).tolist(),
    ]


def test_what_was_saved_goes_on_exactly(path):
    """Global streams and held generators draw the same again, and the seed is known again."""
    set_global_seed(42, deterministic=False)
    held = generators()
    draws()
    drawn_from(held)
    save_seed_state(path, held)
    expected = draws(), drawn_from(held)
    set_global_seed(1, deterministic=False)
    load_seed_state(path, held)
    assert (draws(), drawn_from(held)) == expected
    assert get_current_seed() == 42


def test_another_process_goes_on_exactly(path):
    """A library that is not imported there yet gets its state at its import."""
    set_global_seed(42, deterministic=False)
    rng = np.random.default_rng(1)
    rng.random(3)
    draws()
    save_seed_state(str(path), {"rng": rng})
    expected = [*draws(), rng.random()]
    lines = in_fresh_python(
        "import repro_nb, random, numpy as np\nrng = np.random.default_rng()\n"
        f"repro_nb.load_seed_state({str(path)!r}, dict(rng=rng))\nimport torch\n"
        "print([random.gauss(0, 1), float(np.random.randn()), float(torch.randn(())), rng.random()])\n"
        "print(repro_nb.get_current_seed())"
    )
    assert lines == [str(expected), "42"]


def test_a_notebooks_generators_are_found_by_themselves(path, live: Notebook):
    """Saved by the expressions that reach them, put back in place."""
    live.run(
        "import numpy as np\nrng = np.random.default_rng(1)\nmodel = {'noise': np.random.default_rng(2)}"
    )
    save_seed_state(path)
    assert set(json.loads(path.read_text())["generators"]) == {"rng", "model['noise']"}
    live.run("first = rng.random(), model['noise'].random()")
    load_seed_state(path)
    live.run("again = rng.random(), model['noise'].random()")
    assert live.shell.user_ns["first"] == live.shell.user_ns["again"]


def test_a_generator_that_is_missing_is_named_and_nothing_changes(path):
    """All or nothing."""
    save_seed_state(path, {"rng": np.random.default_rng(1)})
    draws()
    before = capture().states
    with pytest.raises(RandomStateError, match="not here: rng"):
        load_seed_state(path)
    with pytest.raises(RandomStateError, match=r"rng: it is numpy.random.Generator\(SFC64\)"):
        load_seed_state(path, {"rng": np.random.Generator(np.random.SFC64())})
    assert capture().states == before


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_file_is_refused_and_nothing_changes(tmp_path_factory, data):
    """Cut short, or with any byte changed: never a half restored state."""
    path = tmp_path_factory.mktemp("states") / "states.json"
    save_seed_state(path, {"rng": np.random.default_rng(1)})
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 2))
    if data.draw(st.booleans()):
        del content[position:]
    else:
        content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    draws()
    before = capture().states
    try:
        load_seed_state(path, {"rng": np.random.default_rng(1)})
    except RandomStateError as error:
        problem = str(error)
    else:  # white space between the entries bears no meaning
        assert json.loads(content)
        return
    assert str(path) in problem
    assert capture().states == before


def edited(path: Path, **changes: object) -> None:
    """Change entries of the file, and let its digest fit."""
    from repro_nb.seeding.state_file import _digest

    data = {**json.loads(path.read_text()), **changes}
    body = {key: data[key] for key in ("seed", "sources", "generators")}
    path.write_text(json.dumps({**data, "digest": _digest(body)}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema": "repro_nb/rng-state/2"}, "upgrade"),
        ({"schema": "something/1"}, "no file of random states"),
        ({"sources": {"fortran": {"fortran": "AAAA"}}}, "no source named fortran"),
        ({"sources": {"python": {"python": "AAAA"}}}, "no state of random.Random"),
        ({"sources": {"numpy": {"numpy": base64.b64encode(b"\0" * 2516).decode()}}}, "no state"),
        ({"sources": {"torch": {"torch": base64.b64encode(b"\0" * 5056).decode()}}}, "no state"),
        ({"sources": {"torch": {"torch.cuda:0": "AAAA"}}}, "torch"),
        ({"sources": []}, "not what save_seed_state writes"),
        ({"seed": {"value": -1, "only": None}}, "not what save_seed_state writes"),
        (
            {"generators": {"rng": {"kind": "numpy.random.Generator(PCG64)", "state": "AAAA"}}},
            "rng: ",
        ),
        ({"generators": {"rng": {"kind": "os.system", "state": ""}}}, "the state is of os.system"),
    ],
)
def test_contents_that_are_not_ours_are_refused(path, changes, words):
    """A file may be well formed, with a fitting digest, and still be nonsense."""
    save_seed_state(path)
    edited(path, **changes)
    before = capture().states
    with pytest.raises(RandomStateError, match=words):
        load_seed_state(path, {"rng": np.random.default_rng(1)})
    assert capture().states == before


def test_a_library_that_is_missing_is_named(path):
    """A state of a library that is not installed is refused with the line that installs it."""
    set_global_seed(1, deterministic=False)
    save_seed_state(path)
    lines = in_fresh_python(
        "import sys\nclass Hidden:\n    def find_spec(self, name, *_):\n"
        "        if name == 'torch': raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Hidden())\nimport repro_nb\n"
        f"try:\n    repro_nb.load_seed_state({str(path)!r})\n"
        "except repro_nb.errors.ReproError as error:\n    print(error)"
    )
    assert lines == [
        f"{path}: it holds a state of torch, which is not installed here",
        "pip install torch",
    ]


def test_what_is_no_file_and_what_cannot_be_written_is_told(tmp_path):
    """Typed errors with the path, no traceback of ours."""
    with pytest.raises(RandomStateError, match=r"nothing\.json"):
        load_seed_state(tmp_path / "nothing.json")
    with pytest.raises(UsageError, match="cannot be written"):
        save_seed_state(tmp_path / "no" / "folder.json")
    with pytest.raises(UsageError, match="list is no generator"):
        save_seed_state(tmp_path / "x.json", {"numbers": [1, 2]})
    assert list(tmp_path.iterdir()) == []
