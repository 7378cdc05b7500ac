"""The few numbers that are drawn and printed, on tables small enough to do by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contract import MemoryRow, StartupRow, StormRow
from sim.tables import as_frame
from sim.tables.summary import (
    engine_mib,
    interval,
    median_start,
    memory_each,
    one_instance,
    prediction_errors,
    quantities,
    start_medians,
    storm_points,
    worst_and_median,
)

HEAD = ("m", "process", "none")


def starts(*durations: tuple[float, float], first: int = 0) -> list[StartupRow]:
    rows = []
    for run, (clone_s, exec_s) in enumerate(durations):
        rows.append(StartupRow(*HEAD, run, first, "start", 0, "clone", 0.0, clone_s, clone_s))
        rows.append(StartupRow(*HEAD, run, first, "start", 1, "exec", clone_s, exec_s, exec_s))
        rows.append(StartupRow(*HEAD, run, first, "end", 2, "remove", 9.0, 9.0, 9.0))
    return rows


def test_a_start_is_the_sum_of_its_phases_until_the_first_output():
    (row,) = start_medians(as_frame("startup", starts((1, 2), (1, 4), (3, 6)))).itertuples()
    assert (row.median_s, row.starts) == (5.0, 3)
    assert 3.0 <= row.low_s <= 5.0 <= row.high_s <= 9.0


def test_first_starts_do_not_count():
    assert start_medians(as_frame("startup", starts((1, 2), first=1))).empty


def test_the_median_start_is_a_real_one():
    phases = median_start(as_frame("startup", starts((5, 1), (1, 1), (1, 3), (9, 9))))
    assert list(phases["run"]) == [2, 2]
    assert list(phases["duration_s"]) == [1, 3]


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=20))
def test_an_interval_holds_its_median_and_stays_within_the_data(values):
    found = interval(values)
    slack = 1e-9 * max(values)  # rounding of interpolated quantiles
    assert min(values) - slack <= found.low <= found.median + slack
    assert found.median - slack <= found.high <= max(values) + slack


def test_storms_are_summed_up_by_hand():
    rows = [
        StormRow(*HEAD, 2, repeat, instance, 0.5, ready_s)
        for repeat, pair in enumerate([(1.0, 2.0), (1.0, 4.0), (2.0, 3.0)])
        for instance, ready_s in enumerate(pair)
    ]
    (row,) = storm_points(as_frame("storm", rows)).itertuples()
    assert (row.makespan_s, row.low_s, row.high_s, row.storms) == (3.0, 2.0, 4.0, 3)
    assert row.p50_s == 2.0  # medians of latencies: 1.0, 2.0, 2.0


def memory_rows() -> list[MemoryRow]:
    amounts = {
        2: {"program": 4.0, "helper": 2.0, "total": 6.0},
        8: {"program": 18.0, "helper": 2.0, "total": 20.0},
    }
    return [
        MemoryRow(*HEAD, n, "pss", part, mib)
        for n, parts in amounts.items()
        for part, mib in parts.items()
    ]


def test_one_instance_is_a_share_of_the_fewest_without_the_engine():
    table = as_frame("memory", memory_rows())
    parts = one_instance(table)
    assert dict(zip(parts["part"], parts["value_mib"], strict=True)) == {"program": 2}
    assert engine_mib(table) == 2.0
    (row,) = memory_each(table).itertuples()
    assert (row.n, row.each_mib) == (2, 2.0)
    assert (row.further_mib, row.largest_n) == (pytest.approx(14 / 6), 8)


def test_no_engine_is_not_a_number():
    assert math.isnan(engine_mib(as_frame("memory")))


def test_what_the_whole_machine_has_left_is_no_prediction():
    rows = [MemoryRow(*HEAD, 8, account, "total", 9.0) for account in ("pss", "available")]
    found = quantities(as_frame("storm"), as_frame("memory", rows))
    assert list(found["quantity"]) == ["memory pss [MiB]"]


def test_errors_are_relative_and_only_held_out_ones_count():
    storm = [StormRow(*HEAD, n, 0, 0, 0.0, 1.0 * n) for n in (4, 8, 16)]
    guess = [StormRow(*HEAD, n, 0, 0, 0.0, r * n) for n, r in ((4, 9.0), (8, 1.1), (16, 0.7))]
    none = as_frame("memory")
    errors = prediction_errors(
        quantities(as_frame("storm", storm), none), quantities(as_frame("storm", guess), none)
    )
    row = worst_and_median(errors).iloc[0]
    assert row["median_ratio"] == pytest.approx(0.2)
    assert row["worst_ratio"] == pytest.approx(0.3)
    assert row["ns"] == "8, 16"
