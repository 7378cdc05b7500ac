"""Medians and their intervals, against a plain count of all that can happen."""

from __future__ import annotations

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realrun.measure import summary
from realrun.measure.rows import StartupRow, StormRow
from realrun.measure.summary import summarise

ONE = ("m", "process", "none")


def coverage(n: int, k: int) -> float:
    """How often the true median lies between the k-th smallest and the k-th largest of n values:
    at least k and at most n - k of n fair coins show heads. Counted coin by coin."""
    heads = {0: 1}
    for _ in range(n):
        heads = {j: heads.get(j, 0) + heads.get(j - 1, 0) for j in range(max(heads) + 2)}
    return sum(heads[j] for j in range(k, n - k + 1)) / 2**n


@pytest.mark.parametrize("n", range(1, 61))
def test_the_interval_is_the_narrowest_that_covers_95_percent(n):
    """The largest k that still covers enough; with few values the whole range, k = 1."""
    enough = [k for k in range(1, n // 2 + 1) if coverage(n, k) >= 0.95]
    k = max(enough, default=1)
    found = summarise([float(value) for value in range(1, n + 1)])
    assert (found.low, found.high) == (k, n + 1 - k)
    assert (found.n, found.median) == (n, (n + 1) / 2)


@pytest.mark.parametrize(("n", "k"), [(6, 1), (9, 2), (20, 6), (30, 10), (50, 18)])
def test_the_interval_is_that_of_the_printed_tables(n, k):
    """A few rows of the sign test's critical values at 5 %, two-sided."""
    assert summarise([float(v) for v in range(n)]).low == k - 1


values = st.lists(st.floats(0, 1e6), min_size=1, max_size=50)


@given(values, st.randoms(use_true_random=False))
def test_the_order_of_the_values_does_not_matter(numbers, chance):
    mixed = chance.sample(numbers, len(numbers))
    found = summarise(mixed)
    assert found == summarise(numbers)
    assert found.low <= found.median <= found.high
    assert found.median == median(numbers)
    assert {found.low, found.high} <= set(numbers)


def test_many_values_are_no_problem():
    """Numbers of outcomes that no float holds."""
    found = summarise([float(value) for value in range(3000)])
    assert 0 < found.low < found.median < found.high < 2999
    assert math.isclose(found.low + found.high, 2999)


def test_no_values_are_an_error():
    with pytest.raises(ValueError, match="at least one"):
        summarise([])


def phase(run: int, part: str, seconds: float, isolation: str = "process") -> StartupRow:
    return StartupRow("m", isolation, "none", run, int(run == 0), part, 0, "x", 0.0, seconds, 0.0)


def test_a_start_is_the_sum_of_its_phases_without_the_first_and_without_the_end():
    rows = [phase(0, "start", 99), phase(1, "start", 1), phase(1, "start", 2), phase(1, "end", 50)]
    rows += [phase(2, "start", 5), phase(1, "start", 7, "container")]
    found = summary.totals([rows[-1], *rows[:-1]])
    assert found == {"process": [3, 5], "container": [7]}
    assert list(found) == ["process", "container"]  # as the course orders them


def test_a_storm_is_over_when_the_last_is_ready():
    rows = [StormRow(*ONE, 2, r, k, 0.0, s) for r, k, s in [(0, 0, 3.0), (0, 1, 2.0), (1, 0, 1.0)]]
    assert summary.makespans(rows) == {("process", 2): [3.0, 1.0]}
