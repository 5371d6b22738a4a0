"""Hidden state: the order of the saved execution counts, proved by a run in that order."""

import asyncio
from dataclasses import replace

import pytest

from repro_nb.rerun.diagnoses.cell_order import CellOrder
from repro_nb.rerun.diagnoses.made_later import MadeLater
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


def test_a_column_that_a_later_cell_makes(notebook, save_as, cause_of):
    """The recorded order makes it, though it prints otherwise than in the saved output."""
    path = notebook(
        "class Row(dict): pass\nrow = Row(price=2)",
        "float(row['total'])",
        "row['total'] = row['price'] * 5.5",
    )
    cause = cause_of(save_as(path, counts=[1, 4, 3], values={1: "np.float64(11.0)"}))
    assert (cause.cell, cause.factor, cause.grade) == (1, "cell-order", Grade.PROVED)
    assert (cause.origin.cell, cause.fix) == (2, "Move cell 2 above cell 1.")
    assert "Line 1 of cell 2 makes 'total'" in cause.evidence


@pytest.mark.parametrize(
    "line",
    [
        "df['total'] = 1",
        "df.loc[:, 'total'] = 1",
        "df.total = 1",
        "df = df.assign(total=1)",
        "df.insert(0, 'total', 1)",
        "df = df.rename(columns={'sum': 'total'})",
        "df.columns = ['price', 'total']",
        "df[['a', 'total']] = 1",
    ],
)
@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("KeyError", "'total'"),
        ("KeyError", "\"None of [Index(['total'], dtype='str')] are in the [columns]\""),
        ("AttributeError", "'DataFrame' object has no attribute 'total'"),
    ],
)
def test_without_counts_the_maker_is_suspected(failing, line, type_, message):
    """Nothing was saved that tells an order; the text of a later cell does."""
    case = failing("df = {}", "df['total']", type=type_, message=message)
    later = failing("df = {}", "df['total']", line, type=type_, message=message)
    failure = replace(case.run.failure, cell=1)
    (cause,) = asyncio.run(
        MadeLater().causes(replace(later, run=replace(later.run, failure=failure)))
    )
    assert (cause.factor, cause.grade, cause.origin.cell) == ("cell-order", Grade.SUSPECTED, 2)


def test_a_column_that_an_earlier_cell_makes_is_not_hidden_state(failing):
    """It was there once: something else took it away."""
    cells = ("df['a'] = 1", "df['a']")
    assert asyncio.run(MadeLater().causes(failing(*cells, type="KeyError", message="'a'"))) == ()
