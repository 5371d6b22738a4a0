"""Failed imports: what to install, or where the module lies."""

import pytest

from repro_nb.rerun.diagnoses.distributions import KNOWN


def imported(told, name, *before):
    """The cause of ``import name``, as a kernel tells it."""
    return told(
        *before,
        f"import {name}",
        type="ModuleNotFoundError",
        message=f"No module named '{name}'",
        traceback=f"Cell In[{len(before) + 1}], line 1\n----> 1 import {name}",
    )


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("cv2", "opencv-python"),
        ("skimage.io", "scikit-image"),
        ("Bio", "biopython"),
        ("git", "GitPython"),
        ("google.cloud.storage", "google-cloud-storage"),
        ("mpl_toolkits.basemap", "basemap"),
    ],
)
def test_the_package_has_another_name_than_the_module(told, module, package):
    """The table knows it, and says of when it is."""
    cause = imported(told, module)
    assert (cause.factor, cause.fix) == ("missing-module", f"`pip install {package}`")
    assert KNOWN.date in cause.evidence


@pytest.mark.parametrize("module", ["brfss", "lr_utils", "thinkstats2", "utils.plots"])
def test_what_no_table_knows_is_probably_a_file_of_the_authors(told, module):
    """Anybody may have published a package of that name: nobody is told to install it."""
    cause = imported(told, module)
    assert f"Put {module.partition('.')[0]}.py beside the notebook" in cause.fix
    assert "pip install" not in cause.fix


@pytest.mark.parametrize("module", ["seaborn", "plotly.express", "line_profiler", "xgboost"])
def test_a_package_that_is_called_like_its_module(told, module):
    """The table knows the well-known ones."""
    package = module.partition(".")[0].replace("_", "-")
    assert imported(told, module).fix == f"`pip install {package}`"


def test_what_the_notebook_installs_itself_is_a_package(told):
    """The author says so, though no table does."""
    cause = imported(told, "somelib_x", "!pip install somelib-x")
    assert "`pip install somelib-x`" in cause.fix


@pytest.mark.parametrize("module", ["google.colab", "kaggle_secrets", "dbutils"])
def test_what_exists_in_one_place_alone_is_not_to_be_installed(told, module):
    """No package brings it."""
    assert "pip install" not in imported(told, module).fix


def test_a_module_in_another_folder_of_the_project_is_shown(told, tmp_path):
    """Its path is given, as seen from the notebook."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "helpers.py").write_text("x = 1")
    cause = imported(told, "helpers")
    assert "lib/helpers.py" in cause.evidence
    assert "sys.path.insert(0, 'lib')" in cause.fix


def test_a_package_of_the_project_is_shown(told, tmp_path):
    """A folder of modules is one too."""
    (tmp_path / "code" / "tools").mkdir(parents=True)
    (tmp_path / "code" / "tools" / "__init__.py").write_text("")
    assert "code/tools" in imported(told, "tools.plots").evidence


def test_an_installation_by_the_notebook_itself_is_named(told):
    """It did not work in a rerun, and the reader should know."""
    cause = imported(told, "cv2", "x = 1\n!pip install -q opencv-python==4.5")
    assert "Line 2 of cell 0" in cause.evidence


def test_a_part_that_the_installed_version_lacks(told):
    """It is no matter of installing, but of versions."""
    cause = told(
        "import pandas.nonsense",
        type="ModuleNotFoundError",
        message="No module named 'pandas.nonsense'",
        packages={"pandas": "3.1.1"},
    )
    assert "pandas 3.1.1 is installed" in cause.evidence


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        (
            "Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
            "openpyxl",
        ),
        ("lxml not found, please install it", "lxml"),
        ("IProgress not found. Please update jupyter and ipywidgets.", "ipywidgets"),
        ("Using X requires jinja2. Install it: `pip install jinja2`", "jinja2"),
        ("libGL.so.1: cannot open shared object file: No such file or directory", "libgl1"),
    ],
)
def test_what_a_library_asks_for(told, message, fix):
    """Its own words name the package."""
    cause = told("import x", type="ImportError", message=message)
    assert cause.factor == "missing-module"
    assert fix in cause.fix


def test_a_name_that_the_users_own_module_lacks(told, tmp_path):
    """It is a missing name, in that file."""
    message = f"cannot import name 'half' from 'own' ({tmp_path}/own.py)"
    cause = told("from own import half", type="ImportError", message=message)
    assert (cause.factor, cause.fix) == ("missing-name", "Define half in own.py.")


def test_a_name_that_an_installed_package_lacks(told):
    """It is suspected that another version had it."""
    message = "cannot import name 'nonsense' from 'scipy' (/lib/site-packages/scipy/__init__.py)"
    cause = told("from scipy import nonsense", type="ImportError", message=message)
    assert (cause.factor, cause.grade) == ("environment", "suspected")


def test_an_import_inside_a_local_module_is_placed_in_both(notebook, cause_of, tmp_path):
    """The line of the cell is the origin; the evidence names the file."""
    (tmp_path / "own.py").write_text("x = 1\nimport no_such_thing")
    cause = cause_of(notebook("a = 1", "b = 2\nimport own"))
    assert (cause.factor, cause.cell, cause.origin.line) == ("missing-module", 1, 2)
    assert "own.py imports in line 2" in cause.evidence


def test_a_failed_import_that_is_caught_is_no_cause(notebook, diagnosed):
    """Only failures are explained."""
    path = notebook(
        "try:\n    import no_such_thing\nexcept ImportError:\n    print('without')", saved=True
    )
    assert diagnosed(path) == ()


def test_a_module_that_is_called_like_ones_own(told):
    """Nobody is told to install a stranger's package called utils."""
    cause = imported(told, "utils")
    assert cause.fix == "Put utils.py beside the notebook."


@pytest.mark.parametrize(
    ("type_", "message", "fix"),
    [
        (
            "OSError",
            "[E050] Can't find model 'en_core_web_sm'. It doesn't seem to be …",
            "spacy download",
        ),
        ("ImportError", "attempted relative import with no known parent package", "by its name"),
    ],
)
def test_imports_that_have_ways_of_their_own(told, type_, message, fix):
    """A model is a package too; a notebook lies in none."""
    cause = told("load()", type=type_, message=message)
    assert (cause.factor, fix in cause.fix) == ("missing-module", True)
