"""What goes wrong while checkpoints are hashed: flipped bits, files that change underneath, hostile folders."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.hashing import SHARD_SIZE, hash_file, hash_on_this_thread, hash_shards
from repro_nb.checkpoints.opened_file import OpenedFile
from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.progress import Silent
from repro_nb.checkpoints.trees import hash_tree
from repro_nb.errors import CheckpointError, FileChangedError, UnsafeCheckpointError

SHA256, BLAKE3 = algorithm_named("sha256"), algorithm_named("blake3")
LARGE = 320 << 20  # for the child that maps; the files are sparse and take no room on disk


class Once(Silent):
    """Does something once, when `after` bytes were read."""

    def __init__(self, action, after=1):
        self._action, self._left = action, after
        self._lock = threading.Lock()

    def advanced(self, size):
        """Counts, and does it."""
        with self._lock:
            before, self._left = self._left, self._left - size
        if before > 0 >= self._left:
            self._action()


def test_ten_thousand_flipped_bits_are_all_found_and_localised(tmp_path):
    """Each bit is flipped alone, in a file of 16 shards: the digest differs, and one shard's does, the right one."""
    path, shard = tmp_path / "model.bin", 1024
    path.write_bytes(random.Random(0).randbytes(16 * shard))
    draw = random.Random(1)
    with path.open("r+b", buffering=0) as file:

        def digests():
            with OpenedFile(os.dup(file.fileno()), path) as opened:
                return hash_on_this_thread(opened, SHA256, shard_size=shard)

        whole = digests()
        for _ in range(10_000):
            place, mask = draw.randrange(whole.size), 1 << draw.randrange(8)
            (byte,) = os.pread(file.fileno(), 1, place)
            os.pwrite(file.fileno(), bytes([byte ^ mask]), place)
            found = digests()
            differing = [n for n in range(16) if found.shards[n] != whole.shards[n]]
            assert (found.digest != whole.digest, differing) == (True, [place // shard])
            os.pwrite(file.fileno(), bytes([byte]), place)
        assert whole == digests()


def _cut(path):
    os.truncate(path, 4096)


def _empty(path):
    os.truncate(path, 0)


def _grow(path):
    os.truncate(path, path.stat().st_size + 1)


def _replace(path):
    path.with_name("other").touch()
    path.with_name("other").replace(path)


def _write(path):
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")


def _cut_and_grow_again(path):
    size = path.stat().st_size
    os.truncate(path, 0)
    os.truncate(path, size)


CHANGES = [_cut, _empty, _grow, _replace, _write, _cut_and_grow_again]


@pytest.fixture
def sparse(tmp_path):
    """Makes a file of zeros that takes no room on disk."""

    def make(size):
        path = tmp_path / "sparse.bin"
        with path.open("wb") as file:
            file.truncate(size)
        return path

    return make


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("algorithm", "size", "way"),
    [
        (SHA256, 24 << 20, hash_file),
        (SHA256, 24 << 20, hash_on_this_thread),
        (SHA256, 24 << 20, hash_shards),
        (BLAKE3, LARGE, hash_file),
    ],
    ids=["two threads", "one thread", "shards", "mapped in a child"],
)
def test_a_file_that_changes_while_it_is_hashed_has_no_digest(sparse, algorithm, size, way, change):
    """Cut, emptied, grown, replaced, written: told as such, and this process lives on."""
    path = sparse(size)
    with open_regular(path) as file, pytest.raises(FileChangedError):
        way(file, algorithm, progress=Once(lambda: change(path)))


def test_a_mapped_file_that_is_cut_kills_the_child_alone(sparse):
    """Whatever the moment: the system ends who touches a page that is gone, and that is never the caller."""
    for moment in range(1, 5):
        path = sparse(LARGE)
        progress = Once(lambda path=path: _empty(path), after=moment << 26)
        with open_regular(path) as file, pytest.raises(FileChangedError):
            hash_file(file, BLAKE3, shard_size=SHARD_SIZE, progress=progress)


def test_a_child_that_is_killed_costs_time_and_no_result(sparse, tmp_path):
    """As the system does when memory is short: the file is read in this process instead."""
    path = sparse(LARGE)
    with open_regular(path) as file:
        expected = hash_on_this_thread(file, BLAKE3)
        found = hash_file(file, BLAKE3, progress=Once(_kill_children))
    assert found == expected


def _kill_children():
    tasks = Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children")
    for child in tasks.read_text().split():
        os.kill(int(child), 9)


def test_a_tree_in_which_one_file_is_cut_has_no_digest(tmp_path):
    for name in "abcd":
        (tmp_path / name).write_bytes(b"x" * (3 << 20))
    with pytest.raises(FileChangedError):
        hash_tree(tmp_path, SHA256, progress=Once(lambda: _empty(tmp_path / "b")))


def test_a_folder_that_becomes_a_link_is_not_followed(tmp_path):
    """Between listing and reading, somebody puts a link out of the tree in the place of a folder."""
    tree, outside = tmp_path / "model", tmp_path / "outside"
    for folder in (tree / "sub", outside):
        folder.mkdir(parents=True)
        (folder / "a").write_bytes(b"weights")
    (tree / "b").write_bytes(b"x" * (2 << 20))  # the largest file is read first

    def swap():
        (tree / "sub").rename(tree.parent / "old")
        (tree / "sub").symlink_to("../outside")

    class Swapping(Silent):
        def expected(self, _name, _size):
            if not (tree / "sub").is_symlink():
                swap()

    with pytest.raises(FileChangedError):
        hash_tree(tree, SHA256, progress=Swapping())


def test_links_between_folders_do_not_multiply(tmp_path):
    """Ten levels with two links each would be a thousand folders, thirty levels a billion."""
    for level in range(30):
        folder = tmp_path / f"level{level}"
        folder.mkdir()
        (folder / "file").touch()
        for side in "ab":
            (folder / side).symlink_to(f"../level{level + 1}")
    (tmp_path / "level30").mkdir()
    with pytest.raises(CheckpointError, match="a link to a folder"):
        hash_tree(tmp_path, SHA256)


def test_a_link_in_a_chain_that_leads_out_is_refused(tmp_path):
    tree = tmp_path / "model"
    tree.mkdir()
    (tmp_path / "secret").touch()
    (tree / "one").symlink_to("two")
    (tree / "two").symlink_to("../model/../secret")
    with pytest.raises(UnsafeCheckpointError):
        hash_tree(tree, SHA256)


def test_no_thread_is_left_after_an_error(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * (8 << 20))
    (tmp_path / "b").write_bytes(b"x" * (8 << 20))
    before = threading.active_count()
    with pytest.raises(FileChangedError):
        hash_tree(tmp_path, SHA256, progress=Once(lambda: _cut(tmp_path / "a")))
    assert threading.active_count() == before


def test_ctrl_c_ends_hashing_and_its_child(sparse):
    """The program that hashes gets SIGINT from the terminal's process group, and leaves nothing running."""
    path = sparse(LARGE)
    program = (
        "import os, signal, sys\n"
        "from repro_nb.checkpoints.algorithms import algorithm_named\n"
        "from repro_nb.checkpoints.hashing import hash_file\n"
        "from repro_nb.checkpoints.opening import open_regular\n"
        "class Interrupted:\n"
        "    def expected(self, name, size): ...\n"
        "    def advanced(self, size): os.kill(0, signal.SIGINT)\n"
        "try:\n"
        "    with open_regular(sys.argv[1]) as file:\n"
        "        hash_file(file, algorithm_named('blake3'), progress=Interrupted())\n"
        "except KeyboardInterrupt:\n"
        "    try: os.waitpid(-1, 0)\n"
        "    except ChildProcessError: print('nothing is left')\n"
    )
    command = [sys.executable, "-c", program, path]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=True, timeout=60
    )
    assert (told.stdout, told.stderr) == ("nothing is left\n", "")
