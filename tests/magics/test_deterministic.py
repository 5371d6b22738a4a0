"""`%%deterministic` with its options, in a real kernel: what the user types, what is shown, and what is left."""

import re
import time

import nbformat
import pytest
from live_kernel import PROJECT, Answer, Kernel, text_of
from nbclient import NotebookClient

from repro_nb import magics
from repro_nb.rerun.verify import verify


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel that has loaded the extension and what the cells import."""
    kernel = Kernel(tmp_path_factory.mktemp("deterministic"))
    kernel.run("%load_ext repro_nb\nimport random, sys, threading, time, uuid, numpy as np, torch")
    yield kernel
    kernel.stop()


def lines_of(answer: Answer) -> list[str]:
    """The lines of the report, which is the last thing that a cell shows."""
    assert answer.error is None, answer.stderr + answer.traceback
    return answer.shown[-1]["text/plain"].splitlines()


def verdict_of(answer: Answer) -> str:
    """The first line of the report, without what they all begin with."""
    return lines_of(answer)[0].partition("from one random state: ")[2]


def test_a_seed_holds_for_the_cell_alone(kernel):
    """`--seed` gives the numbers of the seed, and the streams go on where they were."""
    kernel.run("random.seed(1); expected = random.random(); random.seed(1)")
    assert kernel.run("%%deterministic --seed 42\nrandom.random()").result == "0.6394267984578837"
    assert kernel.value("random.random() == expected") == "True"


def test_a_number_of_threads_holds_for_the_cell_alone(kernel):
    """`--threads` sets torch's threads inside, and says what it could not limit."""
    before = kernel.value("torch.get_num_threads()")
    answer = kernel.run("%%deterministic --threads 1\ntorch.get_num_threads()")
    assert answer.result == "1"
    assert text_of(answer).startswith("Not limited to 1 thread: ")
    assert kernel.value("torch.get_num_threads()") == before


@pytest.mark.parametrize(
    "options", ["--runs 1", "--runs x", "--threads 0", "--seed -1", "--seed x", "--runs"]
)
def test_a_wrong_option_runs_nothing(kernel, options):
    """One sentence says what is wrong, before the cell began."""
    answer = kernel.run(f"%%deterministic {options}\nprint('ran')")
    assert answer.error == "UsageError"
    assert not answer.stdout


@pytest.mark.parametrize("option", ["{chosen}", "$chosen"])
def test_a_variable_can_be_the_seed(kernel, option):
    """`{name}` and `$name` stand for a variable's value on the magic's line, and nowhere else."""
    kernel.run("chosen = 42; line = 1")
    answer = kernel.run(f"%%deterministic --seed {option}\nrandom.random(), '{option}'")
    assert answer.result == f"(0.6394267984578837, '{option}')"


def test_a_cell_that_awaits_is_told_what_to_do_instead(kernel):
    """The syntax error stands, with the way out below it; another one has no such line."""
    answer = kernel.run("%%deterministic\nimport asyncio\nawait asyncio.sleep(0)")
    assert answer.error == "SyntaxError"
    assert "`with repro_nb.DeterministicContext():`" in answer.shown[0]["text/plain"]
    assert not kernel.run("%%deterministic\nx = = 1").shown


def test_options_of_a_cell_need_a_cell(kernel):
    """`%deterministic --runs 3`, with one percent sign, says what is meant."""
    assert "for a cell: %%deterministic" in kernel.run("%deterministic --runs 3").stderr


def test_a_refused_operation_is_named_with_its_line(kernel):
    """When torch has no deterministic algorithm, the note says which, where, and what to do."""
    put = "%%deterministic{}\nt = torch.zeros(3)\nt.put_(torch.tensor([1]), torch.tensor([1.0]))"
    answer = kernel.run(put.format(""))
    note = answer.shown[0]["text/plain"]
    assert answer.error == "RuntimeError"
    assert note.startswith("torch has no deterministic algorithm for put_, which line 3 calls: t.")
    assert "--warn-only" in note
    assert kernel.run(put.format(" --warn-only")).error is None


def test_a_cell_that_counts_up_takes_effect_once(kernel):
    """Every run begins with the same values, so `x += 1` is deterministic and adds one."""
    kernel.run("x = 1")
    answer = kernel.run("%%deterministic --runs 3\nx += 1\nprint('at', x)\nx")
    assert (answer.stdout, answer.result) == ("at 2\n", "2")
    assert lines_of(answer) == [
        "3 runs from one random state: identical — 1 output, the value, and 1 variable (x)",
        "Between the runs nothing was varied but time and memory.",
    ]
    assert kernel.value("x, _") == "2 2"


def test_the_objects_stay_the_same(kernel):
    """What is changed in place is the user's own object: other names of it see the change, once."""
    kernel.run("first = []; second = first; place = id(first)")
    assert verdict_of(kernel.run("%%deterministic --runs 3\nfirst.append(1)")) == (
        "identical — 1 variable (first)"
    )
    assert kernel.value("second, id(first) == place, first is second") == "[1] True True"


def test_names_that_runs_make_or_delete_are_there_once(kernel):
    """A cell that would fail when run twice, as it makes or deletes a name, is run from the same names."""
    kernel.run("old = 5")
    answer = kernel.run(
        "%%deterministic --runs 2\nassert 'new' not in globals()\nnew = old\ndel old"
    )
    assert verdict_of(answer) == "identical — 2 variables (new, old)"
    assert kernel.value("new, 'old' in globals()") == "5 False"


def test_unseeded_draws_are_equal_and_count_once(kernel):
    """All runs draw from one state, and the streams end where one run leaves them."""
    kernel.run(
        "random.seed(3); np.random.seed(3); torch.manual_seed(3); rng = np.random.default_rng(3)"
    )
    draw = "(random.random(), np.random.rand(), torch.rand(()).item(), rng.normal())"
    kernel.run(f"expected = {draw}, {draw}")
    kernel.run(
        "random.seed(3); np.random.seed(3); torch.manual_seed(3); rng = np.random.default_rng(3)"
    )
    answer = kernel.run(f"%%deterministic --runs 3\ndrawn = {draw}")
    assert verdict_of(answer) == "identical — 2 variables (drawn, rng)"
    assert kernel.value(f"expected == (drawn, {draw})") == "True"


def test_a_step_of_training_is_taken_once(kernel):
    """Model and optimizer are copied together, and end where one step leaves them."""
    setup = (
        "torch.manual_seed(0); model = torch.nn.Linear(3, 1); data = torch.rand(8, 3)\n"
        "optimizer = torch.optim.Adam(model.parameters())\n"
        "def step():\n"
        "    optimizer.zero_grad(); loss = model(data).square().sum(); loss.backward(); optimizer.step()\n"
        "    return loss.item()"
    )
    kernel.run(f"{setup}\nstep(); expected = [w.clone() for w in model.parameters()]\n{setup}")
    answer = kernel.run("%%deterministic --runs 3\nloss = step()")
    assert verdict_of(answer) == "identical — 3 variables (loss, model, optimizer)"
    assert (
        kernel.value("[torch.equal(*p) for p in zip(expected, model.parameters())]")
        == "[True, True]"
    )
    assert kernel.value("optimizer.state[model.weight]['step'].item()") == "1.0"


def test_what_functions_and_classes_keep_is_put_back(kernel):
    """Closures, default values, attributes of functions and of classes count once as well."""
    kernel.run(
        "def counter():\n    n = 0\n    def count():\n        nonlocal n\n        n += 1\n        return n\n"
        "    return count\n"
        "class Log:\n    lines = []\n    def add(self): Log.lines.append(1)\n"
        "def grow(into=[]):\n    into.append(1); grow.calls += 1\n    return len(into)\n"
        "grow.calls = 0; count = counter(); log = Log()"
    )
    answer = kernel.run("%%deterministic --runs 3\ncount(), log.add(), grow()")
    assert answer.result == "(1, None, 1)"
    assert verdict_of(answer).startswith("identical — the value and 4 variables (Log.lines, ")
    assert kernel.value("count(), len(Log.lines), grow(), grow.calls") == "2 1 2 2"


def test_an_unseeded_generator_is_named(kernel):
    """`default_rng()` differs from run to run, and the report says why."""
    lines = lines_of(kernel.run("%%deterministic --runs 2\nrng = np.random.default_rng()"))
    assert lines[0].endswith("differs")
    assert any(line.startswith("rng was made without a seed") for line in lines)


@pytest.mark.parametrize("source", ["uuid.uuid4()", "time.perf_counter_ns()"])
def test_what_depends_on_time_or_the_system_differs(kernel, source):
    """Clock and system entropy have no state to put back: the report shows both sides, once."""
    lines = lines_of(kernel.run(f"%%deterministic --runs 3\nprint({source})"))
    assert lines[0].endswith("differs")
    assert re.fullmatch(r"output 1 \(stdout\), line 1: '.+' against '.+'", lines[1])
    assert lines[2:] == ["Between the runs nothing was varied but time and memory."]


def test_addresses_are_a_remark(kernel):
    """Two objects have two addresses: that says nothing about the result."""
    lines = lines_of(kernel.run("%%deterministic --runs 2\nprint(object())"))
    assert lines[0].endswith("identical — 1 output")
    assert lines[1] == "output 1 (stdout) differs in memory addresses alone, which does not count."


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("%%time\nx = 1", "time magic results"),
        ("%timeit -n 10 -r 2 pass", "timeit results"),
        ("import tempfile; print(tempfile.gettempprefix(), tempfile.mkdtemp())", "temporary paths"),
        ("print(f'took {time.perf_counter():.6f} s')", "durations"),
        ("print('\\x1b[3%dm?' % (time.perf_counter_ns() % 8))", "terminal codes"),
    ],
)
def test_what_reruns_hold_for_equivalent_is_a_remark(kernel, body, what):
    """Timings, temporary paths, colours: the rules are those by which `repro-nb verify` compares."""
    lines = lines_of(kernel.run(f"%%deterministic --runs 9\n{body}"))
    assert lines[0].partition("random state: ")[2].startswith("identical — 1 output")
    assert lines[1] == f"output 1 (stdout) differs in {what} alone, which does not count."


def test_numbers_have_no_tolerance(kernel):
    """What agrees within the tolerance of `repro-nb verify`, or to the digits printed, differs bit for bit."""
    kernel.run("digits = (text for text in ['0.8250001', '0.825'])")
    lines = lines_of(kernel.run("%%deterministic --runs 2\nprint(object(), next(digits))"))
    assert re.fullmatch(r"output 1 \(stdout\), line 1: '.*<address>> 0.825.*' against .*", lines[1])


def test_an_identifier_counts_where_it_is_seen(kernel):
    """A random identifier of an HTML element says nothing; one that the reader sees is a result."""
    kernel.run("from IPython.display import HTML")
    page = "%%deterministic --runs 2\ndisplay(HTML({}))"
    hidden = kernel.run(page.format("f'<p id=\"{uuid.uuid4()}\">a</p>'"))
    assert verdict_of(hidden) == "identical — 1 output"
    assert verdict_of(kernel.run(page.format("f'<p>{uuid.uuid4()}</p>'"))) == "differs"


def test_one_output_more_is_one_difference(kernel):
    """A warning that only one run shows does not make all that follows it differ."""
    kernel.run("shown = (number for number in [1, 0])")
    body = (
        "print('a')\nif next(shown): print('w', file=sys.stderr)\nprint('b')\n"
        "handle = display('c', display_id=True); handle.update('d')\n5"
    )
    lines = lines_of(kernel.run(f"%%deterministic --runs 2\n{body}"))
    assert lines[0].endswith("differs")
    told = [line for line in lines if line.startswith(("output", "the value"))]
    assert told == ["output 2 (stderr): shown by the first run alone"]


def test_a_differing_leaf_is_told_with_its_path(kernel):
    """The line says where in the value, how many elements, and by how much."""
    body = "state = {'w': np.zeros(4)}\nstate['w'][2] = time.perf_counter_ns()"
    lines = lines_of(kernel.run(f"%%deterministic --runs 2\n{body}"))
    assert lines[1].startswith("state['w']: 1 of 4 elements differ, ")


def test_the_order_of_a_set_does_not_differ_in_one_process(kernel):
    """The hash seed is that of the process: the report does not claim to have varied it."""
    body = "print({'fresh' + str(n) for n in range(9)})"
    assert verdict_of(kernel.run(f"%%deterministic --runs 3\n{body}")) == "identical — 1 output"


def test_what_cannot_be_copied_is_named(kernel, tmp_path):
    """Locks, files and generators are shared by the runs, and the report says so."""
    kernel.run(
        f"lock = threading.Lock(); file = open({str(tmp_path / 'f')!r}, 'w'); ticks = iter(lambda: 1, 2)"
    )
    kernel.run("lazy = (n for n in range(100))")
    lines = lines_of(kernel.run("%%deterministic --runs 2\nwith lock:\n    file.name, next(lazy)"))
    (shared,) = [line for line in lines if line.startswith("Not copied, so shared by the runs: ")]
    assert "lock (cannot pickle '_thread.lock' object)" in shared
    assert "file (" in shared
    assert "lazy (" in shared


def test_what_the_cell_assigns_before_it_reads_it_is_not_shared(kernel):
    """The loss of an earlier run, part of an autograd graph, is replaced; where it is read first it is named."""
    kernel.run("w = torch.ones(2, requires_grad=True); loss = (w * 2).sum()")
    lines = lines_of(kernel.run("%%deterministic --runs 2\nloss = (w * 2).sum()\nprint(loss)"))
    assert "identical — 1 output and 1 variable (loss)" in lines[0]
    assert len(lines) == 2
    for reading in ("before = loss", "def read(): return loss\nread()", "if loss > 9: print()"):
        lines = lines_of(kernel.run(f"%%deterministic --runs 2\n{reading}\nloss = (w * 2).sum()"))
        assert lines[1].startswith("Not copied, so shared by the runs: loss (")


def test_a_function_that_reads_what_the_cell_assigns_later_finds_it_as_it_was(kernel):
    """Each run begins with the same value, also where only a function of an earlier cell reads it."""
    kernel.run("items = []\ndef grow(): items.append(1); return len(items)")
    answer = kernel.run("%%deterministic --runs 3\nfirst = grow()\nitems = [first]")
    assert verdict_of(answer) == "identical — 2 variables (first, items)"
    assert kernel.value("first, items") == "1 [1]"


def test_a_name_that_gets_the_value_it_has_is_assigned(kernel):
    """`x = 1` where x is 1 already: there is something to compare."""
    kernel.run("x = 1")
    assert verdict_of(kernel.run("%%deterministic --runs 2\nx = 1")) == "identical — 1 variable (x)"


def test_a_generator_in_something_that_cannot_be_copied_draws_once(kernel):
    """A lock keeps an object from being copied, but its random stream is put back."""
    kernel.run(
        "class Sampler:\n    def __init__(self):\n        self.rng, self.lock = random.Random(1), threading.Lock()\n"
        "sampler = Sampler(); expected = random.Random(1); expected.random()"
    )
    answer = kernel.run("%%deterministic --runs 3\nsampler.rng.random()")
    assert verdict_of(answer) == "identical — the value"
    assert kernel.value("sampler.rng.random() == expected.random()") == "True"


def test_all_ways_to_show_something_are_seen_and_shown_once(kernel):
    """Streams, handlers of logs, displays and their updates, and clearing: each once, and compared."""
    kernel.run(
        "import logging; log = logging.getLogger('own'); log.addHandler(logging.StreamHandler())"
    )
    answer = kernel.run(
        "%%deterministic --runs 3\nprint('one'); print('two', file=sys.stderr); log.warning('three')\n"
        "from IPython.display import clear_output, display\nhandle = display('four', display_id=True)\n"
        "handle.update('five'); clear_output(wait=True)"
    )
    assert answer.stdout == "one\n"
    assert answer.stderr == "two\nthree\n"
    assert answer.shown[0] == {"text/plain": "'four'"}
    assert len(answer.shown) == 2
    assert verdict_of(answer).startswith("identical — 4 outputs and ")


def test_warnings_are_shown_by_every_run(kernel):
    """Python shows a warning once for each place: the run that counts shows it, and the trials do not count."""
    answer = kernel.run("%%deterministic --runs 3\nimport warnings\nwarnings.warn('look out')")
    assert answer.stderr.count("UserWarning: look out") == 1
    assert verdict_of(answer) == "identical — 1 output"


def test_a_frame_is_compared_as_it_is_shown(kernel):
    """The HTML of a frame is an output like any other; a difference shows the line."""
    kernel.run("import pandas as pd")
    frame = "%%deterministic --runs 2\ndisplay(pd.DataFrame({{'n': [1, {}]}}))"
    assert verdict_of(kernel.run(frame.format(2))) == "identical — 1 output"
    lines = lines_of(kernel.run(frame.format("time.perf_counter_ns()")))
    assert [line.split(",")[0] for line in lines[1:3]] == [
        "output 1 (text/html)" if "html" in line else "output 1 (text/plain)" for line in lines[1:3]
    ]


def test_plots_belong_to_the_run_that_drew_them(kernel):
    """Figures that matplotlib shows after the cell are compared, and one is shown."""
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    plot = "%%deterministic --runs 3\nplt.plot(np.random.rand(5))\nplt.title({});"
    answer = kernel.run(plot.format("'same'"))
    assert [("image/png" in data) for data in answer.shown] == [True, False]
    assert verdict_of(answer) == "identical — 1 output"
    lines = lines_of(kernel.run(plot.format("time.perf_counter_ns()")))
    assert lines[1] == "output 1 (image/png): the bytes differ"


def test_what_programs_write_is_shown_once_and_told(kernel):
    """Output past Python's streams cannot be compared: trials keep it back, and the report says so."""
    lines = lines_of(kernel.run("%%deterministic --runs 3\nimport os\nos.system('echo deep');"))
    assert lines[0].endswith(
        "nothing to compare: the cell shows nothing, and assigns and changes no variable"
    )
    assert lines[1].startswith("5 bytes were written past Python's own streams")


def test_a_cell_without_effect_is_no_success(kernel):
    """With nothing to compare, the report does not say that the runs are identical."""
    assert verdict_of(kernel.run("%%deterministic --runs 2\npass")).startswith("nothing to compare")


def test_a_cell_that_raises_fails_as_its_own(kernel):
    """The exception is the cell's, on the user's own objects; the runs were not compared."""
    kernel.run("items = []")
    answer = kernel.run("%%deterministic --runs 3\nitems.append(1)\n\n1 / 0")
    assert answer.error == "ZeroDivisionError"
    assert "----> 4 1 / 0" in answer.traceback
    assert "repro_nb/magics" not in answer.traceback
    assert answer.shown[0]["text/plain"] == (
        "3 runs from one random state: not compared, as run 1 raised ZeroDivisionError: division by zero"
    )
    assert kernel.value("items") == "[1]"


def test_an_interrupted_trial_leaves_everything(kernel, tmp_path):
    """Stopping the kernel in a trial run puts back what the trial changed, and stops."""
    kernel.run("items = []; random.seed(4); expected = random.Random(4).random()")
    body = f"items.append(random.random())\nopen({str(tmp_path / 'begun')!r}, 'w').close()\ntime.sleep(60)"
    request = kernel.client.execute(
        f"%%deterministic --runs 3\nprint('hidden')\n{body}", stop_on_error=False
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.05)
    kernel.manager.interrupt_kernel()
    reply = kernel.client.get_shell_msg(timeout=30)
    assert reply["parent_header"]["msg_id"] == request
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.value("items, random.random() == expected") == "[] True"
    assert kernel.run("print('seen')").stdout == "seen\n"


def test_folder_environment_and_loggers_are_put_back_before_each_run(kernel):
    """`os.chdir('..')` and another handler take effect once."""
    kernel.run("import logging, os; here = os.getcwd()")
    body = "os.chdir('..'); os.environ['ADDED'] = '1'\nlogging.getLogger('a').addHandler(logging.NullHandler())"
    kernel.run(f"%%deterministic --runs 3\n{body}")
    parts = "os.getcwd() == os.path.dirname(here), len(logging.getLogger('a').handlers)"
    assert kernel.value(parts) == "True 1"
    kernel.run("os.chdir(here)")


def test_results_and_prompts_are_those_of_one_cell(kernel):
    """`Out` has the value of the run that counts, the cell is recorded once, and `_` is that object."""
    count = "len(__import__('repro_nb.probe.session').probe.session.session.recorder.records)"
    before = int(kernel.value(count))
    kernel.run("%%deterministic --runs 3\nvalue = [random.random()]\nvalue")
    assert kernel.value("_ is value, Out[max(Out)] is value") == "True True"
    assert int(kernel.value(count)) == before + 3


def test_the_record_tells_the_draws_of_one_run(kernel):
    """The record of the cell says what it drew from, and its states are those of one run."""
    kernel.run("random.seed(5)")
    kernel.run("%%deterministic --runs 3\nrandom.random()")
    kernel.run("own = random.Random(5); own.random()")
    record = "__import__('repro_nb.probe.session').probe.session.session.recorder.records[-2]"
    assert kernel.value(f"{record}.draws, {record}.seeded") == "('python',) {}"
    assert kernel.value("own.getstate() == random.getstate()") == "True"


def test_a_seed_that_the_cell_sets_is_set_once(kernel):
    """`set_global_seed` in the cell: one entry in the history, and the streams of one run."""
    kernel.run("import repro_nb")
    before = int(kernel.value("len(repro_nb.get_seed_history())"))
    answer = kernel.run(
        "%%deterministic --runs 3\nrepro_nb.set_global_seed(42, deterministic=False)\nrandom.random()"
    )
    assert answer.result == "0.6394267984578837"
    assert int(kernel.value("len(repro_nb.get_seed_history())")) == before + 1


def test_the_users_own_modules_are_put_back(kernel):
    """A counter in a file beside the notebook counts once."""
    kernel.run(
        "%%writefile tally.py\ncount = 0\ndef tick():\n    global count\n    count += 1\n    return count"
    )
    kernel.run("import tally")
    answer = kernel.run("%%deterministic --runs 3\ntally.tick()")
    assert verdict_of(answer) == "identical — the value and 1 variable (tally.count)"
    assert kernel.value("tally.count") == "1"


def test_a_memo_is_told(kernel):
    """What `functools.lru_cache` remembers cannot be copied: later runs need not compute it."""
    kernel.run("import functools\n@functools.lru_cache\ndef slow(n): return n + 1")
    lines = lines_of(kernel.run("%%deterministic --runs 2\nslow(1)"))
    assert lines[1].startswith("Not copied, so shared by the runs: slow (it remembers its results")


def test_a_generator_of_torch_is_put_back(kernel):
    """It cannot be copied, but its state can: every run draws the same, and it advances once."""
    kernel.run("g = torch.Generator().manual_seed(1); other = torch.Generator().manual_seed(1)")
    answer = kernel.run("%%deterministic --runs 3\ntorch.rand(2, generator=g)")
    assert verdict_of(answer).startswith("identical — the value")
    assert len(lines_of(answer)) == 2
    kernel.run("torch.rand(2, generator=other)")
    assert kernel.value("torch.equal(g.get_state(), other.get_state())") == "True"


def test_progress_bars_are_a_remark(kernel):
    """How fast a loop ran, and how often its bar was drawn, is no result."""
    body = "for n in range(3): print(f'\\r{n}/2 [00:00<00:00, {time.perf_counter_ns() % 10**11:011}it/s]', end='')"
    lines = lines_of(kernel.run(f"%%deterministic --runs 2\n{body}"))
    assert "identical — 1 output" in lines[0]
    assert "progress rates alone" in lines[1]


def test_figures_of_a_trial_that_raised_are_not_shown(kernel):
    """The figure of the cell that fails is there once, as it would be without the magic."""
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    answer = kernel.run("%%deterministic --runs 3\nplt.plot([1, 2])\n1 / 0")
    assert answer.error == "ZeroDivisionError"
    assert sum("image/png" in data for data in answer.shown) == 1


@pytest.fixture
def terminal(shell):
    """An IPython shell that is no kernel, with the extension."""
    shell.reset(new_session=True)
    magics.load(shell)
    yield shell
    magics.unload(shell)


def test_a_plain_shell_shows_the_cell_once(terminal, capsys):
    """In IPython's terminal the value is printed, with its prompt, and the report below it."""
    terminal.run_cell(
        "import random; random.seed(1); x = [1]; shell = get_ipython()", store_history=True
    )
    terminal.run_cell(
        "%%deterministic --runs 3\nprint('seen'); x.append(random.random())\n"
        "shell.display_pub.publish({'text/plain': 'd!'})\nlen(x)",
        store_history=True,
    )
    printed = capsys.readouterr().out
    assert [printed.count(text) for text in ("seen", "d!", "2\n")] == [1, 1, 1]
    assert "identical — 2 outputs, the value, and 1 variable (x)" in printed
    assert terminal.user_ns["x"] == [1, 0.13436424411240122]
    assert terminal.user_ns["_"] == 2


def test_a_plain_shell_is_left_as_it_was(terminal, capsys):
    """No stream, publisher or hook keeps anything of ours, also after a cell that raised."""
    objects = terminal.display_pub, terminal.displayhook, terminal
    before = [set(vars(one)) for one in objects]
    terminal.run_cell("%%deterministic --runs 2\nprint('seen')\n1 / 0")
    assert [set(vars(one)) for one in objects] == before
    terminal.run_cell("print('after')")
    assert capsys.readouterr().out.endswith("after\n")


def without_numbers(text: str) -> str:
    """Text in which addresses and fractions, which the clock decides, are all the same."""
    return re.sub(r"0x[0-9a-f]+|\d+\.\d+", "#", text)


def test_the_examples_of_the_documentation_give_what_it_shows(kernel):
    """Each cell of the page, run in order, shows the text below it."""
    page = (PROJECT / "docs" / "deterministic-cells.md").read_text(encoding="utf-8")
    pairs = re.findall(r"```python\n(.*?)```\n+(?:```text\n(.*?)```)?", page, re.DOTALL)
    assert len(pairs) >= 7
    for cell, shown in pairs:
        answer = kernel.run(cell)
        texts = [data["text/plain"] for data in answer.shown]
        seen = "".join(
            f"{text}\n" for text in (answer.stdout.rstrip(), answer.result, *texts) if text
        )
        assert not shown or without_numbers(seen) == without_numbers(shown), cell


def test_it_works_the_same_when_the_notebook_is_rerun(tmp_path):
    """A notebook with such a cell reproduces; its report is an output that is compared."""
    sources = (
        "%load_ext repro_nb\nimport random\nrandom.seed(1)",
        "%%deterministic --runs 3\nrandom.random()",
    )
    cells = [nbformat.v4.new_code_cell(text, id=f"c{index}") for index, text in enumerate(sources)]
    path = tmp_path / "study.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    result = verify(path)
    assert result.level == 3


def test_the_settings_that_a_notebook_shows_are_the_same_in_every_rerun(tmp_path):
    """`%deterministic`, saved from a live session, matches: what reruns vary is not in its table."""
    cell = nbformat.v4.new_code_cell("%load_ext repro_nb\nimport torch\n%deterministic", id="c0")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    (shown,) = cell.outputs
    assert "torch.backends.cudnn.deterministic" in shown["data"]["text/plain"]
    assert "NUM_THREADS" not in shown["data"]["text/plain"]
    nbformat.write(notebook, tmp_path / "status.ipynb")
    assert verify(tmp_path / "status.ipynb").level == 4
