"""What the blocks of README.md take for granted: names that a block uses and does not define, and files. All are real.

Only what a block mentions is made, so that one that needs no torch runs without it.
"""

import ast
import logging
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import repro_nb


def names(source: str) -> dict[str, Any]:
    """The names that a block leaves open: public ones of the package, and objects of the experiment.

    A name that the package does not have is left out, so that the block fails as its reader's would.
    """
    wanted = _left_open(ast.parse(source))
    public = {name: getattr(repro_nb, name) for name in wanted & set(repro_nb.__all__)}
    return public | {name: _EXPERIMENT[name]() for name in wanted & set(_EXPERIMENT)}


def files(source: str) -> None:
    """Put the files that a block mentions into the current folder: checkpoints, and projects to validate."""
    checkpoints = ("model.pth", "model_v2.pth", "final_model.pth")
    for name in checkpoints if ".pth" in source or "experiments/" in source else ():
        for folder in (Path(), Path("experiments")):
            folder.mkdir(exist_ok=True)
            torch().save(model().state_dict(), folder / name)
    if "validate_template_structure" in source:
        project(Path())
        project(Path("existing_project"))


def project(folder: Path) -> None:
    """Write a small project that keeps every practice the text asks for."""
    for name, text in _PROJECT.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _left_open(tree: ast.Module) -> set[str]:
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = {node.id for node in used if isinstance(node.ctx, ast.Store)}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            bound.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            bound |= {alias.asname or alias.name for alias in statement.names}
    return {node.id for node in used} - bound


@cache
def torch() -> Any:
    """The library itself, imported where a block needs it."""
    import torch

    return torch


@cache
def numpy() -> Any:
    """The library itself, imported where a block needs it."""
    import numpy as np

    return np


@cache
def model() -> Any:
    """A network that draws random numbers in its forward pass, so that the seeds have work to do."""
    nn = torch().nn
    return nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))


@cache
def batch() -> Any:
    """32 samples of 10 features."""
    return torch().randn(32, 10)


def my_model_forward() -> Callable[[Any], Any]:
    """A function that gives what the model makes of samples."""
    network = model()

    def forward(samples: Any) -> Any:
        return network(samples)

    return forward


def training_step() -> float:
    """One step of gradient descent; gives the loss."""
    return _step(model())


def run_experiment() -> float:
    """Train a new model for a few steps; gives the last loss."""
    nn = torch().nn
    fresh = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
    return [_step(fresh) for _ in range(5)][-1]


def _step(network: Any) -> float:
    optimizer = torch().optim.SGD(network.parameters(), lr=0.01)
    loss = network(torch().randn(32, 10)).pow(2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def _verifier() -> Any:
    """The verifier that the section on checkpoints makes, with its checkpoint registered."""
    from repro_nb import CheckpointVerifier

    made = CheckpointVerifier("experiments/")
    made.register_checkpoint("model.pth")
    return made


_EXPERIMENT: Mapping[str, Callable[[], Any]] = {
    "batch": batch,
    "input_data": batch,
    "input_tensor": batch,
    "logger": lambda: logging.getLogger("experiment"),
    "model": model,
    "my_model_forward": my_model_forward,
    "np": numpy,
    "os": lambda: os,
    "run_experiment": lambda: run_experiment,
    "torch": torch,
    "training_step": lambda: training_step,
    "verifier": _verifier,
}

_PROJECT: Mapping[str, str] = {
    ".gitignore": "__pycache__/\n",
    "README.md": "# Experiment\n\nRun `python -m experiment`.\n",
    "config.yaml": "seed: 42\n",
    "pyproject.toml": '[project]\nname = "experiment"\nversion = "1.0"\n',
    "requirements.txt": "",
    "src/experiment/__init__.py": "",
    "src/experiment/__main__.py": (
        "import random\n"
        "\n"
        "from repro_nb import enable_deterministic_mode, set_global_seed\n"
        "\n"
        "set_global_seed(42)\n"
        "enable_deterministic_mode()\n"
        "print(random.random())\n"
    ),
    "tests/test_reproducibility.py": (
        "import random\n"
        "\n"
        "from repro_nb import set_global_seed\n"
        "\n"
        "\n"
        "def run():\n"
        "    set_global_seed(42)\n"
        "    return random.random()\n"
        "\n"
        "\n"
        "def test_reproducibility():\n"
        "    assert run() == run()\n"
    ),
}
