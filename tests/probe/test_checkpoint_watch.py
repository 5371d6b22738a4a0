"""The watch over saving functions: what it sees, and that nothing is left of it."""

import functools
import io
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from repro_nb.probe.checkpoint_watch import CheckpointWatch

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def watch():
    """A watch that keeps what it sees, in `seen`, `faults` and `moves`."""
    seen, faults, moves = [], [], []
    watch = CheckpointWatch(seen.append, faults.append, lambda *move: moves.append(move))
    watch.seen, watch.faults, watch.moves = seen, faults, moves
    watch.install()
    yield watch
    watch.uninstall()


def test_a_saved_file_is_told_with_its_absolute_path(watch, tmp_path, monkeypatch):
    """As it is named on the disk, wherever the cell goes afterwards."""
    monkeypatch.chdir(tmp_path)
    np.save("a", np.ones(2))
    np.savez(tmp_path / "b.npz", x=np.ones(2))
    np.savez_compressed("c", x=np.ones(2))
    assert watch.seen == [str(tmp_path / name) for name in ("a.npy", "b.npz", "c.npz")]


def test_what_has_no_name_is_not_told(watch):
    """A file in memory is no checkpoint."""
    np.save(io.BytesIO(), np.ones(2))
    assert watch.seen == []
    assert watch.faults == []


def test_a_save_that_fails_is_not_told_and_fails_as_ever(watch, tmp_path):
    """The error is the library's own."""
    with pytest.raises(FileNotFoundError):
        np.save(tmp_path / "none" / "a.npy", np.ones(2))
    assert watch.seen == []


def test_a_fault_of_the_watcher_does_not_reach_the_user(tmp_path):
    """It is handed to who turned the watch on."""
    faults = []
    watch = CheckpointWatch(lambda _: 1 / 0, faults.append, lambda *_: None)
    watch.install()
    np.save(tmp_path / "a.npy", np.ones(2))
    watch.uninstall()
    assert isinstance(faults[0], ZeroDivisionError)


def test_wrapped_functions_are_what_they_were_to_everyone_else(watch):
    """Name, signature and pickling by reference."""
    assert np.save.__name__ == "save"
    assert pickle.loads(pickle.dumps(np.save)) is np.save


@pytest.mark.parametrize(
    "rename",
    [
        os.rename,
        os.replace,
        lambda old, new: Path(old).rename(new),
        lambda old, new: Path(old).replace(new),
        shutil.move,
    ],
)
def test_a_renaming_is_told_with_both_names(watch, tmp_path, monkeypatch, rename):
    """However it is done; absolute, as the cell may change the folder."""
    monkeypatch.chdir(tmp_path)
    Path("a.tmp").touch()
    name = getattr(rename, "__name__", "")
    current = getattr(shutil if name == "move" else os, name, rename)
    current("a.tmp", "a.bin")
    assert set(watch.moves) == {(str(tmp_path / "a.tmp"), str(tmp_path / "a.bin"))}
    assert watch.faults == []


def test_what_is_moved_into_a_folder_is_told_with_its_name_there(watch, tmp_path):
    """As `shutil.move` takes it."""
    (tmp_path / "a.bin").touch()
    (tmp_path / "into").mkdir()
    shutil.move(tmp_path / "a.bin", tmp_path / "into")
    assert watch.moves[-1] == (str(tmp_path / "a.bin"), str(tmp_path / "into/a.bin"))


def test_renaming_works_as_ever(watch, tmp_path):
    """Errors, folders that names are relative to, and pickling by reference."""
    with pytest.raises(FileNotFoundError):
        (tmp_path / "none").replace(tmp_path / "a")
    assert pickle.loads(pickle.dumps(os.replace)) is os.replace
    (tmp_path / "a").touch()
    folder = os.open(tmp_path, os.O_RDONLY)
    os.rename("a", "b", src_dir_fd=folder, dst_dir_fd=folder)
    os.close(folder)
    assert (tmp_path / "b").exists()
    assert watch.moves == []


def test_undoing_twice_and_under_another_wrapper(tmp_path):
    """Who wrapped our wrapper keeps theirs, and ours is silent from then on."""
    seen = []
    original = np.save
    watch = CheckpointWatch(seen.append, seen.append, print)
    watch.install()
    watch.install()
    ours = np.save
    np.save = functools.wraps(ours)(functools.partial(ours))
    watch.uninstall()
    watch.uninstall()
    np.save(tmp_path / "a.npy", np.ones(2))
    np.save = original
    assert seen == []


def test_a_library_that_is_not_loaded_is_left_alone_until_it_is(tmp_path):
    """And then its functions are watched from their first call on."""
    code = (
        "import sys\n"
        "from repro_nb.probe.checkpoint_watch import CheckpointWatch\n"
        "seen = []\n"
        "watch = CheckpointWatch(seen.append, seen.append, print)\n"
        "watch.install()\n"
        "assert not {'numpy', 'torch', 'safetensors', 'orbax'} & set(sys.modules)\n"
        "import numpy\n"
        "assert 'torch' not in sys.modules\n"
        "numpy.save('a', numpy.ones(2))\n"
        "from safetensors.numpy import save_file\n"
        "save_file({'w': numpy.ones(2)}, 'b.safetensors')\n"
        "watch.uninstall()\n"
        "numpy.save('c', numpy.ones(2))\n"
        "print(len(seen), not hasattr(numpy.save, '__wrapped__') or 'watch' not in repr(numpy.save.__wrapped__))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "2 True\n", done.stderr


def test_orbax_checkpoints_are_told_as_folders(tmp_path):
    """Synchronous and asynchronous ones, once each; the folder may come later."""
    code = (
        "import sys\n"
        "from repro_nb.probe.checkpoint_watch import CheckpointWatch\n"
        "seen = []\n"
        "watch = CheckpointWatch(seen.append, lambda fault: print(repr(fault)), lambda *_: None)\n"
        "watch.install()\n"
        "import numpy as np, orbax.checkpoint as ocp\n"
        "ocp.PyTreeCheckpointer().save(sys.argv[1] + '/one', {'w': np.ones(3)})\n"
        "with ocp.StandardCheckpointer() as later:\n"
        "    later.save(sys.argv[1] + '/two', {'w': np.ones(3)})\n"
        "print(sorted(set(seen)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"{[str(tmp_path / 'one'), str(tmp_path / 'two')]}\n", done.stderr


def test_checkpoints_of_torch_distributed_are_told_as_folders(tmp_path):
    """By the keyword that names them; without a group of processes too."""
    code = (
        "import sys\n"
        "from repro_nb.probe.checkpoint_watch import CheckpointWatch\n"
        "seen = []\n"
        "watch = CheckpointWatch(seen.append, lambda fault: print(repr(fault)), lambda *_: None)\n"
        "watch.install()\n"
        "import torch, torch.distributed.checkpoint as dcp\n"
        "dcp.save({'w': torch.ones(3)}, checkpoint_id=sys.argv[1] + '/dcp')\n"
        "print(seen[-1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, tmp_path],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"{tmp_path / 'dcp'}\n", done.stderr
