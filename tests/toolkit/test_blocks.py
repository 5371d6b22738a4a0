"""README.md beside this file is a contract: what it shows runs as it is written, with ``repro_nb`` as the package.

Its text is that of the toolkit which this project grew from. Each Python block, and each step of the workflow, runs in
a process and a folder of its own; what they take for granted comes from presumed.py, and what the text promises beside
them is looked at in promises.py.
"""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

HERE = Path(__file__).parent
README = (HERE / "README.md").read_text(encoding="utf-8")

PROJECTS = "projects come with repro_nb.validation"

# What waits for a part of the package that is not built, and the names that it waits for.
WAITING = {
    "project_validation": PROJECTS,
    "complete_reproducibility_workflow": PROJECTS,
    "test_project_structure": PROJECTS,
    "Validate project structure": PROJECTS,
}
NAMES = "validate_template_structure|create_reproducible_template"
NOT_BUILT = re.compile(rf"(?:NameError|ImportError): .*'(?:{NAMES})'")
PRINTED = {
    "performance_considerations": r"Slowdown factor: \d+\.\d\dx\nAbsolute difference: -?\d+\.\d{3}s\n",
    "checkpoint_verification": r"Checkpoint hash: \S{64,}\n",
    "project_validation": r"(?s)Validation score: \d\.\d\d\n.*",
    "complete_reproducibility_workflow": (
        r"Checkpoint valid: True\nProject validation score: \d\.\d\d\n"
    ),
}
WARNED = {
    "deterministic_operations": r"(?s).*DeterministicPerformanceWarning: .* measured here .*",
    "issue_2_performance_degradation_in_deterministic_mode": r"(Consider disabling .*\n)?",
    "custom_hash_algorithms": r"(?s).*md5.*",
}
PROMISED = {
    "quick_start",
    "global_seeding",
    "deterministic_operations",
    "performance_considerations",
    "testing_reproducibility",
    "distributed_training_support",
    "issue_1_non_deterministic_behavior_despite_seeding",
    "issue_2_performance_degradation_in_deterministic_mode",
    "checkpoint_verification",
    "custom_verification_metadata",
    "issue_3_checkpoint_verification_fails_after_model_updates",
}


class NotBuiltError(AssertionError):
    """A block asked for a name that the package does not have yet."""


@dataclass(frozen=True)
class Block:
    """One fenced block: the heading above it, and its text with our package's name."""

    heading: str
    language: str
    text: str

    @property
    def slug(self) -> str:
        """The heading as a name."""
        words = re.sub(r"^\d+\. |\(.*\)", "", self.heading.lower())
        return "_".join(re.findall(r"[a-z0-9]+", words))


def blocks() -> Iterator[Block]:
    heading = ""
    for token, following in pairwise(MarkdownIt().parse(README)):
        if token.type == "heading_open":
            heading = following.content
        elif token.type == "fence":
            yield Block(
                heading, token.info, token.content.replace("cookbook.reproduce", "repro_nb")
            )


PYTHON = [block for block in blocks() if block.language == "python"]
WORKFLOWS = [block for block in blocks() if block.language == "yaml"]
STEPS = [
    step
    for workflow in WORKFLOWS
    for job in yaml.safe_load(workflow.text)["jobs"].values()
    for step in job["steps"]
]


def case(name: str, *values: object) -> object:
    """A case that is expected to fail, and to do so strictly, while its names are not built."""
    waiting = WAITING.get(name)
    marks = (
        [pytest.mark.xfail(raises=NotBuiltError, reason=waiting, strict=True)] if waiting else []
    )
    return pytest.param(*values, id=name, marks=marks)


def finished(command: list[str], folder: Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """What `command` printed, given `text`, with this interpreter first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        input=text,
        cwd=folder,
        env={**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if NOT_BUILT.search(done.stderr):
        raise NotBuiltError(done.stderr)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def run(block: Block, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return finished([sys.executable, str(HERE / "run_block.py"), *options], folder, block.text)


def functions(block: Block) -> list[str]:
    """The tests that a block defines."""
    return [
        node.name
        for node in ast.parse(block.text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def test_no_block_is_lost():
    """Every fence of the text is a block here, each with a name of its own."""
    assert (len(PYTHON), len(WORKFLOWS)) == (15, 1)
    assert README.count("```") == 2 * 16
    assert len({block.slug for block in PYTHON}) == 15
    assert PROMISED | set(PRINTED) <= {block.slug for block in PYTHON}


@pytest.mark.parametrize("block", [case(block.slug, block) for block in PYTHON])
def test_a_python_block_runs_as_it_is_written(block, tmp_path):
    """It runs, prints what it should, warns of nothing else, and what the text says of it holds."""
    options = ("--promise", block.slug) if block.slug in PROMISED else ()
    done = run(block, tmp_path, *options)
    assert re.fullmatch(PRINTED.get(block.slug, ""), done.stdout)
    assert re.fullmatch(WARNED.get(block.slug, ""), done.stderr)


@pytest.mark.parametrize(
    ("block", "function"),
    [case(name, block, name) for block in PYTHON for name in functions(block)],
)
def test_a_test_that_a_block_defines_passes(block, function, tmp_path):
    """The gates hold for an experiment with dropout, checkpoints and a project that keep the rules."""
    run(block, tmp_path, "--call", function)


@pytest.mark.parametrize("rank", ["1", "3"])
def test_each_rank_takes_its_seed(rank, tmp_path, monkeypatch):
    """The block on distributed training goes by the rank that the launcher sets."""
    monkeypatch.setenv("RANK", rank)
    (block,) = [block for block in PYTHON if block.slug == "distributed_training_support"]
    run(block, tmp_path, "--promise", block.slug)


def test_the_workflow_is_what_its_service_reads():
    """It runs on pushes, and each of its steps uses an action or runs a script."""
    workflow = yaml.safe_load(WORKFLOWS[0].text)
    assert workflow[True] == ["push", "pull_request"]  # YAML 1.1 takes `on` for a truth value
    assert all(("uses" in step) != ("run" in step) for step in STEPS)


@pytest.mark.parametrize("step", [case(step["name"], step) for step in STEPS if "run" in step])
def test_a_step_of_the_workflow_runs(step, tmp_path):
    """In a project that keeps the rules, as the service's shell would run it."""
    write = "import presumed, pathlib; presumed.project(pathlib.Path(sys.argv[1]))"
    setup = f"import sys; sys.path.insert(0, {str(HERE)!r}); {write}"
    finished([sys.executable, "-c", setup, str(tmp_path)], HERE)
    done = finished(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], tmp_path
    )
    if "pytest" in step["run"]:
        assert "1 passed" in done.stdout
