"""Seeds for processes that work together: data loader workers, ranks, tasks of joblib and Dask."""

from __future__ import annotations

import operator
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Optional, Sequence

from repro_nb.errors import UsageError
from repro_nb.probe.session import Seeding, session
from repro_nb.rng.placing import reseeding
from repro_nb.rng.reach import Budget, find
from repro_nb.seeding.derived import derived_seed, generate_deterministic_seeds
from repro_nb.seeding.domain import checked_seed
from repro_nb.seeding.everywhere import apply_seeding, set_global_seed
from repro_nb.seeding.keys import seed_in_force

__all__ = ["generator", "seed_worker", "worker_init_fn"]

_BUDGET = Budget(objects=100_000, items=10_000, seconds=5.0)


@dataclass(frozen=True)
class _WorkerSeeding(Seeding):
    """The seed of a worker, and the one of the whole run that it was made from."""

    base: int = 0


def worker_init_fn(worker_id: int) -> None:
    """Seed a worker of a torch ``DataLoader``: ``DataLoader(…, worker_init_fn=repro_nb.worker_init_fn)``.

    Torch itself seeds python, numpy and torch in each worker. This seeds every other source as well, and *the
    generators that the dataset holds*, which otherwise give the same numbers in each worker. What a worker draws
    depends on the loader's generator, the epoch and `worker_id`, and on nothing else.

    Args:
        worker_id: Which worker this is, as torch gives it.

    Raises:
        UsageError: Called outside a worker of a data loader.
    """
    torch: Any = sys.modules.get("torch")
    info = None if torch is None else torch.utils.data.get_worker_info()
    if info is None:
        raise UsageError(
            "this is no worker of a DataLoader",
            where="worker_init_fn",
            hint="Pass it on: DataLoader(…, worker_init_fn=repro_nb.worker_init_fn). Elsewhere: seed_worker(rank).",
        )
    base = int(info.seed)
    # Python's, numpy's and torch's streams too, so that all of them follow one rule.
    set_global_seed(derived_seed(base, "worker", str(worker_id)), deterministic=False)
    _, held = find(("dataset",), {"dataset": info.dataset}, _BUDGET)
    for path, source in held.items():
        reseeding(source, derived_seed(base, "worker", str(worker_id), path, bits=64))()


def generator(name: str = "dataloader", device: str = "cpu") -> Any:
    """A ``torch.Generator`` of its own for `name`, made from the global seed: ``DataLoader(…, generator=…)``.

    Args:
        name: What it is for; another name gives another stream.
        device: The device that it draws on.

    Returns:
        A ``torch.Generator``.

    Raises:
        UsageError: No seed is set, or torch is not installed.
    """
    seed = derived_seed(seed_in_force("generator"), "torch.Generator", name)
    try:
        import torch
    except ImportError as error:
        raise UsageError(
            "torch is not installed", where="generator", hint="pip install torch"
        ) from error
    made = torch.Generator(device)
    made.manual_seed(seed)
    return made


def seed_worker(rank: int, base_seed: Optional[int] = None) -> int:
    """Seed this process, or this task, for its rank: no two ranks of a run get the same seed.

    For ranks of ``torch.distributed`` and processes of JAX, give the process's rank. For joblib and Dask, whose
    workers take tasks as they come, give the *task's* number at its start: then it does not matter who runs it.

    Args:
        rank: Which worker or task this is, from 0.
        base_seed: The seed of the whole run; by default the one in force in this process. A worker that starts with
            a process of its own has none yet.

    Returns:
        The seed that was set.

    Raises:
        UsageError: `rank` is no number from 0, there is no seed, or numpy is not installed.
    """
    number = _checked_rank(rank)
    base = _run_seed() if base_seed is None else checked_seed(base_seed)
    seed = _seeds(base, 1 << number.bit_length())[number]
    apply_seeding(_WorkerSeeding(seed, call=f"seed_worker({number}, {base})", base=base))
    return seed


@lru_cache(maxsize=4)
def _seeds(base: int, count: int) -> Sequence[int]:
    """The first seeds of a run; kept, since a worker asks once for each task."""
    return generate_deterministic_seeds(base, count)


def _checked_rank(rank: Any) -> int:
    try:
        number = operator.index(rank)
    except TypeError:
        number = -1
    if isinstance(rank, bool) or number < 0:
        raise UsageError(f"{rank!r} is no rank: it is a number from 0", where="seed_worker")
    return number


def _run_seed() -> int:
    """The seed of the whole run, also where a task that ran here before has set its own."""
    if isinstance(session.seeding, _WorkerSeeding):
        return session.seeding.base
    return seed_in_force("seed_worker")
