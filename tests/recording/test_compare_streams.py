"""How streams, errors and widgets compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.recording.compare import compare_outputs
from repro_nb.recording.compare.terminal import render
from repro_nb.recording.outcome import Outcome


def stream(text, name="stdout"):
    """A stream output."""
    return {"output_type": "stream", "name": name, "text": text}


def error(ename="ValueError", evalue="bad", traceback=()):
    """An error output."""
    return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": list(traceback)}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10%\r50%\r100%\n", "100%\n"),
        ("abcdef\rxy", "xycdef"),
        ("done\r\nnext", "done\nnext"),
        ("abc\b\bX", "aXc"),
        ("a\n\x1b[Ab\nc", "b\nc"),
        ("one\x1b[2Ktwo", "two"),
        ("100%\r\x1b[K5", "5"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\nb\x1b[2Jc", "c"),
    ],
)
def test_control_characters_are_resolved_as_a_terminal_would(text, shown):
    """What is compared is what is left on the screen."""
    assert render(text) == shown


@given(st.text(alphabet="ab\r\b\n\x1b[0AKJ2C;mD", max_size=60))
def test_any_stream_can_be_shown(text):
    """No sequence of control characters breaks the screen or makes it larger than the text."""
    assert len(render(text)) <= 2 * len(text)


def test_five_megabytes_of_carriage_returns_are_read_in_linear_time():
    """Progress bars that ran for days do not stop the comparison."""
    assert render("50%\r" * 1_250_000 + "100%") == "100%"
    assert render("x" * 500_000 + "\b" * 500_000 + "y").startswith("yx")


def test_chunks_of_a_stream_are_one_output():
    """How a stream was cut into messages, and how two streams interleave, says nothing."""
    left = [stream("a\n"), stream("oops\n", "stderr"), stream("b\n")]
    right = [stream("a\nb\n"), stream("oops\n", "stderr")]
    comparison = compare_outputs(left, right)
    assert [(o.kind, o.outcome) for o in comparison.outputs] == [
        ("stdout", "identical"),
        ("stderr", "identical"),
    ]


def test_progress_that_ends_alike_is_equivalent():
    """Other intermediate states of a progress bar are told, and tolerated."""
    comparison = compare_outputs([stream("10%\r100%\n")], [stream("30%\r60%\r100%\n")])
    assert comparison.outcome is Outcome.EQUIVALENT
    assert comparison.outputs[0].reason == "shown alike by a terminal"


def test_missing_stream_is_told():
    """Output that never came is missing, output that nobody expected is extra."""
    assert compare_outputs([stream("a")], []).outcome is Outcome.MISSING
    assert compare_outputs([], [stream("a", "stderr")]).outcome is Outcome.EXTRA
    assert compare_outputs([stream("")], []).outcome is None


def test_errors_compare_by_type_and_message():
    """Tracebacks hold execution counts and addresses; they alone make an error equivalent, not different."""
    assert compare_outputs([error()], [error()]).outcome is Outcome.IDENTICAL
    assert (
        compare_outputs([error()], [error(traceback=["Cell In[3], line 1"])]).outcome
        is Outcome.EQUIVALENT
    )
    assert compare_outputs([error()], [error(evalue="worse")]).outcome is Outcome.DIFFERENT
    reason = compare_outputs([error()], [error(ename="KeyError")]).outputs[0].reason
    assert reason == "expected ValueError, got KeyError"


def test_widgets_compare_by_their_plain_text():
    """A widget's id is random; what it is, is not."""

    def widget(model, text):
        view = {"model_id": model, "version_major": 2}
        return {
            "output_type": "display_data",
            "data": {"application/vnd.jupyter.widget-view+json": view, "text/plain": text},
        }

    assert (
        compare_outputs([widget("a", "IntSlider()")], [widget("b", "IntSlider()")]).outcome
        is Outcome.EQUIVALENT
    )
    comparison = compare_outputs(
        [widget("a", "IntSlider(value=1)")], [widget("b", "IntSlider(value=2)")]
    )
    assert (comparison.outcome, comparison.outputs[0].kind) == (Outcome.DIFFERENT, "text/plain")
