"""Each cause names the first cell that differs, the line that it comes from, and the cells that inherit it."""

import pytest

from repro_nb.rerun.attribution import race, unexplained, unsteady_use
from repro_nb.rerun.attribution.advice import in_names_of
from repro_nb.rerun.attribution.facts import Facts
from repro_nb.rerun.result import UNEXPLAINED, Grade

WORDS = '"load clean train score plot report save send".split()'


def test_the_line_that_lists_a_set_is_named_and_not_the_one_that_makes_it(tried):
    trial = tried(
        "hash-seed",
        f"words = set({WORDS})\nprint(len(words))",
        "listed = [\n    word.upper()\n    for word in words\n]",
        "print(listed)",
        "print(sorted(listed))",
    )
    assert trial.places == [(2, (1, 3), ())]
    (cause,) = trial.causes
    assert (cause.grade, cause.floating) == (Grade.PROVED, True)
    assert cause.origin.code == "for word in words"
    assert "cell 2 differs" in cause.evidence
    assert "`listed`" in cause.evidence
    assert cause.fix[0].isupper()
    assert cause.fix.endswith(".")


def test_the_loop_that_fills_a_dict_is_named_and_not_the_empty_dict(tried):
    """Numbering words, counting them, and listing them name the ``for``, whatever the dict is called before it."""
    trial = tried(
        "hash-seed",
        f"words = {WORDS}\nvocab = set(words)",
        "index = {}\nfor i, w in enumerate(vocab):\n    index[w] = i",
        "print(index)",
        "counts, total = {}, 0\nfor w in set(words):\n    counts[w] = words.count(w)\nprint(list(counts))",
        "seen = {}\nfor w in vocab:\n    seen[w] = len(seen)\nseen['end'] = -1",
        "print(seen['load'], seen['plot'], seen['send'], seen['save'])",
        "place = dict(zip(vocab, range(len(vocab))))\nprint(place)",
    )
    assert trial.places == [
        (2, (1, 2), ()),
        (3, (3, 2), ()),
        (5, (4, 2), ()),
        (6, (6, 1), ()),
    ]


def test_a_set_that_is_put_away_and_shown_later_comes_from_where_it_is_shown(tried):
    trial = tried(
        "hash-seed",
        f"layers = []\nfor part in (set({WORDS}), {{1}}):\n    layers.append(part)",
        "for layer in layers:\n    print(*layer)",
    )
    assert trial.places == [(1, (1, 2), ())]


def test_a_hash_in_a_function_is_found_where_the_function_is_written(tried):
    trial = tried(
        "hash-seed",
        "def bucket(name):\n    scaled = 3\n    return hash(name) % 1000 * scaled",
        "names = ['ana', 'bob', 'cleo']\nprint(names)",
        "[bucket(name) for name in names]",
    )
    assert trial.places == [(2, (0, 3), ())]


def test_a_later_set_is_a_cause_of_its_own_and_what_uses_a_former_one_inherits(tried):
    trial = tried(
        "hash-seed",
        f"order = list(set({WORDS}))\nprint(order)",
        "print(order[::-1])",
        "tools = {'saw', 'axe', 'plane', 'file', 'vice', 'awl'}\nprint(sorted(tools))",
        "print(*tools)",
    )
    assert trial.places == [(0, (0, 1), (1,)), (3, (3, 1), ())]


def test_the_draw_that_reaches_the_output_is_named_and_not_one_that_is_dropped(tried):
    trial = tried(
        "python",
        "import random\nwarm = random.random()\nlevel = warm - warm",
        "def shake(n):\n    return [random.random()\n            for _ in range(n)]",
        "print(level)",
        "shaken = shake(3)",
        "print(shaken, level)",
        "print(random.random())",
    )
    assert trial.places == [(4, (1, 2), (5,))]
    assert "while cell 3 ran" in trial.causes[0].evidence


def test_a_draw_in_a_users_module_is_named_by_the_line_that_calls_it(tried):
    walks = "import random\n\ndef walk(n):\n    return [random.choice('LR') for _ in range(n)]\n"
    trial = tried(
        "python", "import walks\nn = 40", "print(walks.walk(n))", files={"walks.py": walks}
    )
    assert trial.places == [(1, (1, 1), ())]
    assert "walks.py:4" in trial.causes[0].evidence


def test_a_generator_made_anew_is_a_cause_of_its_own(tried):
    trial = tried(
        "os-entropy",
        "import numpy as np\nrng = np.random.default_rng()",
        "print(rng.random())",
        "other = np.random.default_rng()",
        "print(rng.random(3))",
        "print(other.random(), 'from', 'the second')",
    )
    assert trial.places == [(1, (0, 2), (3,)), (4, (2, 1), ())]
    assert "`numpy.random.default_rng`" in trial.causes[0].evidence


def test_two_readings_of_the_clock_are_two_causes(tried):
    trial = tried(
        "clock",
        "import time\nstart = time.time()",
        "print('began at', start)",
        "print('still', start)",
        "print('ends at', time.time() * 2)",
    )
    assert trial.places == [(1, (0, 2), (2,)), (3, (3, 1), ())]


def test_the_zone_is_found_by_what_the_line_calls_under_any_name(tried):
    trial = tried(
        "timezone",
        "from time import localtime as at\nstamp = 1_600_000_000",
        "hour = at(stamp).tm_hour\nhalf = stamp / 2",
        "print(half, hour)",
    )
    assert trial.places == [(2, (1, 1), ())]
    assert trial.causes[0].floating is False


def test_where_no_word_fits_the_first_variable_that_differs_is_named(tried):
    trial = tried(
        "hash-seed",
        "import subprocess, sys, os",
        "asked = subprocess.check_output([sys.executable, '-c', 'print(1)'])\n"
        "found = os.environ.get('NOPE', '')\n"
        f"text = repr(eval('set(' + {WORDS!r} + ')'))",
        "print(text)",
    )
    assert trial.places == [(2, (1, 3), ())]


def test_cells_that_nobody_can_explain_are_told_by_the_first_of_each_chain(tried):
    trial = tried("clock", "import time\na = time.time()", "print(a)", "b = a", "print(b)")
    told = unexplained(trial.notebook, [1, 3], "two runs differ")
    assert [(each.factor, each.cell, each.evidence) for each in told] == [
        (UNEXPLAINED, 1, "Two runs differ."),
        (UNEXPLAINED, 3, "Two runs differ."),
    ]
    assert unsteady_use(trial.notebook, trial.reference, [1, 3]) == ()


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        (
            (
                "from concurrent.futures import ThreadPoolExecutor, as_completed",
                "pool = ThreadPoolExecutor(8)\njobs = [pool.submit(abs, n) for n in range(9)]\n"  # noqa: ISC004 - one cell
                "print([job.result() for job in as_completed(jobs)])",
            ),
            (1, 3),
        ),
        (
            (
                "import multiprocessing as mp\npool = mp.Pool(2)",
                "[*pool.imap_unordered(abs, [1, 2])]",
            ),
            (1, 1),
        ),
        (
            (
                "import queue, threading\nqueue = queue.Queue()",
                "for n in range(5):\n    threading.Thread(target=queue.put, args=(n,)).start()",
                "print([queue.get() for _ in range(5)])",
            ),
            (1, 2),
        ),
    ],
)
def test_what_is_taken_as_it_comes_is_suspected_where_no_run_can_tell(in_memory, cells, place):
    """A race that one thread does not cure is no riddle where the code says how it comes about."""
    (cause,) = unexplained(in_memory(*cells), [len(cells) - 1], "two runs differ")
    assert (cause.factor, cause.grade, cause.floating) == ("threads", Grade.SUSPECTED, True)
    assert (cause.origin.cell, cause.origin.line) == place
    assert cause.fix


def test_advice_for_two_draws_that_go_unseeded_seeds_both(tried):
    """A seed for the first alone would leave the second."""
    trial = tried(
        "numpy",
        "import numpy\nfrom sklearn.utils import shuffle",
        "a = shuffle(list(range(40)))\nb = shuffle(list(range(30)))",
        "print(a, b)",
    )
    (cause,) = trial.causes
    assert cause.fix.endswith("`numpy.random.seed(42)`.")


@pytest.mark.parametrize(
    ("imports", "named"),
    [
        ("import datetime", "`tz=datetime.timezone.utc`"),
        ("import datetime as dt", "`tz=dt.timezone.utc`"),
        ("from datetime import datetime, timezone as tz", "`tz=tz.utc`"),
        ("from datetime import datetime", "`tz=timezone.utc` (`from datetime import timezone`)"),
    ],
)
def test_advice_is_in_the_names_of_the_notebook(in_memory, imports, named):
    """What the notebook calls `datetime` may be the module or the class; the quoted line stays as it is."""
    line = "datetime.fromtimestamp(0)"
    advice = f"give `{line}` a zone, such as `tz=datetime.timezone.utc`"
    found = in_names_of(Facts(in_memory(imports, line), "timezone"), advice, line)
    assert found == f"give `{line}` a zone, such as {named}"


def test_a_race_is_told_with_the_line_that_collects_as_it_comes(tried):
    trial = tried(
        "clock",
        "import time\nfrom concurrent.futures import ThreadPoolExecutor, as_completed",
        "with ThreadPoolExecutor(2) as pool:\n"
        "    jobs = [pool.submit(abs, n) for n in range(3)]\n"
        "    done = [job.result() for job in as_completed(jobs)]",
        "print(sorted(done), time.time())",
    )
    (cause,) = race(trial.notebook, trial.reference, [2])
    assert (cause.factor, cause.floating, cause.grade) == ("threads", True, Grade.PROVED)
    assert cause.origin.cell == 1
    assert "one thread" in cause.evidence
