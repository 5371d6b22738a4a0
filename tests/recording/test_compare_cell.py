"""How the outputs of a whole cell are paired and judged."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_nb.errors import UsageError
from repro_nb.recording.compare import (
    NORMALISERS,
    CompareOptions,
    compare_outputs,
    ignore_outputs,
    registry,
)
from repro_nb.recording.compare.verdict import equivalent
from repro_nb.recording.outcome import Outcome

EXACT = CompareOptions(exact=True)
DOCUMENT = Path(__file__).parents[2] / "docs" / "comparison.md"


def shown(text, *, identifier=None, kind="display_data", **data):
    """A display output with plain text, perhaps with an id to be updated by."""
    output = {"output_type": kind, "data": {"text/plain": text, **data}, "metadata": {}}
    return {**output, "transient": {"display_id": identifier}} if identifier else output


def outcomes(expected, actual, options=None):
    """The outcome of each output."""
    return [output.outcome.value for output in compare_outputs(expected, actual, options).outputs]


def test_cell_without_outputs_has_no_outcome():
    """Nothing to compare is not a pass."""
    assert compare_outputs([], []).outcome is None


def test_execution_count_and_metadata_do_not_count():
    """A result is the same in whatever order the cells ran."""
    left = {**shown("1", kind="execute_result"), "execution_count": 1}
    assert outcomes([left], [{**left, "execution_count": 7}]) == ["identical"]


def test_one_missing_display_does_not_shift_the_others():
    """Equal displays find each other when one is missing."""
    left = [shown("a"), shown("b"), shown("c")]
    assert outcomes(left, [shown("a"), shown("c")]) == ["identical", "missing", "identical"]
    assert outcomes([shown("a"), shown("c")], left) == ["identical", "extra", "identical"]


def test_display_of_another_kind_is_what_is_missing():
    """Displays are paired by what they are, when their numbers differ."""
    comparison = compare_outputs([shown("a", **{"text/html": "<p>a"}), shown("b")], [shown("c")])
    assert [(o.outcome.value, o.kind) for o in comparison.outputs] == [
        ("missing", "text/html"),
        ("different", "text/plain"),
    ]


def test_richest_type_decides():
    """A frame's HTML speaks before its plain text, and each type that differs makes the output differ."""
    left, right = (shown(text, **{"text/html": f"<b>{text}</b>"}) for text in ("1", "2"))
    assert compare_outputs([left], [right]).outputs[0].kind == "text/html"
    assert (
        compare_outputs([left], [shown("2", **{"text/html": "<b>1</b>"})]).outputs[0].kind
        == "text/plain"
    )


def test_type_on_one_side_only_is_different():
    """A plot that is no longer sent as such is told."""
    comparison = compare_outputs([shown("x", **{"text/html": "<p>x"})], [shown("x")])
    assert (
        comparison.outputs[0].reason
        == "text/html was expected, and is not there; there is text/plain"
    )
    assert comparison.outcome is Outcome.DIFFERENT
    colab = shown("x", **{"application/vnd.google.colaboratory.intrinsic+json": {"type": "string"}})
    assert compare_outputs([colab], [shown("x")]).outcome is Outcome.IDENTICAL


def test_unknown_type_is_compared_to_the_byte():
    """Nothing is tolerated where nothing is known."""
    mime = "application/x-unknown"
    assert outcomes(
        [shown("x", **{mime: "0.3"})], [shown("x", **{mime: "0.30000000000000004"})]
    ) == ["different"]


def test_clear_output_is_followed():
    """What a front end would have cleared is not compared; with wait, only once something follows."""
    clear, wait = ({"output_type": "clear_output", "wait": flag} for flag in (False, True))
    assert outcomes([shown("b")], [shown("a"), clear, shown("b")]) == ["identical"]
    assert outcomes([shown("b")], [shown("a"), wait, shown("b")]) == ["identical"]
    assert outcomes([shown("a")], [shown("a"), wait]) == ["identical"]


def test_update_replaces_the_display_of_its_id():
    """A display that was updated is compared as it ended."""
    updates = [
        shown("0%", identifier="x"),
        shown("100%", identifier="x", kind="update_display_data"),
    ]
    assert outcomes([shown("100%")], updates) == ["identical"]
    assert outcomes([], [shown("1", identifier="elsewhere", kind="update_display_data")]) == []


def test_exact_accepts_identical_only():
    """With exact, what is equivalent becomes different, and says why."""
    output = compare_outputs([shown("0.3")], [shown("0.30000000000000004")], EXACT).outputs[0]
    assert output.outcome is Outcome.DIFFERENT
    assert output.reason.startswith("identical was asked for: 1 number agrees within")


def test_stderr_can_be_left_out():
    """Warnings are compared unless the user says otherwise; then they are ignored, not passed."""
    warning = {"output_type": "stream", "name": "stderr", "text": "deprecated"}
    assert outcomes([], [warning]) == ["extra"]
    assert outcomes([], [warning], CompareOptions(ignore_stderr=True)) == ["ignored"]


def test_ignored_outputs_are_counted():
    """A cell that is not compared still says how many outputs that leaves out."""
    comparison = ignore_outputs([shown("1")], [shown("2"), shown("3")], "prints a duration")
    assert [output.outcome for output in comparison.outputs] == [Outcome.IGNORED, Outcome.IGNORED]
    assert comparison.outputs[0].reason == "prints a duration"


def test_lists_of_lines_are_text():
    """Outputs read from a raw file, where text is a list of lines, compare with joined ones."""
    assert outcomes([shown(["a\n", "b"])], [shown("a\nb")]) == ["identical"]


@pytest.mark.parametrize("bad", [{"rtol": -1}, {"atol": float("nan")}, {"pixel_share": 2}])
def test_senseless_tolerance_is_refused(bad):
    """A negative or infinite tolerance is a mistake of the user."""
    with pytest.raises(UsageError):
        CompareOptions(**bad)


class _Upper:
    """A comparator as another package would add it."""

    mime_types = ("application/x-case+json",)

    def compare(self, expected, actual, options):  # noqa: ARG002 - the protocol's signature
        """Equal but for case."""
        return equivalent("case differs") if expected.upper() == actual.upper() else 1 / 0


def test_plug_in_serves_its_type(monkeypatch, tmp_path):
    """A comparator of another package is found through the entry point group, and its failure stops nothing."""
    package = tmp_path / "case-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: case\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\ncase = case_comparator:instance\nbroken = no_such_module:x\n"
    )
    (tmp_path / "case_comparator.py").write_text(
        f"from {__name__} import _Upper\ninstance = _Upper()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._plug_ins.cache_clear()
    mime = _Upper.mime_types[0]
    assert outcomes([shown("x", **{mime: "a"})], [shown("x", **{mime: "A"})]) == ["equivalent"]
    failed = compare_outputs([shown("x", **{mime: "a"})], [shown("x", **{mime: "b"})]).outputs[0]
    assert failed.reason == "could not be compared: ZeroDivisionError: division by zero"
    registry._plug_ins.cache_clear()


values = (
    st.none()
    | st.integers()
    | st.text(max_size=8)
    | st.lists(st.text(max_size=4) | st.integers(), max_size=3)
)
mimes = st.sampled_from(
    [
        "text/plain",
        "text/html",
        "image/png",
        "application/json",
        "a/b",
        "text/latex",
        "image/svg+xml",
    ]
)
mangled = st.fixed_dictionaries(
    {
        "output_type": st.sampled_from(
            [
                "stream",
                "error",
                "display_data",
                "execute_result",
                "clear_output",
                "update_display_data",
                "odd",
            ]
        )
    },
    optional={
        "name": values,
        "text": values,
        "ename": values,
        "evalue": values,
        "traceback": values,
        "data": values | st.dictionaries(mimes, values, max_size=3),
        "wait": st.booleans(),
        "transient": values | st.fixed_dictionaries({"display_id": values}),
    },
)


@given(st.lists(mangled, max_size=5), st.lists(mangled, max_size=5))
def test_any_outputs_can_be_compared(left, right):
    """Mangled outputs never stop a run; the order of the sides does not matter; exact is stricter."""
    comparison = compare_outputs(left, right)
    assert comparison.agrees == compare_outputs(right, left).agrees
    assert comparison.agrees or not compare_outputs(left, right, EXACT).agrees


@given(st.lists(mangled, max_size=5))
def test_outputs_are_identical_to_themselves(outputs):
    """Comparison is reflexive, even for outputs that make no sense."""
    assert set(outcomes(outputs, outputs)) <= {"identical"}


def test_documented_normalisers_are_those_in_the_code():
    """The page for users lists every normaliser, with what it hides."""
    rows = re.findall(
        r"^\| \*\*(.+?)\*\* \| (.+?) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert rows == [(n.name, n.hides) for n in NORMALISERS]


def test_documented_defaults_are_those_in_the_code():
    """The page for users gives the tolerances that are used."""
    text = DOCUMENT.read_text(encoding="utf-8")
    options = CompareOptions()
    assert f"`rtol` {options.rtol:g}" in text
    assert f"`atol` {options.atol:g}" in text
    assert f"`pixel_tolerance` {options.pixel_tolerance}" in text


def test_what_an_output_widget_captured_is_counted_as_not_compared() -> None:
    """Its view says nothing of its contents; a slider's says its value, and is compared."""

    def view(text: str, model: str) -> dict[str, object]:
        widget = {"model_id": model, "version_major": 2, "version_minor": 0}
        data = {"text/plain": text, "application/vnd.jupyter.widget-view+json": widget}
        return {"output_type": "display_data", "data": data, "metadata": {}}

    captured = compare_outputs([view("Output()", "a")], [view("Output()", "b")])
    slider = compare_outputs([view("IntSlider(value=3)", "a")], [view("IntSlider(value=3)", "b")])
    moved = compare_outputs([view("IntSlider(value=3)", "a")], [view("IntSlider(value=4)", "b")])
    assert [c.outcome for c in (captured, slider, moved)] == ["ignored", "equivalent", "different"]
