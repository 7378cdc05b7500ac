"""Queues, locks and devices: short stories by hand, and their laws."""

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.device import Device
from sim.engine.events import happen
from sim.engine.lock import KernelLock
from sim.engine.queue import Queue

TIMES = st.floats(0, 5).map(lambda value: round(value, 3))


def story(jobs, servers=1, room=float("inf")):
    """(arrival, patience, service) of each: when it was served or turned away, and which."""
    env = simpy.Environment()
    queue = Queue(env, servers, room)
    told = [None] * len(jobs)

    def customer(at, arrival_s, patience_s, service_s):
        yield env.timeout(arrival_s)
        with queue.join(patience_s) as turn:
            served = yield turn
            told[at] = (served, env.now)
            if served:
                yield env.timeout(service_s)

    for at, job in enumerate(jobs):
        env.process(customer(at, *job))
    env.run()
    assert (queue.busy, queue.waiting) == (0, 0)
    return told


def test_patience_ends_and_the_next_is_called():
    jobs = [(0, 9, 3), (1, 1, 5), (1.5, 9, 1)]
    assert story(jobs) == [(True, 0), (False, 2), (True, 3)]


def test_no_room_is_no_turn():
    jobs = [(0, 9, 3), (1, 9, 1), (2, 9, 1), (3.5, 9, 1)]
    assert story(jobs, room=2) == [(True, 0), (True, 3), (False, 2), (True, 4)]


def by_hand(jobs, servers):
    """Who is served when, one customer after the other in order of arrival."""
    free, told = [0.0] * servers, []
    for arrival_s, patience_s, service_s in jobs:
        first = min(range(servers), key=lambda at: free[at])
        begin_s = max(arrival_s, free[first])
        if begin_s > arrival_s + patience_s:
            told.append((False, arrival_s + patience_s))
            continue
        free[first] = begin_s + service_s
        told.append((True, begin_s))
    return told


@given(st.lists(st.tuples(TIMES, TIMES, TIMES), min_size=1, max_size=12), st.integers(1, 3))
def test_a_queue_agrees_with_its_dumb_twin(jobs, servers):
    jobs = sorted(
        (arrival_s + at * 1e-5, patience_s + 3e-6, service_s + 1e-6 * at)
        for at, (arrival_s, patience_s, service_s) in enumerate(jobs)
    )
    for mine, twin in zip(story(jobs, servers), by_hand(jobs, servers), strict=True):
        assert mine[0] == twin[0]
        assert mine[1] == pytest.approx(twin[1], abs=1e-9)


def test_leaving_the_line_is_heard_and_leaving_twice_is_nothing():
    env = simpy.Environment()
    queue = Queue(env)
    served, waiting, last = queue.join(), queue.join(), queue.join()
    queue.leave(waiting)
    queue.leave(waiting)
    env.run()
    assert (waiting.value, queue.waiting) == (False, 1)
    queue.leave(served)
    env.run()
    assert last.value is True


def test_an_interrupted_customer_gives_its_place_back():
    env = simpy.Environment()
    queue = Queue(env)
    holder = queue.join()

    def customer():
        with queue.join() as turn:
            yield turn

    impatient = env.process(customer())
    impatient.callbacks.append(lambda event: setattr(event, "defused", True))
    env.process(later(env, impatient))
    env.run()
    assert queue.waiting == 0
    queue.leave(holder)
    assert queue.busy == 0


def later(env, process):
    yield env.timeout(1)
    process.interrupt()


def test_a_lock_hands_itself_over_in_order():
    env, ends = simpy.Environment(), []
    lock = KernelLock(env)
    for name in "abc":
        lock.hold(1.0).callbacks.append(lambda _, name=name: ends.append((name, env.now)))
    assert lock.waiting == 2
    env.run()
    assert ends == [("a", 1.0), ("b", 2.0), ("c", 3.0)]


@pytest.mark.parametrize(
    ("mib", "operations", "alone_s"), [(10, 0, 0.1), (0, 10, 0.5), (10, 10, 0.6)]
)
def test_a_device_charges_for_both(mib, operations, alone_s):
    env = simpy.Environment()
    device = Device(env, mib_per_s=100, operations_per_s=20)
    env.run(device.transfer(mib, operations))
    assert env.now == pytest.approx(alone_s)


@given(st.integers(1, 12), st.floats(0.05, 1))
def test_streams_that_cannot_fill_a_device_alone_fill_it_together(streams, stream_ratio):
    env = simpy.Environment()
    device = Device(env, mib_per_s=10, stream_ratio=stream_ratio)
    env.run(simpy.AllOf(env, [device.transfer(10) for _ in range(streams)]))
    assert env.now == pytest.approx(max(1 / stream_ratio, streams))
    device.check()


def test_nothing_to_move_takes_no_time():
    env = simpy.Environment()
    env.run(Device(env, 10).transfer(0))
    assert env.now == 0


def test_an_event_with_two_waiting_goes_through_simpy():
    env, heard = simpy.Environment(), []
    for waiting in (0, 1, 2):
        event = env.event()
        event.callbacks += [lambda e, w=waiting: heard.append((w, e.value))] * waiting
        happen(event, "x")
    assert heard == [(1, "x")]
    env.run()
    assert heard == [(1, "x"), (2, "x"), (2, "x")]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda env: Device(env, 0), "rates must be > 0, got 0"),
        (lambda env: Device(env, 1, stream_ratio=2), r"stream_ratio must be in \(0, 1\], got 2"),
        (lambda env: Device(env, 1).transfer(-1), "mib and operations must be >= 0, got -1"),
        (lambda env: KernelLock(env, -1), "growth_ratio, most_spinning must be >= 0, got -1"),
        (lambda env: KernelLock(env).hold(-1), "hold_s must be >= 0 and finite, got -1"),
        (lambda env: Queue(env, servers=0), "needs 1 <= servers <= room, got 0"),
        (lambda env: Queue(env, servers=2, room=1), "needs 1 <= servers <= room, got 2 and 1"),
        (lambda env: Queue(env).join(-1), "patience_s must be >= 0, got -1"),
    ],
)
def test_nonsense_is_refused_with_value_and_rule(change, rule):
    with pytest.raises(ValueError, match=rule):
        change(simpy.Environment())
