"""What a recording keeps of large outputs."""

from hypothesis import given
from hypothesis import strategies as st

from repro_nb.recording.payloads import LIMIT, shrink, stable_outputs, unshrink

BIG = "x" * (LIMIT + 1)


@given(st.sampled_from(["text/plain", "image/png", "application/json"]), st.booleans())
def test_a_payload_comes_back_when_the_fresh_output_has_it(mime, as_json):
    """A large payload that did not change compares as what it is."""
    data = {mime: {"leaf": BIG} if as_json else BIG}
    output = stable_outputs([{"output_type": "display_data", "data": data, "metadata": {}}])[0]
    assert unshrink([shrink(output)], [output]) == [output]


def test_a_payload_that_changed_is_told_by_its_digest():
    """A line of text stands for what was not kept, so that it compares as different."""
    output = {"output_type": "stream", "name": "stdout", "text": BIG}
    (whole,) = unshrink([shrink(output)], [{**output, "text": BIG + "!"}])
    assert "not kept in the recording" in whole["text"]


def test_a_long_traceback_and_message_are_kept_short_too():
    """Errors have payloads of their own."""
    output = {"output_type": "error", "ename": "E", "evalue": BIG, "traceback": [BIG]}
    assert set(shrink(output)["large"]) == {"evalue", "traceback"}
    assert unshrink([shrink(output)], [output]) == [output]


def test_a_mime_type_named_like_a_field_is_no_confusion():
    """`large` tells payloads of the data apart from those of the output."""
    output = {"output_type": "display_data", "data": {"text/plain": "small"}, "metadata": {}}
    assert shrink(output) == output


def test_shrinking_twice_is_shrinking_once():
    """An old recording's output can be recorded again as it is."""
    output = {"output_type": "stream", "name": "stdout", "text": BIG}
    assert shrink(shrink(output)) == shrink(output)
