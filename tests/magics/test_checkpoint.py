"""``%repro_checkpoint`` in a real kernel: what it registers, shows, and watches."""

import json

import pytest
from live_kernel import Kernel, text_of

from repro_nb import CheckpointVerifier
from repro_nb.checkpoints.report.provenance_wording import made_in
from repro_nb.records import source_digest

SAVES = """\
import numpy as np, torch, safetensors.numpy, safetensors.torch
torch.save({"w": torch.ones(3)}, "by_torch.pt")
np.save("by_save", np.ones(3))
np.savez("by_savez.npz", w=np.ones(3))
np.savez_compressed(file="by_compressed", w=np.ones(3))
safetensors.numpy.save_file({"w": np.ones(3)}, "by_numpy.safetensors")
safetensors.torch.save_file({"w": torch.ones(3)}, filename="by_torch.safetensors")
with open("by_handle.pt", "wb") as file:
    torch.save({"w": torch.ones(3)}, file)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the notebook."""
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def kernel(folder):
    """A kernel that has loaded the extension."""
    kernel = Kernel(folder)
    kernel.run("%load_ext repro_nb")
    yield kernel
    kernel.stop()


def registered(folder, name):
    """The last registration of a checkpoint."""
    return CheckpointVerifier(folder).log(name)[-1]


def test_it_registers_and_shows_the_digests(kernel, folder):
    """With the cell, the seed, and the state of the streams as they are."""
    kernel.run("%repro_seed 42\nimport numpy as np\nnp.save('a.npy', np.random.rand(3))")
    cell = '%repro_checkpoint a.npy --note "lower rate"'
    said = text_of(kernel.run(cell, cellId="cell-7"))
    found = registered(folder, "a.npy")
    assert found.digest in said
    assert found.content.digest in said
    assert (found.note, found.provenance.cell, found.provenance.seed) == (
        "lower rate",
        "cell-7",
        42,
    )
    assert found.provenance.cell_source == source_digest(cell)
    assert found.provenance.order == 2
    assert f"In [{found.provenance.prompt}]" in made_in(found.provenance)
    assert "a.npy --note" in kernel.value(f"_ih[{found.provenance.prompt}]")
    assert set(found.provenance.fingerprints) >= {"python", "numpy"}
    assert found.provenance.environment
    assert CheckpointVerifier(folder).verify_checkpoint("a.npy")


def test_the_notebook_is_named_as_the_front_end_tells_it(kernel, folder):
    """Relative to the registry's folder."""
    kernel.run("__vsc_ipynb_file__ = 'train.ipynb'\nopen('b.bin', 'w').close()")
    kernel.run("%repro_checkpoint b.bin")
    kernel.run("del __vsc_ipynb_file__")
    assert registered(folder, "b.bin").provenance.notebook == "train.ipynb"


def test_a_model_gives_the_architecture(kernel, folder):
    """A variable's name; one that is not there is a sentence."""
    kernel.run("import torch\nnet = torch.nn.Linear(2, 1)\ntorch.save(net.state_dict(), 'net.pt')")
    said = text_of(kernel.run("%repro_checkpoint net.pt --model net"))
    assert registered(folder, "net.pt").architecture in said
    answer = kernel.run("%repro_checkpoint net.pt --model nett")
    assert answer.error == "UsageError"
    assert "there is no variable 'nett'" in answer.stderr


def test_the_parent_is_kept(kernel, folder):
    """The checkpoint that training went on from, with the digest that it had then."""
    kernel.run("open('first.bin', 'wb').write(b'1')\nopen('second.bin', 'wb').write(b'2')")
    kernel.run("%repro_checkpoint first.bin")
    kernel.run("%repro_checkpoint second.bin --parent first.bin")
    parent = registered(folder, "second.bin").parent
    assert parent.checkpoint == "first.bin"
    assert parent.digest == registered(folder, "first.bin").digest


def test_what_is_shown_names_no_folder_of_this_machine(kernel, folder):
    """It is saved with the notebook."""
    kernel.run("open('c.bin', 'w').close()")
    told = [text_of(kernel.run("%repro_checkpoint c.bin"))]
    told += [kernel.run("%repro_checkpoint gone.bin").stderr]
    kernel.run("%repro_checkpoint --watch")
    kernel.run("import numpy as np\nnp.save('d.npy', np.ones(2))")
    told += [text_of(kernel.run("%repro_checkpoint"))]
    kernel.run("%repro_checkpoint --no-watch")
    assert "d.npy: " in told[2]
    assert not any(str(folder) in each for each in told)


@pytest.mark.parametrize("line", ["none.pt", "--note x", "a b c", "/etc/hostname/x"])
def test_a_wrong_line_is_one_sentence(kernel, line):
    """No traceback."""
    answer = kernel.run(f"%repro_checkpoint {line}")
    assert answer.error == "UsageError"
    assert "Traceback" not in answer.stderr + answer.traceback


def test_without_a_path_it_lists(kernel):
    """What is registered here, and whether cells are watched."""
    said = text_of(kernel.run("%repro_checkpoint"))
    assert "a.npy" in said
    assert "not watched" in said


def test_what_cells_write_is_registered_when_watched(kernel, folder):
    """By each library, under the name that the library gives the file, with the cell that wrote it."""
    said = text_of(kernel.run("%repro_checkpoint --watch"))
    assert "registered when the cell has ended" in said
    answer = kernel.run(SAVES, cellId="training")
    assert not answer.stdout + answer.stderr
    for name in (
        "by_torch.pt",
        "by_save.npy",
        "by_savez.npz",
        "by_compressed.npz",
        "by_numpy.safetensors",
        "by_torch.safetensors",
        "by_handle.pt",
    ):
        assert registered(folder, name).provenance.cell == "training", name
    assert all(CheckpointVerifier(folder).verify_all_checkpoints().values())
    assert "by_torch.pt" in text_of(kernel.run("%repro_checkpoint"))
    kernel.run("%repro_checkpoint --no-watch")


def test_of_a_loop_the_last_content_is_registered(kernel, folder):
    """Once, and a file that the cell removed again is no fault."""
    kernel.run("%repro_checkpoint --watch")
    answer = kernel.run(
        "import os\n"
        "for n in range(5):\n"
        "    np.save('loop.npy', np.full(3, n))\n"
        "    np.save(f'gone{n}.npy', n)\n"
        "    os.remove(f'gone{n}.npy')"
    )
    assert answer.error is None
    assert not answer.stderr
    assert len(CheckpointVerifier(folder).log("loop.npy")) == 1
    assert CheckpointVerifier(folder).verify_checkpoint("loop.npy")
    kernel.run("%repro_checkpoint --no-watch")


ATOMIC = """\
import os, pathlib, shutil, numpy as np, torch
torch.save({"w": torch.ones(3)}, "one.tmp")
os.replace("one.tmp", "one.pt")
np.save("two.npy.tmp.npy", np.ones(3))
pathlib.Path("two.npy.tmp.npy").rename("two.npy")
os.mkdir("part")
np.save("part/three.npy", np.ones(3))
os.rename("part", "whole")
with open("four.tmp", "wb") as file:
    torch.save({"w": torch.ones(3)}, file)
shutil.move("four.tmp", "whole/four.pt")
"""


def test_a_file_is_followed_through_a_rename(kernel, folder):
    """As careful programs save: to a temporary name first."""
    kernel.run("%repro_checkpoint --watch")
    answer = kernel.run(ATOMIC, cellId="atomic")
    assert answer.error is None
    assert not answer.stderr
    for name in ("one.pt", "two.npy", "whole/three.npy", "whole/four.pt"):
        assert registered(folder, name).provenance.cell == "atomic", name
    assert not any(
        "tmp" in name for name in CheckpointVerifier(folder).list_registered_checkpoints()
    )
    kernel.run("%repro_checkpoint --no-watch")


def test_the_files_of_a_folder_are_registered_with_it(kernel, folder):
    """torch.distributed writes them by `torch.save`, and they are no checkpoints of their own."""
    kernel.run("import warnings; warnings.simplefilter('ignore')")
    kernel.run("%repro_checkpoint --watch")
    answer = kernel.run(
        "import torch.distributed.checkpoint as dcp\n"
        "dcp.save({'w': torch.ones(3)}, checkpoint_id='dcp')"
    )
    assert answer.error is None
    names = CheckpointVerifier(folder).list_registered_checkpoints()
    assert [name for name in names if name.startswith("dcp")] == ["dcp"]
    kernel.run("%repro_checkpoint --no-watch")


def test_a_file_elsewhere_is_not_registered_and_told(kernel, folder, tmp_path):
    """No registry is put into folders that are not the notebook's."""
    kernel.run("%repro_checkpoint --watch")
    answer = kernel.run(f"np.save({str(tmp_path / 'far.npy')!r}, np.ones(2))")
    assert answer.error is None
    (line,) = answer.stderr.splitlines()
    assert "outside the notebook's folder" in line
    assert ".py" not in line
    assert line.startswith("../")
    assert not (tmp_path / "checkpoints.repro.jsonl").exists()
    kernel.run("%repro_checkpoint --no-watch")


def test_turning_the_watch_off_leaves_no_trace(kernel):
    """The very functions of the libraries are back, also after the extension is unloaded."""
    kernel.run("now = lambda: [torch.save, torch.serialization.save, np.save, np.savez]")
    kernel.run("before = now()")
    kernel.run("%repro_checkpoint --watch")
    assert kernel.value("any(a is b for a, b in zip(before, now()))") == "False"
    kernel.run("%repro_checkpoint --no-watch")
    same = "all(a is b for a, b in zip(before, now()))"
    assert kernel.value(same) == "True"
    kernel.run("%repro_checkpoint --watch")
    kernel.run("%unload_ext repro_nb")
    assert kernel.value(same) == "True"
    kernel.run("np.save('after.npy', np.ones(2))")
    kernel.run("%load_ext repro_nb")


def test_in_a_rerun_nothing_is_registered_and_the_same_is_shown(kernel, folder):
    """So that the digests are outputs that runs can be compared by."""
    kernel.run("np.save('again.npy', np.arange(3.0))")
    first = text_of(kernel.run("%repro_checkpoint again.npy"))
    registry = folder / "checkpoints.repro.jsonl"
    before = registry.read_bytes()
    kernel.run("from repro_nb.probe.session import session\nsession.rerun = True")
    assert text_of(kernel.run("%repro_checkpoint again.npy")) == first
    kernel.run("%repro_checkpoint --watch\nnp.save('again.npy', np.arange(3.0))")
    kernel.run("session.rerun = False")
    assert registry.read_bytes() == before


def test_without_the_part_that_reads_checkpoints_a_rerun_goes_on(kernel):
    """A kernel of another environment has the recorder alone: a sentence, and the cell does not fail for it."""
    kernel.run("import sys\nsys.modules['repro_nb.checkpoints.verifier'] = None")
    assert "Install it there" in kernel.run("%repro_checkpoint a.npy").stderr
    kernel.run("from repro_nb.probe.session import session\nsession.rerun = True")
    answer = kernel.run("%repro_checkpoint a.npy")
    assert answer.error is None
    assert "does nothing here" in answer.stdout
    kernel.run("session.rerun = False\ndel sys.modules['repro_nb.checkpoints.verifier']")


def test_what_is_shown_is_escaped(kernel):
    """A file's name never becomes markup."""
    kernel.run("open('<img src=x>.bin', 'w').close()")
    (data,) = kernel.run("%repro_checkpoint '<img src=x>.bin'").shown
    assert "<img" not in data["text/html"]
    assert json.dumps("<img src=x>.bin")[1:-1] in data["text/plain"]
