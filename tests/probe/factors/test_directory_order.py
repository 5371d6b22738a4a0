"""Listings of folders: noted with their line, in an order of ours, and like the real ones in all else."""

import os

import pytest
from fresh_python import in_fresh_python
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.probe.factors import Traces
from repro_nb.probe.factors.directory_order import DirectoryOrder, _ordered
from repro_nb.records import CellRecord, FactorUse
from repro_nb.rerun.vary import pinned

HELPERS = "import glob\n\ndef found():\n    return glob.glob('data/*')\n"
CELLS = (
    "import os, shutil, pathlib, glob, threading\nfrom os import listdir as ls\nfrom helpers import found",
    "print(ls('data'))",
    "print(glob.glob('data/*'), list(glob.iglob('data/*')))",
    "print([p.name for p in pathlib.Path('data').iterdir()])\nprint(list(pathlib.Path().rglob('*.csv')))",
    "print(list(os.walk('.')))",
    "with os.scandir('data') as entries:\n    print([entry.name for entry in entries])",
    "print(found())",
    (
        "seen = []\nthread = threading.Thread(target=lambda: seen.extend(os.listdir(b'data')))\n"
        "thread.start(); thread.join(); print(seen)"
    ),
    "shutil.copytree('data', 'copy'); print(sorted(os.listdir('copy')))\nshutil.rmtree('copy')",
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which folders are listed in another order."""
    files = {"helpers.py": HELPERS}
    before = "import os\nos.makedirs('data')\nfor n in 'bdac': open(f'data/{n}.csv', 'w').close()"
    plans = (pinned(), pinned(), pinned({"directory-order": 0}))
    return [rerun_once(before, *CELLS, plan=plan, files=files) for plan in plans]


def test_a_pinned_notebook_lists_by_name(runs):
    """The same in each run, through whatever function."""
    first, second, _ = runs
    assert first.texts == second.texts
    assert first.texts[2] == "['a.csv', 'b.csv', 'c.csv', 'd.csv']\n"


def test_another_order_shows_in_every_listing_that_is_not_sorted(runs):
    """Only the last cell, which sorts, stays."""
    first, _, other = runs
    pairs = zip(first.texts[2:], other.texts[2:], strict=True)
    assert [ours == theirs for ours, theirs in pairs] == [False] * 7 + [True]


def test_each_listing_is_noted_with_its_line(runs):
    """As users write the call; what copies and removes folders does not follow from their order."""
    told = {(call, cell, line) for call, cell, line, _ in runs[0].told("directory-order")}
    assert told == {
        ("os.listdir", "cell-2", 1),
        ("glob.glob", "cell-3", 1),
        ("glob.iglob", "cell-3", 1),
        ("Path.iterdir", "cell-4", 1),
        ("Path.rglob", "cell-4", 2),
        ("os.walk", "cell-5", 1),
        ("os.scandir", "cell-6", 1),
        ("glob.glob", "cell-7", 1),
        ("os.listdir", "cell-8", 2),
        ("os.listdir", "cell-9", 1),
    }


def test_every_way_to_name_a_folder_works_as_before(tmp_path):
    """Text, bytes, paths, descriptors and none; errors, and the iterator's own ways."""
    for name in "cab":
        (tmp_path / name).touch()
    program = f"""
import inspect, os, pathlib, pickle
from repro_nb.probe.factors.directory_order import DirectoryOrder
from repro_nb.probe.factors.uses import Uses
signature = str(inspect.signature(os.listdir))
uses = Uses()
uses.begin("cell", "<string>")
DirectoryOrder().install(uses, "reversed")
os.chdir({str(tmp_path)!r})
descriptor = os.open(".", os.O_RDONLY)
assert os.listdir() == os.listdir(".") == os.listdir(pathlib.Path()) == os.listdir(descriptor) == list("cba")
assert os.listdir(path=b".") == [b"c", b"b", b"a"]
for call in (os.listdir, os.scandir):
    try:
        call("missing")
    except FileNotFoundError as error:
        assert error.filename == "missing"
entries = os.scandir()
assert iter(entries) is entries and isinstance(next(entries), os.DirEntry)
entries.close()
assert list(entries) == []
with os.scandir(b".") as entries:
    assert [entry.path for entry in entries] == [b"./c", b"./b", b"./a"]
assert os.listdir in os.supports_fd and os.scandir in os.supports_fd
assert pickle.loads(pickle.dumps(os.listdir)) is os.listdir and str(inspect.signature(os.listdir)) == signature
print("done")
"""
    assert in_fresh_python(program) == ["done"]


@given(st.sets(st.text("abcdé", min_size=1), min_size=2))
def test_every_order_has_all_names_once_and_no_two_orders_are_alike(names):
    orders = [_ordered(names, order, os.fsencode) for order in ("sorted", "reversed", "shuffled")]
    assert all(sorted(order) == sorted(names) for order in orders)
    assert orders[0] not in orders[1:]


@pytest.mark.parametrize(
    ("module", "left_out"),
    [
        ("test.test_glob", ()),
        ("test.test_pathlib", ()),
        ("test.test_shutil", ()),
        # A listing that is not read to its end is closed already: there is nothing to warn of.
        ("test.test_os", ("TestScandir.test_resource_warning",)),
    ],
)
def test_pythons_own_tests_pass(module, left_out, standard_tests):
    """All but the one that is named here, with why."""
    standard_tests(module, {"directory-order": "reversed"}, left_out)


@pytest.mark.parametrize(
    ("code", "active"),
    [
        ("names = os.listdir('data')", True),
        ("for path in sorted(glob.glob('*.csv')):", False),
        ("for path in sorted(glob.glob('*.csv'), key=os.path.getsize):", True),
        ("print(len(os.listdir('.')))", False),
        ("print(sorted(names), os.listdir('.'))", True),
        ("frames = [pd.read_csv(p) for p in Path('data').iterdir()]", True),
        ("glob.glob(", True),
    ],
)
def test_it_is_tried_where_the_line_does_not_sort(code, active):
    """A key may tie, and what is not a whole statement cannot be judged."""
    use = FactorUse("directory-order", "os.listdir", "a", 1, code)
    record = CellRecord("a", 1, "", "ok", 0.0, uses=(use,))
    assert DirectoryOrder().is_active(Traces((record,), (code,))) is active


def test_the_advice_names_the_line():
    assert "sorted" in DirectoryOrder().remedy("os.listdir('.')")
    assert "sorted" in DirectoryOrder().remedy("")
