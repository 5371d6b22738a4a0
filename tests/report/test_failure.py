"""Failures, as every report shows them."""

from dataclasses import replace

from repro_nb.rerun.report.failure import traceback_lines


def failed_with(result, traceback):
    """The result with another traceback."""
    return replace(result, error=replace(result.error, traceback=traceback))


def test_a_long_traceback_is_cut_at_its_outer_end(failing):
    """What raised is at the end; a line says how much is missing."""
    lines = traceback_lines(failed_with(failing, "\n".join(map(str, range(100)))), most=10)
    assert lines == ["… 90 more lines …", *map(str, range(90, 100))]
