"""What the content digest of a checkpoint costs, beside loading it with torch and hashing its tensors.

Run ``python benchmarks/content_digest.py [--size BYTES]``; it prints a table and writes
``benchmarks/results/content_digest.json``. Every way runs in an interpreter of its own, imports included, over the same
files, which are in the page cache; ways take turns, and each figure is the median over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
RESULTS = PROJECT / "benchmarks" / "results" / "content_digest.json"
ROUNDS = 5
TENSORS = 64

OURS = """
from repro_nb.checkpoints.content import content_digest
print(content_digest({path!r}, {algorithm!r}).digest)
"""
THEIRS = """
import hashlib, torch
whole = hashlib.sha256()
for name, tensor in sorted(torch.load({path!r}, weights_only=True).items()):
    whole.update(name.encode())
    whole.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
print(whole.hexdigest())
"""
DIFF = """
from repro_nb.checkpoints.diff import diff_checkpoints
print(diff_checkpoints({path!r}, {other!r}).agrees)
"""
PEAK = """
import re
print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
"""
"""In MiB; what ``getrusage`` tells includes the parent's memory at the fork."""


def programs(folder: Path) -> dict[str, str]:
    """Each way by its name."""
    path, other = str(folder / "model.pt"), str(folder / "model.safetensors")
    ways = {
        f"content digest, {algorithm}, {Path(file).suffix}": OURS.format(
            path=file, algorithm=algorithm
        )
        for file in (path, other)
        for algorithm in ("sha256", "blake3")
    }
    ways["torch.load + sha256"] = THEIRS.format(path=path)
    ways["diff of .pt and .safetensors"] = DIFF.format(path=path, other=other)
    return {name: program + PEAK for name, program in ways.items()}


def make(folder: Path, size: int) -> None:
    """Writes `size` bytes of weights in both formats."""
    import safetensors.torch
    import torch

    generator = torch.Generator().manual_seed(0)
    each = size // TENSORS // 4
    weights = {
        f"layer.{number:02}.weight": torch.rand(each, generator=generator)
        for number in range(TENSORS)
    }
    torch.save(weights, folder / "model.pt")
    safetensors.torch.save_file(weights, folder / "model.safetensors")


def measure(program: str) -> tuple[float, int]:
    """Seconds of an interpreter that runs `program`, and the most memory it had, in MiB."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    return time.perf_counter() - start, int(done.stdout.split()[-1])


def table(folder: Path, rounds: int) -> Mapping[str, Mapping[str, float]]:
    """Median seconds, the ratio to torch.load, and peak memory of each way."""
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, int] = {}
    for number in range(rounds + 1):
        for name, program in programs(folder).items():
            taken, peak = measure(program)
            if number:  # the first round fills the cache
                seconds[name].append(taken)
                memory[name] = max(peak, memory.get(name, 0))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    yardstick = medians["torch.load + sha256"]
    return {
        name: {
            "seconds": round(median, 3),
            "times_faster": round(yardstick / median, 2),
            "peak_mib": memory[name],
        }
        for name, median in medians.items()
    }


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2**30, help="bytes of weights")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), options.size)
        found = table(Path(name), options.rounds)
    print(f"{options.size:,} bytes of weights, {TENSORS} tensors, {os.cpu_count()} cores")
    for way, figures in found.items():
        print(
            f"{way:34} {figures['seconds']:8.3f} s  {figures['times_faster']:6.2f} times as fast"
            f"  {figures['peak_mib']:6} MiB"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"bytes": options.size, "ways": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
