"""Other hosts: noted with the line that speaks with them, and never told from here."""

import pytest

from repro_nb.probe.factors import Traces, UnavailableError
from repro_nb.probe.factors.network import Network, _is_here

FETCH = """
try:
    {}
except Exception as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def run(rerun_once):
    """A notebook that asks hosts that do not exist, and its own machine."""
    calls = (
        "urllib.request.urlopen('http://example.invalid/x')",
        "pd.read_csv('http://example.invalid/x.csv')",
        "requests.get('http://example.invalid')",
        "socket.create_connection(('192.0.2.1', 9), timeout=0.2)",
        "socket.create_connection(('127.0.0.1', 9), timeout=0.2)",
        "socket.socketpair()[0].send(b'x')",
        "socket.getaddrinfo('localhost', 80)",
    )
    imports = "import socket, urllib.request\nimport pandas as pd, requests"
    return rerun_once(imports, *(FETCH.format(call).strip() for call in calls))


def test_lines_that_speak_with_another_host_are_noted(run):
    """By the call that the user wrote, whatever library lies between; one's own machine is no other host."""
    assert [(call, cell, line) for call, cell, line, _ in run.told("network")] == [
        ("urllib.request.urlopen", "cell-1", 2),
        ("pandas.read_csv", "cell-2", 2),
        ("requests.get", "cell-3", 2),
        ("socket.create_connection", "cell-4", 2),
    ]


def test_errors_are_the_librarys_own(run):
    """Nothing is held back, and nothing is added."""
    assert run.texts[1:4] == ["URLError\n", "URLError\n", "ConnectionError\n"]


def test_it_is_neither_pinned_nor_varied(run):
    """One short sentence says so."""
    (told,) = [line for line in run.run.launch.variation.not_pinned if line.startswith("network")]
    assert told == "network: what other hosts answer is not ours to set"
    with pytest.raises(UnavailableError):
        Network().vary(None, 0)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        (b"localhost", True),
        ("127.0.0.53", True),
        ("::1", True),
        (None, True),
        ("fe80::1%eth0", False),
        ("example.org", False),
        ("192.0.2.1", False),
    ],
)
def test_which_hosts_are_this_machine(host, here):
    assert _is_here(host) is here


@pytest.mark.parametrize(("source", "active"), [("!wget http://x", True), ("x = 1", False)])
def test_programs_that_fetch_count_too(source, active):
    assert Network().is_active(Traces((), (source,))) is active


def test_the_advice_is_to_keep_what_was_fetched():
    assert "checksum" in Network().remedy("pd.read_csv(URL)")
