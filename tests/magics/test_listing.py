"""Names and lines, as magics list them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.magics.listing import listed, shortened


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ([], ""),
        (["python", "rng"], "python, rng"),
        (["a[0]", "a[1]"], "a[0], a[1]"),
        (["a[10]", "a[2]", "a[1]"], "a[1…10] (3)"),
        (["a['x']", "a['y']", "a['z']"], "a['x'…'z'] (3)"),
        (["p[0].rng", "x", "p[1].rng", "p[2].rng", "p[2].own"], "p[0…2].rng (3), x, p[2].own"),
        (["a[0][1]", "a[0][2]", "a[0][3]", "a[1][0]"], "a[0][1…3] (3), a[1][0]"),
    ],
)
def test_items_of_one_container_are_one_entry(names, line):
    """Three or more of them; by their last key, with what follows it."""
    assert listed(names, None) == line


def test_what_is_left_out_is_counted():
    """Each item counts, those of a container too."""
    names = ["a", "b", *(f"c[{n}]" for n in range(60)), "d"]
    assert listed(names, 2) == "a, b and 61 more"
    assert listed(names, 3) == "a, b, c[0…59] (60) and 1 more"


@given(st.lists(st.from_regex(r"[ab](\[[0-9'x]{1,3}\])?(\.c)?", fullmatch=True), unique=True))
def test_every_name_is_there_or_counted(names):
    """However they are grouped, no name gets lost."""
    assert listed(names, 0) == (f" and {len(names)} more" if names else "")
    assert all(name in listed(names, None) or "…" in listed(names, None) for name in names)


def test_lines_beyond_the_limit_are_told_with_the_way_to_them():
    """And nothing is said where all are shown."""
    lines = ["one", "two", "three"]
    assert shortened(lines, 2, "%more") == ["one", "two", "and 1 more: %more"]
    assert shortened(lines, 3, "%more") == shortened(lines, None, "%more") == lines
