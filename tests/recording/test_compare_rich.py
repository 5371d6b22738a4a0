"""How HTML, SVG, JSON and pictures compare."""

import base64
import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from repro_nb.recording.compare import CompareOptions, compare_outputs
from repro_nb.recording.compare.markup import compare_markup
from repro_nb.recording.outcome import Outcome

OPTIONS = CompareOptions()


def display(**data):
    """A display output; mime types are written with ``__`` for the slash."""
    return {
        "output_type": "display_data",
        "data": {mime.replace("__", "/"): value for mime, value in data.items()},
    }


def compare(mime, expected, actual, **options):
    """Compare two values of one mime type."""
    sides = (
        [{"output_type": "display_data", "data": {mime: value}}] for value in (expected, actual)
    )
    return compare_outputs(*sides, CompareOptions(**options)).outputs[0]


def picture(color=(200, 100, 50), size=(8, 4), spots=(), file_format="PNG", mode="RGB"):
    """A picture as base64, with spots of another colour."""
    image = Image.new(mode, size, color)
    for place, spot in spots:
        image.putpixel(place, spot)
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return base64.b64encode(buffer.getvalue()).decode()


# --- HTML


def test_table_reason_names_row_and_column():
    """A frame that differs in one cell says which."""
    import pandas as pd

    left = pd.DataFrame({"price": [0.82, 0.5], "n": [1, 2]}, index=["a", "b"])
    right = left.replace(0.5, 0.6)
    output = compare("text/html", left.to_html(), right.to_html())
    assert output.outcome is Outcome.DIFFERENT
    assert output.reason == "table 1, row 3 (b), column 2 (price): expected 0.50, got 0.60"
    assert "b | 0.50 | 2" in output.expected


def test_table_with_another_shape_says_so():
    """A frame that grew is not compared cell by cell."""
    reason = compare("text/html", "<table><tr><td>1", "<table><tr><td>1<tr><td>2").reason
    assert reason == "table 1: expected 1 rows and 1 columns, got 2 rows and 1 columns"


def test_cells_within_tolerance_are_equivalent():
    """Numbers in cells follow the rule of printed numbers."""
    output = compare(
        "text/html",
        "<table><tr><td>0.3</td></tr></table>",
        "<table><tr><td>0.30000000000000004</td></tr></table>",
    )
    assert output.outcome is Outcome.EQUIVALENT


def test_column_after_a_wide_cell_is_counted_right():
    """A cell that spans columns moves those after it."""
    row = '<table><tr><th colspan="2">x</th><th>y</th></tr><tr><td>1</td><td>2</td><td>{}</td></tr></table>'
    assert "column 3 (y)" in compare("text/html", row.format(3), row.format(4)).reason


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (
            '<style>#T_1a2b3_row0 {color: red}</style><td id="T_1a2b3_row0">1',
            '<style>#T_4c5d6_row0 {color: red}</style><td id="T_4c5d6_row0">1',
        ),
        ('<div id="sk-container-id-1">', '<div id="sk-container-id-7">'),
        (
            '<div id="123e4567-e89b-12d3-a456-426614174000">',
            '<div id="923e4567-e89b-12d3-a456-426614174001">',
        ),
        ("<b>x</b> <i>y</i>", "<b>x</b>\n<i>y</i>"),
        ('<a href="x" class="y">z</a>', "<a class='y' href=x>z</a>"),
        ("<p>&lt;f at 0x7f3a5c1d2e50&gt;", "<p>&lt;f at 0x7f3a5c1d2e60&gt;"),
    ],
)
def test_markup_that_shows_the_same_is_equivalent(expected, actual):
    """Random ids, white space and the way of writing attributes say nothing."""
    assert compare("text/html", expected, actual).outcome is Outcome.EQUIVALENT


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("<b>x</b>", "<i>x</i>"),
        ("<p>x</p>", "<p>y</p>"),
        ('<p style="color: red">x', '<p style="color: blue">x'),
        ("<pre>a  b</pre>", "<pre>a b</pre>"),
        ("<script>plot([1, 2])</script>", "<script>plot([1, 3])</script>"),
        ("<p>123e4567-e89b-12d3-a456-426614174000", "<p>923e4567-e89b-12d3-a456-426614174001"),
        ("x", "x<br>"),
    ],
)
def test_markup_that_shows_something_else_is_different(expected, actual):
    """Tags, text, styles, scripts and preformatted white space count."""
    assert compare("text/html", expected, actual).outcome is Outcome.DIFFERENT


@given(
    st.text(alphabet="<>/=\"'!-&;ab td\n", max_size=40),
    st.text(alphabet="<>/=\"'!-&;ab td\n", max_size=40),
)
def test_any_markup_can_be_compared(left, right):
    """Broken markup ends with an outcome that does not depend on the order."""
    assert (
        compare_markup(left, right, OPTIONS).outcome is compare_markup(right, left, OPTIONS).outcome
    )


@pytest.mark.parametrize("part", ["<a ", "<!--", "<a href='", "<td ", "</a ", "&", "<![CDATA["])
def test_markup_that_is_never_closed_is_read_in_linear_time(part):
    """Hostile HTML, over which the standard library's parser takes hours, does not stop a run."""
    body = part * 100_000
    assert compare_markup(body, body + "x", OPTIONS).outcome.agrees in (True, False)


def test_svg_of_matplotlib_compares_but_for_ids_and_date():
    """Two drawings of one figure are equivalent, one of other data is not."""
    import matplotlib.figure as plt

    def svg(data):
        figure = plt.Figure()
        figure.subplots().plot(data, marker="o")
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg")
        return buffer.getvalue()

    assert compare("image/svg+xml", svg([1, 2]), svg([1, 2])).outcome is Outcome.EQUIVALENT
    assert compare("image/svg+xml", svg([1, 2]), svg([2, 1])).outcome is Outcome.DIFFERENT


# --- JSON


def test_json_reason_names_the_path():
    """A figure's JSON says which leaf differs."""
    output = compare("application/json", {"data": [{"y": [1, 2.0]}]}, {"data": [{"y": [1, 2.5]}]})
    assert output.reason == "$.data[0].y[1]: expected 2.0, got 2.5, a relative difference of 0.2"


@pytest.mark.parametrize(
    ("expected", "actual", "outcome"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, Outcome.IDENTICAL),
        ({"a": 0.3}, {"a": 0.1 + 0.2}, Outcome.EQUIVALENT),
        ({"a": 1}, {"a": 1.0}, Outcome.EQUIVALENT),
        ({"a": float("nan")}, {"a": float("nan")}, Outcome.IDENTICAL),
        ({"a": 1}, {"a": True}, Outcome.DIFFERENT),
        ({"a": 1}, {"a": 2}, Outcome.DIFFERENT),
        ({"a": None}, {}, Outcome.DIFFERENT),
        ([1, 2], [1], Outcome.DIFFERENT),
        ([10**400], [10**400 + 1], Outcome.DIFFERENT),
        ([10**400], [1.5], Outcome.DIFFERENT),
    ],
)
def test_json_compares_by_structure(expected, actual, outcome):
    """Order of keys says nothing; types, members and numbers do."""
    assert compare("application/vnd.vegalite.v5+json", expected, actual).outcome is outcome
    assert compare("application/vnd.vegalite.v5+json", actual, expected).outcome is outcome


def test_typed_arrays_of_plotly_compare_by_value():
    """Numbers that plotly packs in base64 follow the tolerance, too."""
    import numpy as np

    def packed(values):
        return {
            "y": {
                "dtype": "f8",
                "bdata": base64.b64encode(np.array(values, "<f8").tobytes()).decode(),
            }
        }

    mime = "application/vnd.plotly.v1+json"
    assert compare(mime, packed([0.3]), packed([0.1 + 0.2])).outcome is Outcome.EQUIVALENT
    assert compare(mime, packed([0.3, 1.0]), packed([0.3, 2.0])).reason.startswith("$.y.bdata[1]")


def test_json_nested_deeper_than_python_recurses_is_compared():
    """Depth is no way to stop a run."""
    left, right = [], [1]
    for _ in range(100_000):
        left, right = [left], [right]
    assert compare("application/json", left, right).outcome is Outcome.DIFFERENT


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
)


@given(json_values)
def test_json_is_identical_to_what_a_file_gives_back(value):
    """Writing and reading JSON changes nothing that counts."""
    assert (
        compare("application/json", value, json.loads(json.dumps(value))).outcome
        is Outcome.IDENTICAL
    )


# --- pictures


def test_equal_pixels_in_other_files_are_equivalent():
    """Compression, metadata and line breaks of the base64 text are not the picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 4), (200, 100, 50)).save(buffer, "PNG", compress_level=0)
    other = base64.b64encode(buffer.getvalue()).decode()
    assert compare("image/png", picture(), other).outcome is Outcome.EQUIVALENT
    assert compare("image/png", picture(), picture() + "\n").outcome is Outcome.IDENTICAL
    assert compare("image/png", picture(), other, exact=True).outcome is Outcome.DIFFERENT


def test_pixels_within_tolerance_are_equivalent_and_counted():
    """The reason says how many pixels differ, and by how much."""
    output = compare("image/png", picture(), picture(spots=[((1, 1), (203, 100, 50))]))
    assert output.outcome is Outcome.EQUIVALENT
    assert output.reason.startswith("1 of 32 pixels differs, at most by 3 of 255")


def test_moved_spot_is_different_and_shown():
    """A single pixel that changed visibly is a difference, with both pictures and a heat map."""
    output = compare("image/png", picture(), picture(spots=[((1, 1), (0, 0, 0))]))
    assert output.outcome is Outcome.DIFFERENT
    heat = Image.open(io.BytesIO(base64.b64decode(output.difference_image)))
    assert (heat.getpixel((0, 0)), heat.size) == ((255, 255, 255), (8, 4))
    assert heat.getpixel((1, 1))[0] > heat.getpixel((1, 1))[1]
    assert output.expected_image == picture()
    assert compare(
        "image/png", picture(), picture(spots=[((1, 1), (0, 0, 0))]), pixel_share=0.05
    ).outcome.agrees


def test_transparent_picture_compares_as_shown_on_white():
    """Colours that cannot be seen do not count."""
    clear = [picture(color=(*rgb, 0), mode="RGBA") for rgb in ((0, 0, 0), (255, 0, 0))]
    assert compare("image/png", *clear).outcome is Outcome.EQUIVALENT


def test_pictures_of_other_size_are_different():
    """The reason gives both sizes."""
    output = compare("image/png", picture(), picture(size=(8, 5)))
    assert output.reason == "expected 8 × 4 pixels, got 8 × 5"  # noqa: RUF001 - as sizes are written


def test_deep_pictures_are_not_clipped():
    """Sixteen bits are compared in full, where eight would look the same."""
    deep = [picture(color=value, mode="I;16") for value in (1000, 1001)]
    assert compare("image/png", *deep).outcome is Outcome.DIFFERENT


def test_jpeg_is_shown_as_png():
    """Reports show every picture in one format."""
    output = compare(
        "image/jpeg", picture(file_format="JPEG"), picture((0, 0, 0), file_format="JPEG")
    )
    assert base64.b64decode(output.actual_image).startswith(b"\x89PNG")


@pytest.mark.parametrize("broken", ["", "%%%", "AAAA", picture()[:60], 5, None, {"a": 1}, ["x", 3]])
def test_broken_picture_is_different_with_a_reason(broken):
    """What cannot be decoded ends as a difference, and stops nothing."""
    output = compare("image/png", picture(), broken)
    assert output.outcome is Outcome.DIFFERENT
    assert output.reason


def test_decompression_bomb_is_not_decoded():
    """A picture of a few bytes that claims gigabytes is told, not shown."""
    bomb = bytearray(base64.b64decode(picture()))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    bomb[29:33] = zlib.crc32(bytes(bomb[12:29])).to_bytes(4, "big")
    output = compare("image/png", picture(), base64.b64encode(bytes(bomb)).decode())
    assert output.outcome is Outcome.DIFFERENT
    assert "60000" in output.reason or "bomb" in output.reason


def test_pillow_is_not_loaded_for_equal_pictures():
    """Comparison of equal outputs costs no imaging library."""
    code = (
        "import sys; from repro_nb.recording.compare import compare_outputs as c;"
        "o = [{'output_type': 'display_data', 'data': {'image/png': 'AAAA', 'text/plain': 'x'}}];"
        "assert c(o, o).agrees; assert 'PIL' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
