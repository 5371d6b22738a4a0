"""Process IDs, temporary names and addresses: held by the system where it can, and noted."""

import json
import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest
from fresh_python import in_fresh_python
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.probe.factors import Host, Traces
from repro_nb.probe.factors.process import Process
from repro_nb.probe.factors.process_space import fixed_addresses, own_process_ids
from repro_nb.probe.factors.process_words import tell_of_the_process
from repro_nb.rerun.kernel import describe_death
from repro_nb.rerun.vary import pinned

needs_namespaces = pytest.mark.skipif(
    bool(own_process_ids(4242, "", mounts=False)[1]), reason="this system grants no PID namespace"
)
needs_fixed_addresses = pytest.mark.skipif(
    bool(fixed_addresses()[1]), reason="this system always randomises addresses"
)
CELLS = (
    "import json, os, subprocess, tempfile, threading\nfrom os import getpid as who\nimport tempfile as t",
    "print(who(), os.getpid() % 7)",
    "print(os.readlink('/proc/self'), subprocess.run('echo $$', shell=True, capture_output=True).stdout)",
    "import psutil\nme = psutil.Process()\nprint(me.pid, [child.pid for child in me.children()])",
    (
        "def scratch():\n    with t.NamedTemporaryFile() as file:\n        return file.name\n"
        "print(scratch(), tempfile.mkdtemp(), tempfile.mkstemp()[1], t.TemporaryDirectory().name)"
    ),
    (
        "child = os.fork()\nif child == 0:\n    path = tempfile.mkdtemp(); os.write(1, b''); "
        "open('child.txt', 'w').write(path); os._exit(0)\n"
        "os.waitpid(child, 0)\nprint(child, open('child.txt').read() != tempfile.mkdtemp())"
    ),
    (
        "import signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    import time; time.sleep(5)\n"
        "except KeyboardInterrupt:\n    print('interrupted')"
    ),
    "print(threading.get_native_id(), os.getppid())",
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which the process alone is another."""
    return [rerun_once(*CELLS, plan=plan) for plan in (pinned(), pinned(), pinned({"process": 0}))]


@needs_namespaces
def test_a_pinned_process_has_the_same_ids_and_names_again(runs):
    """For Python, the system, psutil and child processes alike."""
    assert runs[0].texts == runs[1].texts
    assert runs[0].texts[1] == "4242 0\n"
    assert runs[0].texts[2].startswith("4242 ")
    assert runs[0].texts[6] == "interrupted\n"


@needs_namespaces
def test_another_process_has_other_ids_and_names(runs):
    """So that what is derived from them differs."""
    pairs = list(zip(runs[0].texts, runs[2].texts, strict=True))
    assert [index for index, (pin, other) in enumerate(pairs) if pin != other] == [1, 2, 3, 4, 5, 7]


def test_uses_are_noted_with_their_lines(runs):
    """Under the name of the function that the user called, through aliases and in functions."""
    told = {(call, cell, line) for call, cell, line, _ in runs[0].told("process")}
    assert told >= {
        ("os.getpid", "cell-1", 1),
        ("tempfile.NamedTemporaryFile", "cell-4", 2),
        ("tempfile.mkdtemp", "cell-4", 4),
        ("tempfile.mkstemp", "cell-4", 4),
        ("tempfile.TemporaryDirectory", "cell-4", 4),
    }
    assert not any(cell in ("cell-0", "cell-2") for _, cell, _ in told)
    assert Process().is_active(runs[0].traces)


@needs_namespaces
def test_ids_of_the_rounds_have_other_remainders(tmp_path):
    """By every small number, so that nothing derived from them stays as it was."""
    host = Host(tmp_path, tmp_path, tmp_path)
    ids = [
        int(setting.value.split()[1])
        for setting in (Process().pin(host), *(Process().vary(host, k) for k in range(3)))
    ]
    assert all(other % n != ids[0] % n for other in ids[1:] for n in range(2, 200))
    assert max(ids) < 32_768


def launched(words: tuple[str, ...], program: str, **more) -> subprocess.CompletedProcess[str]:
    """A Python program behind `words`."""
    return subprocess.run(
        [*words, sys.executable, "-c", program], capture_output=True, text=True, check=False, **more
    )


@needs_namespaces
def test_the_namespace_gives_the_id_and_shared_memory_of_its_own():
    """Names in shared memory are often made of process IDs, which parallel runs have alike."""
    words, _ = own_process_ids(5151, "/elsewhere", mounts=False)
    done = launched(
        words,
        "import os; print(os.getpid(), os.listdir('/dev/shm'), os.environ['TMPDIR'], os.environ['JPY_PARENT_PID'])",
    )
    assert (done.stdout, done.stderr) == ("5151 [] /elsewhere 1\n", "")


@needs_namespaces
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("mounts", [False, True])
def test_it_needs_no_privilege(mounts):
    """A user who is not root has it too, inside an overlay's namespace and without one."""
    program = (
        "import os, subprocess\n"
        "from repro_nb.probe.factors.process_space import own_process_ids\n"
        "os.chdir('/'); os.setgroups([]); os.setgid(12345); os.setuid(12345)\n"
        f"words, obstacle = own_process_ids(5151, '', mounts={mounts})\n"
        f"outer = 'unshare --map-current-user --keep-caps --mount --propagation private'.split()[:{99 * mounts}]\n"
        "command = [*outer, *words, 'sh', '-c', 'echo $$']\n"
        "print(obstacle or subprocess.check_output(command, text=True).strip())"
    )
    assert in_fresh_python(program) == ["5151"]


@needs_fixed_addresses
def test_fixed_addresses_are_the_same_again():
    """Those of a fresh interpreter's objects."""
    words, _ = fixed_addresses()
    program = "print(id(object()), id(int), id(print))"
    shown = {launched(words, program, env={"PYTHONHASHSEED": "0"}).stdout for _ in range(3)}
    assert len(shown) == 1


@needs_namespaces
@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("os._exit(3)", "exit code 3"),
        ("os.kill(os.getpid(), 9)", "SIGKILL"),
        ("os.abort()", "SIGABRT"),
    ],
)
def test_how_a_kernel_died_is_told_through_the_namespace(ending, words, rerun):
    """The shell in between hides neither signals nor exit codes."""
    run = rerun("print('before')", f"import os\n{ending}").run
    assert run.failure.type == "KernelDiedError"
    assert words in run.failure.message


def test_a_kernel_that_was_never_started_did_not_die_of_a_signal():
    """Nothing is known of its end."""
    assert describe_death(None) == "its process ended"


@needs_namespaces
def test_killing_the_parent_kills_what_is_in_the_namespace():
    """Even ``kill -9``, and what went into a session of its own."""
    words, _ = own_process_ids(5151, "", mounts=False)
    child = "setsid sleep 4141 & sleep 4141"
    program = (
        "import json, subprocess, sys, time\n"
        f"subprocess.Popen({[*words, 'sh', '-c', child]!r}, start_new_session=True); time.sleep(100)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    found = waited_for(lambda: sleepers(2))
    parent.kill()
    parent.wait()
    assert waited_for(lambda: not any(map(alive, found)))


def sleepers(number: int) -> list[psutil.Process]:
    """The processes of the test above, once there are so many."""
    found = [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "4141"]]
    return found if len(found) == number else []


def alive(process: psutil.Process) -> bool:
    """Whether it runs."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def waited_for(condition):
    """What `condition` gives as soon as that is true; None after a long time."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        result = condition()
        if result:
            return result
        time.sleep(0.1)
    return None


@needs_namespaces
def test_a_system_without_the_tools_says_what_is_missing(tmp_path):
    """Temporary names are held all the same."""
    program = (
        "import os, json; os.environ['PATH'] = '/nowhere'\n"
        "from pathlib import Path\nfrom repro_nb.probe.factors import Host\n"
        "from repro_nb.probe.factors.process import Process\n"
        "here = Path('/tmp')\nsetting = Process().pin(Host(here, here, here))\n"
        "print(json.dumps([setting.prefix, setting.held, setting.missing]))"
    )
    (line,) = in_fresh_python(program)
    assert json.loads(line) == [
        [],
        "held",
        "the process ID: there is no setpriv; memory addresses: there is no setarch",
    ]
    assert shutil.which("setpriv")


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["print(id(x) % 7)"], True),
        (["sorted(things, key=id)"], True),
        (["!echo $$"], True),
        (["hash(thing)"], True),
        (["thread.ident"], True),
        (["class A: pass", "for a in set(things): print(a)"], True),
        (
            [
                "class A:\n    def __hash__(self): return 1\n    def __eq__(self, o): return True",
                "set(x)",
            ],
            False,
        ),
        (["@dataclass(frozen=True)\nclass A:\n    x: int", "{A(1), A(2)}"], False),
        (["class Net(nn.Module): pass"], False),
        (["id = 3", "df.id = 4", "df['id']", "print('$$')"], False),
        (["x = {1, 2}", "%matplotlib inline", "not python ("], False),
    ],
)
def test_words_that_tell_of_the_process(texts, expected):
    """Not every notebook with a class or a column called ``id``."""
    assert tell_of_the_process(texts) is expected
    assert Process().is_active(Traces([], texts)) is expected


@given(st.text())
def test_any_text_can_be_a_cell(text):
    """Nothing is raised."""
    assert tell_of_the_process([text]) in (True, False)


CONTRACT = """
import inspect, os, pickle, random, tempfile, threading
from repro_nb.probe.factors.process import Process
from repro_nb.probe.factors.uses import Uses
signature = inspect.signature(os.getpid)
uses = Uses(); uses.begin("cell", "<string>")
Process().install(uses, "held")
print(inspect.signature(os.getpid) == signature, type(os.getpid()), pickle.loads(pickle.dumps(os.getpid)) is os.getpid)
try: os.getpid(1)
except TypeError as error: print("TypeError")
class Pid: get = os.getpid
print(Pid().get() == os.getpid())
state = random.getstate()
names = {tempfile.mktemp() for _ in range(3000)}
print(len(names), random.getstate() == state)
made = []
def make():
    for _ in range(50): made.append(tempfile.mkdtemp())
threads = [threading.Thread(target=make) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(set(made)))
taken = next(tempfile._RandomNameSequence()); [os.rmdir(path) for path in made]
print(len(taken), set(taken) <= set(tempfile._RandomNameSequence.characters))
"""


def test_what_is_watched_keeps_its_contract():
    """Signatures, errors, pickling; names never collide, and no stream of the user's is drawn from."""
    assert in_fresh_python(CONTRACT) == [
        "True <class 'int'> True",
        "TypeError",
        "True",
        "3000 True",
        "200",
        "8 True",
    ]


# `test_process_awareness` compares the parent's name with a child's; ours differ by the fork. None is left out.
@pytest.mark.parametrize("module", ["test.test_tempfile", "test.test_uuid"])
def test_pythons_own_tests_pass(module, standard_tests):
    """All of them, with temporary names and entropy held; none is left out."""
    standard_tests(module, {"process": "held", "os-entropy": "held", "python": "5"})


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("seed = os.getpid()", "process ID"),
        ("tempfile.mkdtemp()", "folder"),
        ("sorted(x, key=id)", "lie in memory"),
        ("", "temporary names"),
    ],
)
def test_the_advice_fits_the_line(code, word):
    """It says what to do instead."""
    assert word in Process().remedy(code)
