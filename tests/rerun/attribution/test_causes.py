"""Each cause names the first cell that differs, the line that it comes from, and the cells that inherit it."""

from repro_nb.rerun.attribution import race, unexplained, unsteady_use
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
