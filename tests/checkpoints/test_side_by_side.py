"""Several checkpoints at a time."""

import threading

import pytest

from repro_nb.checkpoints.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_items():
    """Whichever is ready first."""
    assert side_by_side(lambda item, _: item * 2, range(20)) == tuple(range(0, 40, 2))
    assert side_by_side(lambda item, _: item, [1]) == (1,)
    assert side_by_side(lambda item, _: item, []) == ()


def test_an_interruption_ends_the_work_that_goes_on():
    """Nobody waits for a hundred gigabytes to be hashed after Ctrl-C."""
    started = threading.Event()

    def work(item, progress):
        if item == 0:
            started.wait()
            raise KeyboardInterrupt
        started.set()
        while True:
            progress.advanced(1)

    with pytest.raises(KeyboardInterrupt):
        side_by_side(work, [0, 1])
