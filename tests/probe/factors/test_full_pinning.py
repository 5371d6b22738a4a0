"""A kernel in which every factor is held is still the Python that notebooks are written for."""

import pytest

LEFT_OUT = {
    "time": (
        # It would set the clock of the machine; tests of the clock say that it is refused.
        "TimeTestCase.test_clock_settime",
        # Two readings are to lie within 0.2 s: here each goes on by as much as the one before, and more.
        "TimeTestCase.test_gmtime_without_arg",
        "TimeTestCase.test_localtime_without_arg",
    )
}

PROGRAM = """
import importlib, unittest
module = importlib.import_module("test.test_{name}")
for test in {left_out!r}:
    group, _, method = test.partition(".")
    setattr(getattr(module, group), method, unittest.skip("left out")(lambda self: None))
result = unittest.TestResult()
unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
for _, text in (*result.failures, *result.errors):
    print(text)
print(result.testsRun > 20, result.wasSuccessful())
"""


@pytest.mark.parametrize("name", ["random", "time", "tempfile", "uuid"])
def test_pythons_own_tests_pass_in_a_cell(name, rerun):
    """All but those that are named here, with why."""
    pytest.importorskip(f"test.test_{name}", reason="this interpreter comes without its tests")
    (text,) = rerun(PROGRAM.format(name=name, left_out=LEFT_OUT.get(name, ()))).texts
    assert text == "True True\n"
