"""Digests of folders: one over all files, the same on every system, and nothing from outside."""

import hashlib
import os
import shutil
import socket
import unicodedata

import pytest
from blake3 import blake3

from repro_nb.checkpoints import mapped
from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.hashing import SHARD_SIZE
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.progress import Silent
from repro_nb.checkpoints.trees import hash_tree, safe_name
from repro_nb.errors import CheckpointError, FileChangedError, UnsafeCheckpointError

SHA256 = algorithm_named("sha256")


@pytest.fixture
def tree(tmp_path):
    """A folder with three files."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.bin").write_bytes(b"b" * 5000)
    (folder / "a.bin").write_bytes(b"")
    (folder / "sub" / "c.bin").write_bytes(b"c")
    return folder


def _digest(path):
    return hash_tree(path, SHA256).digest


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_the_digest_is_the_documented_one(tree):
    """Written down once more, so that it cannot change by mistake."""
    text = (
        "repro_nb-tree-1 sha256\n"
        f"{_sha256(b'')} 0 a.bin\0"
        f"{_sha256(b'b' * 5000)} 5000 b.bin\0"
        f"{_sha256(b'c')} 1 sub/c.bin\0"
    )
    assert _digest(tree) == _sha256(text.encode())


def test_the_rows_tell_each_file(tree):
    rows = hash_tree(tree, SHA256).rows
    assert [(row.name, row.size) for row in rows] == [
        ("a.bin", 0),
        ("b.bin", 5000),
        ("sub/c.bin", 1),
    ]
    assert rows[1].digest == _sha256(b"b" * 5000)


def test_a_copy_elsewhere_has_the_same_digest(tree, tmp_path):
    shutil.copytree(tree, tmp_path / "other name")
    assert _digest(tmp_path / "other name") == _digest(tree)


def _rename(tree):
    (tree / "a.bin").rename(tree / "aa.bin")


def _swap(tree):
    (tree / "a.bin").rename(tree / "x")
    (tree / "b.bin").rename(tree / "a.bin")
    (tree / "x").rename(tree / "b.bin")


def _move(tree):
    (tree / "sub" / "c.bin").rename(tree / "c.bin")


def _add(tree):
    (tree / "d.bin").touch()


def _remove(tree):
    (tree / "a.bin").unlink()


def _write(tree):
    (tree / "sub" / "c.bin").write_bytes(b"d")


@pytest.mark.parametrize("change", [_rename, _swap, _move, _add, _remove, _write])
def test_every_change_changes_the_digest(tree, change):
    before = _digest(tree)
    change(tree)
    assert _digest(tree) != before


def test_what_speaks_about_the_checkpoint_is_no_part_of_it(tree):
    before = _digest(tree)
    for name in ("SHA256SUMS", "checkpoints.repro.jsonl", "model.sig"):
        (tree / name).write_text("…")
    for name in (".git", ".cache/huggingface/download"):
        (tree / name).mkdir(parents=True)
        (tree / name / "x").write_text("…")
    assert _digest(tree) == before
    (tree / "sub" / "SHA256SUMS").write_text("…")  # this one is part of what was published
    assert _digest(tree) != before


def test_empty_folders_do_not_count(tree):
    before = _digest(tree)
    (tree / "empty" / "within").mkdir(parents=True)
    assert _digest(tree) == before


def test_a_folder_without_files_is_no_checkpoint(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="there is no file in this folder"):
        _digest(tmp_path)


def test_shards_are_told_for_each_file(tree):
    (tree / "big.bin").write_bytes(b"x" * (SHARD_SIZE + 1))
    rows = {row.name: row for row in hash_tree(tree, SHA256, shards=True).rows}
    assert rows["big.bin"].shards == (_sha256(b"x" * SHARD_SIZE), _sha256(b"x"))
    assert rows["a.bin"].shards == ()


def test_a_link_within_the_tree_counts_as_its_file(tree):
    (tree / "link.bin").symlink_to("b.bin")
    with_link = _digest(tree)
    (tree / "link.bin").unlink()
    shutil.copy(tree / "b.bin", tree / "link.bin")
    assert _digest(tree) == with_link


@pytest.mark.parametrize("target", ["../secret", "sub/../../secret", "/etc/passwd"])
def test_a_link_out_of_the_tree_is_refused_by_name(tree, target):
    (tree.parent / "secret").write_text("…")
    (tree / "sub" / "evil").symlink_to(target if target[0] == "/" else f"../{target}")
    with pytest.raises(UnsafeCheckpointError, match="sub/evil: this link leads out"):
        _digest(tree)


def test_a_link_to_a_neighbour_whose_name_begins_the_same_is_refused(tree):
    (tree.parent / "model-evil").mkdir()
    (tree.parent / "model-evil" / "f").write_text("…")
    (tree / "evil").symlink_to("../model-evil/f")
    with pytest.raises(UnsafeCheckpointError, match="leads out"):
        _digest(tree)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("gone", "leads nowhere"),
        ("link", "cannot be read|leads to itself"),
        ("sub", "a link to a folder"),
    ],
)
def test_a_link_without_a_file_is_refused_by_name(tree, target, message):
    (tree / "link").symlink_to(target)
    with pytest.raises(CheckpointError, match=message):
        _digest(tree)


def test_a_snapshot_of_the_hugging_face_hub_is_read_through_its_links(tmp_path):
    repository = tmp_path / "models--org--name"
    snapshot = repository / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "blobs" / "feed").write_bytes(b"weights")
    (snapshot / "model.safetensors").symlink_to("../../blobs/feed")
    (row,) = hash_tree(snapshot, SHA256).rows
    assert (row.name, row.digest) == ("model.safetensors", _sha256(b"weights"))
    (snapshot / "evil").symlink_to("../../refs")
    (repository / "refs").write_text("…")
    with pytest.raises(UnsafeCheckpointError, match="leads out"):
        hash_tree(snapshot, SHA256)


def test_the_folder_itself_may_be_a_link(tree):
    (tree.parent / "latest").symlink_to(tree)
    assert _digest(tree.parent / "latest") == _digest(tree)


def test_a_fifo_in_the_tree_is_refused_by_name_and_not_waited_for(tree):
    os.mkfifo(tree / "sub" / "pipe")
    with pytest.raises(CheckpointError, match="sub/pipe: this is a FIFO"):
        _digest(tree)


def test_a_socket_in_the_tree_is_refused_by_name(tree, monkeypatch):
    monkeypatch.chdir(tree)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(CheckpointError, match="this is a socket"):
            _digest(tree)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Weights.bin", "weights.bin"),
        ("Sub/x", "sub/y"),
        ("straße.bin", "STRASSE.bin"),
        (unicodedata.normalize("NFC", "é.bin"), unicodedata.normalize("NFD", "é.bin")),
        ("É.bin", unicodedata.normalize("NFD", "é.bin")),
    ],
)
def test_names_that_are_one_on_some_systems_are_refused(tree, first, second):
    for name in (first, second):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("…")
    with pytest.raises(CheckpointError, match="are the same name on some systems"):
        _digest(tree)


def test_composed_and_decomposed_names_give_the_same_digest(tmp_path):
    """Some file systems decompose what they store; a copy there is the same checkpoint."""
    digests = set()
    for form in ("NFC", "NFD"):
        (tmp_path / form).mkdir()
        (tmp_path / form / unicodedata.normalize(form, "modèle.bin")).write_bytes(b"weights")
        (tmp_path / form / unicodedata.normalize(form, "éa")).write_bytes(b"1")
        (tmp_path / form / "ez").write_bytes(b"2")
        digests.add(_digest(tmp_path / form))
    assert len(digests) == 1


def test_a_name_that_is_no_text_is_refused(tree):
    os.mknod(os.fsencode(tree) + b"/bad\xff")
    with pytest.raises(UnsafeCheckpointError, match="is no name of a file"):
        _digest(tree)


@pytest.mark.parametrize("name", ["a", "a/b.c", "..a", "a..", "ü/ ", "new\nline", "a b", "ab:c"])
def test_names_within_a_folder_are_safe(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", "/etc/passwd", "..", "../a", "a/../b", "a/..", ".", "./a", "a//b", "a/"),
        *("C:\\a", "C:a", "\\a", "\\\\host\\share\\a", "a\\..\\..\\b", "a\0b", "a\udcff"),
    ],
)
def test_names_that_lead_elsewhere_on_any_system_are_refused(name):
    with pytest.raises(UnsafeCheckpointError):
        safe_name(name)


class Doing(Silent):
    """Does something once, when the first bytes were read."""

    def __init__(self, action):
        self._action = action

    def advanced(self, _size):
        """The moment."""
        action, self._action = self._action, lambda: None
        action()


def _grow(tree):
    with (tree / "b.bin").open("ab") as file:
        file.write(b"!")


@pytest.mark.parametrize("change", [_rename, _add, _remove, _write, _grow])
def test_a_tree_that_changes_while_it_is_read_has_no_digest(tree, change):
    with pytest.raises(FileChangedError):
        hash_tree(tree, SHA256, progress=Doing(lambda: change(tree)))


def test_one_file_that_fails_ends_the_others(tree):
    """The error is told at once, not after hours of hashing."""

    def fail():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hash_tree(tree, SHA256, progress=Doing(fail))


def test_many_files_keep_their_order_whatever_thread_read_them(tmp_path):
    for number in range(300):
        (tmp_path / f"{number:03}").write_bytes(str(number).encode() * number)
    rows = hash_tree(tmp_path, SHA256).rows
    assert [row.name for row in rows] == [f"{number:03}" for number in range(300)]
    assert all(row.digest == _sha256(row.name.lstrip("0").encode() * int(row.name)) for row in rows)


def test_files_and_folders_are_measured_alike(tree):
    file, folder = measure(tree / "b.bin", SHA256, shards=True), measure(tree, SHA256)
    assert (file.kind, file.digest, file.size) == ("file", _sha256(b"b" * 5000), 5000)
    assert [row.name for row in file.rows] == ["b.bin"]
    assert file.rows[0].shards == (file.digest,)
    assert (folder.kind, folder.digest, folder.size) == ("directory", _digest(tree), 5001)


@pytest.fixture
def large_files(tmp_path, monkeypatch):
    """A folder of three files that one child hashes."""
    monkeypatch.setattr(mapped, "_WORTH", 1)
    root = tmp_path / "large"
    root.mkdir()
    for number in range(3):
        (root / f"{number}.bin").write_bytes(bytes([number]) * ((9 << 20) + number))
    return root


@pytest.mark.parametrize("shards", [False, True])
def test_large_files_together_have_the_digests_that_each_has_alone(large_files, shards):
    rows = hash_tree(large_files, algorithm_named("blake3"), shards=shards).rows
    for row in rows:
        content = (large_files / row.name).read_bytes()
        assert row.digest == blake3(content).hexdigest()
        assert len(row.shards) == (2 if shards else 0)


def test_a_large_file_that_is_cut_among_others_is_told(large_files):
    class Cutting(Silent):
        def advanced(self, _size):
            os.truncate(large_files / "1.bin", 4096)

    with pytest.raises(FileChangedError, match=r"1\.bin"):
        hash_tree(large_files, algorithm_named("blake3"), progress=Cutting())
