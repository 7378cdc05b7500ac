"""Services: cold starts, keep-alive, scaling, pools and failures, by hand and by Little."""

from dataclasses import replace

import pytest

from sim.engine.events import Environment
from sim.engine.streams import stream
from sim.model.fleet import Fleet
from sim.model.load import poisson
from sim.model.service import Policy, Request, Service
from sim.profiles import InstanceMemory
from sim.theory import little
from tests.sim.profiles_made_up import profile

PROCESS = replace(
    profile().isolation["process"], instance=InstanceMemory(private_mib=100.0), memory=()
)


def service(policy, demand_s=0.5, hosts=1, isolation=PROCESS, filler=None):
    env = Environment()
    host = replace(profile().host, cores=50)
    fleet = Fleet(env, hosts, host, isolation, filler=filler)
    luck = stream(1, "work"), stream(1, "stages")
    return Service(fleet, Request(cpu_s=(demand_s,), kind="cpu"), policy, luck)


def run(one, times_s, until_s=None):
    one.fleet.env.process(one.arrivals(times_s))
    one.fleet.env.run(until=until_s)
    one.account()
    for host in one.fleet.used():
        host.check()


def test_a_warm_instance_serves_the_next_request():
    """A start takes 0.04 s, the work 0.5 s; the second request comes while the instance idles."""
    one = service(Policy(keep_alive_s=1.0))
    run(one, [0.0, 1.0])
    assert (one.response_s.count, one.cold_s.count) == (2, 1)
    assert one.response_s.largest == pytest.approx(0.54)
    assert one.response_s.smallest == pytest.approx(0.5)
    assert one.fleet.running == 0
    assert one.instance_s == pytest.approx(2.5)  # gone 1 s after 1.5 s


def test_without_keep_alive_every_start_is_cold_and_little_counts_them():
    one = service(Policy(keep_alive_s=0.0), hosts=100)
    run(one, poisson(stream(2, "a"), 5.0, until_s=400.0), until_s=400.0)
    assert one.cold_s.count >= one.response_s.count
    expected = little(5.0, 0.54)
    assert one.instance_s / 400.0 == pytest.approx(expected, rel=0.06)


def test_endless_keep_alive_starts_as_many_as_were_ever_needed_at_once():
    one = service(Policy(keep_alive_s=float("inf")))
    run(one, [0.0, 0.0, 0.0, 5.0, 5.0, 9.0])
    assert one.cold_s.count == one.fleet.running == 3


def test_no_room_is_a_refusal():
    """1000 MiB hold ten instances of 100."""
    one = service(Policy())
    run(one, [0.0] * 12)
    assert (one.refused, one.response_s.count) == (2, 10)


def test_a_host_that_promised_too_much_refuses_when_it_is_full():
    """Promised 50 MiB each of 2000, but each takes 100 of the 1000 that there are."""
    need = InstanceMemory(private_mib=100.0, promised_mib=50.0)
    one = service(Policy(), isolation=replace(PROCESS, instance=need))
    run(one, [0.0] * 12)
    assert (one.refused, one.response_s.count) == (2, 10)


def test_autoscaling_starts_ahead():
    def cold(policy):
        one = service(policy)
        if policy.target_ratio < 10:
            one.fleet.env.process(one.autoscale())
        run(one, [at / 4 for at in range(200)], until_s=60.0)
        return one

    plain = cold(Policy(keep_alive_s=0.1))
    ahead = cold(Policy(keep_alive_s=0.1, target_ratio=0.25, check_s=0.05))
    waited = [sum(one.response_s.classes.values()) for one in (plain, ahead)]
    assert waited == [200, 200]
    assert ahead.response_s.mean < plain.response_s.mean


def test_a_pool_hands_out_what_waits_and_fills_up_again():
    """Two wait: the third of three at once is booted like any other; later two wait again."""
    quick = replace(
        PROCESS,
        stage=(replace(PROCESS.stage[1], name="resume", cpu_s=(0.001,)),),
        pool_of="process",
        pool_instances=2,
    )
    one = service(Policy(), isolation=quick, filler=PROCESS)
    run(one, [0.0, 0.0, 0.0], until_s=5.0)
    assert one.cold_s.smallest == pytest.approx(0.001)
    assert one.cold_s.largest >= 0.04
    assert one.fleet.waiting == [2]


def test_requests_of_a_host_that_fails_fail_and_others_go_on():
    one = service(Policy(), hosts=2)

    def fail():
        yield one.fleet.env.timeout(0.3)
        one.account()
        one.fleet.fail(0)
        yield one.fleet.env.timeout(1.0)
        one.fleet.repair(0)

    one.fleet.env.process(fail())
    run(one, [0.0, 0.1, 0.4, 2.0], until_s=10.0)
    assert (one.failed, one.response_s.count) == (2, 2)
    assert one.fleet.placement.free_mib[0] == 1000.0


def test_closed_users_wait_for_their_answers():
    """Three users who think 0.5 s and are served in 0.5 s or a little more: three a second."""
    one = service(Policy(keep_alive_s=100.0))
    for user in range(3):
        one.fleet.env.process(one.user((0.5,), stream(3, "think", user)))
    one.fleet.env.run(until=100.0)
    assert one.response_s.count == pytest.approx(300, abs=6)
    assert one.cold_s.count == 3


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="keep_alive_s >= 0"):
        Policy(keep_alive_s=-1)
