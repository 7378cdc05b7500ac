"""Each part of the engine against its closed form, over random arrivals and random parameters.

Three parameters each; with hundreds:
`EXAMPLES=300 .venv/bin/python -m pytest --timeout=0 tests/sim/engine/test_against_theory.py`.
"""

import os
from math import inf
from statistics import mean

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import theory
from sim.engine.cpu import SharedCpu
from sim.engine.device import Device
from sim.engine.lock import KernelLock
from sim.engine.queue import Queue
from sim.engine.streams import stream
from tests.sim.engine.trials import CUSTOMERS, REPEATS, agree, poisson, sojourns

LOADS = st.floats(0.2, 0.8)
FEW = settings(max_examples=int(os.environ.get("EXAMPLES", "3")))


def queueing(servers: int, services_s: list[float], room: float = inf):
    def visit(env):
        queue = Queue(env, servers, room)

        def go(at):
            with queue.join() as turn:
                if (yield turn):
                    yield env.timeout(services_s[at])

        return go

    return visit


def exponential(per_s: float, repeat: int) -> list[float]:
    luck = stream(7, "services", repeat)
    return [luck.expovariate(per_s) for _ in range(CUSTOMERS)]


@FEW
@given(LOADS, st.integers(1, 5))
def test_mmc(load, servers):
    found = [
        mean(sojourns(poisson(load * servers, r), queueing(servers, exponential(1.0, r))))
        for r in range(REPEATS)
    ]
    agree(found, theory.mmc_sojourn_s(load * servers, 1.0, servers))


@pytest.mark.parametrize("spread", [0.0, 0.5, 1.0])
def test_mg1(spread):
    """Services of 1 - spread or 1 + spread: the squared coefficient of variation is spread ** 2."""
    found = []
    for r in range(REPEATS):
        luck = stream(8, "services", r)
        services = [luck.choice([1 - spread, 1 + spread]) for _ in range(CUSTOMERS)]
        found.append(mean(sojourns(poisson(0.6, r), queueing(1, services))))
    agree(found, theory.mg1_sojourn_s(0.6, 1.0, spread**2))


@FEW
@given(LOADS, st.integers(1, 3), st.integers(0, 4))
def test_mmck_refuses_as_many_as_theory_says(load, servers, places):
    room, refused, sojourn = servers + places, [], []
    for r in range(REPEATS):
        found = sojourns(
            poisson(load * servers, r), queueing(servers, exponential(1.0, r), room=room)
        )
        served = [one for one in found if one > 0]
        refused.append(1 - len(served) / len(found))
        sojourn.append(mean(served))
    expected = theory.mmck(load * servers, 1.0, servers, room)
    agree(refused, expected.refused_ratio)
    agree(sojourn, expected.sojourn_s)


@FEW
@given(st.floats(0.5, 1.5), st.floats(0.3, 3))
def test_impatient_customers_give_up_as_often_as_theory_says(load, patience_s):
    """M/M/2 + M, also with more work than two servers can do."""
    gone = []
    for r in range(REPEATS):
        luck, services, given_up = stream(9, "patience", r), exponential(1.0, r), []

        def visit(env, luck=luck, services=services, given_up=given_up):
            queue = Queue(env, servers=2)

            def go(at):
                with queue.join(luck.expovariate(1 / patience_s)) as turn:
                    served = yield turn
                    given_up.append(not served)
                    if served:
                        yield env.timeout(services[at])

            return go

        sojourns(poisson(2 * load, r), visit)
        gone.append(mean(given_up))
    agree(gone, theory.impatient(2 * load, 1.0, 2, patience_s, places=60)[1])


@FEW
@given(st.floats(0.2, 0.4), st.floats(0.2, 0.4), st.sampled_from([1.0, 2.0, 5.0]))
def test_two_weights(first, second, weight):
    """Discriminatory processor sharing of two classes, one of them heavier."""
    expected = theory.two_weights_sojourn_s((first, second), (1.0, 1.0), (weight, 1.0))
    found = [], []
    for r in range(REPEATS):
        luck = stream(10, "class", r)
        heavy = [luck.random() < first / (first + second) for _ in range(CUSTOMERS)]
        services = exponential(1.0, r)

        def visit(env, heavy=heavy, services=services):
            cpu = SharedCpu(env, 1)

            def go(at):
                own = weight if heavy[at] else 1.0
                yield cpu.ask(services[at], own, 1.0)

            return go

        times = sojourns(poisson(first + second, r), visit)
        for kind in (0, 1):
            mine = [t for t, h in zip(times, heavy, strict=True) if h == (kind == 0)]
            found[kind].append(mean(mine))
    agree(found[0], expected[0])
    agree(found[1], expected[1])


@FEW
@given(LOADS, st.floats(0, 1))
def test_a_device_by_bandwidth_and_operations_is_mg1ps(load, in_operations):
    """1 MiB and 10 operations on average; the device's time for them is what is shared."""
    rates = {
        "mib_per_s": 1 / max(1 - in_operations, 1e-9),
        "operations_per_s": 10 / max(in_operations, 1e-9),
    }
    found = []
    for r in range(REPEATS):
        luck = stream(11, "operations", r)
        sizes, counts = exponential(1.0, r), [20 * luck.random() for _ in range(CUSTOMERS)]

        def visit(env, sizes=sizes, counts=counts):
            device = Device(env, **rates)

            def go(at):
                yield device.transfer(sizes[at], counts[at])

            return go

        found.append(mean(sojourns(poisson(load, r), visit)))
    agree(found, theory.mg1ps_sojourn_s(load, 1.0))


@given(st.integers(1, 30), st.floats(0.001, 10), st.floats(0, 1))
def test_a_storm_on_a_lock_leaves_when_theory_says(holders, hold_s, growth_ratio):
    """The first one in finds nobody behind it; those that are served later have seen all come."""
    env = simpy.Environment()
    lock = KernelLock(env, growth_ratio)
    lock.hold(0)  # all others come while it is held: the first of them has the rest behind it
    for _ in range(holders):
        last = lock.hold(hold_s)
    env.run(last)
    assert env.now == pytest.approx(theory.lock_makespan_s(holders, hold_s, growth_ratio))
    assert lock.held_s == pytest.approx(env.now)


@FEW
@given(st.floats(0.1, 0.5), st.floats(0, 0.3), st.integers(0, 3))
def test_a_lock_that_grows_dearer(per_s, growth_ratio, most_spinning):
    found = []
    for r in range(REPEATS):
        holds = exponential(1.0, r)

        def visit(env, holds=holds):
            lock = KernelLock(env, growth_ratio, most_spinning)

            def go(at):
                yield lock.hold(holds[at])

            return go

        found.append(mean(sojourns(poisson(per_s, r), visit)))
    agree(found, theory.lock_sojourn_s(per_s, 1.0, growth_ratio, most_spinning))


@FEW
@given(st.integers(1, 12), st.floats(0.2, 4), st.integers(1, 3))
def test_machine_repair_and_the_operational_bounds(machines, think_s, servers):
    found = []
    for r in range(REPEATS):
        env, served = simpy.Environment(), []
        queue = Queue(env, servers)

        def machine(number, env=env, queue=queue, served=served, r=r):
            luck = stream(12, r, number)
            while True:
                yield env.timeout(luck.expovariate(1 / think_s))
                with queue.join() as turn:
                    yield turn
                    yield env.timeout(luck.expovariate(1.0))
                served.append(env.now)

        for number in range(machines):
            env.process(machine(number))
        env.run(until=1000)
        found.append(sum(at_s > 100 for at_s in served) / 900)
    agree(found, theory.machine_repair(machines, think_s, 1.0, servers).served_per_s)
    most_per_s, _ = theory.bounds([1.0 / servers], think_s, machines)
    assert mean(found) <= most_per_s * 1.05
