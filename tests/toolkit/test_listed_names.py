"""The lists of classes and functions in README.md beside this file: each name is public, and takes what is listed."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import repro_nb

README = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
WAITING = {
    "4": "projects come with repro_nb.validation",
}
# What blocks import and no list has.
SECTION_OF = dict.fromkeys(
    ("TemplateConfig", "create_reproducible_template", "validate_template_structure"), "4"
)


def listed() -> Iterator[tuple[str, str]]:
    """The number of the section, and the name with its arguments in parentheses."""
    for section in re.split(r"^#{2,3} ", README, flags=re.MULTILINE):
        for line in re.findall(r"^- (`.*) - ", section, flags=re.MULTILINE):
            for entry in re.findall(r"`(.*?)`", line):
                yield section[0], entry


def imported() -> set[str]:
    """Every name that a block imports from the package."""
    statements = re.findall(r"from cookbook\.reproduce import (\([^)]*\)|[\w, ]+)", README)
    return set(re.findall(r"\w+", " ".join(statements)))


LISTED = list(listed())
LISTED_NAMES = {entry.partition("(")[0] for _, entry in LISTED}


def case(section: str, entry: str) -> object:
    waiting = WAITING.get(section)
    marks = (
        [pytest.mark.xfail(raises=AttributeError, reason=waiting, strict=True)] if waiting else []
    )
    return pytest.param(entry, id=entry, marks=marks)


def test_no_entry_is_lost():
    """Six functions for seeds, five names for deterministic mode, five for checkpoints."""
    assert [section for section, _ in LISTED] == ["1"] * 6 + ["2"] * 5 + ["3"] * 5


@pytest.mark.parametrize("entry", [case(*listing) for listing in LISTED])
def test_a_listed_name_is_public_and_takes_what_is_listed(entry):
    """Its arguments bind in their order, and those with a value have that default."""
    name, _, _ = entry.partition("(")
    signature = inspect.signature(getattr(repro_nb, name))
    assert name in repro_nb.__all__
    call = ast.parse(entry, mode="eval").body
    if not isinstance(call, ast.Call) or not call.args:
        return  # a class, or a function whose arguments are left out
    signature.bind(*(given for given in call.args if not isinstance(given, ast.Starred)))
    for keyword in call.keywords:
        if keyword.arg is not None:
            assert signature.parameters[keyword.arg].default == ast.literal_eval(keyword.value)


@pytest.mark.parametrize(
    "name", [case(SECTION_OF.get(name, ""), name) for name in sorted(imported() - LISTED_NAMES)]
)
def test_a_name_that_is_only_imported_is_public(name):
    """The blocks import names that the lists leave out."""
    assert getattr(repro_nb, name) is not None
    assert name in repro_nb.__all__
