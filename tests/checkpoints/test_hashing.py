"""Digests of files: those of the standard tools, by whatever way they are computed."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading

import pytest
from blake3 import blake3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro_nb.checkpoints import cores, hashing, mapped
from repro_nb.checkpoints.algorithms import algorithm_named, algorithms
from repro_nb.checkpoints.hashing import (
    SHARD_SIZE,
    hash_file,
    hash_on_this_thread,
    hash_shards,
)
from repro_nb.checkpoints.mapped import hash_mapped, is_worth_mapping
from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.progress import Silent
from repro_nb.errors import UsageError

SHA256, BLAKE3 = algorithm_named("sha256"), algorithm_named("blake3")
BIG = os.urandom(1 << 20) * 20 + b"a last shard that is short"


class Counting:
    """Counts bytes."""

    def __init__(self):
        self.total = self.done = 0
        self._lock = threading.Lock()

    def expected(self, _name, size):
        """More is going to be read."""
        with self._lock:
            self.total += size

    def advanced(self, size):
        """It was read."""
        with self._lock:
            self.done += size


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A file of two shards and a half."""
    path = tmp_path_factory.mktemp("big") / "model.bin"
    path.write_bytes(BIG)
    return path


def _digest(path, algorithm, **options):
    with open_regular(path) as file:
        return hash_file(file, algorithm, **options)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("sha256", "sha256sum"),
        ("sha512", "sha512sum"),
        ("blake2b", "b2sum"),
        ("md5", "md5sum"),
    ],
)
def test_the_digest_is_that_of_the_standard_tool(big, name, program):
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    told = subprocess.run([program, big], capture_output=True, text=True, check=True)
    assert _digest(big, algorithm_named(name)).digest == told.stdout.split()[0]


def test_the_digest_is_that_of_openssl(big):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    command = ["openssl", "dgst", "-sha256", big]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert _digest(big, SHA256).digest == told.stdout.split()[-1]


@pytest.mark.parametrize("algorithm", algorithms(), ids=lambda each: each.name)
@pytest.mark.parametrize("threads", [1, 2])
def test_every_algorithm_and_way_gives_the_same_digests(big, algorithm, threads, monkeypatch):
    monkeypatch.setattr(hashing, "cores", lambda: threads)
    whole = algorithm.hasher()
    whole.update(BIG)
    shards = []
    for start in range(0, len(BIG), SHARD_SIZE):
        leaf = algorithm.hasher()
        leaf.update(BIG[start : start + SHARD_SIZE])
        shards.append(leaf.hexdigest())
    found = _digest(big, algorithm, shard_size=SHARD_SIZE)
    assert (found.digest, found.size, found.shards) == (
        whole.hexdigest(),
        len(BIG),
        tuple(shards),
    )
    assert len(found.digest) == algorithm.digits
    with open_regular(big) as file:
        assert hash_on_this_thread(file, algorithm, shard_size=SHARD_SIZE) == found
        assert hash_shards(file, algorithm) == found.shards


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(size=st.integers(0, 5000), shard_size=st.integers(1, 3000))
def test_shards_cover_the_file_whatever_the_sizes_are(tmp_path, size, shard_size):
    path = tmp_path / "file"
    data = bytes(range(256)) * 20
    path.write_bytes(data[:size])
    expected = [
        hashlib.sha256(data[start : min(start + shard_size, size)]).hexdigest()
        for start in range(0, size, shard_size)
    ]
    assert list(_digest(path, SHA256, shard_size=shard_size).shards) == expected


def test_an_empty_file_has_the_digest_of_nothing_and_no_shards(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    found = _digest(path, SHA256, shard_size=SHARD_SIZE)
    assert found.digest == hashlib.sha256().hexdigest()
    assert (found.size, found.shards) == (0, ())


@pytest.mark.parametrize("threads", [1, 2])
def test_progress_hears_of_every_byte_once(big, threads, monkeypatch):
    monkeypatch.setattr(hashing, "cores", lambda: threads)
    counting = Counting()
    _digest(big, SHA256, shard_size=SHARD_SIZE, progress=counting)
    assert counting.total == counting.done == len(BIG)


def test_only_large_files_are_given_to_a_child_and_only_for_blake3():
    assert is_worth_mapping(BLAKE3, 1 << 30)
    assert is_worth_mapping(BLAKE3, 1 << 30, SHARD_SIZE)
    assert not is_worth_mapping(BLAKE3, 1 << 20)
    assert not is_worth_mapping(SHA256, 1 << 30)
    assert not is_worth_mapping(BLAKE3, 1 << 30, SHARD_SIZE + 1)


@pytest.mark.parametrize("shard_size", [None, SHARD_SIZE])
def test_the_child_gives_the_same_digests(big, shard_size):
    counting = Counting()
    with open_regular(big) as file:
        expected = hash_on_this_thread(file, BLAKE3, shard_size=shard_size)
        found = hash_mapped([file], shard_size, counting)
    assert found == [(expected.digest, *expected.shards)]
    assert counting.done == len(BIG)


def test_hashing_uses_the_child_where_it_is_worth_it(big, monkeypatch):
    monkeypatch.setattr(mapped, "_WORTH", 1)
    assert _digest(big, BLAKE3).digest == blake3(BIG).hexdigest()


@pytest.mark.parametrize("executable", ["", "/usr/sbin/uwsgi"])
def test_a_program_that_embeds_python_is_not_started_a_second_time(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    assert not is_worth_mapping(BLAKE3, 1 << 30)


@pytest.fixture(params=["fails", "cannot be started"])
def no_child(request, tmp_path, monkeypatch):
    """Children that come to nothing."""
    program = tmp_path / "python"
    if request.param == "fails":
        program.symlink_to(shutil.which("false"))
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(mapped, "_WORTH", 1)


@pytest.mark.usefixtures("no_child")
def test_the_file_is_read_where_the_child_comes_to_nothing(big):
    counting = Counting()
    assert _digest(big, BLAKE3, progress=counting).digest == blake3(BIG).hexdigest()
    assert counting.total == counting.done
    with open_regular(big) as file:
        assert hash_mapped([file], None, Silent()) == []


def test_no_child_is_left_when_the_caller_is_interrupted(big):
    class Interrupting(Silent):
        def advanced(self, _size):
            raise KeyboardInterrupt

    with open_regular(big) as file, pytest.raises(KeyboardInterrupt):
        hash_mapped([file], None, Interrupting())
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_missing_package_is_told_with_the_pip_line(big, monkeypatch):
    monkeypatch.setitem(sys.modules, "blake3", None)
    with pytest.raises(UsageError, match=r'pip install "repro_nb\[checkpoints\]"'):
        _digest(big, BLAKE3)


def test_a_missing_package_is_told_for_large_files_too(big, monkeypatch):
    monkeypatch.setattr(mapped, "_WORTH", 1)
    monkeypatch.setitem(sys.modules, "blake3", None)
    with pytest.raises(UsageError, match="pip install"):
        _digest(big, BLAKE3)


def test_memory_stays_the_same_however_large_the_file_is(tmp_path):
    """A file of 512 MiB, which takes no room on disk, is hashed by a process that grows by less than 40 MiB."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(512 << 20)
    program = (
        "import resource, sys\n"
        "from repro_nb.checkpoints.algorithms import algorithm_named\n"
        "from repro_nb.checkpoints.hashing import SHARD_SIZE, hash_file\n"
        "from repro_nb.checkpoints.opening import open_regular\n"
        "algorithm = algorithm_named('xxh3'); algorithm.hasher()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with open_regular(sys.argv[1]) as file: hash_file(file, algorithm, shard_size=SHARD_SIZE)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", program, path]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(told.stdout) < 40 * 1024  # KiB


def test_the_cores_are_those_that_this_process_may_use():
    assert cores.cores() == len(os.sched_getaffinity(0))
