"""SeedContext: its own numbers inside, and every stream where it was outside."""

import random

import numpy as np
import pytest
import torch
from fresh_python import in_fresh_python
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_shell import Notebook

from repro_nb.errors import UsageError
from repro_nb.rng.capture import capture
from repro_nb.seeding import SeedContext, get_current_seed, get_seed_history, set_global_seed
from repro_nb.seeding.per_cell import seed_per_cell


def draws(count: int = 3) -> list[float]:
    """Numbers from each global stream, normals among them: these keep one back."""
    return [
        value
        for _ in range(count)
        for value in (random.gauss(0, 1), float(np.random.randn()), float(torch.randn(())))
    ]


@settings(deadline=None)
@given(st.lists(st.integers(0, 99), max_size=4), st.integers(0, 3), st.booleans())
def test_every_stream_goes_on_where_it_was(seeds, drawn, fails):
    """However blocks are nested, and whatever ends them, the streams outside do not notice."""
    draws(drawn)
    before = capture().states
    try:
        nested(seeds, fails)
    except ZeroDivisionError:
        assert fails
    assert capture().states == before


def nested(seeds, fails):
    """One block in the other, each of which draws before and after the next."""
    if not seeds:
        if fails:
            raise ZeroDivisionError
        return
    with SeedContext(seeds[0]):
        draws(1)
        nested(seeds[1:], fails)
        draws(1)


def test_the_numbers_inside_are_those_of_the_seed():
    """Twice the same block gives the same numbers, those of a global seed."""
    with SeedContext(5):
        first = draws()
    with SeedContext(5):
        assert draws() == first
    set_global_seed(5)
    assert draws() == first


def test_an_inner_block_leaves_the_outer_ones_numbers_alone():
    """What the inner block draws is not missing outside."""
    with SeedContext(1):
        expected = draws(2)
    with SeedContext(1):
        first = draws(1)
        with SeedContext(2):
            draws(7)
        assert first + draws(1) == expected


def test_the_current_seed_is_the_innermost_ones():
    """get_current_seed follows the blocks, and is None outside when no seed was set."""
    with SeedContext(1):
        with SeedContext(2):
            assert get_current_seed() == 2
        assert get_current_seed() == 1
    assert get_current_seed() is None


def test_without_a_seed_the_block_borrows_its_numbers():
    """SeedContext() seeds nothing, and gives back what was drawn."""
    with SeedContext():
        borrowed = draws()
    assert draws() == borrowed
    assert get_seed_history() == ()


def test_it_decorates_functions():
    """A decorated function gives the same each time, and disturbs nobody."""
    decorated = SeedContext(3)(draws)
    before = capture().states
    assert decorated() == decorated()
    assert capture().states == before


@pytest.mark.parametrize("seed", [-1, 2**32, True, 1.5, "1"])
def test_what_is_no_seed_is_refused_when_it_is_made(seed):
    """The rule of set_global_seed holds here."""
    with pytest.raises(UsageError, match="from 0 to 4294967295"):
        SeedContext(seed)


@pytest.mark.parametrize("outer", [None, 9])
def test_a_framework_imported_inside_ends_as_if_imported_after(outer):
    """Inside it is seeded with the block's seed; afterwards with the outer one, or as it began by itself."""
    lines = in_fresh_python(
        "import repro_nb\n"
        f"outer = {outer}\n"
        "if outer is not None:\n    repro_nb.set_global_seed(outer, deterministic=False)\n"
        "with repro_nb.SeedContext(5):\n"
        "    import numpy as np, torch\n"
        "    inside = np.random.rand(), float(torch.rand(()))\n"
        "after = np.random.rand(), float(torch.rand(()))\n"
        "unseeded = torch.initial_seed() > 2**33\n"
        "np.random.seed(5); torch.manual_seed(5)\n"
        "print(inside == (np.random.rand(), float(torch.rand(()))))\n"
        "if outer is not None:\n"
        "    np.random.seed(outer); torch.manual_seed(outer)\n"
        "    print(after == (np.random.rand(), float(torch.rand(()))))\n"
        "else:\n    print(unseeded)\n"
    )
    assert lines == ["True", "True"]


def test_nothing_is_seeded_at_import_once_the_block_is_over():
    """Without a seed outside, an import after the block finds its own entropy."""
    program = (
        "import repro_nb\nwith repro_nb.SeedContext(5): pass\nimport sys\n"
        "print(len([f for f in sys.meta_path if 'repro_nb' in type(f).__module__]))\n"
        "import numpy as np\nprint(np.random.rand())"
    )
    first, second = in_fresh_python(program), in_fresh_python(program)
    assert first[0] == "0"
    assert first != second


def test_a_cell_that_draws_inside_a_block_alone_does_not_draw_unseeded(live: Notebook):
    """Its record holds no draw of the global streams: they are where they were."""
    record = live.run(
        "import random\nfrom repro_nb.seeding import SeedContext\nwith SeedContext(1):\n    x = random.random()"
    )
    assert record.draws == ()
    assert record.recorder_error is None
    record = live.run("random.random()\nwith SeedContext(1):\n    x = random.random()")
    assert record.draws == ("python",)


def test_the_history_tells_what_was_set_where(live: Notebook):
    """Calls, seeds and the execution that made them."""
    live.run("from repro_nb.seeding import SeedContext, set_global_seed\nset_global_seed(4, False)")
    live.run("with SeedContext(1):\n    set_global_seed(6, False, only=['numpy'])")
    assert [(e.call, e.seed, e.names, e.order) for e in get_seed_history()] == [
        ("set_global_seed(4)", 4, None, 1),
        ("SeedContext(1)", 1, None, 2),
        ("set_global_seed(6)", 6, ("numpy",), 2),
    ]


def test_blocks_that_overlap_end_where_the_first_began():
    """Threads and tasks may end in any order; the last one brings back what was there, and it is told."""
    before, seed = capture().states, get_current_seed()
    first, second = SeedContext(1), SeedContext(2)
    first.__enter__()
    second.__enter__()
    draws()
    with pytest.warns(RuntimeWarning, match="overlapped"):
        first.__exit__(None, None, None)
    assert get_current_seed() == 2
    draws()
    second.__exit__(None, None, None)
    assert (capture().states, get_current_seed()) == (before, seed)


def test_a_block_ends_once():
    """A second end is an error of the caller's, with a sentence."""
    with SeedContext(1) as block:
        pass
    with pytest.raises(UsageError, match="ended already"):
        block.__exit__(None, None, None)


def test_what_goes_on_after_its_call_is_no_block():
    """A generator or coroutine function cannot be decorated."""

    async def coroutine():
        pass

    def generator():
        yield

    async def both():
        yield

    for function in (coroutine, generator, both):
        with pytest.raises(UsageError, match="runs after its call"):
            SeedContext(1)(function)


def test_streams_per_cell_go_on_after_a_block(live: Notebook):
    """The block's seed is the block's alone."""
    live.run("import random\nfrom repro_nb.seeding import SeedContext")
    seed_per_cell(42)
    live.run("x = random.random()", cell_id="a")
    live.run("with SeedContext(1):\n    random.random()", cell_id="b")
    live.run("assert random.random() == x", cell_id="a")
    assert live.recorder.records[-1].status == "ok"


def test_after_a_block_the_books_are_as_before(live: Notebook):
    """A stream that nothing seeded is told as that; a library that came in inside drew nothing."""
    live.run("import random\nfrom repro_nb.seeding import SeedContext")
    live.run("with SeedContext(1):\n    random.random()")
    live.run("random.random()")
    (row,) = (row for row in live.recorder.summary() if row.name == "python")
    assert (row.seeded, row.unseeded, row.draws) == (None, True, 1)


def test_a_library_first_used_inside_a_block_drew_nothing():
    """Its draws were given back; after the block nothing has seeded it."""
    lines = in_fresh_python(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from traitlets.config import Config\n"
        "shell = InteractiveShell(config=Config(HistoryManager=dict(enabled=False)))\n"
        "shell.run_line_magic('load_ext', 'repro_nb')\n"
        "from repro_nb.probe.session import session\n"
        "shell.run_cell('import repro_nb\\nwith repro_nb.SeedContext(1):\\n import numpy as np; np.random.rand()')\n"
        "print(session.recorder.records[-1].draws)\n"
        "print([row.unseeded for row in session.recorder.summary() if row.name == 'numpy'])\n"
    )
    assert lines == ["()", "[True]"]
