"""The same customers in Ciw, a simulator by others: every one of them leaves at the same time."""

import ciw
import pytest

from sim.engine.cpu import SharedCpu
from sim.engine.queue import Queue
from sim.engine.streams import stream
from tests.sim.engine.trials import poisson, sojourns

CUSTOMERS = 400


def draws(name, mean_s):
    luck = stream(5, name)
    return [luck.expovariate(1 / mean_s) for _ in range(CUSTOMERS)]


def gaps(arrivals_s):
    return [after - before for before, after in zip([0.0, *arrivals_s], arrivals_s, strict=False)]


def in_ciw(arrivals_s, services, node_class=None, **network):
    """What Ciw records of customers that arrive at its first node."""
    model = ciw.create_network(
        # The list begins anew at its end: a gap of a thousand million seconds, for ever.
        arrival_distributions=[
            ciw.dists.Sequential([*gaps(arrivals_s), 1e9]),
            *[None] * (len(services) - 1),
        ],
        service_distributions=[ciw.dists.Sequential(one) for one in services],
        **network,
    )
    simulation = ciw.Simulation(model, node_class=node_class)
    simulation.simulate_until_max_time(arrivals_s[-1] + 1e6)
    return simulation.get_all_records()


def departures(records, node):
    kept = [r for r in records if r.node == node and r.record_type == "service"]
    return [r.exit_date for r in sorted(kept, key=lambda r: r.id_number)]


@pytest.mark.parametrize("servers", [1, 3])
def test_a_queue_with_room_and_servers(servers):
    """M/M/c/K: the same are served at the same times, the same are turned away."""
    arrivals, services = poisson(servers * 0.9, 0, CUSTOMERS), draws("services", 1.0)
    records = in_ciw(arrivals, [services], number_of_servers=[servers], queue_capacities=[2])
    served = [r for r in records if r.record_type == "service"]
    assert 0 < len(served) < CUSTOMERS
    begun = []

    def visit(env):
        queue = Queue(env, servers, room=servers + 2)

        def go(at):
            with queue.join() as turn:
                if (yield turn):
                    begun.append(env.now)
                    yield env.timeout(services[len(begun) - 1])

        return go

    sojourns(arrivals, visit)
    theirs = sorted(r.service_start_date for r in served)
    assert begun == pytest.approx(theirs)


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_processor_sharing_on_cores(cores):
    arrivals, services = poisson(cores * 0.8, 1, CUSTOMERS), draws("work", 1.0)
    records = in_ciw(
        arrivals,
        [services],
        node_class=ciw.PSNode,
        number_of_servers=[float("inf")],
        ps_thresholds=[cores],
    )
    theirs = departures(records, 1)

    def visit(env):
        cpu = SharedCpu(env, cores)

        def go(at):
            yield cpu.serve(services[at])

        return go

    ours = [a + s for a, s in zip(arrivals, sojourns(arrivals, visit), strict=True)]
    assert ours == pytest.approx(theirs)


def test_a_storm_of_a_spawner_and_a_shared_processor():
    """Two stations in a row, as in the start of a container: one at a time, then side by side."""
    at_once = [1e-6 * (at + 1) for at in range(60)]
    forks, work = draws("forks", 0.01)[:60], draws("work", 0.1)[:60]
    records = in_ciw(
        at_once,
        [forks, work],
        node_class=[ciw.Node, ciw.PSNode],
        number_of_servers=[1, float("inf")],
        ps_thresholds=[1, 2],
        routing=[[0.0, 1.0], [0.0, 0.0]],
    )
    theirs = departures(records, 2)

    def visit(env):
        spawner, cpu = Queue(env), SharedCpu(env, 2)

        def go(at):
            with spawner.join() as turn:
                yield turn
                yield env.timeout(forks[at])
            yield cpu.serve(work[at])

        return go

    ours = [a + s for a, s in zip(at_once, sojourns(at_once, visit), strict=True)]
    assert ours == pytest.approx(theirs)


def test_customers_who_give_up():
    """The same customers lose patience after 2 s, at the same times."""
    arrivals, services = poisson(1.2, 2, CUSTOMERS), draws("services", 1.0)
    records = in_ciw(
        arrivals,
        [services],
        number_of_servers=[1],
        reneging_time_distributions=[ciw.dists.Sequential([2.0])],
    )
    theirs = sorted(r.exit_date for r in records if r.record_type == "renege")
    assert theirs
    gone, served = [], []

    def visit(env):
        queue = Queue(env)

        def go(at):
            with queue.join(patience_s=2.0) as turn:
                if (yield turn):
                    served.append(at)
                    yield env.timeout(services[len(served) - 1])
                else:
                    gone.append(env.now)

        return go

    sojourns(arrivals, visit)
    assert sorted(gone) == pytest.approx(theirs)
