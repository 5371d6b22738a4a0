"""Which outputs of two runs are compared with each other."""

from hypothesis import given
from hypothesis import strategies as st

from repro_nb.magics.repetition.outputs import Output
from repro_nb.magics.repetition.pairing import paired


def out(kind: str, text: str = "") -> Output:
    """An output that shows `text`."""
    return Output(kind, {"text/plain": text})


def test_the_same_kinds_are_paired_in_order():
    """Whatever they show."""
    first = [out("stdout", "a"), out("display_data", "b"), out("display_data", "c")]
    other = [out("stdout", "x"), out("display_data", "c"), out("display_data", "b")]
    assert paired(first, other) == [(0, 0), (1, 1), (2, 2)]


def test_one_more_of_a_kind_shifts_nothing():
    """What both show is found again by what it is, not by where."""
    first = [out("display_data", text) for text in "abcd"]
    other = [out("display_data", text) for text in "abxcd"]
    assert paired(first, other) == [(0, 0), (1, 1), (None, 2), (2, 3), (3, 4)]


def test_what_differs_is_paired_by_its_kind():
    """A stream that one run alone wrote to is alone; the streams that differ are compared."""
    first = [out("stdout", "1"), out("display_data", "2")]
    other = [out("stdout", "3"), out("stderr", "w"), out("display_data", "4")]
    assert paired(first, other) == [(0, 0), (None, 1), (1, 2)]


_outputs = st.lists(st.builds(out, st.sampled_from(["stdout", "stderr"]), st.sampled_from("ab")))


@given(_outputs, _outputs)
def test_every_output_is_in_one_pair(first, other):
    """In order on both sides, and of one kind."""
    pairs = paired(first, other)
    assert [one for one, _ in pairs if one is not None] == list(range(len(first)))
    assert [two for _, two in pairs if two is not None] == list(range(len(other)))
    both = [(one, two) for one, two in pairs if one is not None and two is not None]
    assert all(first[one].kind == other[two].kind for one, two in both)
