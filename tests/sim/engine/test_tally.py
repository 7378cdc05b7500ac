"""Sums of many values: exact where they say so, and within their accuracy else."""

from math import ceil, isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.tally import ACCURACY, Tally

VALUES = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e6)), min_size=1, max_size=60)


def tallied(values):
    tally = Tally()
    for value in values:
        tally.add(value)
    return tally


@given(VALUES, st.sampled_from([0.0, 0.05, 0.5, 0.95, 1.0]))
def test_quantiles_are_within_the_accuracy(values, share):
    exact = sorted(values)[max(1, ceil(share * len(values))) - 1]
    assert tallied(values).quantile(share) == pytest.approx(exact, rel=ACCURACY * 1.0001)


@given(VALUES, VALUES)
def test_tallies_of_parts_add_up_to_that_of_the_whole(first, second):
    whole, sum_of_parts = tallied(first + second), tallied(first)
    sum_of_parts.merge(tallied(second))
    assert sum_of_parts.classes == whole.classes
    assert (sum_of_parts.count, sum_of_parts.smallest, sum_of_parts.largest) == (
        len(first + second),
        min(first + second),
        max(first + second),
    )
    assert sum_of_parts.mean == pytest.approx(whole.mean)


def test_nothing_has_no_mean():
    assert isnan(Tally().mean)
    assert isnan(Tally().quantile(0.5))
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\], got 2"):
        Tally().quantile(2)
