"""What libraries took out: the table, and failures that ask for what is gone."""

import asyncio
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from repro_nb.rerun.diagnoses.registry import diagnose
from repro_nb.rerun.diagnoses.removed_table import PYTHON, messages, removed_apis
from repro_nb.rerun.diagnoses.versions import at_least, distributions_of

PROGRAM = Path(__file__).with_name("still_there.py")
CAME_BACK = {"numpy.bool", "numpy.long"}
# Those left out take too long to import for what the table has of them.
LIBRARIES = sorted({entry.library for entry in removed_apis()} - {"tensorflow", "keras", "torch"})


def installed(library):
    """The version that is installed here; None for none."""
    if library == PYTHON:
        return platform.python_version()
    names = distributions_of(library)
    return metadata.version(names[0]) if names else None


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_the_table_says_is_gone_is_gone(library):
    """Every name is looked for in the version that is installed here."""
    version = installed(library)
    names = [
        entry.full_name
        for entry in removed_apis()
        if entry.library == library
        and version is not None
        and at_least(version, entry.version)
        and not set(entry.name) & set("*(")
    ]
    command = [sys.executable, "-W", "ignore", PROGRAM, *names]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) <= CAME_BACK


def test_the_table_is_well_formed():
    """No name twice, each with a version and a way out."""
    names = [(entry.library, entry.name) for entry in removed_apis()]
    assert len(names) == len(set(names)) > 700
    assert all(entry.version[0].isdigit() and entry.instead for entry in removed_apis())
    assert all("name" in entry.pattern.groupindex for entry in messages())


@pytest.mark.parametrize(
    ("source", "version", "instead"),
    [
        ("import collections\ncollections.Mapping", "3.10", "collections.abc.Mapping"),
        ("from collections import Mapping", "3.10", "collections.abc.Mapping"),
        ("import time\ntime.clock()", "3.8", "perf_counter"),
        ("{}.has_key(1)", "3.0", "in mapping"),
        ("import urllib2", "3.0", "urllib.request"),
        ("[1].sort(cmp=None)", "3.0", "cmp_to_key"),
        ("import numpy as np\nnp.float(1)", "1.24", "float"),
        ("import numpy as np\nnp.product([1])", "2.0", "np.prod"),
        ("import numpy as np\nnp.Inf", "2.0", "np.inf"),
        ("import numpy as np\nnp.array([1]).ptp()", "2.0", "np.ptp"),
        ("import pandas as pd\npd.DataFrame().append(1)", "2.0", "pd.concat"),
        ("import pandas as pd\npd.DataFrame({'a': [1]}).ix[0]", "1.0", ".loc"),
        ("import pandas as pd\npd.read_csv('x', error_bad_lines=False)", "2.0", "on_bad_lines"),
        ("import pandas as pd\npd.DataFrame({'a': [1]}).fillna(method='ffill')", "3.0", "ffill()"),
        ("from scipy.misc import imread", "1.3", "imageio"),
        ("from scipy.integrate import simps", "1.14", "simpson"),
        ("from sklearn.cross_validation import KFold", "0.20", "model_selection"),
        ("from sklearn.datasets import load_boston", "1.2", "fetch_california_housing"),
        (
            "from sklearn.preprocessing import OneHotEncoder\nOneHotEncoder(sparse=False)",
            "1.4",
            "sparse_output",
        ),
        (
            "from sklearn.tree import DecisionTreeRegressor as T\nT(criterion='mse').fit([[1]], [1])",
            "1.2",
            "squared_error",
        ),
        ("import matplotlib.pyplot as plt\nplt.hist([1], normed=True)", "3.1", "density"),
        ("import matplotlib.pyplot as plt\nplt.style.use('seaborn')", "3.8", "seaborn-v0_8"),
        ("import networkx as nx\nnx.Graph().node", "2.4", "Graph.nodes"),
        ("from PIL import Image\nImage.ANTIALIAS", "10.0", "LANCZOS"),
    ],
)
def test_what_is_gone_is_named_with_its_version(failed_in_process, source, version, instead):
    """The version without it, and what to use instead."""
    cause = failed_in_process(source)
    assert cause.factor == "removed-api"
    assert f" {version} took out" in cause.evidence
    assert instead in cause.fix


@pytest.mark.parametrize(
    "message",
    [
        "`interp2d` has been removed in SciPy 1.14.0.",
        "The vocab attribute was removed from KeyedVector in Gensim 4.0.0.",
        "You tried to access openai.Nothing, but this is no longer supported in openai>=1.0.0",
    ],
)
def test_what_a_library_says_itself_is_believed(told, message):
    """Also of what the table does not know."""
    traceback = "File /opt/site-packages/lib/a.py:3\n----> 3 raise"
    cause = told("f()", type="NotImplementedError", message=message, traceback=traceback)
    assert cause.factor == "removed-api"


@pytest.mark.parametrize(
    ("source", "type_", "message"),
    [
        ("x.append(1)", "AttributeError", "'DataFrame' object has no attribute 'append'"),
        ("math.foo()", "AttributeError", "module 'math' has no attribute 'foo'"),
        ("g.node", "AttributeError", "'Tree' object has no attribute 'node'"),
        ("f(normed=1)", "TypeError", "f() got an unexpected keyword argument 'normed'"),
        ("f()", "ValueError", "the file has been removed from the folder"),
    ],
)
def test_other_failures_are_left_alone(told, source, type_, message):
    """A class of the user's own, a library that is not there, a slip: none of them is an API that went."""
    cause = told(source, type=type_, message=message)
    assert cause.factor != "removed-api"


def test_an_older_version_still_has_it(told):
    """What the version in use has cannot be what is missing."""
    cause = told(
        "import numpy as np\nnp.product",
        type="AttributeError",
        message="module 'numpy' has no attribute 'product'",
        packages={"numpy": "1.26.4"},
    )
    assert cause.factor != "removed-api"


def test_a_module_of_the_projects_own_is_not_python_2s(told, tmp_path):
    """A file of that name lies in another folder."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "commands.py").write_text("")
    message = "No module named 'commands'"
    cause = told("import commands", type="ModuleNotFoundError", message=message)
    assert cause.factor == "missing-module"


@pytest.fixture(scope="module")
def frame():
    """A line that makes a frame of one column of text and one of numbers."""
    return "import pandas as pd\ndf = pd.DataFrame({'g': ['x', 'y'], 't': ['p', 'q'], 'n': [1, 2]})"


@pytest.mark.parametrize(
    ("line", "version", "instead"),
    [
        ("df.drop('n', 1)", "2.0", "their names"),
        ("df.set_index('n', True)", "2.0", "their names"),
        ("pd.concat([df, df], 1)", "2.0", "their names"),
        ("pd.read_csv('x', ',')", "2.0", "their names"),
        ("df.groupby('g').mean()", "2.0", "mean(numeric_only=True)"),
        ("df.pivot_table(index='g')", "2.0", "numeric_only=True"),
        ("df.std()", "2.0", "std(numeric_only=True)"),
        ("df.corr()", "2.0", "numeric_only=True"),
        ("pd.Index(['a']) | pd.Index(['b'])", "2.0", "Index.union"),
        ("pd.concat([df, df], axis='col')", "0.19.1", "axis='columns'"),
    ],
)
def test_what_pandas_took_out(failed_in_kernel, frame, line, version, instead):
    """With the failures that the installed version really gives."""
    (case,) = failed_in_kernel(frame, line)
    (cause,) = asyncio.run(diagnose(case))
    assert (cause.factor, cause.cell) == ("removed-api", 1)
    assert f" {version} took out" in cause.evidence
    assert instead in cause.fix


@pytest.mark.parametrize("line", ["df['t'].mean()", "df.groupby('g')['t'].mean()"])
def test_a_mean_of_text_alone_was_never_there(failed_in_kernel, frame, line):
    """Only columns beside others were left out once."""
    (case,) = failed_in_kernel(frame, line)
    (cause,) = asyncio.run(diagnose(case))
    assert cause.factor != "removed-api"


def test_a_magic_that_ipython_took_out(told):
    """It installed extensions from anywhere."""
    message = "Line magic function `%install_ext` not found."
    cause = told("%install_ext https://a.invalid/x.py", type="UsageError", message=message)
    assert (cause.factor, "IPython 5.0 took out" in cause.evidence) == ("removed-api", True)


def test_an_argument_that_keras_3_refuses(told):
    """It names the argument among others."""
    message = "Argument(s) not recognized: {'lr': 0.001}"
    cause = told(
        "import keras", "keras.optimizers.Adam(lr=0.001)", type="ValueError", message=message
    )
    assert (cause.factor, "learning_rate=" in cause.fix) == ("removed-api", True)


def test_a_name_that_an_import_of_everything_once_gave(told):
    """`from itertools import *` gave imap in Python 2."""
    cells = ("from itertools import *", "print sum(x)", "list(imap(abs, [1]))")
    cause = told(*cells, type="NameError", message="name 'imap' is not defined")
    assert (cause.factor, "Python 3.0 took out imap" in cause.evidence) == ("removed-api", True)
    assert "line 1 of cell 1 is of Python 2 too" in cause.evidence


def test_metadata_that_name_python_2_are_evidence(notebook, save_as, cause_of):
    """They tell more than the failing line alone."""
    cause = cause_of(save_as(notebook("a = 1", "raw_input()"), python="2.7.13"))
    assert cause.factor == "removed-api"
    assert "metadata name Python 2.7" in cause.evidence


def test_a_word_that_was_a_name_once(told):
    """`async` is a word of the language since Python 3.7."""
    line = "x.cuda(async=True)"
    trace = f"Cell In[1], line 1\n    {line}\nSyntaxError: invalid syntax"
    cause = told(line, type="SyntaxError", message="invalid syntax", traceback=trace)
    assert (cause.factor, "3.7 took out async" in cause.evidence) == ("removed-api", True)
