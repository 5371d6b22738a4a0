"""Hidden state: the order of the saved execution counts, proved by a run in that order."""

import asyncio

import pytest

from repro_nb.rerun.diagnoses.cell_order import CellOrder
from repro_nb.rerun.result import Grade


def test_the_recorded_order_gives_the_saved_outputs(notebook, save_as, cause_of):
    """It is proved, names the order, says what to move, and tells which cells it also explains."""
    path = notebook("price = 100", "print(price)", "print(price + 1)", "price -= 20")
    save_as(path, counts=[1, 3, 4, 2], printed={1: "80", 2: "81"})
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (1, "cell-order", Grade.PROVED)
    assert cause.inherited_by == (2,)
    assert "(0, 3, 1, 2)" in cause.evidence
    assert cause.fix == "Move cell 3 above cell 1."


def test_an_order_in_which_the_notebook_did_not_fail(notebook, save_as, cause_of):
    """Top to bottom it raises; as it was run it does not."""
    path = save_as(notebook("print(a)", "a = 3"), counts=[2, 1], printed={0: "3"})
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (0, "cell-order", Grade.PROVED)
    assert "NameError" in cause.evidence
    assert cause.fix == "Move cell 1 above cell 0."


def test_a_cell_that_ran_more_than_once(notebook, save_as, cause_of):
    """The gap in the counts tells how often; a run tells that it is so."""
    path = notebook("n = 0", "n += 5", "print(n)")
    save_as(path, counts=[1, 4, 5], printed={2: "15"})
    cause = cause_of(path)
    assert (cause.cell, cause.factor, cause.grade) == (2, "cell-order", Grade.PROVED)
    assert "cell 1 3 times" in cause.fix


def test_an_order_that_does_not_give_the_saved_outputs_is_no_cause(notebook, save_as, diagnosed):
    """Out of order is no crime by itself."""
    path = notebook("a = 1", "print(a)", "b = 2")
    save_as(path, counts=[2, 3, 1], printed={1: "7"})
    assert {cause.factor for cause in diagnosed(path)} == {"unexplained"}


@pytest.mark.parametrize("counts", [[1, 2], [None, None]], ids=["from the top", "none"])
def test_without_another_order_there_is_no_run(notebook, save_as, failing, counts):
    """Nothing is rerun for nothing: this case has no way to."""
    case = failing("x = 1", "print(y)", type="NameError", message="name 'y' is not defined")
    save_as(case.notebook.path, counts=counts)
    assert asyncio.run(CellOrder().causes(case)) == ()


def test_a_long_notebook_is_not_run_beyond_the_budget(notebook, save_as, diagnosed):
    """One more run would take longer than the user allows."""
    path = save_as(notebook("print(a)", "a = 3"), counts=[2, 1], printed={0: "3"})
    assert {cause.factor for cause in diagnosed(path, budget=0.001)} == {"missing-name"}
