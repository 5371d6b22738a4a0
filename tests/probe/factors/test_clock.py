"""The clock: noted with its line, held for the user's code alone, and like the real one in all else."""

import pytest
from fresh_python import in_fresh_python

from repro_nb.probe.factors import Traces
from repro_nb.probe.factors.clock import Clock
from repro_nb.rerun.vary import pinned

HELPERS = "import time\n\ndef stamp():\n    return time.time_ns()\n"
CELLS = (
    (
        "import datetime as dt, email.utils, logging, sys, threading, time, timeit, uuid\n"
        "from datetime import date, datetime\nfrom time import time as t\nfrom helpers import stamp"
    ),
    (
        "print(t(), time.monotonic(), time.perf_counter_ns(), time.process_time())\n"
        "print(datetime.now(), dt.datetime.utcnow(), date.today(), dt.datetime.now(dt.timezone.utc))\n"
        "print(time.localtime()[:6], time.ctime(), time.strftime('%c'))\n"
        "print(time.clock_gettime(time.CLOCK_REALTIME))"
    ),
    (
        "class Watch:\n    now = time.time\n    def look(self):\n        return self.now()\n"
        "print(Watch().look(), stamp())\nprint(uuid.uuid1(), email.utils.formatdate())\n"
        "logging.basicConfig(stream=sys.stdout, format='%(asctime)s %(relativeCreated)d', force=True)\n"
        "logging.warning('x')"
    ),
    (
        "import pandas as pd\nprint(pd.Timestamp.now(), pd.to_datetime('now'))\n"
        "print(isinstance(pd.Timestamp.now(), datetime))"
    ),
    (
        "begun = time.time()\ntime.sleep(0.3)\nprint(time.time() - begun)\n"
        "found = []\nthread = threading.Thread(target=lambda: found.append(time.time()))\n"
        "thread.start(); thread.join(); print(found)"
    ),
    "%%time\n\nprint(\n    datetime.now())",
    (
        "import os\nread, write = os.pipe()\nif os.fork() == 0:\n    os.write(write, str(time.time()).encode())\n"
        "    os._exit(0)\nos.wait(); print(os.read(read, 99).decode(), time.time())"
    ),
    (
        "loops = []\nresult = %timeit -o -q loops.append(1)\nprint(len(loops), result.average)\n"
        "print(timeit.timeit('1', number=4), timeit.default_timer())"
    ),
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which the clock alone is another."""
    files = {"helpers.py": HELPERS}
    plans = (pinned(), pinned(), pinned({"clock": 0}))
    return [rerun_once(*CELLS, plan=plan, files=files) for plan in plans]


def without_magic(texts):
    """What `%%time` itself prints is true, and hidden from comparison."""
    return [text.partition("CPU times")[0] for text in texts]


def test_a_pinned_notebook_sees_the_same_times_again(runs):
    """Dates, timers, ids, log records, functions, threads, forks and ``%timeit`` all repeat."""
    first, second, _ = runs
    assert without_magic(first.texts) == without_magic(second.texts)


def test_another_clock_shows_in_every_cell_that_looks(runs):
    """Nothing that reads the clock is missed."""
    first, _, other = runs
    pairs = list(zip(first.texts, other.texts, strict=True))[1:]
    assert all(ours != theirs for ours, theirs in pairs)


def test_each_reading_is_noted_with_its_line(runs):
    """As users write the call, where their own line makes it, whatever it goes through."""
    told = {(call, cell, line) for call, cell, line, _ in runs[0].told("clock")}
    assert {
        ("time.time", "cell-1", 1),
        ("time.perf_counter_ns", "cell-1", 1),
        ("datetime.now", "cell-1", 2),
        ("date.today", "cell-1", 2),
        ("time.ctime", "cell-1", 3),
        ("time.time", "cell-2", 4),
        ("time.time_ns", "cell-2", 5),
        ("uuid.uuid1", "cell-2", 6),
        ("email.utils.formatdate", "cell-2", 6),
        ("logging.warning", "cell-2", 8),
        ("datetime.now", "cell-3", 2),
        ("time.time", "cell-4", 5),
        ("datetime.now", "cell-5", 4),
        ("timeit", "cell-7", 2),
    } <= told
    assert not [line for call, cell, line in told if cell == "cell-0"]


def test_a_reading_in_a_users_file_names_it_too(runs):
    """The cell's line, and the line of the module that it called."""
    assert ("time.time_ns", "helpers.py:4") in {
        (use.call, use.file) for use in runs[0].uses("clock")
    }


def test_the_kernel_has_the_true_time(runs):
    """Its messages are dated as ever, or front ends would wait for ever."""
    seconds = [record.seconds for record in runs[0].records]
    assert 0.3 <= seconds[4] < 60


def test_what_waits_goes_on_waiting(rerun):
    """Event loops, queues, pools, threads and child processes have the true time, so that nothing gives up early."""
    run = rerun(
        "import asyncio, concurrent.futures, queue, subprocess, sys, threading, time\n"
        "async def later(value, delay):\n    await asyncio.sleep(delay)\n    return value",
        "assert await asyncio.gather(later(1, 0.2), later(2, 0.1)) == [1, 2]\n"
        "try:\n    await asyncio.wait_for(later(1, 60), 0.2)\n    raise AssertionError\n"
        "except asyncio.TimeoutError:\n    pass",
        "assert not threading.Event().wait(0.2)\nbox = queue.Queue()\n"
        "threading.Timer(0.5, box.put, ['late']).start()\nassert box.get(timeout=30) == 'late'",
        "try:\n    subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'], timeout=0.5)\n"
        "    raise AssertionError\nexcept subprocess.TimeoutExpired:\n    pass",
        "with concurrent.futures.ThreadPoolExecutor() as pool:\n"
        "    assert pool.submit(time.sleep, 0.1).result(timeout=30) is None",
        "from multiprocessing import get_context\nfor kind in ('fork', 'spawn'):\n"
        "    with get_context(kind).Pool(1) as pool:\n        assert pool.map_async(abs, [-1]).get(60) == [1]",
        "end = time.monotonic() + 3600\nwhile time.monotonic() < end:\n    pass",
        plan=pinned(),
    )
    assert not any(run.texts)


HELD = """
import sys
from repro_nb.probe.factors.clock import Clock
from repro_nb.probe.factors.uses import Uses
uses = Uses()
uses.begin("cell", "<string>")
Clock().install(uses, "0")
"""


def test_the_functions_are_as_they_were_in_all_but_the_time():
    """Names, signatures, pickles, copies, errors and types stay."""
    program = (
        """
import copy, datetime, inspect, pickle, time
kept = [time.time, time.sleep, time.strftime, datetime.datetime.now, datetime.date.today]
signature = str(inspect.signature(kept[3]))
"""
        + HELD
        + """
now = [time.time, time.sleep, time.strftime, datetime.datetime.now, datetime.date.today]
assert str(inspect.signature(now[3])) == signature
for old, new in zip(kept, now):
    assert (old.__name__, old.__qualname__, old.__doc__) == (new.__name__, new.__qualname__, new.__doc__)
    assert pickle.loads(pickle.dumps(new)) == new == copy.deepcopy(new)
assert pickle.loads(pickle.dumps(datetime.datetime.now())).year == 2024
for call, given in ((time.time, (1,)), (time.sleep, ("a",)), (time.sleep, (-1,)), (time.localtime, ("x",)),
                    (time.clock_gettime, (12345,)), (datetime.datetime.now, (3,))):
    try:
        call(*given)
    except (TypeError, ValueError, OSError):
        continue
    raise AssertionError(call)
assert time.localtime(0)[:2] == (1970, 1) and time.strftime("%Y", time.gmtime(0)) == "1970"
class Later(datetime.datetime):
    def __new__(cls, *given, **named):
        made = super().__new__(cls, *given, **named)
        made.extra = 7
        return made
assert [type(made) for made in (Later.now(), Later.today())] == [Later, Later] and Later.utcnow().extra == 7
print("done")
"""
    )
    assert in_fresh_python(program) == ["done"]


def test_the_clocks_agree():
    """Dates and seconds are the same moment, and timers measure what passes between them."""
    program = (
        HELD
        + """
import datetime, time
wall, mono = time.time(), time.monotonic()
time.sleep(0.2)
assert abs((time.time() - wall) - (time.monotonic() - mono)) < 0.05
assert abs(datetime.datetime.now().timestamp() - time.time()) < 0.05
assert abs(time.mktime(time.localtime()) - time.time()) < 2
before = time.process_time()
time.sleep(0.2)
assert time.process_time() - before < 0.1
print("done")
"""
    )
    assert in_fresh_python(program, TZ="UTC0") == ["done"]


def test_a_time_that_is_not_true_never_becomes_the_machines():
    """A notebook that sets the machine's clock, as one may who is root, is refused while its own clock is held."""
    program = (
        HELD
        + """
import time
for name in ("clock_settime", "clock_settime_ns"):
    try:
        getattr(time, name)(time.CLOCK_REALTIME, 0)
    except PermissionError:
        print("refused")
"""
    )
    assert in_fresh_python(program) == ["refused", "refused"]


def test_reading_it_in_a_tight_loop_is_noted_once(rerun):
    """A hundred thousand readings are one use, with their number."""
    run = rerun("import time\nfor _ in range(100_000):\n    time.time()")
    (use,) = run.uses("clock")
    assert (use.line, use.count) == (3, 100_000)


@pytest.mark.parametrize("number", ["0", "1"])
@pytest.mark.parametrize(
    ("module", "left_out"),
    [
        (
            "test.test_time",
            (
                # It would set the clock of the machine; a test of ours says that it is refused.
                "TimeTestCase.test_clock_settime",
                # Two readings are to lie within 0.2 s: here each goes on by as much as the one before, and more.
                "TimeTestCase.test_gmtime_without_arg",
                "TimeTestCase.test_localtime_without_arg",
            ),
        ),
        ("test.test_timeit", ()),
        ("test.test_uuid", ()),
        ("test.test_tempfile", ()),
        ("test.test_random", ()),
        ("test.test_sched", ()),
    ],
)
def test_pythons_own_tests_pass(module, left_out, number, standard_tests):
    """All but those that are named here, with why."""
    standard_tests(module, {"clock": number}, left_out)


@pytest.mark.parametrize(
    ("source", "active"),
    [
        ("x = np.datetime64('now')", True),
        ("!date", True),
        ("os.path.getmtime('a')", True),
        ("import time", False),
    ],
)
def test_it_is_tried_where_the_text_reads_a_clock_that_no_watch_sees(source, active):
    """Compiled code, other programs and the times of files."""
    assert Clock().is_active(Traces((), (source,))) is active


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("rng = np.random.default_rng(int(time.time()))", "constant"),
        ("print(datetime.now())", "parameter"),
        ("print(time.perf_counter() - t0)", "measures"),
        ("", "clock"),
    ],
)
def test_the_advice_fits_the_line(code, word):
    """A seed, a date and a duration are not mended alike."""
    assert word in Clock().remedy(code)
