"""Workers of data loaders, ranks and tasks: real ones, and each program of docs/workers.md with what it prints."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

import repro_nb
from repro_nb.errors import UsageError

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "workers.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(# \w+\.py\n.*?)```", PAGE, re.DOTALL)
SESSIONS = [
    (command, printed.splitlines())
    for block in re.findall(r"```\n(\$ .*?)```", PAGE, re.DOTALL)
    for command, printed in re.findall(r"^\$ (.*)\n((?:[^$\n].*\n)*)", block, re.MULTILINE)
]


def lines_of(script: str, folder: Path) -> list[str]:
    """The lines that a shell script prints; none of its processes is left afterwards."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = subprocess.Popen(
        ["bash", "-ec", script],
        cwd=folder,
        # Buffered, each of two processes that share the output writes its line as a whole.
        env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, complaints = process.communicate(timeout=120)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, complaints
    return printed.splitlines()


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with the page's programs, each under the name in its first line."""
    folder = tmp_path_factory.mktemp("programs")
    for program in PROGRAMS:
        name = program.split(maxsplit=2)[1]
        (folder / name).write_text(program, encoding="utf-8")
    return folder


def test_no_program_of_the_page_is_lost():
    """Six programs, and each of them is run."""
    names = {program.split(maxsplit=2)[1] for program in PROGRAMS}
    assert len(names) == 6 == PAGE.count("```python")
    assert names == set(re.findall(r"\w+\.py", " ".join(command for command, _ in SESSIONS)))
    assert all(printed for _, printed in SESSIONS)


@pytest.mark.parametrize(("command", "printed"), SESSIONS, ids=[line for line, _ in SESSIONS])
def test_a_program_prints_what_its_page_shows(command, printed, programs):
    """To the digit: on one worker or several, in this run and in every other."""
    script = re.sub(r"localhost:\d+", f"localhost:{free_port()}", command)
    lines = lines_of(f"{script}; wait", programs)
    assert (sorted(lines) if " & " in command else lines) == printed


@pytest.fixture(scope="module")
def loaded():
    """What two processes load under each of the settings of loading.py."""
    command = f"OMP_NUM_THREADS=1 python {shlex.quote(str(HERE / 'loading.py'))}"
    return [json.loads(*lines_of(command, HERE)) for _ in range(2)]


SEEDED = ("forked", "persistent", "spawned")


def draws(epoch, worker, stream):
    """What one worker drew from one stream in an epoch."""
    return [drawn[stream] for number, drawn in epoch if number == worker]


def streams(epoch):
    return list(epoch[0][1])


@pytest.mark.parametrize("setting", ["plain", *SEEDED, "alone"])
def test_a_loop_repeats_to_the_bit(loaded, setting):
    """Two processes load the same samples in the same order, epoch by epoch."""
    first, second = loaded
    assert first[setting] == second[setting]


@pytest.mark.parametrize("setting", SEEDED)
def test_no_two_workers_and_no_two_epochs_share_a_number(loaded, setting):
    """Each stream gives 16 numbers in two epochs on two workers, and all of them differ."""
    first, second = loaded[0][setting]
    for stream in streams(first):
        numbers = [drawn[stream] for _, drawn in first + second]
        assert len(set(numbers)) == 16, stream


def test_plain_workers_share_what_the_dataset_holds(loaded):
    """The trap that this is for: equal numbers from both workers, and again in the next epoch."""
    first, second = loaded[0]["plain"]
    for stream in ("default_rng", "Random", "RandomState", "Generator"):
        assert draws(first, 0, stream) == draws(first, 1, stream) == draws(second, 0, stream)
    assert draws(first, 0, "torch") != draws(first, 1, "torch")


@pytest.mark.parametrize("setting", ["persistent", "spawned"])
def test_the_way_workers_are_started_does_not_matter(loaded, setting):
    """Workers that stay, or that are spawned, draw in the first epoch what forked ones draw."""
    for worker in (0, 1):
        for stream in streams(loaded[0][setting][0]):
            forked, other = loaded[0]["forked"][0], loaded[0][setting][0]
            assert draws(forked, worker, stream) == draws(other, worker, stream)


def test_outside_a_worker_the_loaders_function_says_where_it_belongs():
    """It is passed on, not called; the hint names the function for other workers."""
    with pytest.raises(UsageError, match=r"seed_worker\(rank\)"):
        repro_nb.worker_init_fn(0)


def test_a_generator_depends_on_the_seed_and_its_name_alone():
    """Whatever was drawn before, and no two names share a stream."""
    repro_nb.set_global_seed(42)
    first = torch.rand(4, generator=repro_nb.generator())
    torch.rand(3)
    assert torch.equal(first, torch.rand(4, generator=repro_nb.generator()))
    assert not torch.equal(first, torch.rand(4, generator=repro_nb.generator("validation")))


@pytest.mark.parametrize("function", [repro_nb.generator, lambda: repro_nb.seed_worker(0)])
def test_without_a_seed_there_is_none_to_derive_from(function):
    """Nothing falls back on a seed that nobody chose."""
    with pytest.raises(UsageError, match="no seed is set"):
        function()


def test_a_rank_gets_the_seed_with_its_number():
    """The seed that is set is the one that `generate_deterministic_seeds` lists."""
    seeds = repro_nb.generate_deterministic_seeds(42, 3)
    assert [repro_nb.seed_worker(rank, 42) for rank in range(3)] == seeds
    assert repro_nb.get_current_seed() == seeds[2]
    assert repro_nb.get_seed_history()[-1].call == "seed_worker(2, 42)"


def test_tasks_that_share_a_process_share_the_seed_of_the_run():
    """A task's stream does not depend on which tasks ran before it in this process."""
    repro_nb.set_global_seed(42)
    first = [repro_nb.seed_worker(task) for task in (0, 1, 2)]
    assert [repro_nb.seed_worker(task) for task in (2, 1, 0)] == first[::-1]
    repro_nb.set_global_seed(43)
    assert repro_nb.seed_worker(0) != first[0]


def test_a_seed_context_gives_back_what_tasks_in_this_process_took():
    """The streams and the seed in force are where they were."""
    repro_nb.set_global_seed(42)
    with repro_nb.SeedContext():
        repro_nb.seed_worker(3)
    assert repro_nb.get_current_seed() == 42
    assert np.random.rand() == np.random.RandomState(42).rand()


@pytest.mark.parametrize("rank", [np.int64(1), np.uint8(1)])
def test_numpys_integers_are_ranks(rank):
    """A task's number may come out of an array."""
    assert repro_nb.seed_worker(rank, 42) == repro_nb.seed_worker(1, 42)


@pytest.mark.parametrize("rank", [-1, True, 1.0, "1", None])
def test_what_is_no_rank_is_refused(rank):
    """A wrong rank raises one clear error, and no seed is set."""
    with pytest.raises(UsageError, match="is no rank"):
        repro_nb.seed_worker(rank, 42)
    assert repro_nb.get_current_seed() is None
