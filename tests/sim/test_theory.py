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


def test_an_overloaded_queue_is_refused():
    with pytest.raises(ValueError, match="else the queue grows"):
        theory.mm1_sojourn_s(arrivals_per_s=2, service_per_s=1)
    with pytest.raises(ValueError, match=r"load must be in \[0, 1\), got 2"):
        theory.mg1ps_sojourn_s(arrivals_per_s=2, mean_s=1)
