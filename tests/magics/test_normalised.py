"""What is left out of two runs' outputs before they are compared."""

from fresh_python import in_fresh_python

from repro_nb.magics.repetition.normalised import normalised
from repro_nb.rerun.bundle import write_bundle


def test_a_progress_bar_counts_by_what_is_left_of_it():
    """How often it was drawn, how fast it was, and the blanks that wipe a longer line out are left out."""
    often = "\r0/2 [00:00<?, ?it/s]\r1/2 [00:00<00:00, 9.31it/s]\r2/2 [00:00<00:00, 10.9it/s]\n"
    once = "\r2/2 [00:00<00:00, 11it/s]  \n"
    assert normalised("stdout", often, once).hidden == ("progress rates",)
    assert not normalised("stdout", often, once.replace("2/2", "1/2")).hidden


def test_blanks_that_nothing_is_written_over_with_count():
    """A space more is a difference, bit for bit."""
    assert not normalised("stdout", "a \n", "a\n").hidden


def test_a_kernel_without_the_rules_leaves_addresses_out(tmp_path):
    """Where the kernel side alone is at hand, timings differ."""
    bundle = write_bundle(tmp_path)
    lines = in_fresh_python(
        f"import sys; sys.path.insert(0, {str(bundle)!r})\n"
        "from repro_nb.magics.repetition.normalised import normalised\n"
        "print(*normalised('stdout', '<a at 0x7f0000001000>', '<a at 0x7f0000002000>').hidden)\n"
        "print(normalised('stdout', 'took 1.2 s', 'took 1.3 s').hidden)\n"
    )
    assert lines == ["memory addresses", "()"]
