"""What each edit makes of the cells, for causes that are written by hand."""

import os

import pytest

from repro_nb.rerun.fix.edits import treatable_factors

# factor, line at fault of the last cell, the cells before, the cells after
ONE_LINE = [
    ("os-entropy", "rng = np.random.default_rng()", "rng = np.random.default_rng(42)"),
    ("os-entropy", "rng = np.random.default_rng(None)", "rng = np.random.default_rng(42)"),
    ("os-entropy", "rng = np.random.default_rng(seed=None)", "rng = np.random.default_rng(seed=42)"),
    ("os-entropy", "np.random.seed()", "np.random.seed(42)"),
    ("os-entropy", "torch.seed();", "torch.manual_seed(42);"),
    ("os-entropy", "g = torch.Generator(); g.seed()", "g = torch.Generator(); g.manual_seed(42)"),
    ("numpy", "a, b = train_test_split(x, y)", "a, b = train_test_split(x, y, random_state=42)"),
    ("numpy", "df.sample(5)  # few", "df.sample(5, random_state=42)  # few"),
    ("numpy", "df.sample(\n    5,\n)", "df.sample(\n    5, random_state=42,\n)"),
    ("directory-order", "files = os.listdir('d')", "files = sorted(os.listdir('d'))"),
    ("directory-order", "p = next(Path('d').glob('*'))", "p = next(iter(sorted(Path('d').glob('*'))))"),
    ("directory-order", "x = [*os.scandir()]", "x = [*sorted(os.scandir(), key=lambda entry: entry.name)]"),
    ("hash-seed", "for w in set(words): print(w)", "for w in sorted(set(words)): print(w)"),
    ("hash-seed", "x = list({'a', 'b'})", "x = sorted({'a', 'b'})"),
    ("hash-seed", "','.join(set(words))", "','.join(sorted(set(words)))"),
    ("hash-seed", "f'{set(words)}'", "f'{sorted(set(words))}'"),
    ("hash-seed", "first, *_ = set(words)", "first, *_ = sorted(set(words))"),
    ("hash-seed", "d = dict.fromkeys(set(words))", "d = dict.fromkeys(sorted(set(words)))"),
    ("hash-seed", "[*{*words}]", "[*sorted({*words})]"),
    ("clock", "np.random.seed(int(time.time()))", "np.random.seed(42)"),
    ("clock", "my_seed = int(time.time())", "my_seed = 42"),
    ("clock", "np.datetime64('today')", 'np.datetime64("2024-01-15")'),
    ("process", "np.random.seed(os.getpid())", "np.random.seed(42)"),
    ("timezone", "time.localtime(0).tm_hour", "time.gmtime(0).tm_hour"),
    ("locale", "locale.setlocale(locale.LC_ALL, '')", 'locale.setlocale(locale.LC_ALL, "C")'),
    ("locale", "open('f').read()", 'open(\'f\', encoding="utf-8").read()'),
    ("working-directory", "print(Path('f').resolve())", "print(Path('f'))"),
    ("working-directory", "print(os.path.join(os.getcwd(), 'f'))", "print(os.path.join(\".\", 'f'))"),
    ("working-directory", "os.getcwd()", "# NBVAL_IGNORE_OUTPUT: shows a path of the machine\nos.getcwd()"),
    ("os-entropy", "Box(factory=np.random.default_rng)", "Box(factory=lambda: np.random.default_rng(42))"),
    ("uninitialised-memory", "x = np.empty((2, 2))", "x = np.zeros((2, 2))"),
    ("uninitialised-memory", "x = torch.empty_like(y)", "x = torch.zeros_like(y)"),
    ("threads", "n = os.cpu_count() * 2", f"n = {os.cpu_count()} * 2"),
    ("threads", "for r in pool.imap_unordered(f, x): pass", "for r in pool.imap(f, x): pass"),
    ("threads", "for f in as_completed(futures): pass", "for f in futures: pass"),
]  # fmt: skip

IMPORTS = """\
import locale, os, time
import numpy as np, torch
from concurrent.futures import as_completed
from pathlib import Path
from sklearn.model_selection import train_test_split"""


@pytest.mark.parametrize(("factor", "before", "after"), ONE_LINE)
def test_line_at_fault(edited, cause, factor, before, after):
    """The smallest change on the line at fault, and nothing else."""
    assert edited(cause(factor, 1, 1), IMPORTS, before) == [IMPORTS, after]


@pytest.mark.parametrize(
    ("factor", "before"),
    [
        ("os-entropy", "rng = np.random.default_rng(7)"),
        ("directory-order", "files = sorted(os.listdir('d'))"),
        ("hash-seed", "print(sorted(set(words)), len(set(words)), any(w for w in set(words)))"),
        ("network", "requests.get('http://example.invalid')"),
        ("stale-source", "print(1)"),
        ("kernel-death", "os._exit(1)"),
    ],
)  # fmt: skip
def test_nothing_to_propose(edited, cause, factor, before):
    """What is right already, or takes a human, is left alone."""
    assert edited(cause(factor, 1, 1), IMPORTS, before) is None


COMPILED = """\
@njit
def seed_compiled(seed):
    np.random.seed(seed)


seed_compiled(42)"""


@pytest.mark.parametrize(
    ("factor", "imports", "seed"),
    [
        ("python", "import random", "random.seed(42)"),
        ("python", "import random as rnd", "rnd.seed(42)"),
        ("python", "from random import choice", "import random\nrandom.seed(42)"),
        ("python", "from random import random", "import random as random_\nrandom_.seed(42)"),
        ("python", "from random import seed, choice", "seed(42)"),
        ("numpy", "import numpy as np", "np.random.seed(42)"),
        ("numpy", "import numpy", "numpy.random.seed(42)"),
        ("numpy", "from numpy import random as r", "r.seed(42)"),
        ("numpy", "import pandas as pd", "import numpy as np\nnp.random.seed(42)"),
        ("torch", "import torch", "torch.manual_seed(42)"),
        ("tensorflow", "import tensorflow as tf", "tf.random.set_seed(42)"),
        ("numba", "import numpy as np\nfrom numba import njit", COMPILED),
    ],
)  # fmt: skip
def test_seed_cell_after_the_imports(edited, cause, factor, imports, seed):
    """A stream is seeded in a cell of its own, under the name that the notebook knows the library by."""
    cells = (imports, "x = draw()", "print(x)")
    assert edited(cause(factor, 2, 1, at=1), *cells) == [imports, seed, "x = draw()", "print(x)"]


def test_seed_at_the_top_where_imports_and_code_share_a_cell(edited, cause):
    """Without a cell of imports, the seed follows the imports of the cell that draws."""
    cell = "%matplotlib inline\nimport random\nimport math\n\nx = random.random()"
    expected = (
        "%matplotlib inline\nimport random\nimport math\nrandom.seed(42)\n\nx = random.random()"
    )
    assert edited(cause("python", 0, 5), cell) == [expected]


def test_seed_of_what_is_imported_further_down(edited, cause):
    """A library that is imported only after the place of the seed is imported there, too."""
    cell = "x = 1\nimport random\nx = random.random()"
    assert edited(cause("python", 0, 3), cell) == [f"import random\nrandom.seed(42)\n{cell}"]


def test_seed_below_a_cell_magic(edited, cause):
    """A cell magic stays in the first line."""
    cell = "%%time\nimport random\nx = random.random()"
    expected = "%%time\nimport random\nrandom.seed(42)\nx = random.random()"
    assert edited(cause("python", 0, 3), cell) == [expected]


def test_inside_functions_and_behind_wide_characters(edited, cause):
    """Offsets are counted in characters, whatever the bytes."""
    cell = "!ls\ndef make(): return 'ünlïke', np.random.default_rng()  # ü"
    expected = "!ls\ndef make(): return 'ünlïke', np.random.default_rng(42)  # ü"
    assert edited(cause("os-entropy", 1, 2), "import numpy as np", cell)[1] == expected


def test_identifier_from_a_seeded_generator(edited, cause):
    """What can only be asked of the system is drawn from one seeded generator."""
    cells = ("from uuid import uuid4 as new", "print(new())")
    seeds = "import random\nimport uuid\nseeded_random = random.Random(42)"
    drawn = "print(uuid.UUID(int=seeded_random.getrandbits(128), version=4))"
    assert edited(cause("os-entropy", 1, 1), *cells) == [cells[0], seeds, drawn]


def test_walk_in_place(edited, cause):
    """`os.walk` goes down in the order of the list of folders, so that is sorted in place."""
    cells = ("import os", "for root, dirs, files in os.walk('src'):\n    print(files)")
    expected = "for root, dirs, files in os.walk('src'):\n    dirs.sort()\n    files.sort()\n    print(files)"
    assert edited(cause("directory-order", 1, 1), *cells) == [cells[0], expected]


def test_sets_are_known_by_how_they_were_made(edited, cause):
    """A name, an attribute or an item that was bound to a set anywhere counts as one."""
    box = "class Box:\n    def __init__(self):\n        self.seen = set()"
    made = f"tags = {{'a'}} | other\n{box}\nby_name = {{}}\nby_name['x'] = set('ab')"
    for used in ("tags", "box.seen", "by_name['x']", "tags - {'b'}", "tags.union(rest)"):
        found = edited(cause("hash-seed", 1, 1), made, f"for t in {used}:\n    print(t)")
        assert found[1] == f"for t in sorted({used}):\n    print(t)"


def test_pop_from_a_sorted_list(edited, cause):
    """A set that is only popped from is a sorted list from the start."""
    cells = ("todo = {'a', 'b'}", "while todo:\n    print(todo.pop())")
    assert edited(cause("hash-seed", 1, 2), *cells) == ["todo = sorted({'a', 'b'})", cells[1]]


def test_hash_becomes_a_checksum(edited, cause):
    """`hash` of text differs from process to process, a checksum does not."""
    found = edited(cause("hash-seed", 1, 1), "names = ['a']", "[hash(n) % 7 for n in names]")
    assert found[1] == "import zlib\n[zlib.crc32(repr(n).encode()) % 7 for n in names]"


def test_elements_that_cannot_be_sorted(edited, cause):
    """The second choice sorts by text."""
    found = edited(cause("hash-seed", 0, 1), "for x in {1, 'a'}: print(x)", choice=1)
    assert found == ["for x in sorted({1, 'a'}, key=str): print(x)"]


def test_today_becomes_a_parameter(edited, cause):
    """A date that is shown is written once, at the top, where a reader can set another."""
    cells = ("from datetime import date, datetime", "print(date.today(), datetime.now())")
    now = "NOW = datetime(2024, 1, 15, 12, 0)"
    assert edited(cause("clock", 1, 1), *cells) == [cells[0], now, "print(NOW.date(), NOW)"]


@pytest.mark.parametrize("made", ["uuid.uuid4", "datetime.now"])
def test_factories_are_called_later(edited, cause, made):
    """A function that is only named, to be called by a dataclass, is seeded where it is named."""
    imports = "import uuid\nfrom datetime import datetime"
    factor = "clock" if made == "datetime.now" else "os-entropy"
    cells = (imports, f"class Order:\n    made = field(default_factory={made})", "Order()")
    found = edited(cause(factor, 2, 1), *cells)
    later = {"uuid.uuid4": "uuid.UUID(int=seeded_random.getrandbits(128), version=4)"}.get(
        made, "NOW"
    )
    assert f"field(default_factory=lambda: {later})" in found[2]


def test_a_number_of_processors_that_is_only_shown_is_not_compared(edited, cause):
    """Shown at once or under a name, it is no number to write down; where it counts, it is this machine's own."""
    for shown in ("print(f'{n} cores')", "print('cores:', str(n))", "n"):
        cells = ("import os\nn = os.cpu_count()", shown)
        known = cause("threads", 1, 2, at=0)
        mark = "# NBVAL_IGNORE_OUTPUT: shows how many processors the machine has\n"
        assert edited(known, *cells) == [cells[0], mark + shown]
    cells = ("import os\nn = os.cpu_count()", "print(n)\nwork(n)")
    expected = f"import os\nn = {os.cpu_count()}"
    assert edited(cause("threads", 1, 2, at=0), *cells) == [expected, cells[1]]


def test_one_line_may_take_two_edits(edited, cause):
    """A line that lists a set and hashes a text: each edit alone is tried first, then both."""
    cells = ("names = ['a']", "for n in set(names): print(hash(n))")
    found = edited(cause("hash-seed", 1, 1), *cells, choice=2)
    expected = "import zlib\nfor n in sorted(set(names)): print(zlib.crc32(repr(n).encode()))"
    assert found[1] == expected


def test_the_factors_that_edits_treat():
    """What has an edit is known by name, and what takes a human is not among it."""
    known = treatable_factors()
    assert {"numpy", "hash-seed", "clock", "threads", "cell-order", "removed-api"} <= known
    assert not {"network", "kernel-death", "time-out", "stale-source", "unexplained"} & known


def test_duration_is_marked(edited, cause):
    """A cell that shows a duration says so, and its output is not compared."""
    cells = (
        "from time import perf_counter",
        "start = perf_counter()",
        "print(perf_counter() - start)",
    )
    found = edited(cause("clock", 2, 1), *cells)
    assert found[2] == f"# NBVAL_IGNORE_OUTPUT: shows a duration\n{cells[2]}"


def test_one_thread(edited, cause):
    """The cell that computes is limited to one thread, in a notebook that has loaded the extension."""
    cells = ("import numpy as np", "p = a @ b", "print(digest(p))")
    found = edited(cause("threads", 2, 1, at=1), *cells)
    assert found == [
        cells[0],
        "%load_ext repro_nb",
        f"%%deterministic --threads 1\n{cells[1]}",
        cells[2],
    ]


def test_zone_by_the_name_at_hand(edited, cause):
    """UTC is called as the notebook can call it."""
    cells = ("import datetime", "print(datetime.datetime.fromtimestamp(0))")
    expected = "print(datetime.datetime.fromtimestamp(0, tz=datetime.timezone.utc))"
    assert edited(cause("timezone", 1, 1), *cells) == [cells[0], expected]


def test_recorded_order(edited, cause):
    """Only cells whose order matters move, and as few as will do."""
    cells = ("x = 1", "print(x)", "print('aside')", "x = 2")
    found = edited(cause("cell-order", 1), *cells, counts=(1, 4, 2, 3))
    assert found == ["x = 1", "print('aside')", "x = 2", "print(x)"]


def test_definition_moves_up_with_what_it_needs(edited, cause):
    """The cell that defines a name comes before the one that needs it, and what it rests on before that."""
    cells = ("print(area)", "print('aside')", "width = 2", "area = width * 3")
    found = edited(cause("missing-name", 0, 1), *cells)
    assert found == ["width = 2", "area = width * 3", "print(area)", "print('aside')"]


def test_file_that_a_later_cell_writes(edited, cause):
    """The cell that writes a file comes before the one that reads it."""
    cells = ("print(open('t.txt').read())", "open('t.txt', 'w').write('x')")
    assert edited(cause("missing-file", 0, 1), *cells) == [cells[1], cells[0]]


def test_file_in_another_case(edited, cause, tmp_path):
    """A name is written as the file has it."""
    (tmp_path / "Data").mkdir()
    (tmp_path / "Data" / "Cities.json").write_text("{}")
    found = edited(cause("missing-file", 0, 1), "open('data/cities.json')", folder=tmp_path)
    assert found == ["open('Data/Cities.json')"]


def test_module_in_another_folder(edited, cause, tmp_path):
    """A module of the project's own is found on the search path."""
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "src" / "own.py").write_text("")
    found = edited(cause("missing-module", 0, 1), "from own import f", folder=project)
    assert found == ["import sys\nsys.path.insert(0, 'src')\nfrom own import f"]


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        (
            "x = np.float(1)", "x = float(1)",
            {"evidence": "took out numpy.float", "fix": "Use float, or np.float64 for numpy's own scalar."},
        ),
        (
            "for n, c in df.iteritems(): pass", "for n, c in df.items(): pass",
            {"evidence": "took out pandas.DataFrame.iteritems", "fix": "Use DataFrame.items()."},
        ),
        (
            "for k, v in d.iteritems(): pass", "for k, v in d.items(): pass",
            {"evidence": "took out dict.iteritems", "fix": "Use dict.items."},
        ),
        ("print 'hello', x", "print('hello', x)", {"evidence": "print is a function"}),
        (
            "log = log.append({'a': 1}, ignore_index=True)",
            "log = pd.concat([log, pd.DataFrame([{'a': 1}])], ignore_index=True)",
            {"evidence": "took out pandas.DataFrame.append"},
        ),
    ],
)  # fmt: skip
def test_removed_api(edited, cause, before, after, known):
    """The new name of what went."""
    imports = "import numpy as np\nimport pandas as pd"
    assert edited(cause("removed-api", 1, 1, **known), imports, before) == [imports, after]


@pytest.mark.parametrize(
    ("use", "edited_line"),
    [("print(here / 'runs')", 'here = Path("~")'), ("(here / 'runs').mkdir()", None)],
)
def test_home_becomes_a_sign_only_where_no_file_is_touched(edited, cause, use, edited_line):
    """A folder that is named ``~`` would be made otherwise."""
    cells = ("from pathlib import Path\nhere = Path.home()", use)
    found = edited(cause("working-directory", 1, 2, at=0), *cells)
    assert (found[0].splitlines()[1] if found else None) == edited_line
