"""A clock that goes by being read."""

import threading
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from repro_nb.probe.factors.clock import PLANS
from repro_nb.probe.factors.virtual_clock import VirtualClock

SECOND = 10**9
plans = st.sampled_from(PLANS)
steps = st.lists(st.sampled_from(["read", "uptime", "sleep", "begin_cell", "work"]), max_size=60)


def taken(clock: VirtualClock, step: str) -> int | None:
    """What one step gives; None where it tells no time."""
    if step in ("sleep", "work"):
        return getattr(clock, step)(SECOND // 3)
    return getattr(clock, step)()


@given(plans, steps)
def test_time_never_stands_still_and_never_goes_back(plan, names):
    clock = VirtualClock(plan)
    readings = [clock.read(), *(clock.read() for name in names if taken(clock, name) or True)]
    assert all(earlier < later for earlier, later in pairwise(readings))


@given(plans, steps)
def test_what_is_done_twice_shows_the_same_times(plan, names):
    first, second = VirtualClock(plan), VirtualClock(plan)
    assert [taken(first, name) for name in names] == [taken(second, name) for name in names]


@given(plans, steps)
def test_floating_point_seconds_and_microseconds_tell_the_same(plan, names):
    clock = VirtualClock(plan)
    for name in names:
        taken(clock, name)
    now = clock.read()
    assert now % 1000 == 0
    assert round(now / SECOND * 10**6) == now // 1000


@given(plans, st.integers(0, 40), st.integers(0, 40))
def test_a_cell_begins_at_the_same_time_however_often_earlier_ones_looked(plan, few, many):
    times = []
    for count in (few, many):
        clock = VirtualClock(plan)
        clock.begin_cell()
        for _ in range(count % 20):
            clock.read()
        clock.begin_cell()
        times.append(clock.read())
    assert times[0] == times[1]


@given(plans, st.integers(0, 100 * SECOND))
def test_a_sleep_takes_what_it_takes(plan, duration):
    clock = VirtualClock(plan)
    before, busy = clock.uptime(), clock.busy()
    clock.sleep(duration)
    assert duration - 1000 < clock.uptime() - before <= duration + 10 * SECOND
    assert clock.busy() - busy < 10 * SECOND


def test_a_loop_that_waits_for_a_minute_ends_at_once():
    for plan in PLANS:
        clock = VirtualClock(plan)
        end = clock.read() + 60 * SECOND
        assert sum(1 for _ in iter(lambda clock=clock, end=end: clock.read() < end, False)) < 100


def test_polls_with_sleeps_between_them_wait_as_long_as_they_say():
    for plan in PLANS:
        clock = VirtualClock(plan)
        end, polls = clock.read() + 10 * SECOND, 0
        while clock.read() < end:
            clock.sleep(SECOND // 10)
            polls += 1
        assert polls > 80


def test_threads_read_different_times():
    clock, seen = VirtualClock(PLANS[0]), []
    threads = [
        threading.Thread(target=lambda: seen.extend(clock.read() for _ in range(500)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 2000


def test_the_dates_differ_in_every_part_that_programs_look_at():
    """A seed made of the date, and a branch on the weekday, come out otherwise in each round."""
    pinned, *others = PLANS
    for other in others:
        seconds = pinned.start // SECOND, other.start // SECOND
        assert all(seconds[0] % number != seconds[1] % number for number in range(2, 11))
        assert pinned.label[:4] != other.label[:4]
        assert pinned.label[5:7] != other.label[5:7]
        assert (pinned.step, pinned.loop) != (other.step, other.loop)
