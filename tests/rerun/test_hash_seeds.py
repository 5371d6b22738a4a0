"""Hash seeds are chosen so that a set of two strings shows that its order is no order."""

import os
import subprocess
import sys

import pytest

from repro_nb.rerun.hash_seeds import choose_hash_seeds


def order(source, seed):
    """What `source` prints under a hash seed."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    return subprocess.check_output([sys.executable, "-c", source], env=environment)


@pytest.mark.parametrize("attempt", range(5))
def test_a_set_of_two_changes_its_order(attempt):
    """The varied run, and the second plain run, order it otherwise than the first run did."""
    source = "print({'control', 'treated'})"
    first, varied, second = choose_hash_seeds(sys.executable, [source], 3)
    assert order(source, first) != order(source, varied)
    assert len({first, varied, second}) == 3


def test_cells_that_do_not_parse_are_left_to_chance():
    """Magics and broken cells do not stop the choice."""
    assert len(set(choose_hash_seeds(sys.executable, ["%matplotlib inline", "a ="], 2))) == 2


def test_an_interpreter_that_is_not_there_is_left_to_the_kernels_start():
    """The choice does not fail for it; starting the kernel gives the better message."""
    assert len(set(choose_hash_seeds("/no/such/python3", ["{'a', 'b'}"], 2))) == 2
