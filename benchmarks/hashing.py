"""How fast checkpoints are hashed, beside the programs that people hash them with.

Run ``python benchmarks/hashing.py [--size BYTES] [--dvc PROGRAM]``; it prints tables and writes
``benchmarks/results/hashing.json``. The files are random, and in the page cache unless ``--cold`` says otherwise. Every
way runs in a process of its own; ways take turns, and each figure is the median over the rounds. *hashing* is the work
without the start of the interpreter and imports, where the program is a Python package; *whole* is the process from
start to end. Both are compared with ``openssl dgst -sha256`` of the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results" / "hashing.json"
SIZE = 2 << 30
FILES, FILE_SIZE = 50, 40 << 20
MANY, MANY_SIZE = (10_000, 100_000), 4096
BASE = "openssl sha256"

TIMED = """
import json, re, sys, time
{imports}
started = time.perf_counter()
{work}
seconds = time.perf_counter() - started
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
print(json.dumps({{"seconds": seconds, "peak": peak}}))
"""
OURS = """
import sys
sys.path.insert(0, {project!r})
from repro_nb.checkpoints.algorithms import algorithm_named
from repro_nb.checkpoints.hashing import SHARD_SIZE, hash_file, hash_shards
from repro_nb.checkpoints.opening import open_regular
from repro_nb.checkpoints.measuring import measure
from repro_nb.checkpoints.trees import hash_tree
algorithm = algorithm_named({algorithm!r})
algorithm.hasher()
"""
MODEL_SIGNING = """
import blake3
from model_signing.hashing import Config
config = Config()
config.{serialization}
"""


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to hash.

    Attributes:
        name: For the table.
        command: What is run.
        kind: Ways of one kind are compared with each other.
        fresh: Whether the program keeps what it hashed, and needs a new folder each time.
    """

    name: str
    command: tuple[str, ...]
    kind: str
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of one way: seconds of hashing and of the whole process, and the peak of its memory in MiB."""

    hashing: float
    whole: float
    peak: int | None = None


def python(imports: str, work: str) -> tuple[str, ...]:
    """A program that times its own work."""
    return (sys.executable, "-c", TIMED.format(imports=imports, work=work))


def ours(name: str, algorithm: str, work: str, kind: str) -> Way:
    """A way of this package."""
    imports = OURS.format(project=str(PROJECT), algorithm=algorithm)
    return Way(name=f"repro_nb {name}", command=python(imports, work), kind=kind)


def model_signing(name: str, serialization: str, path: Path, kind: str) -> Way:
    """A way of model_signing."""
    imports = MODEL_SIGNING.format(serialization=serialization)
    work = f"config.hash({str(path)!r})"
    return Way(name=f"model_signing {name}", command=python(imports, work), kind=kind)


def ways_for_file(path: Path, dvc: str | None) -> Iterator[Way]:
    """How one file is hashed."""
    text = str(path)
    opened = f"with open_regular({text!r}) as file: "
    yield Way(name=BASE, command=("openssl", "dgst", "-sha256", text), kind="sha256")
    yield ours("sha256", "sha256", f"{opened}hash_file(file, algorithm)", "sha256")
    yield ours(
        "sha256 and its 8 MiB shards",
        "sha256",
        f"{opened}hash_file(file, algorithm, shard_size=SHARD_SIZE)",
        "sha256 and shards",
    )
    yield ours(
        "sha256 of 8 MiB shards", "sha256", f"{opened}hash_shards(file, algorithm)", "sha256 tree"
    )
    yield ours("blake3", "blake3", f"{opened}hash_file(file, algorithm)", "blake3")
    yield ours(
        "blake3 and its 8 MiB shards",
        "blake3",
        f"{opened}hash_file(file, algorithm, shard_size=SHARD_SIZE)",
        "blake3 and shards",
    )
    yield ours("xxh3", "xxh3", f"{opened}hash_file(file, algorithm)", "not cryptographic")
    yield _memory(path.stat().st_size)
    yield from _model_signing_ways(path)
    if shutil.which("b3sum"):
        yield Way(name="b3sum", command=("b3sum", text), kind="blake3")
    if dvc:
        yield Way(name="dvc add", command=(dvc, "add", "-q", text), kind="md5", fresh=True)


def _memory(size: int) -> Way:
    """The package blake3 over the same 64 MiB of memory again and again: no file is hashed faster than this."""
    imports = "from blake3 import blake3\nhasher, data = blake3(max_threads=blake3.AUTO), bytearray(64 << 20)"
    work = f"for _ in range({size >> 26}): hasher.update(data)"
    return Way(
        name="blake3 of memory, no file", command=python(imports, work), kind="blake3 at most"
    )


def ways_for_folder(folder: Path, dvc: str | None) -> Iterator[Way]:
    """How a folder of files is hashed."""
    names = [str(path) for path in sorted(folder.iterdir())]
    tree = f"hash_tree({str(folder)!r}, algorithm)"
    yield Way(name=BASE, command=("openssl", "dgst", "-sha256", *names), kind="sha256")
    yield ours("sha256", "sha256", tree, "sha256 tree")
    yield ours(
        "sha256 and their 8 MiB shards",
        "sha256",
        f"hash_tree({str(folder)!r}, algorithm, shards=True)",
        "sha256 and shards",
    )
    yield ours("blake3", "blake3", tree, "blake3")
    yield ours("xxh3", "xxh3", tree, "not cryptographic")
    yield from _model_signing_ways(folder)
    if shutil.which("b3sum"):
        yield Way(name="b3sum", command=("b3sum", *names), kind="blake3")
    if dvc:
        yield Way(name="dvc add", command=(dvc, "add", "-q", str(folder)), kind="md5", fresh=True)


def _model_signing_ways(path: Path) -> Iterator[Way]:
    of_one = "sha256" if path.is_file() else "sha256 tree"
    yield model_signing("default", "use_file_serialization()", path, of_one)
    yield model_signing("shards", "use_shard_serialization()", path, "sha256 tree")
    blake3 = "use_file_serialization(hashing_algorithm='blake3')"
    yield model_signing("blake3", blake3, path, "blake3")


def run(way: Way, source: Path, *, cold: bool) -> Run:
    """One run, and what it took."""
    with _place(way, source) as (command, folder):
        if cold:
            _forget(source)
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        whole = time.perf_counter() - started
    last = done.stdout.strip().rpartition("\n")[2]
    if not last.startswith('{"seconds"'):
        return Run(hashing=whole, whole=whole)
    told = json.loads(last)
    return Run(hashing=told["seconds"], whole=whole, peak=told["peak"])


@contextmanager
def _place(way: Way, source: Path) -> Iterator[tuple[Sequence[str], Path]]:
    """Where a way runs; one that keeps what it hashed gets a new folder with hard links, on the same disk."""
    if not way.fresh:
        yield way.command, source.parent
        return
    with tempfile.TemporaryDirectory(dir=source.parent) as name:
        folder, program = Path(name), way.command[0]
        for setting in (
            ("init", "--no-scm", "-q"),
            ("config", "cache.type", "hardlink,reflink,copy"),
        ):
            subprocess.run([program, *setting], cwd=folder, check=True, capture_output=True)
        if source.is_dir():
            shutil.copytree(source, folder / source.name, copy_function=os.link)
        else:
            os.link(source, folder / source.name)
        yield (*way.command[:-1], source.name), folder


def _forget(source: Path) -> None:
    """Drops the pages of the files from the cache."""
    for path in [source] if source.is_file() else source.iterdir():
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def busy_seconds() -> tuple[float, float]:
    """Seconds that all cores were busy since the system started, and those of this process and its children."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split()
    user, nice, system = (int(field) for field in fields[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])


def measured(ways: Sequence[Way], source: Path, rounds: int, *, cold: bool) -> dict[str, list[Run]]:
    """All ways in turn, once to warm up and then for each round."""
    found: dict[str, list[Run]] = {way.name: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways:
            took = run(way, source, cold=cold)
            if number:
                found[way.name].append(took)
    return found


def table(
    title: str, ways: Sequence[Way], runs: Mapping[str, Sequence[Run]], size: int
) -> dict[str, object]:
    """Prints the medians, and gives them."""
    base = runs[BASE]
    print(f"\n{title}\n{'':40}{'kind':20}{'GB/s':>8}{'hashing':>10}{'whole':>8}{'MiB':>6}")
    rows = []
    for way in ways:
        own = runs[way.name]
        pairs = list(zip(base, own, strict=True))
        row = {
            "way": way.name,
            "kind": way.kind,
            "gigabytes_per_second": size / statistics.median(each.hashing for each in own) / 1e9,
            "times_openssl": statistics.median(a.whole / b.hashing for a, b in pairs),
            "times_openssl_whole": statistics.median(a.whole / b.whole for a, b in pairs),
            "peak_mib": max((each.peak or 0 for each in own), default=0) or None,
        }
        rows.append(row)
        peak = row["peak_mib"] or ""
        print(
            f"{way.name:40}{way.kind:20}{row['gigabytes_per_second']:8.2f}"
            f"{row['times_openssl']:9.2f}x{row['times_openssl_whole']:7.2f}x{peak:>6}"
        )
    return {"title": title, "rows": rows}


def make_file(path: Path, size: int) -> None:
    """A file of random bytes, flushed to disk, and old enough for its clock to have ticked."""
    with path.open("wb") as file:
        for start in range(0, size, 1 << 24):
            file.write(os.urandom(min(1 << 24, size - start)))
        os.fsync(file.fileno())


def cost_of_many(folder: Path, counts: Sequence[int], rounds: int) -> dict[str, object]:
    """Prints what one small file costs, in folders of ever more files."""
    title = f"folders of files of {MANY_SIZE} bytes, sha256"
    print(f"\n{title}\n{'files':>10}{'µs a file':>12}{'MiB':>6}")
    rows = []
    content = os.urandom(MANY_SIZE)
    for count in counts:
        tree = folder / f"many-{count}"
        for number in range(count):
            path = tree / f"{number // 1000:03}" / f"{number:06}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        way = ours("sha256", "sha256", f"hash_tree({str(tree)!r}, algorithm)", "sha256 tree")
        runs = [run(way, tree, cold=False) for _ in range(rounds + 1)][1:]
        cost = statistics.median(each.hashing for each in runs) / count * 1e6
        peak = max(each.peak or 0 for each in runs)
        rows.append({"files": count, "microseconds_per_file": cost, "peak_mib": peak})
        print(f"{count:10,}{cost:12.1f}{peak:6}")
        shutil.rmtree(tree)
    return {"title": title, "rows": rows}


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--size", type=int, default=SIZE, help="bytes of the one file; the folder scales with it"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files are made (a temporary folder)")
    parser.add_argument(
        "--dvc", default=shutil.which("dvc"), help="the program, if it is installed"
    )
    parser.add_argument(
        "--cold", action="store_true", help="drop the files from the page cache before each run"
    )
    parser.add_argument(
        "--many", action="store_true", help="measure folders of many small files too"
    )
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    state = "not in the page cache" if options.cold else "cached"
    started, (all_before, own_before) = time.perf_counter(), busy_seconds()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        file, folder = Path(name, "model.bin"), Path(name, "model")
        make_file(file, options.size)
        ways = list(ways_for_file(file, options.dvc))
        runs = measured(ways, file, options.rounds, cold=options.cold)
        tables = [table(f"one file of {options.size >> 20} MiB, {state}", ways, runs, options.size)]
        file.unlink()
        folder.mkdir()
        size = FILE_SIZE * options.size // SIZE
        for number in range(FILES):
            make_file(folder / f"model-{number:05}.bin", size)
        ways = list(ways_for_folder(folder, options.dvc))
        runs = measured(ways, folder, options.rounds, cold=options.cold)
        title = f"{FILES} files of {size >> 20} MiB, {state}"
        tables.append(table(title, ways, runs, FILES * size))
        shutil.rmtree(folder)
        if options.many:
            tables.append(cost_of_many(Path(name), MANY, options.rounds))
    all_after, own_after = busy_seconds()
    others = (all_after - all_before - own_after + own_before) / (time.perf_counter() - started)
    print(f"\nother processes took {others:.2f} of {len(os.sched_getaffinity(0))} cores meanwhile")
    facts = {
        "cores": len(os.sched_getaffinity(0)),
        "cores_taken_by_others": round(others, 2),
        "rounds": options.rounds,
        "tables": tables,
    }
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
