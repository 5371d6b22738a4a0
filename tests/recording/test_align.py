"""Which cell is which."""

from hypothesis import given
from hypothesis import strategies as st

from repro_nb.recording.align import CellKey, align

keys = st.lists(st.builds(CellKey, st.sampled_from("abcdef"), st.sampled_from("123")), max_size=12)


def named(*pairs):
    """Cells from pairs of id and digest."""
    return [CellKey(*pair) for pair in pairs]


@given(keys, keys)
def test_every_cell_is_paired_once_and_in_order(left, right):
    """No cell is lost, doubled or moved."""
    pairs = align(left, right)
    assert [i for i, _ in pairs if i is not None] == list(range(len(left)))
    assert [j for _, j in pairs if j is not None] == list(range(len(right)))


@given(keys)
def test_a_notebook_is_aligned_with_itself(cells):
    """Equal notebooks are paired cell by cell."""
    assert align(cells, cells) == tuple((i, i) for i in range(len(cells)))


def test_an_inserted_cell_shifts_nothing():
    """A cell that only one side has stands alone; the rest keep their counterparts."""
    left = named(("a", "1"), ("b", "2"))
    right = named(("a", "1"), ("new", "9"), ("b", "2"))
    assert align(left, right) == ((0, 0), (None, 1), (1, 2))


def test_cells_without_ids_in_common_are_matched_by_their_text():
    """Formats before 4.5 have no ids."""
    left = named(("0-x", "1"), ("1-x", "2"))
    right = named(("0-y", "9"), ("1-y", "1"), ("2-y", "2"))
    assert align(left, right) == ((None, 0), (0, 1), (1, 2))


def test_a_cell_edited_in_place_is_still_that_cell():
    """Between matched neighbours one changed cell belongs to one changed cell."""
    left = named(("0-x", "1"), ("1-x", "2"), ("2-x", "3"))
    right = named(("0-y", "1"), ("1-y", "8"), ("2-y", "3"))
    assert align(left, right) == ((0, 0), (1, 1), (2, 2))
