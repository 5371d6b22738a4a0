"""Files that are not there: how it is told, who should have made them, where they lie."""

import pytest


@pytest.mark.parametrize(
    ("type_", "message", "path"),
    [
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'data/a.csv'", "data/a.csv"),
        (
            "FileNotFoundError",
            "[Errno 2] File b'data/a.csv' does not exist: b'data/a.csv'",
            "data/a.csv",
        ),
        ("FileNotFoundError", "data/a.txt not found.", "data/a.txt"),
        (
            "OSError",
            "Unable to open file (unable to open file: name = 'a.h5', errno = 2, error message = 'No such file')",
            "a.h5",
        ),
        ("LibsndfileError", "Error opening 'a.wav': System error.", "a.wav"),
        (
            "NotFoundError",
            "NewRandomAccessFile failed to Create/Open: a.rec : No such file or directory",
            "a.rec",
        ),
        ("DataSourceError", "a.shp: No such file or directory", "a.shp"),
        ("AnalysisException", "Path does not exist: file:/tmp/a.parquet", "/tmp/a.parquet"),
        ("Exception", "File `'tool.py'` not found.", "tool.py"),
    ],
)
def test_the_path_is_found_in_what_libraries_say(told, type_, message, path):
    """Every library has its own words for it."""
    cause = told("load()", type=type_, message=message)
    assert cause.factor == "missing-file"
    assert cause.evidence.startswith(f"{path} does not exist")


def test_an_image_that_opencv_did_not_find(told):
    """It gives None, and fails a step later."""
    line = "h = cv2.imread('img/cat.png').shape"
    cause = told(
        line,
        type="AttributeError",
        message="'NoneType' object has no attribute 'shape'",
        traceback=f"Cell In[1], line 1\n----> 1 {line}",
    )
    assert cause.evidence.startswith("img/cat.png does not exist")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("C:\\\\Users\\\\me\\\\a.csv", "Windows"),
        ("/content/drive/My Drive/a.csv", "Google Drive"),
        ("../input/titanic/a.csv", "Kaggle"),
        ("/Users/me/a.csv", "Mac"),
    ],
)
def test_paths_of_other_machines_are_told_as_such(told, path, place):
    """They exist nowhere else."""
    message = f"[Errno 2] No such file or directory: '{path}'"
    assert place in told("load()", type="FileNotFoundError", message=message).evidence


def missing(told, name, *cells):
    """The cause of a failure to open `name` in the second of `cells`."""
    message = f"[Errno 2] No such file or directory: '{name}'"
    return told(*cells, type="FileNotFoundError", message=message)


@pytest.mark.parametrize(
    "line",
    [
        "frame.to_csv('out/a.csv')",
        "with open('out/a.csv', 'w') as f: f.write(t)",
        "np.savetxt('out/a.csv', x)",
        "!cp /tmp/a.csv out/a.csv",
        "Path('out/a.csv').write_text(t)",
    ],
)
def test_the_line_that_should_have_made_it_is_named(told, line):
    """As far as its text tells."""
    assert (
        "Line 2 of cell 0 should have made it"
        in missing(told, "out/a.csv", f"x = 1\n{line}", "read()").evidence
    )


def test_a_line_that_is_commented_out_is_named(told):
    """Nothing else would ever make the file."""
    cause = missing(told, "a.csv", "# !wget http://example.invalid/a.csv", "read()")
    assert "commented out: line 1 of cell 0" in cause.evidence


def test_a_file_of_the_same_name_elsewhere_is_shown(told, tmp_path):
    """In another folder, in other letters, or packed."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "Train.csv").write_text("")
    (tmp_path / "test.csv.gz").write_text("")
    assert missing(told, "data/train.csv", "x", "read()").fix == "Read raw/Train.csv instead."
    assert "test.csv.gz" in missing(told, "test.csv", "x", "read()").evidence


def test_a_folder_that_is_missing_is_to_be_made(notebook, cause_of):
    """It is written to, not read from."""
    cause = cause_of(notebook("x = 1", "open('figures/a.txt', 'w')"))
    assert cause.fix == "Make it first: `Path('figures').mkdir(parents=True, exist_ok=True)`."


def test_a_program_that_is_missing_is_to_be_installed(notebook, cause_of):
    """It is no file of the notebook's."""
    cause = cause_of(notebook("import subprocess", "subprocess.run(['no-such-program', '-x'])"))
    assert cause.factor == "missing-file"
    assert "program no-such-program" in cause.evidence


def test_a_later_cell_makes_it(notebook, cause_of):
    """The fix moves that cell."""
    cause = cause_of(
        notebook("a = 1", "print(open('t.txt').read())", "open('t.txt', 'w').write('x')")
    )
    assert (cause.cell, cause.origin.line) == (1, 1)
    assert cause.fix == "Move cell 2 above cell 1."


def test_a_download_that_did_not_reach_the_network_is_the_cause(notebook, cause_of):
    """The missing file is what follows from it."""
    fetch = "print('curl: (6) Could not resolve host: example.invalid')  # curl -O http://example.invalid/d.csv"
    cause = cause_of(notebook(fetch, "open('d.csv')"))
    assert (cause.factor, cause.cell, cause.origin.cell) == ("network", 1, 0)


def test_data_of_nltk_is_to_be_downloaded(told):
    """Its message is long, coloured, and names the data set."""
    message = "\n*****\n  Resource \x1b[93mstopwords\x1b[0m not found.\n  Please use the NLTK Downloader to obtain it"
    cause = told("stopwords.words()", type="LookupError", message=message)
    assert (cause.factor, "nltk.downloader stopwords" in cause.fix) == ("missing-file", True)
