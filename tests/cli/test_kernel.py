"""`repro-nb kernel`: kernels that start with what cannot be set later."""

import json
import subprocess
import sys

import pytest
from jupyter_client import KernelManager
from jupyter_client.kernelspec import KernelSpecManager

from repro_nb.install.fixed import needs_cublas_workspace
from repro_nb.install.kernelspec import install_kernel

NAME = "python3-reproducible"
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")


@pytest.fixture
def prefix(tmp_path, monkeypatch):
    """A folder to install into, which Jupyter knows."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "env" / "share" / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path / "env"


def kernels_in(prefix):
    """The folder that the kernelspecs of an environment lie in."""
    return prefix / "share" / "jupyter" / "kernels"


def foreign(prefix, name=NAME):
    """Puts a kernelspec there that something else wrote."""
    folder = kernels_in(prefix) / name
    folder.mkdir(parents=True)
    spec = {"argv": ["python"], "display_name": "Mine", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return folder


def evaluate(prefix, expression):
    """What an expression is in a new kernel of the kind that was installed."""
    specs = KernelSpecManager(kernel_dirs=[str(kernels_in(prefix))])
    manager = KernelManager(kernel_name=NAME, kernel_spec_manager=specs)
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(
            "", user_expressions={"value": expression}, store_history=False, timeout=60
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return reply["content"]["user_expressions"]["value"]["data"]["text/plain"]


def test_two_kernels_hash_alike(cli, prefix):
    """The installed kernel starts this Python, with the hash seed and one thread."""
    assert cli("kernel", "install", "--prefix", prefix, "--seed", "7").returncode == 0
    names = ["PYTHONHASHSEED", "OMP_NUM_THREADS", "CUBLAS_WORKSPACE_CONFIG"]
    expression = f"(hash('a'), [__import__('os').environ.get(n) for n in {names}], __import__('sys').executable)"
    first, second = (evaluate(prefix, expression) for _ in range(2))
    assert first == second
    assert "['7', '1', None]" in first
    assert sys.executable in first


def test_jupyter_lists_it(cli, prefix):
    """`jupyter kernelspec list` shows it, where the report says it is."""
    done = cli("kernel", "install", "--prefix", prefix)
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter_client.kernelspecapp", "list", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(listed.stdout)["kernelspecs"][NAME]
    assert found["resource_dir"] in done.stdout
    assert found["spec"]["display_name"] == "Python 3 (reproducible)"
    assert {f"{name}_NUM_THREADS" for name in THREADS} <= set(found["spec"]["env"])


def test_the_report_says_how_to_choose_it(cli, prefix):
    """In JupyterLab, with nbconvert, and with verify, whose option exists."""
    shown = cli("kernel", "install", "--prefix", prefix).stdout
    assert f"--ExecutePreprocessor.kernel_name={NAME}" in shown
    assert f"repro-nb verify --kernel {NAME}" in shown
    assert "--kernel" in cli("verify", "-h").stdout
    assert "PYTHONHASHSEED=42" in shown
    assert "1 thread," in shown


def test_threads_can_be_left_free(cli, prefix):
    """--threads 0 sets no variable; --threads 4 sets four."""
    done = cli("kernel", "install", "--prefix", prefix, "--threads", "0", "--json")
    assert list(json.loads(done.stdout)["results"][0]["environment"]) == ["PYTHONHASHSEED"]
    done = cli("kernel", "install", "--prefix", prefix, "--threads", "4", "--json")
    environment = json.loads(done.stdout)["results"][0]["environment"]
    assert environment["OMP_NUM_THREADS"] == "4"
    assert "XLA_FLAGS" not in environment


def test_only_ours_are_listed_and_removed(cli, prefix):
    """A kernel of another origin is not shown, and stays."""
    other = foreign(prefix, "mine")
    cli("kernel", "install", "--prefix", prefix, "--name", "CI", "--display-name", "For CI")
    printed = json.loads(cli("kernel", "list", "--json").stdout)
    assert printed["schema"] == "repro_nb/kernel/1"
    assert [(entry["name"], entry["display_name"]) for entry in printed["results"]] == [
        ("ci", "For CI")
    ]
    assert "PYTHONHASHSEED=42" in cli("kernel", "list").stdout
    assert cli("kernel", "remove", "ci").returncode == 0
    refused = cli("kernel", "remove", "mine")
    assert refused.returncode == 2
    assert "was not written by repro_nb" in refused.stderr
    assert list(kernels_in(prefix).iterdir()) == [other]


def test_a_kernel_of_another_origin_is_overwritten_only_with_replace(cli, prefix):
    """One of ours is renewed without."""
    path = foreign(prefix) / "kernel.json"
    before = path.read_text()
    refused = cli("kernel", "install", "--prefix", prefix)
    assert refused.returncode == 2
    assert "--replace" in refused.stderr
    assert path.read_text() == before
    assert cli("kernel", "install", "--prefix", prefix, "--replace").returncode == 0
    assert cli("kernel", "install", "--prefix", prefix, "--seed", "7").returncode == 0
    assert json.loads(path.read_text())["env"]["PYTHONHASHSEED"] == "7"


def test_a_failure_leaves_the_old_kernel_whole(prefix, monkeypatch):
    """What cannot be built never comes in sight, and leaves nothing behind."""
    install_kernel(kernels_in(prefix), seed=1)

    def full_disk(path, **_):
        path.mkdir()
        (path / "kernel.json").write_text("{")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ipykernel.kernelspec.write_kernel_spec", full_disk)
    with pytest.raises(Exception, match="No space left"):
        install_kernel(kernels_in(prefix), seed=2)
    assert [path.name for path in kernels_in(prefix).iterdir()] == [NAME]
    spec = json.loads((kernels_in(prefix) / NAME / "kernel.json").read_text())
    assert spec["env"]["PYTHONHASHSEED"] == "1"


def test_a_place_that_jupyter_does_not_search_is_told(cli, prefix, tmp_path):
    """The kernel is written, with a word on how it is found."""
    shown = cli("kernel", "install", "--prefix", tmp_path / "elsewhere").stdout
    assert f"JUPYTER_PATH={tmp_path / 'elsewhere'}" in shown


def test_the_users_folder_can_be_chosen(cli, prefix, tmp_path):
    """--user writes where Jupyter keeps the user's kernels."""
    assert cli("kernel", "install", "--user").returncode == 0
    assert (tmp_path / "data" / "kernels" / NAME / "kernel.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["install", "--seed", "-1"],
        ["install", "--seed", "4294967296"],
        ["install", "--threads", "-1"],
        ["install", "--name", "../up"],
        ["install", "--user", "--sys-prefix"],
        ["remove", "none"],
    ],
)
def test_what_cannot_be_used_is_refused(cli, prefix, words):
    """Exit 2, a sentence, and nothing written."""
    done = cli("kernel", *words)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert not prefix.exists()


@pytest.mark.parametrize(
    ("version", "platform", "needed"),
    [
        ("2.9.1", "linux", True),
        ("2.9.1+cu128", "linux", True),
        ("1.13.0", "win32", True),
        ("2.10.0", "linux", False),
        ("2.13.0+cu130", "linux", False),
        ("2.9.1+cpu", "linux", False),
        ("2.9.1+rocm6.4", "linux", False),
        ("2.9.1", "darwin", False),
    ],
)
def test_the_cublas_workspace_is_set_where_torch_asks_for_it(version, platform, needed):
    """Deterministic mode needs it before torch 2.10, on CUDA alone."""
    assert needs_cublas_workspace(version, platform) is needed
