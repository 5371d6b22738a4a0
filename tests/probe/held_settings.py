"""What deterministic mode and thread limits may change."""

import os

import torch

CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


def held_values() -> tuple[object, ...]:
    """Everything that deterministic mode and thread limits may change."""
    return (
        torch.get_deterministic_debug_mode(),
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        torch.utils.deterministic.fill_uninitialized_memory,
        os.environ.get(CUBLAS),
        torch.get_num_threads(),
    )
