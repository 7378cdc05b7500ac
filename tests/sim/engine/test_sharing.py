"""Weighted sharing against a dumb twin, its laws, and groups of jobs against single ones."""

from math import inf

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.cpu import SharedCpu
from sim.engine.sharing import Shared
from sim.errors import ModelBroken

TIMES = st.floats(0, 10).map(lambda value: round(value, 3))
DEMANDS = st.floats(0.001, 10).map(lambda value: round(value, 3))
WEIGHTS = st.sampled_from([0.5, 1.0, 2.0, 3.0])
CAPS = st.sampled_from([0.3, 1.0, 2.5])
JOBS = st.lists(st.tuples(TIMES, DEMANDS, WEIGHTS, CAPS), min_size=1, max_size=12)


def filled(jobs, capacity):
    """Rates by water filling, the plain way: give, see who has too much, give the rest again."""
    rates, open_jobs, left = {}, dict(jobs), capacity
    while open_jobs:
        level = left / sum(weight for weight, _ in open_jobs.values())
        full = {at: cap for at, (weight, cap) in open_jobs.items() if cap <= level * weight}
        if not full:
            return rates | {at: level * weight for at, (weight, _) in open_jobs.items()}
        rates |= full
        left -= sum(full.values())
        open_jobs = {at: job for at, job in open_jobs.items() if at not in full}
    return rates


def dumb_twin(jobs, capacity):
    """When each job ends, from event to event with every rate computed anew."""
    ends, left, now = [0.0] * len(jobs), {}, 0.0
    waiting = sorted(range(len(jobs)), key=lambda at: jobs[at][0])
    while left or waiting:
        rates = filled({at: jobs[at][2:] for at in left}, capacity)
        ending = {at: now + rest / rates[at] for at, rest in left.items()}
        arrival = jobs[waiting[0]][0] if waiting else inf
        then = min([arrival, *ending.values()])
        left = {at: rest - rates[at] * (then - now) for at, rest in left.items()}
        for at in [at for at, end in ending.items() if end <= then + 1e-12]:
            ends[at] = then
            del left[at]
        now = then
        while waiting and jobs[waiting[0]][0] <= now:
            at = waiting.pop(0)
            left[at] = jobs[at][1]
    return ends


def ends_of(jobs, capacity):
    env = simpy.Environment()
    shared = Shared(env, capacity)
    ends = [0.0] * len(jobs)

    def job(at, arrival, demand, weight, cap):
        yield env.timeout(arrival)
        yield shared.ask(demand, weight, cap)
        ends[at] = env.now

    for at, one in enumerate(jobs):
        env.process(job(at, *one))
    env.run()
    shared.check()
    return ends, shared


@given(JOBS, st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_it_agrees_with_its_dumb_twin(jobs, capacity):
    ends, shared = ends_of(jobs, capacity)
    assert ends == pytest.approx(dumb_twin(jobs, capacity), abs=1e-6)
    assert shared.done == pytest.approx(sum(job[1] for job in jobs))
    assert shared.jobs == 0


@given(JOBS, st.sampled_from([0.5, 1.0, 2.0, 4.0]))
def test_nobody_is_faster_than_alone_and_capacity_is_never_exceeded(jobs, capacity):
    ends, _ = ends_of(jobs, capacity)
    for end, (arrival, demand, _, cap) in zip(ends, jobs, strict=True):
        assert end >= arrival + demand / min(cap, capacity) - 1e-9
    first = min(job[0] for job in jobs)
    assert max(ends) >= first + sum(job[1] for job in jobs) / capacity - 1e-9


def test_weights_divide_a_full_processor():
    """Weights 1 and 3 on one core: the heavy one ends at 4/3 s, the light one at 2 s."""
    ends, _ = ends_of([(0, 1, 1, 1), (0, 1, 3, 1)], capacity=1)
    assert ends == pytest.approx([2.0, 4 / 3])


@given(JOBS, st.data())
def test_cancelled_work_is_neither_done_nor_owed(jobs, data):
    env = simpy.Environment()
    shared = Shared(env, 1.0)
    asked = [shared.ask(demand, weight, cap) for _, demand, weight, cap in jobs]
    env.run(until=data.draw(st.floats(0.001, 5)))
    gone = data.draw(st.lists(st.sampled_from(range(len(jobs))), unique=True))
    left = [shared.cancel(asked[at]) for at in gone]
    shared.check()
    env.run()
    shared.check()
    assert shared.done == pytest.approx(sum(job[1] for job in jobs) - sum(left))
    assert all(not asked[at].processed for at, rest in zip(gone, left, strict=True) if rest)
    assert shared.cancel(asked[0]) == 0.0


@given(st.lists(DEMANDS, min_size=1, max_size=8), st.integers(1, 4))
def test_one_group_without_a_quota_of_weight_n_is_like_n_jobs(demands, cores):
    """Inside a group jobs share evenly: alone on the machine, as without one."""

    def run(group):
        env = simpy.Environment()
        cpu = SharedCpu(env, cores)
        inside, ends = cpu.group() if group else None, []
        for at, demand in enumerate(demands):
            done = cpu.serve(demand, group=inside)
            done.callbacks.append(lambda _, at=at: ends.append((at, env.now)))
        env.run()
        cpu.check()
        return [end for _, end in sorted(ends)]

    assert run(group=True) == pytest.approx(run(group=False))


def test_groups_share_by_weight_whatever_is_inside():
    """One core, two equal groups with three and one jobs of 1 s: 1 s of the second ends at 2 s."""
    env = simpy.Environment()
    cpu = SharedCpu(env, 1)
    many, one, ends = cpu.group(), cpu.group(), {}
    for at, group in enumerate([many, many, many, one]):
        cpu.serve(1.0, group=group).callbacks.append(lambda _, at=at: ends.update({at: env.now}))
    env.run()
    cpu.check()
    assert ends == pytest.approx({0: 4.0, 1: 4.0, 2: 4.0, 3: 2.0})


@given(st.integers(1, 6), st.floats(0.1, 3), st.floats(0.1, 5))
def test_a_quota_is_kept_and_the_rest_is_for_others(jobs, quota_cores, demand_s):
    env = simpy.Environment()
    cpu = SharedCpu(env, 4)
    group = cpu.group(quota_cores=quota_cores)
    env.run(simpy.AllOf(env, [cpu.serve(demand_s, group=group) for _ in range(jobs)]))
    assert env.now == pytest.approx(jobs * demand_s / min(quota_cores, jobs, 4))
    cpu.check()


def test_two_jobs_of_a_group_one_after_the_other():
    """A job that asks again when it wakes up, inside a group with a quota of half a core."""
    env = simpy.Environment()
    cpu = SharedCpu(env, 1)
    group, ends = cpu.group(quota_cores=0.5), []

    def worker():
        for _ in range(3):
            yield cpu.serve(1.0, group=group)
            ends.append(env.now)

    env.process(worker())
    env.run()
    assert ends == [2.0, 4.0, 6.0]


def test_a_run_that_stops_at_an_end_goes_on():
    """Jobs that end together, and a run until one of them: nothing is lost."""
    env = simpy.Environment()
    shared, ends = Shared(env, 1.0), []
    first, second, third = shared.ask(1.0), shared.ask(1.0), shared.ask(2.0)
    for job in (second, third):
        job.callbacks.append(lambda _: ends.append(env.now))
    env.run(until=first)
    assert env.now == 3.0
    env.run()
    assert ends == [3.0, 4.0]
    shared.check()


def test_lost_work_in_a_group_is_a_broken_model():
    env = simpy.Environment()
    cpu = SharedCpu(env, 1)
    group = cpu.group()
    cpu.serve(1.0, group=group)
    env.run()
    group.done_s -= 0.5
    with pytest.raises(ModelBroken, match=r"\+0\.5 CPU seconds of a group"):
        cpu.check()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda env: Shared(env, 0), "capacity must be > 0 and finite, got 0"),
        (lambda env: Shared(env, 1).ask(1, weight=0), "weight and cap must be > 0"),
        (lambda env: Shared(env, 1).ask(-1), "demand must be > 0 and finite, got -1"),
        (lambda env: SharedCpu(env, 1).group(weight=-1), "weight, quota_cores must be > 0"),
        (lambda env: SharedCpu(env, 1).group().ask(0, 1), "demand_s, width must be > 0"),
    ],
)
def test_nonsense_is_refused_with_value_and_rule(change, rule):
    with pytest.raises(ValueError, match=rule):
        change(simpy.Environment())
