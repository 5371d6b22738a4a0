"""How many of the labelled causes are found, and how much of what is named is true.

Run: ``python benchmarks/causes/score.py [--jobs N] [--only TEXT] [--sample N] [--json FILE] [--nbval]``. Prints a table
and each thing that was not right, and writes ``benchmarks/results/causes.json`` when the whole corpus was judged.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from building import build, obstacle
from corpus import CORPUS, Case, load
from peer import PeerScore, nbval_scores
from scoring import Score, Summary, crashed, judge, summarise

RESULTS = Path(__file__).parents[1] / "results" / "causes.json"


def explained(case: Case, parent: Path) -> Score:
    """Build one notebook, have it explained, and compare with its labels."""
    from repro_nb.rerun import explain
    from repro_nb.rerun.options import VerifyOptions

    path = build(case, parent)
    try:
        result = explain(path, VerifyOptions(timeout=case.timeout))
    except Exception as fault:  # noqa: BLE001 - one that fails counts as one that says nothing; the others are judged
        return crashed(case, fault)
    return judge(case, result)


def scores(cases: Sequence[Case], parent: Path, jobs: int) -> Iterator[Score]:
    """The score of each notebook, as it comes."""
    work = partial(explained, parent=parent)
    if jobs == 1:
        yield from map(work, cases)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(work, cases)


def chosen(folder: Path, only: str, sample: int | None) -> tuple[Case, ...]:
    """The notebooks to judge: those whose name holds `only`, and of these every n-th, so that `sample` are left."""
    cases = []
    for case in load(folder):
        why = obstacle(case)
        if why is not None:
            print(f"left out: {case.name}, {why}")
        elif only in case.name:
            cases.append(case)
    if sample is None or sample >= len(cases):
        return tuple(cases)
    return tuple(cases[n * len(cases) // sample] for n in range(sample))


def percent(share: float | None) -> str:
    """A share as text."""
    return "-" if share is None else f"{share:.3f}"


def show(summary: Summary, seconds: float) -> None:
    """Print the tables."""
    print(f"\n{'factor':24}{'right':>7}{'wrong':>7}{'missed':>8}{'precision':>11}{'recall':>8}")
    for name, tally in {**summary.factors, "all": summary.total}.items():
        counts = f"{tally.right:7}{tally.wrong:7}{tally.missed:8}"
        print(f"{name:24}{counts}{percent(tally.precision):>11}{percent(tally.recall):>8}")
    print()
    for name, tally in summary.grades.items():
        print(f"{name:24}{tally.right:7}{tally.wrong:7}{'':8}{percent(tally.precision):>11}")
    accused = ", ".join(summary.accused) or "none"
    print(f"\nright cell: {percent(summary.cells)}; right line: {percent(summary.origins)}")
    print(f"sound notebooks accused: {len(summary.accused)} of {summary.sound}: {accused}")
    if summary.unjudged:
        print(f"not judged: {', '.join(summary.unjudged)}")
    print(
        f"{summary.notebooks} notebooks, {summary.runs} runs, {summary.seconds:.0f} s of examinations, "
        f"{seconds:.0f} s in all"
    )


def show_peer(peer: PeerScore) -> None:
    """Print what the peer says of the same notebooks."""
    print(
        f"\nnbval, saved outputs against one run: notices {peer.noticed} of {peer.unsound} unsound notebooks, "
        f"the right first cell in {peer.right_cell}; accuses {len(peer.accused)} of {peer.sound} sound ones; "
        f"names no cause ({peer.seconds:.0f} s)"
    )


def report(
    found: Sequence[Score], summary: Summary, peer: PeerScore | None, seconds: float
) -> dict[str, Any]:
    """Everything that was measured, for ``json``."""
    return {
        "schema": "repro_nb/benchmark-causes/1",
        "repro_nb": summary.to_json(),
        "wall_seconds": round(seconds, 1),
        "nbval": None if peer is None else asdict(peer),
        "not_right": {score.name: list(score.remarks) for score in found if score.remarks},
    }


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", type=int, default=1, help="notebooks examined at a time")
    parser.add_argument("--only", default="", help="only notebooks whose name holds this text")
    parser.add_argument("--sample", type=int, help="only so many, spread over the corpus")
    parser.add_argument("--corpus", type=Path, default=CORPUS, help="another folder of texts")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    parser.add_argument("--nbval", action="store_true", help="ask nbval about the same notebooks")
    return parser.parse_args()


def main() -> None:
    """Build, explain, compare, print and write."""
    asked = arguments()
    cases = chosen(asked.corpus, asked.only, asked.sample)
    begun = time.perf_counter()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for score in scores(cases, Path(folder), asked.jobs):
            found.append(score)
            print(f"{score.name:40}{score.runs:3} runs {score.seconds:6.1f} s", flush=True)
            for remark in score.remarks:
                print(f"    {remark}", flush=True)
    seconds = time.perf_counter() - begun
    summary = summarise(found)
    show(summary, seconds)
    peer = nbval_scores(cases) if asked.nbval else None
    if peer is not None:
        show_peer(peer)
    whole = not (asked.only or asked.sample) and asked.corpus == CORPUS
    target = asked.json or (RESULTS if whole else None)
    if target is not None:
        text = json.dumps(report(found, summary, peer, seconds), indent=1, ensure_ascii=False)
        target.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
