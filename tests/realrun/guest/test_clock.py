"""A guest's clock on the host's: never wrong by more than is said."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from realrun.guest.clock import ROUNDS, Clock, Mark, Moment

OFFSETS = st.integers(-(10**12), 10**15)
DELAYS = st.integers(0, 10**9)


@given(OFFSETS, DELAYS, st.lists(st.tuples(DELAYS, DELAYS, DELAYS), min_size=1, max_size=ROUNDS))
def test_the_true_offset_is_never_further_away_than_is_said(offset, born_late, rounds):
    """Whatever the messages took on their ways, there and back."""
    clock, now = Clock(), 10**15
    clock.began(now - born_late - 1, now - offset)
    for there, inside, back in rounds:
        assert clock.asked(now)
        guest = now + there + inside // 2 - offset
        now += there + inside + back
        clock.answered(guest, now)
    assert clock.error_ns is not None
    assert abs(clock.offset_ns - offset) <= clock.error_ns
    best = min([sum(one) for one in rounds])
    assert clock.error_ns <= -(-best // 2)


def test_a_guest_that_nobody_asked_has_no_known_error():
    clock = Clock()
    clock.heard(5, 100)
    assert (clock.offset_ns, clock.error_ns) == (95, None)
    clock.began(90)
    assert (clock.offset_ns, clock.error_ns) == (92, 3)


def test_it_is_asked_only_as_often_as_helps():
    clock = Clock()
    assert [clock.asked(now) for now in range(ROUNDS + 2)] == [True] * ROUNDS + [False] * 2


@given(st.lists(st.integers(-100, 300), min_size=1), st.integers(-50, 50))
def test_no_moment_is_before_the_machine_after_the_output_or_out_of_order(stamps, offset):
    clock = Clock(marks=[Mark(str(n), stamp, None) for n, stamp in enumerate(stamps)])
    clock.heard(0, offset)
    told = [moment.at_ns for moment in clock.moments(Moment("exec", 0, 0), 200)]
    assert told == sorted(told)
    assert 0 <= min(told) <= max(told) <= 200
    assert len(told) == len(stamps)


def test_what_nobody_could_look_at_in_time_goes_by_duration():
    marks = [Mark("firmware", 0, None), Mark("kernel", 30, None), Mark("drivers", 40, 60)]
    clock = Clock(marks=marks)
    clock.heard(40, 140)
    told = clock.moments(Moment("exec", 90, 10), 1000)
    assert told == [("firmware", 100, 20), ("kernel", 130, 50), ("drivers", 140, 60)]
