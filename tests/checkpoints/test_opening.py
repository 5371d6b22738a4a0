"""Opening checkpoints: regular files alone, and the very bytes that were hashed."""

import hashlib
import os
import socket
import time
from pathlib import Path

import pytest

from repro_nb.checkpoints.opened_file import OpenedFile
from repro_nb.checkpoints.opening import open_regular, open_verified
from repro_nb.errors import CheckpointError, FileChangedError, UsageError

DATA = b"weights" * 1000
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def model(tmp_path):
    """A file."""
    path = tmp_path / "model.pth"
    path.write_bytes(DATA)
    return path


def test_a_file_tells_its_size_and_identity(model):
    with open_regular(model) as file:
        status = model.stat()
        assert file.size == len(DATA)
        assert file.identity == (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )
        file.check_unchanged()


def test_a_link_that_the_user_names_is_followed(model, tmp_path):
    link = tmp_path / "latest.pth"
    link.symlink_to(model)
    with open_regular(link) as file:
        assert file.size == len(DATA)


def test_the_descriptor_is_closed_at_the_end_of_the_block(model):
    with open_regular(model) as file:
        descriptor = file.descriptor
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_fifo_is_refused_at_once_though_nobody_writes_to_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CheckpointError, match="this is a FIFO"):
        open_regular(tmp_path / "pipe")


def test_a_socket_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket may have about 100 characters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(CheckpointError, match="this is a socket"):
            open_regular("socket")


def test_a_device_is_refused_by_name():
    with pytest.raises(CheckpointError, match="this is a character device"):
        open_regular("/dev/zero")


def test_a_folder_is_refused_by_name(tmp_path):
    with pytest.raises(CheckpointError, match="this is a folder"):
        open_regular(tmp_path)


def test_a_file_that_is_not_there_is_told_with_its_path(tmp_path):
    with pytest.raises(CheckpointError, match=r"gone\.pth: there is no such file"):
        open_regular(tmp_path / "gone.pth")


def test_a_path_that_no_file_can_have_is_told(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        open_regular(f"{tmp_path}/a\0b")


@pytest.mark.skipif(
    not Path("/proc/sys/vm/drop_caches").exists(), reason="a file that even root may not read"
)
def test_a_file_that_may_not_be_read_is_told():
    with pytest.raises(CheckpointError, match="cannot be read: Permission denied"):
        open_regular("/proc/sys/vm/drop_caches")


def _cut(path):
    os.truncate(path, 10)


def _grow(path):
    with path.open("ab") as file:
        file.write(b"more")


def _write(path):
    with path.open("r+b") as file:
        file.write(b"W")


def _write_and_set_the_times_back(path):
    before = path.stat()
    _write(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path):
    other = path.with_name("other")
    other.write_bytes(DATA)
    other.replace(path)


def _remove(path):
    path.unlink()


@pytest.mark.parametrize(
    "change", [_cut, _grow, _write, _write_and_set_the_times_back, _replace, _remove]
)
def test_a_change_since_it_was_opened_is_noticed(model, change):
    with open_regular(model) as file:
        change(model)
        with pytest.raises(FileChangedError, match="while it was read"):
            file.check_unchanged()


def test_a_write_right_after_another_one_is_noticed(model):
    """Clocks of files stand still for milliseconds; opening waits until a further write must show."""
    for number in range(5):
        model.write_bytes(b"a" * 100)
        with open_regular(model) as file:
            model.write_bytes(b"b" * 100)
            with pytest.raises(FileChangedError):
                file.check_unchanged()
        assert number < 5


def test_a_file_that_holds_more_than_its_size_says_is_refused():
    if not Path("/proc/cpuinfo").exists():
        pytest.skip("only Linux has such files")
    with open_regular("/proc/cpuinfo") as file, pytest.raises(FileChangedError, match="more"):
        file.check_unchanged()


def test_bytes_that_were_cut_off_are_told_and_not_waited_for(model):
    with open_regular(model) as file:
        _cut(model)
        with pytest.raises(FileChangedError, match="was cut"):
            file.read_at(memoryview(bytearray(100)), 5)


def test_an_error_of_the_device_names_the_file(model):
    with open_regular(model) as file:
        broken = OpenedFile(os.open(model, os.O_WRONLY), model)
        with broken, pytest.raises(CheckpointError, match=r"model\.pth: cannot be read"):
            broken.read_at(memoryview(bytearray(10)), 0)
        assert file.size


@pytest.mark.parametrize("expected", [DIGEST, f"sha256:{DIGEST}", f" {DIGEST.upper()}\n"])
def test_a_verified_file_is_read_from_its_start(model, expected):
    with open_verified(model, expected) as stream:
        assert stream.read() == DATA
        stream.check_unchanged()


def test_a_verified_file_stays_the_one_that_was_hashed(model):
    """Another file in its place between check and use changes nothing: the descriptor was handed over."""
    with open_verified(model, DIGEST) as stream:
        model.unlink()
        model.write_bytes(b"something else")
        assert stream.read() == DATA
        with pytest.raises(FileChangedError):
            stream.check_unchanged()


def test_a_file_with_another_digest_is_not_handed_over(model):
    model.write_bytes(DATA + b"!")
    with pytest.raises(CheckpointError, match=f"and not {DIGEST}"):
        open_verified(model, DIGEST)


@pytest.mark.parametrize(
    "expected", ["", DIGEST[:8], DIGEST + "00", "x" * 64, f"md5:{DIGEST}", f"rot13:{DIGEST}"]
)
def test_what_is_no_whole_digest_is_refused(model, expected):
    with pytest.raises(UsageError):
        open_verified(model, expected)


def _descriptors():
    return {each.name for each in Path("/dev/fd").iterdir()}


def test_no_descriptor_is_left_open(model):
    before = _descriptors()
    with open_verified(model, DIGEST):
        pass
    with pytest.raises(CheckpointError):
        open_verified(model, "0" * 64)
    assert _descriptors() == before


def test_an_old_file_is_opened_without_waiting(model, monkeypatch):
    os.utime(model, (1, 1))
    time.sleep(0.02)
    monkeypatch.setattr(time, "sleep", pytest.fail)
    open_regular(model).close()
