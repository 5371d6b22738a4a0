"""Where in a page a buffer should start that a file is read into.

Run ``python benchmarks/read_buffers.py [--size BYTES]``; it prints a table and writes
``benchmarks/results/read_buffers.json``. A cached file is read block by block into a buffer whose start lies some bytes
behind the start of a page, and into a new `bytearray`; places take turns, and each figure is the median over the
rounds.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import mmap
import os
import statistics
import tempfile
import time
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results" / "read_buffers.json"
OFFSETS = (0, 8, 16, 24, 32, 64, 256, 2048)
BLOCK = 256 * 1024


def seconds(descriptor: int, size: int, buffer: memoryview) -> float:
    """What it takes to read the file once."""
    started = time.perf_counter()
    for at in range(0, size, len(buffer)):
        os.preadv(descriptor, [buffer], at)
    return time.perf_counter() - started


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, default=1 << 30, help="bytes of the file")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pages = memoryview(mmap.mmap(-1, BLOCK + mmap.PAGESIZE))
    plain = bytearray(BLOCK)
    at = ctypes.addressof(ctypes.c_char.from_buffer(plain)) % mmap.PAGESIZE
    buffers = {
        f"{offset} bytes behind a page": pages[offset : offset + BLOCK] for offset in OFFSETS
    }
    buffers[f"bytearray, {at} bytes behind"] = memoryview(plain)
    took: dict[str, list[float]] = {name: [] for name in buffers}
    with tempfile.TemporaryFile() as file:
        for _ in range(options.size >> 20):
            file.write(os.urandom(1 << 20))
        file.flush()
        size = os.fstat(file.fileno()).st_size
        for _ in range(options.rounds):
            for name, buffer in buffers.items():
                took[name].append(seconds(file.fileno(), size, buffer))
    speeds = {name: size / statistics.median(each) / 1e9 for name, each in took.items()}
    first = next(iter(speeds.values()))
    print(f"{'a buffer that starts':32}{'GB/s':>8}{'':>9}")
    for name, speed in speeds.items():
        print(f"{name:32}{speed:8.2f}{speed / first:8.2f}x")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(speeds, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
