"""How text outputs compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.recording.compare import CompareOptions
from repro_nb.recording.compare.text import compare_text
from repro_nb.recording.outcome import Outcome

OPTIONS = CompareOptions()
floats = st.floats(allow_nan=False, allow_infinity=False, min_value=1e-6, max_value=1e9)


def outcome(expected, actual, options=OPTIONS):
    """The outcome of comparing two texts."""
    return compare_text(expected, actual, options).outcome


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("0.3", "0.30000000000000004"),
        ("1e-3", "0.001"),
        ("3.14", "3.141"),
        ("1.23e-05", "1.2304e-05"),
        ("[0.1 0.25]", "[0.10 0.25]"),
        ("tensor([0.1000, 0.25])", "tensor([0.1000, 0.25000001])"),
        ("[0.1 0.2\n 0.3]", "[0.1 0.20000000000000001 0.3]"),
        ("   a    b\n0  1  2.5", "    a            b\n0   1  2.500000001"),
        ("0.1+0.2j", "0.1+0.2000000001j"),
        ("1+2j", "1.0+2.0j"),
        ("-0.0", "0.0"),
        ("0.0", "1.7e-16"),
        ("1,000,000.5", "1000000.5"),
        ("[nan, 0.3, -inf]", "[nan, 0.30000000000000004, -inf]"),
        ("1.50ms", "1.500000001ms"),
        ("99.5%", "99.50000001%"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("done  \n", "done"),
    ],
)
def test_same_result_printed_otherwise_is_equivalent(expected, actual):
    """Numbers agree by value, and what is printed around them may be aligned anew."""
    assert outcome(expected, actual) is Outcome.EQUIVALENT


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("accuracy 0.82", "accuracy 0.83"),
        ("0.8", "0.82"),
        ("[100. 200.]", "[100.4 200. ]"),
        ("0.125", "0.1254"),
        ("1000001", "1000002"),
        ("12345678901234567890", "12345678901234567891"),
        ("2024-01-02", "2024-01-03"),
        ("12:30:45.123456", "12:30:45.123457"),
        ("2024-01-02 12:30:45.123456", "2024-01-02 12:30:45.123457"),
        ("numpy 1.2.3", "numpy 1.2.4"),
        ("10.100.100.1", "10.100.100.2"),
        ("deadbeef12", "deadbeef13"),
        ("9e107d9d372bb682", "9e107d9d372bb683"),
        ("123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174001"),
        ("1704067200.12", "1704069000.57"),
        ("1e400", "2e400"),
        ("0.1", "nan"),
        ("inf", "-inf"),
        ("{'a', 'b'}", "{'b', 'a'}"),
        ("a  b", "a b"),
        ("  x", "x"),
        ("one", "one\ntwo"),
        ("007", "7"),
        ("float32", "float64"),
    ],
)
def test_other_result_is_different(expected, actual):
    """What a reader would want to be told is never tolerated, in whichever order it came."""
    assert outcome(expected, actual) is Outcome.DIFFERENT
    assert outcome(actual, expected) is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("expected", "actual", "name"),
    [
        ("<function f at 0x7f3a5c1d2e50>", "<function f at 0x7f9a5c1d2e50>", "memory addresses"),
        ("/tmp/tmpab12cd_x/a.csv", "/tmp/tmpzz12cd_y/a.csv", "temporary paths"),
        (
            "/tmp/ipykernel_1/2.py:3: UserWarning",
            "/var/x/ipykernel_5/6.py:3: UserWarning",
            "cell files",
        ),
        (
            (
                "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
                "I0000 00:00:1795483024.657409    1234 cpu_feature_guard.cc:227] built for AVX2"
            ),
            (
                "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
                "I0000 00:00:1795483101.002113   98765 cpu_feature_guard.cc:227] built for AVX2"
            ),
            "log prefixes",
        ),
        (
            "2026-11-24 01:02:03.123456: I tensorflow/core/util/port.cc:153] oneDNN is on.",
            "2026-11-24 01:07:44.000017: I tensorflow/core/util/port.cc:153] oneDNN is on.",
            "log prefixes",
        ),
        (
            "E0812 12:34:56.789012   77 cuda_dnn.cc:8310] no device",
            "E0812 12:35:01.101010 78012 cuda_dnn.cc:8310] no device",
            "log prefixes",
        ),
        ("running as pid 4711", "running as pid 12", "process ids"),
        (
            "<Thread(T-1, started 14012345)>",
            "<Thread(T-1, started 14054321)>",
            "thread identifiers",
        ),
        (
            "1.2 s ± 3 ms per loop (mean ± std. dev. of 7 runs, 1 loop each)",
            "980 ms ± 30 µs per loop (mean ± std. dev. of 7 runs, 10 loops each)",
            "timeit results",
        ),
        (
            (
                "The slowest run took 7.2 times longer than the fastest. It may be cached.\n"
                "1.2 µs ± 3 ns per loop (mean ± std. dev. of 7 runs, 1 loop each)"
            ),
            "1.1 µs ± 2 ns per loop (mean ± std. dev. of 7 runs, 1 loop each)",
            "timeit results",
        ),
        (
            "CPU times: user 1 s, total: 1 s\nWall time: 2 s",
            "CPU times: total: 3 s\nWall time: 1 ms",
            "time magic results",
        ),
        (
            "5/5 [00:01<00:00, 4.9it/s, loss=0.1]",
            "5/5 [00:02<00:00, 1.2s/it, loss=0.1]",
            "progress rates",
        ),
        ("12/12 ━━ 0s 2ms/step - loss: 0.1", "12/12 ━━ 1s 31ms/step - loss: 0.1", "progress rates"),
        ("trained in 12.3 s", "trained in 11.9 s", "durations"),
    ],
)
def test_what_never_repeats_is_equivalent_and_named(expected, actual, name):
    """A normaliser makes an output equivalent, never identical, and the reason says which it was."""
    verdict = compare_text(expected, actual, OPTIONS)
    assert verdict.outcome is Outcome.EQUIVALENT
    assert name in verdict.reason


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("falls in 1.43 s", "falls in 2.01 s"),
        ("took 1.43 s to fall", "took 2.01 s to fall"),
        ("hex 0x1f", "hex 0x2f"),
        ("process 12 rows", "process 13 rows"),
        ("5/5 [00:01<00:00, 4.9it/s, loss=0.1]", "5/5 [00:01<00:00, 4.9it/s, loss=0.2]"),
        ("3/5 [00:01<00:00, 4.9it/s]", "5/5 [00:01<00:00, 4.9it/s]"),
        ("/tmp/results_1/a", "/tmp/results_2/a"),
        ("2026-11-24 01:02:03.123456: I am here", "2026-11-24 01:02:09.123456: I am here"),
        ("I0000 00:00:1.5    1 a.cc:1] on", "W0000 00:00:1.5    1 a.cc:1] on"),
        ("I0000 00:00:1.5    1 a.cc:1] on", "I0000 00:00:1.5    1 a.cc:1] off"),
    ],
)
def test_normalisers_leave_results_alone(expected, actual):
    """What only looks like a timing, an address or a temporary path is compared."""
    assert outcome(expected, actual) is Outcome.DIFFERENT


def test_reason_counts_the_numbers_that_differ():
    """The reason says how many numbers differ, by how much, and where."""
    verdict = compare_text("a 1.5\nb 2.5\nc 3.5", "a 1.5\nb 2.6\nc 3.5", OPTIONS)
    assert verdict.reason == (
        "1 of 3 numbers differs by more than rtol 1e-06, atol 1e-12, the first in line 2: 2.5 became 2.6; "
        "the largest relative difference is 0.038, in line 2"
    )


def test_agreement_by_atol_alone_is_told():
    """Numbers that are merely both tiny do not agree in silence."""
    assert "within atol 1e-12 alone" in compare_text("1e-17", "-3e-16", OPTIONS).reason
    assert outcome("1e-17", "-3e-16", CompareOptions(atol=0.0)) is Outcome.DIFFERENT


def test_path_of_the_run_stands_for_the_users():
    """A path that only this run used is replaced, as a whole name, by what it stands for."""
    options = CompareOptions(private_paths=(("/run/a", "/home/u"), ("/run/a/deep", "/data")))
    assert "the run's own paths" in compare_text("at /home/u/x", "at /run/a/x", options).reason
    assert outcome("at /data/x", "at /run/a/deep/x", options) is Outcome.EQUIVALENT
    assert outcome("at /home/ub", "at /run/ab", options) is Outcome.DIFFERENT


@given(st.text())
def test_text_is_identical_to_itself(text):
    """Comparison is reflexive, for any text."""
    assert outcome(text, text) is Outcome.IDENTICAL


pieces = st.lists(
    st.sampled_from(
        [
            "1",
            "0.25",
            "-3e-7",
            "nan",
            "1.2.3",
            " ",
            "  ",
            "\n",
            "[",
            "]",
            ",",
            "x",
            "0x7f3a5c1d2e50",
            "at ",
            "2024-01-02",
            "j",
            "+",
        ]
    ),
    max_size=12,
).map("".join)


@given(pieces, pieces)
def test_order_of_the_sides_does_not_matter(left, right):
    """Comparison is symmetric, and only what is equal to the bit is identical."""
    assert outcome(left, right) is outcome(right, left)
    assert (outcome(left, right) is Outcome.IDENTICAL) == (left == right)


@given(floats, st.floats(min_value=4e-6, max_value=0.5))
def test_number_beyond_tolerance_differs(value, change):
    """A change larger than the tolerance is never missed."""
    assert outcome(f"{value:.9e}", f"{value * (1 + change):.9e}") is Outcome.DIFFERENT


@given(floats, st.floats(min_value=2e-3, max_value=0.5))
def test_fewer_digits_hide_a_thousandth_at_most(value, change):
    """However a number is printed, a change of more than 0.1 % is never missed."""
    assert outcome(repr(value), repr(value * (1 + change))) is Outcome.DIFFERENT


@given(floats, st.floats(min_value=-9e-7, max_value=9e-7))
def test_number_within_tolerance_agrees(value, change):
    """A change smaller than the tolerance is tolerated."""
    assert outcome(repr(value), repr(value * (1 + change))).agrees


@given(st.lists(floats, min_size=1, max_size=30), st.integers(20, 120), st.integers(20, 120))
def test_rewrapped_array_agrees(values, width, other_width):
    """An array whose digits and line breaks moved is the same array."""
    import numpy as np

    array = np.array(values)
    texts = [
        np.array2string(array * f, max_line_width=w)
        for f, w in ((1, width), (1 + 1e-9, other_width))
    ]
    if texts[0].split() != texts[1].split():
        assert outcome(*texts) is Outcome.EQUIVALENT


@given(
    st.text(alphabet="0123456789.eE+-j,: \n[]abx/", max_size=60),
    st.text(alphabet="0123456789.eE+-j,: \n[]ab", max_size=60),
)
def test_nothing_that_looks_like_a_number_breaks_comparison(left, right):
    """Comparison ends with an outcome for any text."""
    assert outcome(left, right) in (Outcome.IDENTICAL, Outcome.EQUIVALENT, Outcome.DIFFERENT)


@pytest.mark.parametrize(
    "part",
    ["1", "1.", "a1", "1e", "11:", "111,", " ", "\t", "nan", "0x7f", "pid", "tmp", "1.1 ms ±"],
)
def test_five_megabytes_of_hostile_text_are_read_in_linear_time(part):
    """A pattern with catastrophic backtracking, or one that reads the rest at each step, would never end here."""
    body = part * (5_000_000 // len(part)) if len(part) < 3 else part * 100_000
    assert outcome(body + "0x1", body + "2x1") is Outcome.DIFFERENT


def test_small_change_in_a_large_text_is_found_and_shown():
    """The line number is right, and the text shown is cut to the surroundings of the difference."""
    lines = [f"line {n}" for n in range(300_000)]
    other = [*lines[:200_000], "line one", *lines[200_001:]]
    verdict = compare_text("\n".join(lines), "\n".join(other), OPTIONS)
    assert verdict.reason == "line 200001: expected 200000, got one"
    assert "line one" in verdict.actual
    assert len(verdict.actual) < 70_000


def test_array_that_is_cut_out_of_a_large_text_may_still_be_rewrapped():
    """Reading from the first difference on knows how many brackets are open there."""
    head = "[" + "0.5,\n" * 300_000
    assert outcome(head + "0.1,\n0.2]", head + "0.10000000001, 0.2]") is Outcome.EQUIVALENT


def test_reading_stops_once_thousands_of_numbers_differ():
    """A large output that is wrong everywhere is told soon, and the reason says how far it was read."""
    left = "\n".join(str(n) for n in range(200_000))
    right = "\n".join(str(n + 1) for n in range(200_000))
    assert compare_text(left, right, OPTIONS).reason.startswith(
        "10000 of the first 10000 numbers differ, "
    )
