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
from repro_nb.seeding.per_cell import seed_per_cell


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


def test_a_later_seed_outranks_a_state_that_waits(path):
    """What is imported after a new seed, or inside a block, gets that seed; what waits goes into a new file."""
    set_global_seed(5, deterministic=False)
    np.random.rand()
    save_seed_state(path)
    expected = str(np.random.rand())
    load = f"import repro_nb\nrepro_nb.load_seed_state({str(path)!r})\n"
    draw = "import numpy as np\nprint(np.random.rand())\n"
    own = "np.random.seed(77)\nprint(np.random.rand())"
    assert in_fresh_python(f"{load}{draw}") == [expected]
    for between in ("repro_nb.set_global_seed(77, False)\n", "with repro_nb.SeedContext(77):\n "):
        drawn, seeded = in_fresh_python(
            f"{load}{between}{draw}{own}".replace("\nprint(np", "; print(np", 1)
        )
        assert drawn == seeded
    again = path.with_name("again.json")
    after = (
        "with repro_nb.SeedContext(77):\n import numpy\nimport numpy as np\nprint(np.random.rand())"
    )
    assert in_fresh_python(f"{load}repro_nb.save_seed_state({str(again)!r})\n{after}") == [expected]
    assert json.loads(again.read_text())["sources"] == json.loads(path.read_text())["sources"]


def test_streams_per_cell_are_saved_with_the_seed(path, live: Notebook):
    """Loaded in another session, each cell has its own again."""
    seed_per_cell(42)
    live.run("import random\nx = random.random()", cell_id="a")
    save_seed_state(path)
    set_global_seed(1, deterministic=False)
    live.recorder.cell_streams = None
    load_seed_state(path)
    live.run("assert random.random() == x", cell_id="a")
    assert live.recorder.records[-1].status == "ok"


def test_generators_that_are_given_are_the_ones_that_are_meant(path, live: Notebook):
    """Others in the file may be missing; a name that is not in it is told. What no expression reaches is not saved."""
    live.run("import numpy as np\nrng = np.random.default_rng(1)\n_w = np.random.default_rng(2)")
    live.run("it = iter([np.random.default_rng(3)])")
    save_seed_state(path)
    assert set(json.loads(path.read_text())["generators"]) == {"rng", "_w"}
    first = live.shell.user_ns["rng"].random()
    rng = np.random.default_rng(9)
    load_seed_state(path, {"rng": rng})
    assert rng.random() == first
    with pytest.raises(RandomStateError, match="no state of other"):
        load_seed_state(path, {"other": rng})
    with pytest.raises(UsageError, match="list is no mapping"):
        save_seed_state(path, [rng])


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("numpy.random.Generator(Philox)", b"Philox\0" + b"\0" * 80 + b"\xff" * 24 + b"\0" * 8),
        ("numpy.random.Generator(PCG64)", b"PCG64\0" + b"\0" * 32 + b"\xff" * 16 + b"\0" * 8),
        ("numpy.random.Generator(PCG64)", b"PCG64\0" + b"\1" + b"\0" * 47 + b"\xff" * 8),
    ],
)
def test_fields_out_of_range_are_refused_and_nothing_changes(path, kind, state):
    """A well-formed file with a fitting digest may hold numbers that no generator has."""
    save_seed_state(path)
    edited(path, generators={"rng": {"kind": kind, "state": base64.b64encode(state).decode()}})
    random.random()
    before = capture().states
    generator = np.random.Generator(getattr(np.random, kind[23:-1])(1))
    with pytest.raises(RandomStateError):
        load_seed_state(path, {"rng": generator})
    assert capture().states == before


def test_a_torch_state_that_points_past_its_words_is_refused(path):
    """Its two counters must agree; torch itself does not look, and would read beyond the state."""
    save_seed_state(path)
    state = bytearray(base64.b64decode(json.loads(path.read_text())["sources"]["torch"]["torch"]))
    state[8:12], state[16:24] = (624).to_bytes(4, "little"), (624).to_bytes(8, "little")
    edited(path, sources={"torch": {"torch": base64.b64encode(state).decode()}})
    with pytest.raises(RandomStateError, match="no state of a CPU generator"):
        load_seed_state(path)


@pytest.mark.parametrize("device", ["mps", "cuda:99"])
def test_a_state_of_a_device_that_is_not_here_is_refused(path, device):
    """A file from a Mac, or a machine with a GPU."""
    save_seed_state(path)
    own = json.loads(path.read_text())["sources"]["torch"]["torch"]
    edited(
        path,
        sources={"torch": {"torch": own, f"torch.{device}": base64.b64encode(bytes(16)).decode()}},
    )
    with pytest.raises(RandomStateError, match="no such device here"):
        load_seed_state(path)
