"""What befalls a registry: crowds of writers, killed writers, full disks, files that change, flipped bits."""

import errno
import os
import random
import resource
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from repro_nb import CheckpointVerifier
from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.damage import localise
from repro_nb.checkpoints.examining import Undecided
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.registering import draft, measured_files
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.checkpoints.registry import Registry
from repro_nb.checkpoints.verdicts import Verdict
from repro_nb.errors import RegistryError

PROJECT = Path(__file__).parents[2]

REGISTRATIONS = """
import sys
from pathlib import Path
from repro_nb.checkpoints.provenance import Provenance
from repro_nb.checkpoints.verifier import CheckpointVerifier

folder, own = Path(sys.argv[1]), sys.argv[2]
verifier = CheckpointVerifier(folder)
for number in range(int(sys.argv[3])):
    name = f"{own}-{number}.bin"
    (folder / name).write_text(name)
    verifier.register_checkpoint(name, provenance=Provenance())
    print(name, flush=True)
"""

# Forks a child for each round; the child tells what was acknowledged, and is killed at a moment of chance.
KILLED = """
import os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.checkpoints.registry import Registry

folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(1)
for round in range(rounds):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        registry, number, sizes = Registry(folder), 0, random.Random(round)
        while True:
            name = f"{round}-{number}.bin"
            note = "n" * sizes.choice((10, 10, 10_000, 300_000))
            registry.append(Registration(checkpoint=name, event=Event.REGISTERED, time="t", note=note))
            os.write(writer, f"{name}\\n".encode())
            number += 1
    os.close(writer)
    time.sleep(chance.uniform(0.001, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(reader) as acknowledged:
        sys.stdout.write(acknowledged.read())
    registry = folder / "checkpoints.repro.jsonl"
    if registry.exists() and registry.stat().st_size > 2_000_000:
        registry.unlink()
        print("EMPTIED")
"""


def program(code, *arguments):
    """Start a Python process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def registration(name, **facts):
    return Registration(checkpoint=name, event=Event.REGISTERED, time="t", **facts)


def test_eight_processes_at_once_lose_nothing(tmp_path):
    """Each registers forty checkpoints: 320 are there, and verify."""
    running = [program(REGISTRATIONS, tmp_path, own, 40) for own in range(8)]
    told = [name for each in running for name in each.communicate()[0].split()]
    assert [each.returncode for each in running] == [0] * 8
    history = Registry(tmp_path).read()
    assert len(told) == 320
    assert set(history.names()) == set(told)
    assert history.damaged == ()


def test_threads_of_one_process_lose_nothing(tmp_path):
    """The lock holds among threads too."""
    registry = Registry(tmp_path)

    def work(own):
        for number in range(20):
            registry.append(registration(f"{own}-{number}"))

    threads = [threading.Thread(target=work, args=(own,)) for own in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(registry.read().names()) == 160


def test_two_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path):
    """At random moments; the file stays readable, and each line is whole, or told by its number."""
    output = program(KILLED, tmp_path, 200).communicate()[0]
    acknowledged = output.rpartition("EMPTIED")[2].split()
    history = Registry(tmp_path).read()
    assert set(acknowledged) <= set(history.names())
    assert output.count("-") > 200, "most were killed before they registered anything"
    for line in history.damaged:
        # The file is empty where the child was killed between making it and writing to it.
        assert any(word in line.reason for word in ("torn off", "digest", "empty"))


def test_a_registry_that_git_replaces_is_written_where_it_is_then(tmp_path):
    """Who waited for the lock of the old file writes into the new one."""
    from repro_nb.checkpoints.locking import locked

    registry = Registry(tmp_path)
    registry.append(registration("old"))
    descriptor = os.open(registry.path, os.O_RDWR)
    with locked(descriptor, alone=True, patience=10):
        thread = threading.Thread(target=registry.append, args=(registration("new"),))
        thread.start()
        (tmp_path / "other").write_bytes(registry.path.read_bytes())
        (tmp_path / "other").replace(registry.path)
    thread.join()
    os.close(descriptor)
    assert registry.read().names() == ("old", "new")


def test_a_full_disk_leaves_the_registry_as_it_was(tmp_path):
    """A limit on the size of files stands in for the disk: half a line is taken back, and the error says why."""
    code = """
import resource, signal, sys
from pathlib import Path
from repro_nb.checkpoints.registration import Event, Registration
from repro_nb.checkpoints.registry import Registry
from repro_nb.errors import RegistryError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
registry = Registry(Path(sys.argv[1]))
registry.append(Registration(checkpoint="a", event=Event.REGISTERED, time="t"))
size = registry.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5000, size + 5000))
try:
    registry.append(Registration(checkpoint="b", event=Event.REGISTERED, time="t", note="n" * 20_000))
except RegistryError as error:
    print(error)
assert registry.path.stat().st_size == size
"""
    process = program(code, tmp_path)
    said, _ = process.communicate()
    assert process.returncode == 0
    assert "cannot be written" in said
    assert "space left" in said
    assert Registry(tmp_path).read().names() == ("a",)
    assert Registry(tmp_path).read().damaged == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    """Is told, with its path."""
    tmp_path.chmod(0o500)
    with pytest.raises(RegistryError, match=os.strerror(errno.EACCES)):
        Registry(tmp_path).append(registration("a"))


def test_ten_thousand_flipped_bits_are_found_and_localised(tmp_path):
    """In a file with a header and five tensors: each flip by its bytes, and by its tensor where it lies in one."""
    path = tmp_path / "model.safetensors"
    chance = random.Random(7)
    weights = {f"layer.{n}": np.frombuffer(chance.randbytes(400), np.uint8) for n in range(5)}
    save_file(weights, path)
    was = draft(path, path.name, "sha256")
    places = {each.name: each.range for each in was.content.tensors}
    sha256 = algorithm_named("sha256")
    content = path.read_bytes()
    for _ in range(20):
        flips = [(chance.randrange(len(content)), chance.randrange(8)) for _ in range(500)]
        for number, (at, bit) in enumerate(flips):
            flipped = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
            (tmp_path / f"{number}.safetensors").write_bytes(flipped)
        for number, (at, _) in enumerate(flips):
            copy = tmp_path / f"{number}.safetensors"
            now = measure(copy, sha256)
            assert now.digest != was.digest
            (damage,), _ = localise(copy, was, measured_files(now))
            assert damage.ranges[0].start <= at < damage.ranges[0].stop
            hit = tuple(name for name, place in places.items() if place.start <= at < place.stop)
            assert damage.tensors == hit or (not hit and at < min(p.start for p in places.values()))


def test_bits_flipped_in_a_large_file_are_found_in_their_shard(tmp_path):
    """Of 24 MiB without a format."""
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(24 << 20))
    verifier = CheckpointVerifier(tmp_path)
    verifier.register_checkpoint(path)
    chance = random.Random(3)
    for _ in range(10):
        at = chance.randrange(24 << 20)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\1")
        (damage,) = verifier.verify_checkpoint(path).damage
        (found,) = damage.ranges
        assert (found.start, found.stop) == (at >> 23 << 23, (at >> 23) + 1 << 23)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(b"\0")


@pytest.mark.parametrize("change", ["grow", "shrink", "replace", "rewrite"])
def test_a_file_that_changes_while_it_is_verified_is_not_judged(tmp_path, change):
    """Neither ok nor damaged: it was written meanwhile, and the process lives."""
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(16 << 20))
    verifier = CheckpointVerifier(tmp_path)
    verifier.register_checkpoint(path)
    found = verifier.examine(["model.bin"], progress=_Meddler(path, change))[0]
    assert found.verification.verdict is Verdict.UNREADABLE
    assert found.undecided is Undecided.CHANGED


class _Meddler:
    """Changes a file once some of it was read."""

    def __init__(self, path, change):
        self._path, self._change = path, change

    def expected(self, *_):
        """Nothing is said of that."""

    def advanced(self, _):
        """Change it, once."""
        change, self._change = self._change, ""
        if change == "grow":
            with self._path.open("ab") as file:
                file.write(b"more")
        elif change == "shrink":
            os.truncate(self._path, 1000)
        elif change == "rewrite":
            with self._path.open("r+b") as file:
                file.write(b"other")
        elif change == "replace":
            other = self._path.with_name("other")
            other.write_bytes(bytes(16 << 20))
            other.replace(self._path)


def test_a_registry_of_ten_thousand_lines_is_read_in_bounded_memory(tmp_path):
    """And appending to it does not parse them all."""
    registry = Registry(tmp_path)
    registry.append(registration("first"))
    line = registry.path.read_bytes()
    registry.path.write_bytes(line * 10_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    registry.append(registration("second"))
    assert registry.read().names() == ("first", "second")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_no_flipped_bit_of_a_registry_makes_a_changed_checkpoint_pass(tmp_path):
    """Names, digests, seals, line ends: whichever bit it is, all() does not pass."""
    verifier = CheckpointVerifier(tmp_path)
    for name in ("epoch-1.bin", "epoch-2.bin", "epoch-1.bin"):
        (tmp_path / name).write_bytes(name.encode())
        verifier.register_checkpoint(name)
    (tmp_path / "epoch-2.bin").write_bytes(b"another one")
    whole = verifier._registry.path.read_bytes()
    draw = random.Random(0)
    line_ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for at in [*line_ends, *(draw.randrange(len(whole)) for _ in range(1_000))]:
        for bit in range(8) if at in line_ends else (draw.randrange(8),):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            verifier._registry.path.write_bytes(damaged)
            assert not all(verifier.verify_all_checkpoints().values()), (at, bit)
