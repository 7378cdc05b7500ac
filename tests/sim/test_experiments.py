"""The model's experiments, against times and amounts worked out by hand, and their laws."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.contract import TABLES, MemoryRow, StartupRow
from sim.errors import ModelBroken, UnknownIsolation
from sim.experiments.all import everything
from sim.experiments.memory import fits, memory
from sim.experiments.startup import startup
from sim.experiments.storm import storm
from sim.model.instance import Span, check_spans
from tests.sim.profiles_made_up import profile, stage


def test_a_start_is_its_stages_one_after_the_other():
    head = ("made-up", "process", "none", 0, 0, "start")
    assert startup(profile(), "process", runs=1) == [
        StartupRow(*head, 0, "clone", 0.0, 0.01, 0.01),
        StartupRow(*head, 1, "first output", 0.01, pytest.approx(0.03), 0.03),
    ]


def test_three_at_once_by_hand():
    """Spawner work of 10 ms each in turn, 30 ms each in parallel, on two cores.

    At 20 ms three are runnable: each gets 2/3 of a core until the first is done at 50 ms.
    """
    ready_s = [row.ready_s for row in storm(profile(), "process", [3], repeats=1)]
    assert ready_s == pytest.approx([0.05, 0.06, 0.07])


def test_waiting_is_not_shared():
    """1 s of work each for three on two cores takes 1.5 s; then all wait 1 s side by side."""
    ready_s = [row.ready_s for row in storm(profile(), "qemu", [3], repeats=1)]
    assert ready_s == pytest.approx([2.5, 2.5, 2.5])


@pytest.mark.parametrize(("busy_wait_ratio", "ready_s"), [(0.0, 4.0), (0.75, 1.75), (1.0, 1.0)])
def test_spinning_by_the_clock_does_not_queue(busy_wait_ratio, ready_s):
    """Eight kernels of 1 s on two cores: what is spun passes side by side, the rest queues."""
    boot = replace(stage("kernel", 1.0, 0.0), busy_wait_ratio=busy_wait_ratio)
    kind = replace(profile().isolation["qemu"], stage=(boot,))
    whole = replace(profile(), isolation={"qemu": kind})
    rows = storm(whole, "qemu", [1, 8], repeats=1)
    assert rows[0].ready_s == pytest.approx(1.0)
    assert [row.ready_s for row in rows[1:]] == [pytest.approx(ready_s)] * 8
    assert startup(whole, "qemu", runs=1)[0].cpu_s == 1.0


def test_a_serial_stage_serves_one_at_a_time():
    serial = replace(
        profile().isolation["process"], stage=(stage("clone", 0.0, 1.0, 0.0, serial="spawner"),)
    )
    rows = storm(replace(profile(), isolation={"process": serial}), "process", [3], repeats=1)
    assert [row.ready_s for row in rows] == [1.0, 2.0, 3.0]


def test_a_wide_stage_uses_two_cores():
    wide = replace(stage("guest kernel", 2.0, 0.0, 0.0), width_cores=2)
    kind = replace(profile().isolation["qemu"], stage=(wide,))
    rows = storm(replace(profile(), isolation={"qemu": kind}), "qemu", [1, 2], repeats=1)
    assert [row.ready_s for row in rows] == [1.0, 2.0, 2.0]


def test_memory_is_shared_once_and_the_total_is_the_sum():
    head = ("made-up", "process", "none", 3, "pss")
    assert memory(profile(), "process", [3]) == [
        MemoryRow(*head, "program", 7.0),
        MemoryRow(*head, "helper", 3.0),
        MemoryRow(*head, "total", 10.0),
    ]


def test_what_does_not_fit_is_left_out_and_said():
    assert fits(profile(), "qemu", 9)
    assert not fits(profile(), "qemu", 10)
    rows, left_out = everything(profile(), ["qemu"], [9, 10, 16], seed=0)
    assert {row.n for row in (*rows["storm"], *rows["memory"])} == {9}
    assert left_out == ["qemu: n = 10, 16 left out, more than the host's memory holds"]


def test_same_seed_same_rows_other_seed_other_rows():
    spread = profile(spread=0.3)
    first, _ = everything(spread, None, [1, 2, 3], seed=5)
    again, _ = everything(spread, None, [1, 2, 3], seed=5)
    other, _ = everything(spread, None, [1, 2, 3], seed=6)
    assert first == again
    assert first["storm"] != other["storm"]


def test_simulated_rows_have_the_columns_of_the_contract():
    rows, _ = everything(profile(), None, [1], seed=0)
    assert {name: {type(row) for row in rows[name]} for name in TABLES} == {
        name: {kind} for name, kind in TABLES.items()
    }


@given(st.integers(1, 12), st.floats(0, 1), st.floats(0, 1), st.integers(0, 3))
def test_a_storm_obeys_the_operational_bounds(n, spread, contention_ratio, seed):
    """No start beats one alone; the whole takes no less than the work and no more than a queue."""
    noisy = profile(spread, contention_ratio)
    rows = storm(noisy, "process", [n], repeats=1, seed=seed)
    alone = [
        sum(row.cpu_s for row in storm_like_start(noisy, instance, seed)) for instance in range(n)
    ]
    makespan_s = max(row.ready_s for row in rows)
    assert makespan_s >= max(max(alone), sum(alone) / 2) - 1e-9
    assert makespan_s <= sum(alone) * (1 + contention_ratio) + 1e-9


def storm_like_start(noisy, instance, seed):
    """The start that instance meets in a storm, alone on the host: same stream of luck."""
    from sim.engine.streams import stream
    from sim.model.host import build_host
    from sim.model.instance import start

    kind, spans = noisy["process"], []
    host = build_host(noisy.host, kind)
    host.env.process(start(host, kind.stage, stream(seed, "spread", 0, instance), spans.append))
    host.env.run()
    return spans


@pytest.mark.parametrize(
    ("spans", "complaint"),
    [
        ([Span("a", 0.0, 1.0, 0.0), Span("b", 1.5, 2.0, 0.0)], "stage 'b' runs"),
        ([Span("a", 0.0, 1.0, 0.0)], "stages end at 1.0 s, the start at 2.0 s"),
        ([Span("a", 0.0, -1.0, 0.0)], "stage 'a' runs"),
    ],
)
def test_a_gap_in_a_start_is_a_broken_model(spans, complaint):
    with pytest.raises(ModelBroken, match=complaint):
        check_spans(spans, asked_s=0.0, ready_s=2.0)


def test_an_unknown_isolation_gets_the_nearest_name():
    with pytest.raises(UnknownIsolation, match="'proces' is not in the profile; did you mean 'p"):
        storm(profile(), "proces", [1])
