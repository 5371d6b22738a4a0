"""What cells say about their own comparison."""

import pytest

from repro_nb.recording.markers import CellMarker, cell_marker


def code(source="", *tags):
    """A code cell."""
    return {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (code("1"), CellMarker()),
        (
            code("# NBVAL_IGNORE_OUTPUT\n1"),
            CellMarker(ignore_output=True, reason="NBVAL_IGNORE_OUTPUT"),
        ),
        (
            code("1\n  #NBVAL_IGNORE_OUTPUT: prints a duration "),
            CellMarker(ignore_output=True, reason="prints a duration"),
        ),
        (
            code("# PYTEST_VALIDATE_IGNORE_OUTPUT"),
            CellMarker(ignore_output=True, reason="PYTEST_VALIDATE_IGNORE_OUTPUT"),
        ),
        (code("# NBVAL_SKIP"), CellMarker(skip=True, reason="NBVAL_SKIP")),
        (
            code("# NBVAL_RAISES_EXCEPTION"),
            CellMarker(raises_exception=True, reason="NBVAL_RAISES_EXCEPTION"),
        ),
        (code("# NBVAL_CHECK_OUTPUT"), CellMarker(check_output=True, reason="NBVAL_CHECK_OUTPUT")),
        (
            code("", "raises-exception"),
            CellMarker(raises_exception=True, reason="cell tag raises-exception"),
        ),
        (code("", "nbval_skip"), CellMarker(skip=True, reason="cell tag nbval_skip")),
        (
            code("", "nbval-ignore-output"),
            CellMarker(ignore_output=True, reason="cell tag nbval-ignore-output"),
        ),
        (
            code("# NBVAL_CHECK_OUTPUT", "nbval-ignore-output"),
            CellMarker(check_output=True, reason="NBVAL_CHECK_OUTPUT"),
        ),
        (code("x = '# NBVAL_SKIP'"), CellMarker()),
        (code("# NBVAL_IGNORE_OUTPUTS"), CellMarker()),
    ],
)
def test_tags_and_comments_of_nbval_are_honoured(cell, expected):
    """Tags and comments mean what they mean to nbval; a reason may follow a colon; a comment beats a tag."""
    assert cell_marker(cell) == expected


@pytest.mark.parametrize(
    "source", ["%repro_verify", "%%repro_verify -h", "x = 1\n%repro_verify other.ipynb"]
)
def test_verify_magic_is_not_compared(source):
    """The magic does nothing inside a rerun, so its report cannot be compared."""
    marker = cell_marker(code(source))
    assert marker.ignore_output
    assert marker.reason == "%repro_verify is inert inside a rerun"


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"source": ["# NBVAL", "_SKIP"]},
        {"metadata": 3, "source": None},
        {"metadata": {"tags": "x"}},
    ],
)
def test_mangled_cells_have_markers_too(cell):
    """A cell that lacks what nbformat asks for is read as far as it goes."""
    assert isinstance(cell_marker(cell), CellMarker)


def test_names_agree_with_nbval():
    """Every comment and tag that nbval knows is known here."""
    from nbval import plugin

    for comment in plugin.comment_markers:
        assert cell_marker(code(f"# {comment}")) != CellMarker()
    for tag in plugin.metadata_tags:
        assert cell_marker(code("", tag)) != CellMarker()
