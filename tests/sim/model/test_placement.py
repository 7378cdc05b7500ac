"""Placement against the plain search through all hosts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.model.placement import NO_ROOM, POLICIES

MIB = st.integers(0, 20).map(float)


def plain(policy, free, need):
    fitting = [host for host, mib in enumerate(free) if mib >= need]
    if not fitting:
        return None
    if policy == "first_fit":
        return fitting[0]
    order = {
        "best_fit": lambda host: (free[host], host),
        "spread": lambda host: (-free[host], host),
    }
    return min(fitting, key=order[policy])


@pytest.mark.parametrize("policy", POLICIES)
@given(st.lists(MIB, min_size=1, max_size=12), st.lists(st.tuples(MIB, st.integers(0, 11), MIB)))
def test_the_host_is_the_one_a_plain_search_finds(policy, free, changes):
    hosts = POLICIES[policy](free)
    for need, at, now_free in changes:
        assert hosts.find(need) == plain(policy, free, need)
        free[at % len(free)] = now_free
        hosts.change(at % len(free), now_free)
        assert hosts.free_mib == free


@pytest.mark.parametrize("policy", POLICIES)
def test_a_host_that_is_down_has_no_room(policy):
    hosts = POLICIES[policy]([5.0, 5.0])
    hosts.change(0, NO_ROOM)
    assert hosts.find(0.0) == 1
    hosts.change(1, NO_ROOM)
    assert hosts.find(0.0) is None
