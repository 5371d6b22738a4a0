"""Rows of a side-by-side difference."""

from hypothesis import given
from hypothesis import strategies as st

from repro_nb.pages.readable import readable
from repro_nb.rerun.report.difference import RowKind, difference_rows


def texts(row):
    """The two lines of a row as plain text."""
    return tuple(
        None if line is None else "".join(span.text for span in line)
        for line in (row.left, row.right)
    )


def test_the_numbers_that_differ_are_marked_within_their_line():
    """Of a long line only what changed stands out, number by number."""
    (row,) = difference_rows("loss 0.693 after 10", "loss 0.701 after 10")
    assert [span.text for span in row.left if span.changed] == ["0.693"]
    assert [span.text for span in row.right if span.changed] == ["0.701"]


def test_equal_texts_have_no_rows():
    """Nothing to show where nothing differs."""
    assert difference_rows("a\nb", "a\nb") == ()


def test_a_line_on_one_side_stands_alone():
    """The other side of the row is empty."""
    rows = difference_rows("a\nb", "a\nnew\nb")
    assert (None, "new") in [texts(row) for row in rows]


def test_equal_lines_far_from_a_difference_are_left_out():
    """Two lines of context, and a note on how many were skipped."""
    same = [str(i) for i in range(50)]
    rows = difference_rows("\n".join([*same, "x"]), "\n".join([*same, "y"]))
    assert [row.kind for row in rows] == [RowKind.GAP, RowKind.SAME, RowKind.SAME, RowKind.CHANGED]
    assert "48" in texts(rows[0])[0]


def test_a_huge_difference_is_cut_to_what_can_be_read():
    """A million lines take a moment, and give no more rows than asked for."""
    left = "\n".join(f"a{i}" for i in range(200_000))
    rows = difference_rows(left, left.replace("a", "b"), most=20)
    assert len(rows) == 20
    assert rows[-1].kind is RowKind.GAP


def test_a_long_line_is_shown_around_its_first_difference():
    """The place that differs is in sight, however long the line."""
    (row,) = difference_rows("x" * 5000 + " 1 " + "y" * 5000, "x" * 5000 + " 2 " + "y" * 5000)
    left, right = texts(row)
    assert " 1 " in left
    assert " 2 " in right
    assert max(len(left), len(right)) < 300


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_two_texts_can_be_shown(left, right):
    """No text raises, and no control character gets through."""
    for row in difference_rows(left, right):
        for shown in texts(row):
            assert shown is None or readable(shown) == shown
