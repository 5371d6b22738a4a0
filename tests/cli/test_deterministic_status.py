"""`repro-nb deterministic --status`: the settings that a process of this environment has."""

import json


def test_the_settings_of_torch_are_shown(cli):
    """Name, value, whether it is as wanted, and when a change takes effect."""
    shown = cli("deterministic", "--status", "--import", "torch").stdout
    assert "A fresh process with torch imported" in shown
    line = next(line for line in shown.splitlines() if "cudnn.deterministic" in line)
    assert line.split()[1:4] == ["False", "no", "live"]
    assert "needs-restart" in next(line for line in shown.splitlines() if "PYTHONHASHSEED" in line)


def test_the_installed_frameworks_are_imported_by_default(cli):
    """All three are installed here."""
    printed = json.loads(cli("deterministic", "--status", "--json").stdout)
    assert printed["schema"] == "repro_nb/deterministic/1"
    assert printed["imported"] == ["torch", "jax", "tensorflow"]
    settings = {entry["name"]: entry for entry in printed["results"]}
    assert settings["torch.backends.cudnn.deterministic"]["settled"] is False
    assert settings["XLA_FLAGS"]["when"] == "needs-restart"


def test_a_hash_seed_counts_as_settled(cli, monkeypatch):
    """What the process was started with decides."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    printed = json.loads(cli("deterministic", "--status", "--import", "json", "--json").stdout)
    assert printed["imported"] == ["json"]
    (seed,) = (entry for entry in printed["results"] if entry["name"] == "PYTHONHASHSEED")
    assert (seed["value"], seed["settled"]) == ("7", True)


def test_an_unknown_module_is_a_usage_error(cli):
    """Exit 2 and a sentence."""
    done = cli("deterministic", "--status", "--import", "torhc")
    assert done.returncode == 2
    assert done.stderr == "error: --import: 'torhc' cannot be imported: No module named 'torhc'\n"


def test_without_status_there_is_help(cli):
    """Nothing is imported."""
    done = cli("deterministic")
    assert done.returncode == 0
    assert done.stdout == cli("deterministic", "-h").stdout
