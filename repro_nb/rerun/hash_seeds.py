"""Hash seeds that are sure to tell: two random ones give a set of two strings the same order every other time.

Each further seed is chosen, of a few candidates, as the one under which the notebook's own strings fall into the most
other orders than in the first run, which all others are compared with. The kernel's own interpreter is asked, as the
algorithm changes with its version; nothing of the notebook is executed.
"""

from __future__ import annotations

import ast
import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from itertools import pairwise

__all__ = ["choose_hash_seeds", "makes_sets"]

_CANDIDATES = 20  # a set of two keeps its order under two seeds of three
_MAX_PAIRS = 400
_SECONDS = 20
_ORDERS = "import json, sys; print(json.dumps([list(set(p)) == p for p in json.load(sys.stdin)]))"


def choose_hash_seeds(
    python: str, sources: Sequence[str], count: int, *, first: str | None = None
) -> tuple[str, ...]:
    """`count` values for ``PYTHONHASHSEED``, no two alike.

    Args:
        python: The kernel's interpreter.
        sources: The notebook's cells.
        count: How many seeds are wanted.
        first: The first of them; as random as a plain run's own when None.
    """
    # Nothing is asked where no cell makes a set: what installed code does with its own is left to chance.
    pairs = list(_pairs(sources))[:_MAX_PAIRS] if any(map(makes_sets, sources)) else []
    first = _random_seed() if first is None else first
    if not pairs or count == 1:
        return (first, *(_random_seed() for _ in range(count - 1)))
    candidates = [_random_seed() for _ in range(_CANDIDATES + count)]
    orders = _orders(python, [first, *candidates], pairs)
    chosen = [first]
    while len(chosen) < count:
        best = max(candidates, key=lambda seed: _distance(orders[seed], orders[first]))
        candidates.remove(best)
        chosen.append(best)
    return tuple(chosen)


def makes_sets(source: str) -> bool:
    """Whether a cell makes sets, or hashes: what a hash seed can change."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError):
        return "set" in source or "hash" in source
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return bool(names & {"set", "frozenset", "hash"}) or any(
        isinstance(node, ast.Set | ast.SetComp) for node in nodes
    )


def _random_seed() -> str:
    return str(1 + secrets.randbelow(2**32 - 1))


def _pairs(sources: Sequence[str]) -> Iterator[list[str]]:
    """Neighbouring strings of the notebook: what stands side by side in its sets."""
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue  # a cell with magics, or none that Python reads: its sets are left to chance
        texts = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        yield from (list(pair) for pair in pairwise(texts) if pair[0] != pair[1])


def _orders(
    python: str, seeds: Sequence[str], pairs: Sequence[Sequence[str]]
) -> dict[str, list[bool]]:
    """For each seed, whether a set of each pair keeps the pair's order; empty for one that could not be tried."""
    question = json.dumps(pairs)
    try:
        children = {seed: _ask(python, seed) for seed in seeds}
    except OSError:
        return {
            seed: [] for seed in seeds
        }  # there is no such interpreter; the kernel's start will tell
    answers: dict[str, list[bool]] = {}
    for seed, child in children.items():
        try:
            output, _ = child.communicate(question, timeout=_SECONDS)
            answers[seed] = json.loads(output)
        except (subprocess.TimeoutExpired, ValueError):
            child.kill()
            child.communicate()
            answers[seed] = []
    return answers


def _ask(python: str, seed: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  the kernelspec's own interpreter, and code of ours
        [python, "-S", "-c", _ORDERS],
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _distance(one: Sequence[bool], other: Sequence[bool]) -> int:
    """In how many pairs two seeds differ."""
    return sum(a != b for a, b in zip(one, other, strict=False))
