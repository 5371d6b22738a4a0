"""`repro-nb enable` and `disable`: the extension in every kernel of an environment, or no longer."""

import hashlib
import site
import subprocess
import sys
import venv

import pytest
from jupyter_client import KernelManager

STARTUP = "etc/ipython/startup/50-repro_nb.py"


class Place:
    """An environment of its own, with this one's packages."""

    def __init__(self, folder, environment):
        self.folder = folder / "env"
        self.python = self.folder / "bin" / "python"
        self.cwd = folder
        self.environment = {**environment, "IPYTHONDIR": str(folder / "ipython")}
        venv.create(self.folder, symlinks=True)
        packages = next(self.folder.glob("lib/python*/site-packages"))
        lines = [f"import site; site.addsitedir({folder!r})\n" for folder in site.getsitepackages()]
        (packages / "shared.pth").write_text("".join(lines))

    def cli(self, *arguments):
        """Runs ``repro-nb`` there."""
        return subprocess.run(
            [self.python, "-m", "repro_nb", *arguments],
            cwd=self.cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def tree(self):
        """Every path and content below the environment, but for what Python caches."""
        paths = [path for path in self.folder.rglob("*") if "__pycache__" not in path.parts]
        return {path: path.is_file() and path.read_bytes() for path in paths}

    def run(self, *cells):
        """What each cell prints, in one new kernel."""
        manager = KernelManager()
        manager.kernel_spec.argv[0] = str(self.python)
        manager.start_kernel(env=self.environment, cwd=str(self.cwd))
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            return [printed(client, cell) for cell in cells]
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def printed(client, cell):
    """Everything that a cell writes, errors too."""
    texts = []

    def take(message):
        content = message["content"]
        texts.append(content.get("text") or content.get("ename") or "")

    client.execute_interactive(cell, timeout=60, output_hook=take)
    return "".join(texts)


@pytest.fixture
def place(tmp_path, process_environment):
    return Place(tmp_path, process_environment)


RECORDS = "from repro_nb.probe.session import session; print(session.recorder is not None)"
LOADED = "import sys; print('repro_nb' in sys.modules, '_load_repro_nb' in globals())"


def test_kernels_have_the_extension_until_it_is_disabled(place):
    """No %load_ext is needed, one does no harm; afterwards the environment is what it was."""
    before = place.tree()
    assert str(place.folder / STARTUP) in place.cli("enable").stdout
    assert place.run(LOADED, "%load_ext repro_nb", RECORDS, "%reload_ext repro_nb", RECORDS) == [
        "True False\n",
        "",
        "True\n",
        "",
        "True\n",
    ]
    assert place.cli("disable").returncode == 0
    assert place.tree() == before
    assert place.run(LOADED) == ["False False\n"]


def test_verify_works_while_enabled(place, write):
    """The kernels of a rerun have a probe already; the notebook's own %load_ext says nothing in them."""
    write(
        place.cwd / "study.ipynb",
        ("%%capture\n%repro_seed 42", ""),
        ("%load_ext repro_nb", ""),
        ("import random; print(random.random())", "0.6394267984578837\n"),
    )
    place.cli("enable")
    done = place.cli("verify", "study.ipynb")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 (matches)" in done.stdout


def test_enabling_twice_is_one_file(place):
    """The second time says so; --status tells before and after."""
    assert place.cli("enable", "--status").stdout.startswith("not enabled")
    place.cli("enable")
    content = (place.folder / STARTUP).read_bytes()
    assert place.cli("enable").stdout.startswith("Enabled already")
    assert place.cli("enable", "--status").stdout.startswith("enabled by")
    assert (place.folder / STARTUP).read_bytes() == content
    assert [path.name for path in (place.folder / STARTUP).parent.iterdir()] == ["50-repro_nb.py"]


def test_the_file_of_an_older_version_is_renewed(place):
    """Its first line vouches for it; which folders were made for it is not forgotten."""
    before = place.tree()
    body = b"# Folders made for it: 3\nolder = True\n"
    digest = hashlib.sha256(body).hexdigest()
    path = place.folder / STARTUP
    path.parent.mkdir(parents=True)
    path.write_bytes(
        f"# repro_nb startup file; sha256 of all that follows: {digest}\n".encode() + body
    )
    assert place.cli("enable").stdout.startswith("Wrote")
    assert b"older = True" not in path.read_bytes()
    assert place.cli("disable").returncode == 0
    assert place.tree() == before


def test_a_file_that_the_user_changed_is_left_alone(place):
    """Both commands refuse with exit 2."""
    place.cli("enable")
    path = place.folder / STARTUP
    path.write_text(path.read_text() + "print('mine')\n")
    changed = path.read_bytes()
    for command in ("enable", "disable"):
        done = place.cli(command)
        assert done.returncode == 2
        assert "is not as repro_nb wrote it" in done.stderr
    assert place.cli("enable", "--status").stdout.startswith("not known")
    assert path.read_bytes() == changed


def test_folders_that_others_use_are_kept(place):
    """Disabling removes what it made, as far as it is empty."""
    place.cli("enable")
    other = (place.folder / STARTUP).with_name("10-mine.py")
    other.write_text("")
    place.cli("disable")
    assert other.exists()
    assert not (place.folder / STARTUP).exists()


def test_disabling_what_is_not_enabled_is_no_error(place):
    """It says so, and makes no folder."""
    before = place.tree()
    done = place.cli("disable")
    assert (done.returncode, place.tree()) == (0, before)
    assert "not enabled" in done.stdout


def test_a_profile_can_be_chosen(place):
    """--profile writes below IPYTHONDIR; a profile that does not exist is refused."""
    profile = place.cwd / "ipython" / "profile_work"
    assert place.cli("enable", "--profile", "work").returncode == 2
    profile.mkdir(parents=True)
    assert place.cli("enable", "--profile", "work").returncode == 0
    assert (profile / "startup" / "50-repro_nb.py").exists()
    assert not (place.folder / STARTUP).exists()
    assert place.cli("disable", "--profile", "work").returncode == 0
    assert list(profile.iterdir()) == []


def test_outside_a_virtual_environment_the_default_profile_is_used(place):
    """The system's own Python is shared by all users, so nothing is written below it."""
    place.environment["JUPYTER_PREFER_ENV_PATH"] = "0"
    place.cli("enable")
    assert (place.cwd / "ipython/profile_default/startup/50-repro_nb.py").exists()
    assert not (place.folder / "etc").exists()


def test_an_environment_without_the_package_is_not_disturbed(place):
    """The startup file does nothing there, and an error in loading is a line, not an end."""
    place.cli("enable")
    run_file = f"exec(open({str(place.folder / STARTUP)!r}).read())"
    bare = [sys.executable, "-I", "-S", "-c", f"{run_file}\nprint(dir())"]
    done = subprocess.run(bare, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "_load_repro_nb" not in done.stdout
    (place.cwd / "repro_nb.py").write_text("raise RuntimeError('broken')")
    broken = [sys.executable, "-c", run_file]
    done = subprocess.run(broken, cwd=place.cwd, env={}, capture_output=True, text=True, check=True)
    assert done.stderr == "repro_nb was not loaded: RuntimeError: broken\n"
