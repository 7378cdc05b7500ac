"""The closed forms against each other: relations that textbooks state and code may get wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import theory

LOADS = st.floats(0.01, 0.99)
TIMES = st.floats(0.001, 1000)


@given(LOADS, TIMES)
def test_mm1_equals_mg1ps_on_average(load, mean_s):
    """With exponential demands the order of service does not change the mean."""
    per_s = load / mean_s
    expected = theory.mm1_sojourn_s(per_s, 1 / mean_s)
    assert theory.mg1ps_sojourn_s(per_s, mean_s) == pytest.approx(expected, rel=1e-6)


@given(LOADS, TIMES)
def test_littles_law_gives_the_number_in_mm1(load, mean_s):
    """Mean number in M/M/1 is load / (1 - load)."""
    per_s = load / mean_s
    inside = theory.little(per_s, theory.mm1_sojourn_s(per_s, 1 / mean_s))
    assert inside == pytest.approx(load / (1 - load), rel=1e-6)


@given(LOADS, TIMES)
def test_one_server_is_the_special_case_of_all(load, mean_s):
    """M/M/1 as M/M/c, as M/G/1 with exponential services, and as M/M/1/K with very many places."""
    per_s, rate = load / mean_s, 1 / mean_s
    expected = pytest.approx(theory.mm1_sojourn_s(per_s, rate), rel=1e-6)
    assert theory.mmc_sojourn_s(per_s, rate, servers=1) == expected
    assert theory.mg1_sojourn_s(per_s, mean_s, variation2=1.0) == expected
    assert theory.two_weights_sojourn_s((per_s / 2,) * 2, (rate,) * 2, (3.0, 3.0))[1] == expected
    assert theory.mmck(per_s, rate, servers=1, places=3000).sojourn_s == expected


@given(LOADS, st.integers(1, 8))
def test_mmc_is_mmck_with_very_many_places(load, servers):
    sojourn_s = theory.mmc_sojourn_s(load * servers, 1.0, servers)
    assert theory.mmck(load * servers, 1.0, servers, 3000).sojourn_s == pytest.approx(sojourn_s)


@given(LOADS, st.integers(1, 4), st.integers(0, 5))
def test_flow_is_conserved_where_some_are_refused(load, servers, queue):
    found = theory.mmck(load, 1.0, servers, servers + queue)
    assert found.served_per_s == pytest.approx(load * (1 - found.refused_ratio))


@given(st.tuples(LOADS, LOADS), st.tuples(TIMES, TIMES))
def test_weights_only_move_time_from_one_class_to_the_other(loads, weights):
    """With equal services the load-weighted mean is that of M/M/1 (Kleinrock's conservation)."""
    first, second = loads[0] / 2, loads[1] / 2
    heavy, light = theory.two_weights_sojourn_s((first, second), (1.0, 1.0), weights)
    whole = first + second
    mean_s = (first * heavy + second * light) / whole
    assert mean_s == pytest.approx(theory.mm1_sojourn_s(whole, 1.0))


@given(st.integers(1, 40), TIMES, st.integers(1, 4))
def test_machine_repair_keeps_the_operational_bounds(machines, think_s, servers):
    found = theory.machine_repair(machines, think_s, 1.0, servers)
    most_per_s, least_s = theory.bounds([1.0 / servers], think_s, machines)
    assert found.served_per_s <= most_per_s * (1 + 1e-9)
    assert found.sojourn_s >= least_s * (1 - 1e-9)
    assert machines / found.served_per_s == pytest.approx(think_s + found.sojourn_s)


@given(LOADS, st.integers(1, 3))
def test_endless_patience_is_mmc_and_none_is_loss(load, servers):
    never, gone = theory.impatient(load * servers, 1.0, servers, 1e12, places=3000)
    assert gone < 1e-6
    inside = load * servers * theory.mmc_sojourn_s(load * servers, 1.0, servers)
    assert never == pytest.approx(inside, rel=1e-3)
    _, at_once = theory.impatient(load * servers, 1.0, servers, 1e-9, places=servers + 1)
    lost = theory.mmck(load * servers, 1.0, servers, servers).refused_ratio
    assert at_once == pytest.approx(lost, rel=1e-3)


@given(st.floats(0.01, 0.9))
def test_a_lock_that_does_not_grow_is_mm1(load):
    sojourn_s = theory.lock_sojourn_s(load, 1.0, growth_ratio=0.0, most_spinning=3)
    assert sojourn_s == pytest.approx(theory.mm1_sojourn_s(load, 1.0), rel=1e-6)


def test_an_overloaded_queue_is_refused():
    for overloaded in (
        lambda: theory.mm1_sojourn_s(arrivals_per_s=2, service_per_s=1),
        lambda: theory.mmc_sojourn_s(arrivals_per_s=4, service_per_s=1, servers=2),
        lambda: theory.mg1_sojourn_s(arrivals_per_s=2, mean_s=1, variation2=0),
        lambda: theory.mg1ps_sojourn_s(arrivals_per_s=2, mean_s=1),
        lambda: theory.two_weights_sojourn_s((1, 1), (1, 1), (1, 2)),
        lambda: theory.lock_sojourn_s(1.0, 0.5, growth_ratio=1.0, most_spinning=3),
    ):
        with pytest.raises(ValueError, match=r"load must be in \[0, 1\), got 2: else the queue"):
            overloaded()


def test_bounds_of_nothing_are_refused():
    with pytest.raises(ValueError, match=r"at least one demand must be > 0, got \[0.0\]"):
        theory.bounds([0.0], 1.0, 1)
