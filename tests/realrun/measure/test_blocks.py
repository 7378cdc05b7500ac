"""Whose turn it is, and when it is enough."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from realrun.measure import blocks

ARMS = {"process": 4, "container": 4, "uml": 1}
seeds = st.integers(0, 2**32)


@given(st.dictionaries(st.text(max_size=5), st.integers(1, 6), min_size=1), seeds)
def test_every_block_has_every_arms_trials_once_numbered_without_gaps(arms, seed):
    found = [turn for block in range(4) for turn in blocks.order(arms, seed, "x", block)]
    assert sorted(found) == sorted((a, k) for a, n in arms.items() for k in range(3 * n + 1))


@given(seeds)
def test_turns_are_mixed_over_the_whole_block(seed):
    """After any part of the block everybody has had that part of his turns, but for one."""
    order = [name for name, _ in blocks.order({"a": 20, "b": 20}, seed, "x", 1)]
    for length in range(len(order) + 1):
        counts = [order[:length].count(name) for name in "ab"]
        assert abs(counts[0] - counts[1]) <= 2


def test_seed_experiment_and_block_decide_the_order_and_nothing_else():
    """Whoever was stopped goes on in the same order; no global generator is used."""
    random.seed(1)
    before = random.getstate()
    orders = {
        tuple(blocks.order(ARMS, seed, name, block))
        for seed in range(5) for name in "xy" for block in (1, 2)
    }  # fmt: skip
    assert len(orders) == 20
    assert blocks.order(ARMS, 3, "x", 2) == blocks.order(ARMS, 3, "x", 2)
    assert random.getstate() == before


def test_a_median_is_known_well_enough_only_with_six_values_and_a_narrow_interval():
    assert not blocks.is_narrow([1.0] * 5, 3, 0.05)
    assert blocks.is_narrow([1.0] * 6, 3, 0.05)
    assert not blocks.is_narrow([1.0] * 6, 7, 0.05)
    assert blocks.is_narrow([0.96, 1.0, 1.0, 1.0, 1.0, 1.04], 3, 0.05)
    assert not blocks.is_narrow([0.9, 1.0, 1.0, 1.0, 1.0, 1.1], 3, 0.05)
