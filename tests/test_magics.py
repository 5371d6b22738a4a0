"""The magics, in real kernels: what the user types, and what the front end gets."""

import json
import re

import nbformat
import pytest
from live_kernel import Kernel, text_of


@pytest.fixture
def fresh(tmp_path):
    """A kernel of the test's own, in an empty folder."""
    kernel = Kernel(tmp_path)
    yield kernel
    kernel.stop()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel that has loaded the extension, shared by tests that leave it as they find it."""
    kernel = Kernel(tmp_path_factory.mktemp("shared"))
    kernel.run("%load_ext repro_nb")
    yield kernel
    kernel.stop()


def test_repro_seed_seeds_and_says_so(kernel):
    """The numbers are those of the seed, and the message names it."""
    said = text_of(kernel.run("%repro_seed 42"))
    assert "with 42" in said
    assert kernel.value("__import__('random').random()") == "0.6394267984578837"


def test_a_variable_can_be_the_seed(kernel):
    """`{name}` stands for a variable's value, as in every magic."""
    kernel.run("seed = 7")
    assert "with 7" in text_of(kernel.run("%repro_seed {seed}"))


@pytest.mark.parametrize(
    "line", ["-1", "4294967296", "forty-two", "1 2", "--nope", "'", "--deterministic"]
)
def test_a_wrong_line_is_one_sentence_and_no_traceback(kernel, line):
    """The user reads what is wrong, and a run of all cells stops there."""
    answer = kernel.run(f"%repro_seed {line}")
    assert answer.error == "UsageError"
    assert answer.stderr.startswith("UsageError: ")
    assert "Traceback" not in answer.stderr + answer.traceback


@pytest.mark.parametrize(
    "magic", ["%repro_seed", "%%deterministic", "%deterministic", "%repro_verify"]
)
@pytest.mark.parametrize("option", ["-h", "--help", "--nope -h"])
def test_help_is_printed(kernel, magic, option):
    """`-h` prints the help, whatever else is on the line, and the cell succeeds."""
    answer = kernel.run(f"{magic} {option}" if option != "--nope -h" else f"{magic} {option}\n\n")
    assert answer.error is None
    assert answer.stdout.startswith("usage: %")
    assert not answer.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%repro_seed --d", ["--deterministic"]),
        ("%repro_seed 42 --", ["--deterministic", "--help", "--only", "--per-cell"]),
        ("%repro_restore --", ["--after", "--help", "--undo"]),
        ("%repro_history --a", ["--all"]),
        ("%%deterministic --w", ["--warn-only"]),
        ("%repro_verify x.ipynb --ru", ["--runs"]),
        ("x = 1\n%repro_verify --ex", ["--exact"]),
        ("%time --ru", []),
        ("print --ru", []),
    ],
)
def test_tab_completes_options(kernel, typed, offered):
    """Tab after a dash offers the options of this magic, and of no other."""
    assert kernel.complete(typed) == offered


def test_tab_completes_the_magics(kernel):
    """The magics are offered by name."""
    assert {"%repro_history", "%repro_restore", "%repro_seed", "%repro_verify"} <= set(
        kernel.complete("%repro_")
    )


def test_the_table_says_who_drew_last_and_what_is_seeded(fresh):
    """Per source: seeded by which call, how many draws, the last one by which cell."""
    fresh.run("import random\nimport numpy as np")
    fresh.run("%load_ext repro_nb")
    fresh.run("random.random()")
    fresh.run("np.random.seed(0)")
    fresh.run("x = np.random.rand()")
    table = text_of(fresh.run("%repro_seed"))
    rows = {line.split()[0]: line for line in table.splitlines() if line}
    assert re.fullmatch(r"python +⚠ no +1 +In \[3\]: random\.random\(\)", rows["python"])
    assert re.search(r"np\.random\.seed\(0\) +1 +In \[5\]: x = np\.random\.rand\(\)", rows["numpy"])
    assert "Drawn from unseeded: python." in table
    assert "Hash seed: floats" in table


def test_a_generator_that_was_seeded_somewhere_raises_no_alarm(fresh):
    """The table warns of what is proved to be unseeded, and says where it does not know."""
    fresh.run("import random\nimport numpy as np")
    fresh.run("%load_ext repro_nb")
    fresh.run("rngs = [np.random.default_rng(i) for i in (3, 4)]\nown = {'k': random.Random(4)}")
    fresh.run("loose = np.random.default_rng()")
    fresh.run("x = rngs[0].normal() + own['k'].random() + loose.normal()")
    table = text_of(fresh.run("%repro_seed"))
    rows = {line.split()[0]: line for line in table.splitlines() if line}
    assert re.search(r"\) +seed 3 +1 ", rows["rngs[0]"])
    assert re.search(r"\) +unknown +1 ", rows["own['k']"])
    assert re.search(r"\) +⚠ no +1 ", rows["loose"])
    assert "Drawn from unseeded: loose. Make it from a seed" in table


def test_a_seed_reaches_a_library_imported_and_drawn_from_in_one_cell(fresh):
    """A cell that imports numpy and draws from it, after the seed was set, repeats."""
    fresh.run("%load_ext repro_nb\n%repro_seed 42")
    assert fresh.value("__import__('numpy').random.rand()") == "0.3745401188473625"
    assert re.search(r"numpy +set_global_seed\(42\)", text_of(fresh.run("%repro_seed")))


def test_what_is_shown_is_escaped(fresh):
    """Source text of cells is data: it never becomes markup."""
    fresh.run("import random")
    fresh.run("%load_ext repro_nb")
    fresh.run("random.random(); '<script>alert(1)</script>'")
    (data,) = fresh.run("%repro_seed").shown
    assert "&lt;script&gt;" in data["text/html"]
    assert "<script" not in data["text/html"]


def test_magics_leave_out_and_underscore_alone(kernel):
    """What a magic shows is no result: `_` and `Out` stay the user's."""
    kernel.run("6 * 7")
    kernel.run("%repro_seed 1")
    kernel.run("%repro_seed")
    assert kernel.value("_") == "42"


def test_a_deterministic_cell_behaves_as_any_other(kernel):
    """Its last expression is its result, its names land in the namespace, `_` and `Out` know it."""
    answer = kernel.run("%%deterministic\nvalue = 20\n!true\nvalue + 1")
    assert answer.result == "21"
    assert kernel.value("value, _") == "20 21"
    assert kernel.run("%%deterministic\nvalue;").result is None
    assert kernel.run("%%deterministic\nvalue = 3").result is None


def test_a_deterministic_cell_is_recorded_once(kernel):
    """The body is no cell of its own: one execution, one record, one entry of the history."""
    count = "len(__import__('repro_nb.probe.session').probe.session.session.recorder.records)"
    before = int(kernel.value(count))
    kernel.run("%%deterministic\n1 + 1")
    assert int(kernel.value(count)) == before + 2
    assert kernel.value("In[-3]").startswith("get_ipython().run_cell_magic('deterministic'")


def test_the_mode_is_on_inside_and_off_after(kernel):
    """Torch, imported by the very cell, is deterministic there and nowhere else."""
    code = "%%deterministic\nimport torch\ntorch.are_deterministic_algorithms_enabled()"
    assert kernel.run(code).result == "True"
    assert kernel.value("torch.are_deterministic_algorithms_enabled()") == "False"
    warn = "%%deterministic --warn-only\ntorch.get_deterministic_debug_mode()"
    assert kernel.run(warn).result == "1"


def test_an_exception_passes_after_the_mode_was_restored(kernel):
    """The cell fails as it would, the traceback has the line that the user sees, and the mode is off."""
    answer = kernel.run("import torch\nkept = 0")
    answer = kernel.run("%%deterministic\nkept = 5\n\n1 / 0")
    assert answer.error == "ZeroDivisionError"
    assert "----> 4 1 / 0" in answer.traceback
    assert "magics/deterministic.py" not in answer.traceback
    assert kernel.value("kept, torch.get_deterministic_debug_mode()") == "5 0"


def test_the_settings_can_be_looked_at(kernel):
    """`%deterministic` alone shows each setting, and whether a change of it is live."""
    table = text_of(kernel.run("%deterministic"))
    assert re.search(r"torch\.backends\.cudnn\.benchmark +False +yes +live", table)
    assert "repro_nb.get_deterministic_status() has them" in table


SNAPSHOT = """
import gc as _gc, json as _json, os as _os, random, sys as _sys
def snapshot():
    ip = get_ipython()
    magics = ip.magics_manager
    modules = [_sys.modules.get(name) for name in ("jax.random", "numpy.random", "torch", "random")]
    return _json.dumps({
        "magics": {kind: sorted(names) for kind, names in magics.magics.items()},
        "registry": sorted(magics.registry), "user_magics": sorted(vars(magics.user_magics)),
        "events": {name: list(map(repr, found)) for name, found in ip.events.callbacks.items()},
        "matchers": list(map(repr, ip.Completer.custom_matchers)),
        "transformers": [list(map(repr, found)) for found in (
            ip.input_transformers_cleanup, ip.input_transformers_post, ip.ast_transformers)],
        "finders": list(map(repr, _sys.meta_path)), "path": _sys.path,
        "environment": dict(_os.environ), "hooks": [repr(_sys.displayhook), repr(_sys.excepthook)],
        "functions": [
            {name: repr(value) for name, value in vars(module).items() if callable(value)}
            for module in modules if module
        ],
        "gc": [_gc.isenabled(), _gc.get_threshold(), list(map(repr, _gc.callbacks))],
    })
"""


def changes(before: str, after: str) -> dict[str, object]:
    """What differs between two snapshots, by kind."""
    old, new = json.loads(before), json.loads(after)
    return {key: (old[key], new[key]) for key in old if old[key] != new[key]}


def test_unloading_leaves_no_trace(fresh):
    """Magics, hooks, matchers, finders, wrapped functions, variables: all as before."""
    fresh.run("import jax, numpy, torch\n%pwd\n%unload_ext none")
    fresh.run(SNAPSHOT)
    before = fresh.value("snapshot()")
    fresh.run("%load_ext repro_nb\n%repro_seed 42 --deterministic")
    fresh.run("%repro_seed\n%deterministic\nkey = jax.random.key(0)\njax.random.normal(key)")
    fresh.run("%%deterministic\ntorch.rand(2)")
    fresh.complete("%repro_verify --")
    assert changes(before, fresh.value("snapshot()"))
    assert fresh.run("%unload_ext repro_nb").error is None
    assert changes(before, fresh.value("snapshot()")) == {}
    assert fresh.value("torch.get_deterministic_debug_mode()") == "0"


def test_reloading_stacks_nothing(fresh):
    """However often the extension is reloaded, there is one of everything, and the seed still reaches imports."""
    fresh.run(SNAPSHOT + "%pwd\n%load_ext repro_nb\n%repro_seed 42")
    strip = "__import__('re').sub(' at 0x[0-9a-f]+', '', snapshot())"
    before = fresh.value(strip)
    for _ in range(3):
        assert fresh.run("%reload_ext repro_nb").error is None
    assert changes(before, fresh.value(strip)) == {}
    assert fresh.value("__import__('numpy').random.rand()") == "0.3745401188473625"


def test_loading_twice_changes_nothing(kernel):
    """`%load_ext` in a second cell keeps the records of the first."""
    count = "len(__import__('repro_nb.probe.session').probe.session.session.recorder.records)"
    before = int(kernel.value(count))
    kernel.run("%load_ext repro_nb")
    assert int(kernel.value(count)) >= before


def notebook(*sources: str) -> nbformat.NotebookNode:
    """A notebook of code cells whose ids are c0, c1 and so on."""
    cells = [nbformat.v4.new_code_cell(text, id=f"c{index}") for index, text in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def verifier(tmp_path_factory):
    """A kernel that has imported what reruns notebooks, once for all tests that need it."""
    kernel = Kernel(tmp_path_factory.mktemp("verifier"))
    kernel.run("%load_ext repro_nb")
    yield kernel
    kernel.stop()


def test_repro_verify_shows_the_report_of_the_saved_notebook(verifier, tmp_path):
    """It reruns what was saved, shows level and coverage, and names the cells that were edited since."""
    path = tmp_path / "survey.ipynb"
    nbformat.write(notebook("x = 1", "print(x)"), path)
    before = path.read_bytes()
    verifier.run("x = 1", cellId="c0")
    verifier.run("print(x)", cellId="c1")
    verifier.run("print(x + 1)", cellId="c1")
    answer = verifier.run(f"%repro_verify {path} --timeout 60")
    report = text_of(answer)
    assert "as it was last saved" in answer.stdout
    assert re.search(r"save to include:\n  In \[\d+\]: print\(x \+ 1\)\n\S", report)
    assert "robust" in report
    assert path.read_bytes() == before


def test_repro_verify_says_why_and_what_finding_out_takes(verifier, tmp_path):
    """Before the further runs begin; `--no-explain` leaves them out."""
    path = tmp_path / "draws.ipynb"
    nbformat.write(notebook("import random", "print(random.random())"), path)
    answer = verifier.run(f"%repro_verify {path}")
    assert re.search(r"Up to \d+ more runs will tell why cells differ", answer.stdout)
    assert "Why not level 2 (repeats)" in text_of(answer)
    answer = verifier.run(f"%repro_verify {path} --no-explain")
    assert "more runs" not in answer.stdout
    assert "Why not" not in text_of(answer)


def test_repro_verify_leaves_the_random_streams_of_the_session(tmp_path):
    """What reruns and renders is imported into the user's kernel, and one part of it draws while it is."""
    nbformat.write(notebook("print(1)"), tmp_path / "study.ipynb")
    kernel = Kernel(tmp_path)
    kernel.run("import random; random.seed(1); expected = random.random(); random.seed(1)")
    kernel.run(f"%load_ext repro_nb\n%repro_verify {tmp_path / 'study.ipynb'} --runs 1")
    assert kernel.run("print(random.random() == expected)").stdout == "True\n"
    kernel.stop()


def test_repro_verify_finds_the_notebook_under_vs_code(verifier, tmp_path):
    """Without an argument the running notebook is rerun."""
    nbformat.write(notebook("print(1)"), tmp_path / "study.ipynb")
    verifier.run(f"__vsc_ipynb_file__ = {str(tmp_path / 'study.ipynb')!r}")
    assert "study.ipynb" in text_of(verifier.run("%repro_verify --runs 1"))
    verifier.run("del __vsc_ipynb_file__")


def test_repro_verify_inside_a_rerun_is_one_line(verifier, tmp_path):
    """A notebook that verifies itself is rerun once, not for ever."""
    path = tmp_path / "own.ipynb"
    nbformat.write(notebook("%load_ext repro_nb", "%repro_verify", "1"), path)
    assert "robust" in text_of(verifier.run(f"%repro_verify {path}"))


def test_a_kernel_that_cannot_rerun_says_what_to_install(fresh):
    """Where the package came as a bundle, what reruns is missing: one sentence with the line for pip."""
    fresh.run("import sys\nsys.modules['nbformat'] = None\n%load_ext repro_nb")
    answer = fresh.run("open('a.ipynb', 'w').close()\n%repro_verify a.ipynb")
    assert answer.error == "UsageError"
    assert "%pip install repro_nb" in answer.stderr


def test_repro_verify_without_a_notebook_says_how(kernel):
    """A front end that tells nothing gets the usage."""
    answer = kernel.run("%repro_verify")
    assert answer.error == "UsageError"
    assert "%repro_verify path/to/notebook.ipynb" in answer.stderr
