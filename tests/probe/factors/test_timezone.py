"""The time zone of the machine."""

import time

import pytest

from repro_nb.probe.factors import Traces
from repro_nb.probe.factors.timezone import Timezone
from repro_nb.records import CellRecord, FactorUse
from repro_nb.rerun.vary import pinned


def test_local_times_follow_the_zone_and_utc_does_not(rerun):
    """The clock is the same in both runs."""
    cells = (
        "import datetime, time",
        "print(datetime.datetime.now())",
        "print(datetime.datetime.now(datetime.timezone.utc), time.gmtime()[:5])",
        "print(time.strftime('%H:%M', time.localtime(0)), time.timezone)",
    )
    first, other = rerun(*cells), rerun(*cells, plan=pinned({"timezone": 0}))
    pairs = zip(first.texts[1:], other.texts[1:], strict=True)
    assert [ours == theirs for ours, theirs in pairs] == [False, True, False]


def test_the_zone_is_none_that_the_machine_has_already(monkeypatch):
    """A run in the machine's own zone would show nothing."""
    monkeypatch.setattr(time, "timezone", -20_700)
    assert Timezone().vary(None, 0).value == "<-0930>+09:30"


@pytest.mark.parametrize(
    ("source", "active"),
    [
        ("print(datetime.now())", True),
        ("time.strftime('%c')", True),
        ("frame.index.tz_localize('UTC')", True),
        ("pd.to_datetime(0)", True),
        ("!date", True),
        ("x.timestamp()", True),
        ("print(np.random.rand())", False),
    ],
)
def test_it_is_tried_where_the_text_speaks_of_times(source, active):
    assert Timezone().is_active(Traces((), (source,))) is active


def test_it_is_tried_where_a_file_of_the_users_made_a_local_time():
    """The text of the notebook does not show it; the reading of the clock does."""
    use = FactorUse("clock", "time.localtime", "a", 1, "report()", "helpers.py:3")
    record = CellRecord("a", 1, "", "ok", 0.0, uses=(use,))
    assert Timezone().is_active(Traces((record,), ("report()",)))


def test_the_advice_names_a_zone():
    assert "tz=" in Timezone().remedy("datetime.now()")
