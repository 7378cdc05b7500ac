"""Laws of starts and fleets that hold for any profile, whatever its numbers are."""

from math import fsum

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.events import Environment
from sim.engine.streams import stream
from sim.errors import SimError
from sim.model.fleet import Fleet, Lives, arrivals, life
from sim.model.host import build_host
from sim.model.instance import check_spans, start
from sim.model.load import poisson
from sim.model.placement import POLICIES
from sim.profiles import Host, InstanceMemory, Isolation, Stage
from sim.theory import bounds, mmck
from tests.sim.engine.trials import agree

SECONDS = st.one_of(st.just(0.0), st.floats(0.001, 2).map(lambda value: round(value, 3)))


@st.composite
def plans(draw):
    """One to four stages with locks, disks, servers, widths, waits and spinning."""
    stages = []
    for at in range(draw(st.integers(1, 4))):
        lock = draw(st.sampled_from([None, "mounts", "netns"]))
        stages.append(
            Stage(
                name=f"stage {at}",
                cpu_s=(draw(SECONDS),),
                wait_s=(draw(SECONDS),),
                width_cores=draw(st.integers(1, 3)),
                serial=draw(st.sampled_from([None, "spawner"])),
                busy_wait_ratio=draw(st.sampled_from([0.0, 0.0, 0.5])),
                lock=lock,
                hold_s=(0.0,) if lock is None else (draw(st.floats(0.001, 1)),),
                disk_mib=draw(SECONDS),
                disk_operations=draw(SECONDS),
            )
        )
    return tuple(stages)


@given(plans(), st.integers(1, 8), st.integers(1, 4), st.sampled_from([0.0, 0.2]))
def test_starts_lose_no_work_and_no_time(plan, instances, cores, growth_ratio):
    """Stages add up to the start; work is conserved; nobody beats the operational bounds."""
    kind = Isolation(accelerator="none", stage=plan)
    hardware = Host(
        cores=cores,
        memory_mib=100,
        disk_mib_per_s=10.0,
        disk_operations_per_s=100.0,
        lock_growth_ratio=growth_ratio,
    )
    host = build_host(hardware, kind)
    ends, all_spans = [], []

    def instance(number):
        spans = []
        yield from start(host, plan, stream(1, number), spans.append)
        check_spans(spans, asked_s=0.0, ready_s=host.env.now)
        ends.append(host.env.now)
        all_spans.append(spans)

    for number in range(instances):
        host.env.process(instance(number))
    host.env.run()
    host.check()
    assert len(ends) == instances
    for spans in all_spans:
        assert [span.stage for span in spans] == [stage.name for stage in plan]
    work_s = fsum(one.cpu_s[0] * (1 - one.busy_wait_ratio) for one in plan)
    assert host.cpu.done >= instances * work_s - 1e-6
    disk_s = fsum(one.disk_mib / 10 + one.disk_operations / 100 for one in plan)
    assert host.disk.done == pytest.approx(instances * disk_s)
    if work_s + disk_s:
        _, least_s = bounds([work_s / cores, disk_s], 0.0, instances)
        assert max(ends) >= least_s - 1e-6


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(POLICIES)),
    st.integers(1, 4),
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 10)), min_size=1, max_size=40),
    st.lists(st.tuples(st.floats(0, 25), st.integers(0, 3)), max_size=3),
)
def test_a_fleet_counts_its_instances_whatever_fails(policy, hosts, lives, failures):
    """None is on a host that is down, none is lost from the books, and all room comes back."""
    kind = Isolation(
        accelerator="none",
        stage=(Stage(name="work", cpu_s=(0.5,), wait_s=(0.1,)),),
        instance=InstanceMemory(private_mib=30.0, merged_mib=5.0, page_cache_mib=2.0),
        background_cores=0.01,
    )
    env = Environment()
    fleet = Fleet(env, hosts, Host(cores=2, memory_mib=100), kind, policy=policy)
    seen = Lives()

    def one(at_s, lives_s):
        yield env.timeout(at_s)
        try:
            yield from life(fleet, lives_s, stream(1, "luck"), seen)
        except simpy.Interrupt:
            failed.append(at_s)

    def fail(at_s, number):
        yield env.timeout(at_s)
        fleet.fail(number % hosts)
        assert fleet.residents[number % hosts] == {}
        yield env.timeout(1.0)
        fleet.repair(number % hosts)

    failed = []
    for moment in lives:
        env.process(one(*moment))
    for at, (at_s, number) in enumerate(failures):
        env.process(fail(at_s + at * 30, number))  # one after the other
    env.run()
    assert seen.ended + seen.refused + len(failed) == len(lives)
    assert fleet.running == 0
    assert fleet.placement.free_mib == pytest.approx([100.0] * hosts)
    for host in fleet.used():
        host.check()
        assert host.memory.used_mib == pytest.approx(0.0, abs=1e-9)


def test_a_fleet_refuses_as_a_loss_system_does():
    """Room for four, no queue: M/G/4/4, which depends on the mean of lives alone (Erlang B)."""
    kind = Isolation(
        accelerator="none",
        stage=(Stage(name="wait", cpu_s=(0.0,), wait_s=(0.5,)),),
        instance=InstanceMemory(private_mib=50.0),
    )
    refused = []
    for repeat in range(12):
        env, lives = Environment(), Lives()
        fleet = Fleet(env, 2, Host(cores=1, memory_mib=100), kind)
        times_s = poisson(stream(repeat, "gaps"), 3.0, until_s=600.0)
        luck = stream(repeat, "lives"), stream(repeat, "stages")
        env.process(arrivals(fleet, times_s, (0.0, 1.0), luck, lives))
        env.run()
        refused.append(lives.refused / (lives.refused + lives.ended))
    agree(refused, mmck(3.0, 1.0, servers=4, places=4).refused_ratio)


def test_stages_are_kept_where_they_are_asked_for():
    """Three starts with traces: stages in order, and sums of stages are what starts took."""
    stages = (
        Stage(name="a", cpu_s=(0.2, 0.4), wait_s=(0.0,)),
        Stage(name="b", cpu_s=(0.0,), wait_s=(0.5,)),
    )
    kind = Isolation(accelerator="none", stage=stages, instance=InstanceMemory(private_mib=1.0))
    env, lives = Environment(), Lives(traced=True)
    fleet = Fleet(env, 2, Host(cores=1, memory_mib=10), kind)
    luck = stream(1, "lives"), stream(1, "stages")
    env.process(arrivals(fleet, [0.0, 0.0, 1.0], (1.0,), luck, lives))
    env.run()
    assert [[span.stage for span in spans] for spans in lives.spans.values()] == [["a", "b"]] * 3
    took = [spans[-1].end_s - spans[0].begin_s for spans in lives.spans.values()]
    assert fsum(took) == pytest.approx(lives.start_s.total)


def test_an_unknown_placement_gets_the_nearest_name():
    stage = Stage(name="a", cpu_s=(1.0,), wait_s=(0.0,))
    kind = Isolation(accelerator="none", stage=(stage,))
    with pytest.raises(SimError, match="did you mean 'first_fit'"):
        Fleet(Environment(), 1, Host(cores=1, memory_mib=1), kind, policy="firstfit")
    with pytest.raises(ValueError, match="hosts must be >= 1, got 0"):
        Fleet(Environment(), 0, Host(cores=1, memory_mib=1), kind)
