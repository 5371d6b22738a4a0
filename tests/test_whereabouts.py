"""Where the running notebook lies: told by a real Jupyter Server, by VS Code, or by the user."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient

from repro_nb.errors import UsageError
from repro_nb.probe.whereabouts import find_notebook, notebook_path

PROJECT = Path(__file__).resolve().parents[1]
WHERE = (
    "from repro_nb.probe.whereabouts import notebook_path\n"
    "print(notebook_path(get_ipython().user_ns, get_ipython().starting_dir))"
)


class Server:
    """A Jupyter Server of our own, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.runtime = folder / "runtime"
        self.root.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folders = {
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "IPYTHONDIR": str(folder / "ipython"),
            "PYTHONPATH": str(PROJECT),
        }
        options = [f"--port={self.port}", f"--ServerApp.root_dir={self.root}", "--ip=127.0.0.1"]
        options += [
            "--IdentityProvider.token=",
            "--ServerApp.disable_check_xsrf=True",
            "--no-browser",
        ]
        options += ["--ServerApp.port_retries=0", "--allow-root"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options],
            env={**os.environ, **folders},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, path: str, /, **body: object) -> dict[str, object]:
        """The answer to a GET, or to a POST when there is a body."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/{path}", data=data)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def wait(self) -> None:
        """Return once it answers."""
        for _ in range(300):
            try:
                self.ask("status")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        raise TimeoutError("the server did not start")

    def open(self, path: str, name: str) -> BlockingKernelClient:
        """A client of the kernel that a front end gets for the notebook at `path`."""
        kernel = {"name": "python3"}
        session = self.ask("sessions", path=path, name=name, type="notebook", kernel=kernel)
        file = self.runtime / f"kernel-{session['kernel']['id']}.json"
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        # On a busy machine the first heart beat may take longer than the second that a client gives it.
        client.hb_channel.time_to_dead = 60.0
        client.start_channels()
        client.wait_for_ready(timeout=60)
        return client


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A running server; it is shut down with all its kernels."""
    server = Server(tmp_path_factory.mktemp("server"))
    try:
        server.wait()
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=30)


def printed(client: BlockingKernelClient, code: str) -> str:
    """What `code` prints in the kernel."""
    lines = []
    client.execute_interactive(
        code,
        timeout=60,
        output_hook=lambda message: lines.append(message["content"].get("text", "")),
    )
    return "".join(lines).strip()


def test_jupyter_server_tells_the_path_even_after_the_notebook_went_elsewhere(server):
    """The kernel finds its notebook by itself, also after `os.chdir`."""
    notebook = server.root / "study" / "survey.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("{}")
    client = server.open("study/survey.ipynb", name="survey.ipynb")
    try:
        assert printed(client, f"import os; os.chdir('/')\n{WHERE}") == str(notebook)
        shutil.move(notebook, notebook.with_name("renamed.ipynb"))
        assert printed(client, WHERE) == str(notebook)
    finally:
        client.stop_channels()


def test_a_session_named_by_its_path_is_found_too(server):
    """Some front ends give the whole path as the session's name."""
    notebook = server.root / "deep" / "er" / "survey.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.write_text("{}")
    client = server.open("deep/er/survey.ipynb", name="deep/er/survey.ipynb")
    try:
        assert printed(client, WHERE) == str(notebook)
    finally:
        client.stop_channels()


@pytest.mark.parametrize(
    "session",
    ["{folder}/survey.ipynb", "survey.ipynb", "{folder}/RTC:survey.ipynb", "{name}/survey.ipynb"],
)
def test_the_forms_of_a_sessions_name(tmp_path, session):
    """Absolute, relative to the notebook's folder or to the server's root, with a drive: one file."""
    notebook = tmp_path / "survey.ipynb"
    notebook.write_text("{}")
    name = session.format(folder=tmp_path, name=tmp_path.name)
    assert notebook_path({}, str(tmp_path), {"JPY_SESSION_NAME": name}) == notebook


def test_vs_code_tells_in_the_namespace(tmp_path):
    """VS Code's variable counts more than an environment inherited from elsewhere."""
    notebook = tmp_path / "survey.ipynb"
    notebook.write_text("{}")
    environ = {"JPY_SESSION_NAME": "/elsewhere/other.ipynb"}
    assert notebook_path({"__vsc_ipynb_file__": str(notebook)}, "/", environ) == notebook


@pytest.mark.parametrize(
    "environ", [{}, {"JPY_SESSION_NAME": ""}, {"JPY_SESSION_NAME": "/a/0b1c-22"}]
)
def test_no_notebook_is_guessed(environ):
    """A console has no notebook, and the user is told how to name one."""
    assert notebook_path({"__vsc_ipynb_file__": 3}, "/tmp", environ) is None


def test_a_front_end_that_tells_nothing_is_a_usage_error(monkeypatch):
    """The error says how to name the notebook."""
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    with pytest.raises(UsageError, match=r"%repro_verify path/to/notebook\.ipynb"):
        find_notebook(None, {}, "/")


def test_a_notebook_that_was_never_saved_is_a_usage_error(tmp_path):
    """The front end named a file that is not there."""
    user_ns = {"__vsc_ipynb_file__": str(tmp_path / "Untitled.ipynb")}
    with pytest.raises(UsageError, match="never saved, or was renamed"):
        find_notebook(None, user_ns, str(tmp_path))


def test_the_users_word_counts(tmp_path, monkeypatch):
    """A named file is taken relative to the current folder; a missing one is refused."""
    monkeypatch.chdir(tmp_path)
    Path("mine.ipynb").write_text("{}")
    assert find_notebook("mine.ipynb", {}, "/") == Path("mine.ipynb")
    with pytest.raises(UsageError, match="no such file"):
        find_notebook("other.ipynb", {}, "/")
