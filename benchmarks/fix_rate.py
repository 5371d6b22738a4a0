"""How many unsound notebooks of the labelled corpus reproduce after ``repro-nb fix``, without a human.

Run: ``python benchmarks/fix_rate.py [--jobs N] [--only TEXT] [--sample N] [--json FILE]``. Prints each notebook and the
share by factor, and writes ``benchmarks/results/fix_rate.json`` when the whole corpus was fixed. A sound notebook
counts as damaged when anything of it was written.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "causes"))

from building import build, obstacle  # noqa: E402 - beside this file, and no package
from corpus import Case, load  # noqa: E402 - as above

RESULTS = HERE / "results" / "fix_rate.json"
BAR = 3


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What became of one notebook.

    Attributes:
        name: The notebook.
        factors: Its true causes; empty for a sound one.
        before: Its level as it is; None where it could not be judged.
        after: Its level with the edits.
        edits: What was accepted, as ``factor: why``.
        changed: Whether the file was written.
        seconds: Wall time.
    """

    name: str
    factors: tuple[str, ...]
    before: int | None
    after: int | None
    edits: tuple[str, ...]
    hides: bool
    changed: bool
    seconds: float

    @property
    def is_robust(self) -> bool:
        """Whether it reproduces in the end."""
        return self.after is not None and self.after >= BAR


def fixed(case: Case, parent: Path) -> Fixed:
    """Build one notebook, fix it, and write the edits."""
    from repro_nb.rerun.fix import fix
    from repro_nb.rerun.options import VerifyOptions

    path = build(case, parent)
    old = path.read_bytes()
    result = fix(path, VerifyOptions(timeout=case.timeout), write=True)
    level = result.level
    return Fixed(
        name=case.name,
        factors=tuple(dict.fromkeys(label.factor for label in case.labels)),
        before=None if result.before.level is None else int(result.before.level),
        after=None if level is None else int(level),
        edits=tuple(f"{edit.cause.factor}: {edit.why}" for edit in result.edits),
        hides=b"NBVAL_IGNORE_OUTPUT" in path.read_bytes() and b"NBVAL_IGNORE_OUTPUT" not in old,
        changed=path.read_bytes() != old,
        seconds=round(result.seconds, 1),
    )


def all_fixed(cases: Sequence[Case], parent: Path, jobs: int) -> Iterator[Fixed]:
    """What became of each, as it comes."""
    work = partial(fixed, parent=parent)
    if jobs == 1:
        yield from map(work, cases)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, cases)


def show(found: Sequence[Fixed]) -> dict[str, object]:
    """Print the shares, and give them for ``json``."""
    unsound = [each for each in found if each.factors]
    short = [each for each in unsound if each.before is None or each.before < BAR]
    sound = [each for each in found if not each.factors]
    damaged = [each.name for each in sound if each.changed]
    factors = {
        name: [sum(each.is_robust for each in group), len(group)]
        for name in sorted({factor for each in unsound for factor in each.factors})
        if (group := [each for each in unsound if name in each.factors])
    }
    print(f"\n{'factor':24}{'level 3':>8}{'of':>5}")
    for name, (robust, count) in factors.items():
        print(f"{name:24}{robust:8}{count:5}")
    robust = sum(each.is_robust for each in unsound)
    lifted = sum(each.is_robust for each in short)
    print(f"\nunsound notebooks at level 3 or above in the end: {robust} of {len(unsound)}")
    print(f"of those that were below it: {lifted} of {len(short)}")
    hiding = sum(each.hides for each in short if each.is_robust)
    print(f"of these by marking an output as not to be compared: {hiding}")
    print(f"sound notebooks damaged: {len(damaged)} of {len(sound)} {', '.join(damaged)}")
    return {
        "unsound": len(unsound),
        "robust": robust,
        "share": robust / len(unsound) if unsound else None,
        "below_before": len(short),
        "lifted": lifted,
        "lifted_by_hiding": hiding,
        "share_lifted": lifted / len(short) if short else None,
        "factors": factors,
        "sound": len(sound),
        "damaged": damaged,
    }


def chosen(only: str, sample: int | None) -> tuple[Case, ...]:
    """The notebooks whose name holds one of the words of `only`, and of these every n-th."""
    words = only.split(",")
    cases = [case for case in load() if obstacle(case) is None]
    cases = [case for case in cases if any(word in case.name for word in words)]
    if sample is None or sample >= len(cases):
        return tuple(cases)
    return tuple(cases[n * len(cases) // sample] for n in range(sample))


def main() -> None:
    """Fix, print and write."""
    parser = argparse.ArgumentParser(description="How many unsound notebooks reproduce after fix.")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks fixed at a time")
    parser.add_argument("--only", default="", help="only names that hold this, or one of a,b,c")
    parser.add_argument("--sample", type=int, help="only so many, spread over the corpus")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    asked = parser.parse_args()
    begun = time.perf_counter()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for each in all_fixed(chosen(asked.only, asked.sample), Path(folder), asked.jobs):
            found.append(each)
            print(
                f"{each.name:40}{each.before!s:>5} -> {each.after!s:5}{each.seconds:6.1f} s",
                flush=True,
            )
            for edit in each.edits:
                print(f"    {edit}", flush=True)
    summary = show(found)
    target = asked.json or (None if asked.only or asked.sample else RESULTS)
    if target is not None:
        whole = {
            "schema": "repro_nb/benchmark-fix/1",
            **summary,
            "wall_seconds": round(time.perf_counter() - begun, 1),
            "notebooks": [asdict(each) for each in found],
        }
        target.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
