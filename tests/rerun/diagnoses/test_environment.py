"""Versions of then and now."""

from dataclasses import replace

import pytest

from repro_nb.recording.store import read_recording, recording_path, write_recording
from repro_nb.rerun import VerifyOptions, verify
from repro_nb.rerun.result import Grade


def record_with(path, **packages):
    """Record the notebook, as if with these versions."""
    verify(path, VerifyOptions(runs=1, update=True, explain=False))
    recording = read_recording(recording_path(path))
    known = {**recording.environment.packages, **packages}
    environment = replace(recording.environment, packages=known)
    return replace(recording, environment=environment)


def test_a_recorded_version_that_is_another_now(notebook, save_as, diagnosed):
    """Observed for the cells that use the package, and for no other."""
    path = notebook("import numpy as np\nx = np.ones(2)", "print(x.sum())", "print(1)", "print(x)")
    save_as(path, counts=[1, 2, 3, 4], printed={1: "2.5", 2: "1", 3: "[1, 1]"})
    recording = record_with(path, numpy="1.26.4")
    cells = [
        replace(
            cell,
            outputs=tuple(
                {"output_type": "stream", "name": "stdout", "text": text} for text in texts
            ),
        )
        for cell, texts in zip(recording.cells, [[], ["2.5\n"], ["1\n"], ["[1, 1]\n"]], strict=True)
    ]
    write_recording(replace(recording, cells=tuple(cells)), recording_path(path))
    (cause,) = diagnosed(path)
    assert (cause.cell, cause.inherited_by) == (1, (3,))
    assert (cause.factor, cause.grade) == ("environment", Grade.OBSERVED)
    assert "numpy 1.26.4" in cause.evidence
    assert "pip install numpy==1.26.4" in cause.fix


@pytest.mark.parametrize(
    ("source", "saved"),
    [
        ("import numpy\nprint(numpy.__version__)", "1.19.5"),
        ("import sys\nprint(sys.version_info[:2])", "(3, 6)"),
    ],
)
def test_a_version_that_is_shown(notebook, save_as, cause_of, source, saved):
    """Both versions are told, with the line that shows them."""
    cause = cause_of(save_as(notebook(source), counts=[1], printed={0: saved}))
    assert (cause.factor, cause.grade, cause.origin.line) == ("environment", Grade.OBSERVED, 2)


@pytest.mark.parametrize(
    ("source", "saved", "library"),
    [
        ("import numpy as np\n[np.float64(2.5)]", "[2.5]", "numpy 2.0"),
        (
            "import pandas as pd\npd.DataFrame({'a': ['x']}).dtypes",
            "a    object\ndtype: object",
            "pandas 3.0",
        ),
    ],
)
def test_a_form_of_display_tells_the_version(notebook, save_as, cause_of, source, saved, library):
    """Suspected by the output alone."""
    cause = cause_of(save_as(notebook(source), counts=[1], values={0: saved}))
    assert (cause.factor, cause.grade) == ("environment", Grade.SUSPECTED)
    assert library in cause.evidence


def test_another_python_is_suspected_where_packages_are_used(notebook, save_as, diagnosed):
    """With it came other packages; a cell that uses none is left unexplained."""
    path = notebook("import numpy as np", "print(np.ones(2))", "print(1)")
    save_as(path, counts=[1, 2, 3], printed={1: "[1 1]x", 2: "2"}, python="3.6.9")
    causes = {cause.cell: cause for cause in diagnosed(path)}
    assert (causes[1].factor, causes[1].grade) == ("environment", Grade.SUSPECTED)
    assert causes[2].factor == "unexplained"


def test_the_same_environment_is_not_accused(notebook, save_as, cause_of):
    """Nothing is known against it."""
    path = notebook("import numpy as np", "print(np.ones(2))")
    save_as(path, counts=[1, 3], printed={1: "[1 1]x"}, python="3.11.1")
    assert cause_of(path).factor == "unexplained"


@pytest.mark.parametrize("quiet", ["", "import warnings; warnings.simplefilter('ignore')\n"])
def test_what_copy_on_write_changed_in_silence(notebook, save_as, cause_of, quiet):
    """Observed where pandas warns of the line, else suspected."""
    frame = f"{quiet}import pandas as pd\ndf = pd.DataFrame({{'a': [1, None]}})"
    path = notebook(frame, "df['a'].fillna(0, inplace=True)\nprint(df.a.isnull().sum())")
    cause = cause_of(save_as(path, counts=[1, 2], printed={1: "0"}, python="3.11.1"))
    assert (cause.cell, cause.factor, cause.origin.line) == (1, "environment", 1)
    assert "Since pandas 3.0" in cause.evidence
    assert cause.grade is (Grade.SUSPECTED if quiet else Grade.OBSERVED)
