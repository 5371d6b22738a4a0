"""Keys, a checkpoint to sign, and the real ``model_signing`` program."""

import subprocess
import sys
from pathlib import Path

import pytest

from repro_nb.checkpoints.signing.keys import make_key_pair


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """A key pair."""
    return make_key_pair(tmp_path_factory.mktemp("keys") / "signer")


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory):
    """A key pair of somebody else."""
    return make_key_pair(tmp_path_factory.mktemp("keys") / "stranger")


@pytest.fixture
def model(tmp_path):
    """A checkpoint that is a folder of three files."""
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(bytes(range(256)) * 64)
    (folder / "sub" / "größe.bin").write_bytes(b"\0" * 100)
    (folder / "empty.txt").touch()
    return folder


@pytest.fixture(scope="session")
def model_signing():
    """Runs ``model_signing`` as a user would; gives the finished process."""

    def run(*arguments):
        program = Path(sys.executable).with_name("model_signing")
        return subprocess.run(
            [program, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
