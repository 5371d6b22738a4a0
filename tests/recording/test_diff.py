"""Two recordings, or executed notebooks, side by side."""

from repro_nb.recording.align import CellKey
from repro_nb.recording.diff import Side, SideCell, diff_sides
from repro_nb.recording.environment_diff import GROUPS, compare_facts, facts_of
from repro_nb.recording.outcome import Outcome
from repro_nb.recording.recording import RecordedSource
from repro_nb.records import Environment


def cell(name, text="", digest=None, **facts):
    """One cell of a side, with one line of output."""
    outputs = ({"output_type": "stream", "name": "stdout", "text": text},) if text else ()
    return SideCell(key=CellKey(name, digest or name), outputs=outputs, **facts)


def diff(left, right):
    """The difference of two lists of cells."""
    return diff_sides(Side(name="A", cells=tuple(left)), Side(name="B", cells=tuple(right)))


def test_a_side_agrees_with_itself():
    """Nothing differs from itself."""
    side = [cell("a", "1\n"), cell("b")]
    assert diff(side, side).agrees
    assert diff(side, side).first is None


def test_the_first_cell_that_differs_is_named():
    """The first divergence is what everything after it may have inherited."""
    found = diff(
        [cell("a", "1"), cell("b", "2"), cell("c", "3")],
        [cell("a", "1"), cell("b", "8"), cell("c", "9")],
    )
    assert not found.agrees
    assert (found.first.id, found.first.outcome) == ("b", Outcome.DIFFERENT)


def test_a_cell_on_one_side_is_missing_or_extra():
    """An inserted cell is told as such and shifts nothing."""
    found = diff([cell("a", "1"), cell("b", "2")], [cell("a", "1"), cell("n", "5"), cell("b", "2")])
    assert [c.outcome for c in found.cells] == [Outcome.IDENTICAL, Outcome.EXTRA, Outcome.IDENTICAL]


def test_a_cell_whose_code_changed_may_still_agree():
    """Other code with the same result is a remark, no difference."""
    found = diff([cell("a", "1", digest="x")], [cell("a", "1", digest="y")])
    assert found.agrees
    assert found.cells[0].source_changed


def test_another_ending_is_a_difference():
    """A cell that failed on one side alone differs, whatever it printed."""
    assert not diff([cell("a", status="ok")], [cell("a", status="failed")]).agrees


def test_random_state_that_differs_is_told_before_any_output_does():
    """Equal outputs can hide a stream that has parted."""
    left = [
        cell("a", "1", sources={"numpy": RecordedSource(before="0", after="1")}),
        cell("b", "2"),
    ]
    right = [
        cell("a", "1", sources={"numpy": RecordedSource(before="9", after="8")}),
        cell("b", "2"),
    ]
    found = diff(left, right)
    assert found.agrees
    assert found.first_state.sources[0].what == "another state before the cell"


def test_a_draw_on_one_side_alone_is_told():
    """One side drew, the other did not."""
    found = diff(
        [cell("a", sources={"python": RecordedSource(before="0", after="1")})],
        [cell("a", sources={})],
    )
    assert found.cells[0].sources[0].what == "drawn in A only"


def test_sources_that_float_on_both_sides_say_nothing():
    """A state that differs in every run is no difference between the two."""
    floating = {"rng": RecordedSource(floating=True)}
    assert diff([cell("a", sources=floating)], [cell("a", sources=floating)]).first_state is None


def test_environments_are_compared_likeliest_cause_first():
    """Python and packages come before variables and the machine."""
    old = Environment(
        python="3.11",
        os="Linux",
        cpu="x",
        cpu_count=2,
        packages={"numpy": "1"},
        variables={"TZ": "UTC"},
    )
    new = Environment(
        python="3.12",
        os="Linux",
        cpu="y",
        cpu_count=2,
        packages={"numpy": "2", "torch": "2"},
        variables={},
    )
    found = compare_facts(facts_of(old), facts_of(new))
    assert [(each.group, each.name) for each in found] == [
        ("python", "python"),
        ("packages", "numpy"),
        ("packages", "torch"),
        ("variables", "TZ"),
        ("machine", "cpu"),
    ]
    assert [GROUPS.index(each.group) for each in found] == sorted(
        GROUPS.index(e.group) for e in found
    )


def test_an_unknown_environment_is_not_compared():
    """A notebook knows nothing of its environment: no false alarm."""
    known = facts_of(Environment(python="3.11", os="Linux", cpu="x", cpu_count=2))
    assert compare_facts(known, facts_of(None)) == ()
