"""Load samples under several settings, and print as JSON what each stream gave: a program for test_workers.py."""

import json
import random
import sys

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

import repro_nb

SEEDED = {"worker_init_fn": repro_nb.worker_init_fn}
SETTINGS = {
    "plain": {"num_workers": 2},
    "forked": {"num_workers": 2, **SEEDED},
    "persistent": {"num_workers": 2, "persistent_workers": True, **SEEDED},
    "spawned": {
        "num_workers": 2,
        "persistent_workers": True,
        "multiprocessing_context": "spawn",
        **SEEDED,
    },
    "alone": {"num_workers": 0, **SEEDED},
}


class Noise(Dataset):
    """Each sample is a draw from three global streams and from those that the dataset holds."""

    def __init__(self, *, spawned):
        self.rng = np.random.default_rng(7)
        self.transforms = [random.Random(7), {"old": np.random.RandomState(7)}]
        # Torch fails to send a generator of its own to a worker that is spawned.
        self.noise = None if spawned else torch.Generator().manual_seed(7)

    def __len__(self):
        return 8

    def __getitem__(self, index):
        worker = get_worker_info()
        drawn = {
            "python": random.random(),
            "numpy": np.random.rand(),
            "torch": torch.rand(()).item(),
            "default_rng": self.rng.random(),
            "Random": self.transforms[0].random(),
            "RandomState": self.transforms[1]["old"].rand(),
        }
        if self.noise is not None:
            drawn["Generator"] = torch.rand((), generator=self.noise).item()
        return None if worker is None else worker.id, drawn


def epochs(settings):
    """Two epochs of samples, each with its worker, in the order in which they were loaded."""
    repro_nb.set_global_seed(42)
    held = repro_nb.generator()
    torch.rand(3)  # what is drawn before must not matter to the workers
    dataset = Noise(spawned="multiprocessing_context" in settings)
    loader = DataLoader(dataset, batch_size=None, shuffle=True, generator=held, **settings)
    return [list(loader) for _ in range(2)]


if __name__ == "__main__":
    json.dump({name: epochs(settings) for name, settings in SETTINGS.items()}, sys.stdout)
