"""The shared processor against closed forms, a dumb twin, and its own law."""

from itertools import pairwise
from math import sqrt
from statistics import mean, stdev

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.cpu import SharedCpu
from sim.engine.streams import stream
from sim.errors import ModelBroken
from sim.theory import equal_jobs_s, mg1ps_sojourn_s

TIMES = st.floats(0, 10, allow_subnormal=False).map(lambda value: round(value, 4))
JOBS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=15)


def ends_of(jobs, cores, contention_ratio=0.0, turns_ratio=0.0):
    """When each (arrival, demand) leaves the processor, and the processor."""
    env = simpy.Environment()
    cpu = SharedCpu(env, cores, contention_ratio, turns_ratio)
    ends = [0.0] * len(jobs)

    def job(at, arrival_s, demand_s):
        yield env.timeout(arrival_s)
        yield cpu.serve(demand_s)
        ends[at] = env.now

    for at, (arrival_s, demand_s) in enumerate(jobs):
        env.process(job(at, arrival_s, demand_s))
    env.run()
    return ends, cpu


def dumb_twin(jobs, cores, contention_ratio=0.0, turns_ratio=0.0):
    """The same by hand: from event to event, take from every job what it was served."""
    left = {}
    waiting = sorted(range(len(jobs)), key=lambda at: jobs[at][0])
    ends, now = [0.0] * len(jobs), 0.0
    while left or waiting:
        busy = min(len(left), cores)
        share = busy / len(left) if left else 0.0
        slow = (1 + contention_ratio * (busy - 1)) * (1 + turns_ratio * (1 - share))
        rate = share / slow if left else 0.0
        next_end = now + min(left.values()) / rate if left else float("inf")
        next_arrival = jobs[waiting[0]][0] if waiting else float("inf")
        then = min(next_end, next_arrival)
        first = min(left, key=lambda at: left[at]) if left else None
        left = {at: rest - rate * (then - now) for at, rest in left.items()}
        now = then
        if next_end <= next_arrival:
            left[first] = 0.0
        for at in [at for at, rest in left.items() if rest <= 1e-12]:
            ends[at] = now
            del left[at]
        while waiting and jobs[waiting[0]][0] <= now:
            at = waiting.pop(0)
            left[at] = jobs[at][1]
    return ends


HINDERED = st.sampled_from([(0.0, 0.0), (0.3, 0.0), (0.0, 0.5), (0.2, 0.4)])


@given(JOBS, st.integers(1, 4), HINDERED)
def test_it_agrees_with_its_dumb_twin(jobs, cores, ratios):
    ends, _ = ends_of(jobs, cores, *ratios)
    assert ends == pytest.approx(dumb_twin(jobs, cores, *ratios), abs=1e-6)


@given(JOBS, st.integers(1, 4))
def test_work_is_conserved_and_nobody_is_faster_than_alone(jobs, cores):
    ends, cpu = ends_of(jobs, cores)
    cpu.check()
    assert cpu.done == pytest.approx(sum(demand_s for _, demand_s in jobs))
    for end_s, (arrival_s, demand_s) in zip(ends, jobs, strict=True):
        assert end_s >= arrival_s + demand_s - 1e-9


@given(st.integers(1, 40), st.integers(1, 8), st.floats(0.001, 100))
def test_equal_jobs_leave_when_theory_says(jobs, cores, demand_s):
    ends, _ = ends_of([(0.0, demand_s)] * jobs, cores)
    assert ends == pytest.approx([equal_jobs_s(jobs, demand_s, cores)] * jobs)


@given(JOBS, st.integers(1, 4))
def test_shorter_jobs_that_come_together_leave_earlier(jobs, cores):
    demands = sorted(demand_s for _, demand_s in jobs)
    ends, _ = ends_of([(0.0, demand_s) for demand_s in demands], cores)
    assert all(early <= late for early, late in pairwise(ends))


def test_a_newcomer_slows_the_others_down():
    """One core: a job of 2 s, half a second later one of 0.25 s. Whole trace by hand."""
    ends, _ = ends_of([(0.0, 2.0), (0.5, 0.25)], cores=1)
    assert ends == [2.25, 1.0]


def test_contention_costs_what_the_formula_says():
    ends, _ = ends_of([(0.0, 1.0)] * 2, cores=2, contention_ratio=0.25)
    assert ends == [1.25, 1.25]


def test_one_job_alone_meets_no_contention():
    ends, _ = ends_of([(0.0, 1.0)], cores=2, contention_ratio=0.25, turns_ratio=0.5)
    assert ends == [1.0]


@pytest.mark.parametrize(("jobs", "end_s"), [(2, 1.0), (4, 2 * 1.25), (200, 100 * 1.495)])
def test_taking_turns_costs_what_the_formula_says(jobs, end_s):
    """Two cores: with two jobs nobody takes turns, with 200 each finds 99 others' caches."""
    ends, _ = ends_of([(0.0, 1.0)] * jobs, cores=2, turns_ratio=0.5)
    assert ends == pytest.approx([end_s] * jobs)


@pytest.mark.parametrize("shape", ["exponential", "fixed", "two sizes"])
def test_mg1ps_sojourn_does_not_depend_on_the_shape(shape):
    """M/G/1-PS at 60 % load: mean sojourn is mean / (1 - load). Slack: four standard errors."""
    draw = {
        "exponential": lambda luck: luck.expovariate(1.0),
        "fixed": lambda luck: 1.0,
        "two sizes": lambda luck: luck.choice([0.2, 1.8]),
    }[shape]
    means = []
    for repeat in range(12):
        gaps, sizes = stream(3, "gaps", repeat), stream(3, "sizes", repeat)
        at_s, jobs = 0.0, []
        for _ in range(2500):
            at_s += gaps.expovariate(0.6)
            jobs.append((at_s, draw(sizes)))
        ends, _ = ends_of(jobs, cores=1)
        means.append(mean(end_s - job[0] for end_s, job in zip(ends, jobs, strict=True)))
    error = stdev(means) / sqrt(len(means))
    assert abs(mean(means) - mg1ps_sojourn_s(0.6, mean_s=1.0)) < 4 * error


def test_lost_work_is_a_broken_model():
    _, cpu = ends_of([(0.0, 1.0)], cores=1)
    cpu.done -= 0.5
    with pytest.raises(ModelBroken, match=r"\+0\.5 units of work"):
        cpu.check()


def test_nonsense_is_refused_with_value_and_rule():
    env = simpy.Environment()
    with pytest.raises(ValueError, match="cores must be >= 1, got 0"):
        SharedCpu(env, cores=0)
    with pytest.raises(ValueError, match="contention_ratio must be >= 0 and finite, got -1"):
        SharedCpu(env, cores=1, contention_ratio=-1)
    with pytest.raises(ValueError, match="demand must be > 0 and finite, got nan"):
        SharedCpu(env, cores=1).serve(float("nan"))
