"""The locale: other decimal marks and names, while text stays UTF-8."""

import shutil
from pathlib import Path

import pytest

from repro_nb.probe.factors import Host, Traces
from repro_nb.probe.factors import locale as module
from repro_nb.probe.factors.locale import Locale
from repro_nb.rerun.vary import pinned

CELLS = (
    (
        "import locale, subprocess, sys, time\n"
        "print(sys.stdout.encoding, sys.getfilesystemencoding(), open('study.ipynb').encoding)"
    ),
    "print(locale.setlocale(locale.LC_ALL, '') is not None, locale.str(1.5), time.strftime('%A', time.gmtime(0)))",
    (
        "import pandas as pd, matplotlib.pyplot as plt\n"
        "print(locale.getlocale(locale.LC_TIME) is not None, float('1.5'), 'é'.upper())"
    ),
    "print(subprocess.run(['date', '-d', '@0', '+%A'], capture_output=True, text=True).stdout)",
    "print(sorted('bBaA', key=locale.strxfrm))",
)


@pytest.fixture(scope="module")
def runs(rerun_once):
    """Two runs with everything pinned, and one in which the locale alone is another."""
    return [rerun_once(*CELLS, plan=plan) for plan in (pinned(), pinned(), pinned({"locale": 0}))]


def test_numbers_and_names_follow_the_locale_where_programs_ask_for_it(runs):
    """The decimal mark in Python, the weekday in another program."""
    first, again, other = runs
    assert first.texts == again.texts
    assert "1.5 Thursday" in first.texts[1]
    assert "1,5" in other.texts[1]
    assert first.texts[3] != other.texts[3]


def test_texts_sort_as_languages_sort_them(runs):
    """C puts all capitals first; a language puts each beside its small letter."""
    first, _, other = runs
    assert first.texts[4] == "['A', 'B', 'a', 'b']\n"
    assert other.texts[4] == "['a', 'A', 'b', 'B']\n"


def test_text_and_numbers_that_do_not_ask_stay(runs):
    """UTF-8 everywhere, and libraries import as ever."""
    first, _, other = runs
    assert first.texts[0].lower().count("utf-8") == 3
    assert (first.texts[0], first.texts[2]) == (other.texts[0], other.texts[2])


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine with no locale but C, and none of the definitions that others are made from."""
    monkeypatch.setattr(module, "_listed", lambda: ("C", "C.utf8", "POSIX"))
    monkeypatch.setenv("I18NPATH", "/nonexistent")
    return Host(scratch=tmp_path, project=tmp_path, cwd=tmp_path)


@pytest.mark.skipif(shutil.which("localedef") is None, reason="this system makes no locales")
def test_a_bare_machine_gets_a_locale_that_is_made_for_the_run(bare):
    setting = Locale().vary(bare, 0)
    assert (setting.environment["LC_ALL"], setting.environment["LC_CTYPE"]) == ("", "C.UTF-8")
    made = Path(setting.environment["LOCPATH"])
    assert bare.scratch in made.parents
    assert (made / setting.environment["LC_TIME"] / "LC_TIME").stat().st_size


def test_installed_locales_come_first_those_with_a_decimal_comma_before_others(monkeypatch):
    names = ("C", "C.utf8", "en_US.utf8", "de_AT", "fr_FR.utf8", "POSIX")
    monkeypatch.setattr(module, "_listed", lambda: names)
    settings = [Locale().vary(None, round_) for round_ in range(3)]
    assert [setting.value for setting in settings] == ["fr_FR.utf8", "en_US.utf8", "fr_FR.utf8"]


@pytest.mark.parametrize(
    ("listed", "name"), [(("C", "POSIX"), "C"), (("C", "C.utf8"), "C.UTF-8"), ((), "C.UTF-8")]
)
def test_the_reference_has_utf_8_where_there_is_such_a_locale(monkeypatch, listed, name):
    monkeypatch.setattr(module, "_listed", lambda: listed)
    assert Locale().pin(None).environment["LC_ALL"] == name


@pytest.mark.parametrize(
    ("source", "active"),
    [
        ("locale.setlocale(locale.LC_ALL, '')", True),
        ("files = !ls", True),
        ("!sort names.txt", True),
        ("%%bash\ndate", True),
        ("subprocess.run(['ls'])", True),
        ("x = y != 3", False),
        ("print(1)", False),
    ],
)
def test_it_is_tried_where_the_text_asks_for_locales_or_starts_programs(source, active):
    assert Locale().is_active(Traces((), (source,))) is active


def test_the_advice_is_to_name_one():
    assert "setlocale" in Locale().remedy("locale.str(x)")
