"""Names that a cell assigns before it mentions them, whose old values it cannot need."""

import ast

import pytest

from repro_nb.magics.repetition.assignments import assigned_first


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("x = 1\nprint(x)", {"x"}),
        ("(a, [b, *c]), d.e = f()", {"a", "b", "c"}),
        ("x: int = 1; y: int", {"x"}),
        ("def f(): pass\nclass C: pass", {"f", "C"}),
        ("x = x + 1", set()),
        ("x += 1", set()),
        ("x = y = x", {"y"}),
        ("x.loss = 1; x[0] = 2", set()),
        ("print(x)\nx = 1", set()),
        ("def f(): return x\nx = f()", {"f"}),
        ("if a: x = 1\nx = 2", set()),
        ("for x in a: pass\nx = 2", set()),
        ("with a as x: pass", set()),
        ("import x\nx = 2", set()),
        ("del x\nx = 2", set()),
        ("x = [x for x in a]", set()),
        ("def x(n=x): pass", set()),
    ],
)
def test_only_what_is_sure_to_be_assigned_first_counts(cell, names):
    """A mention in a function, a branch or a loop may be a reading: what is in doubt is left out."""
    assert assigned_first(ast.parse(cell)) == names
