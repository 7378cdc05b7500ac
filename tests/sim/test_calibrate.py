"""Calibration finds what data were made with, sees only n <= 4, and says what it lacks."""

from dataclasses import replace
from statistics import mean, median, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.calibrate import calibrate
from sim.calibrate.parameters import (
    StormPoint,
    contended,
    fit_storm,
    footprint,
    spinning,
    stage,
    steps,
    taking_turns,
    with_serial,
)
from sim.contract import StartupRow
from sim.engine.streams import drawn, stream
from sim.errors import BadTable
from sim.experiments.storm import one_storm
from sim.files import read_table, write_table
from sim.profile_files import as_toml
from sim.profiles import Isolation, Profile, Stage
from tests.sim import made_up
from tests.sim.profiles_made_up import profile

PLAN = tuple(
    Stage(name=name, cpu_s=(cpu_s,), wait_s=(wait_s,))
    for name, cpu_s, wait_s in (
        ("cgroup", 0.002, 0.0005),
        ("clone", 0.003, 0.0),
        ("exec", 0.001, 0.0005),
        ("first output", 0.004, 0.002),
    )
)


def points_of(truth: Profile, kind: Isolation, ns: tuple[int, ...]) -> list[StormPoint]:
    """What storms of this very isolation would show."""
    storms = {n: one_storm(truth, kind, n, 0, 0) for n in ns}
    return [StormPoint(n, max(ready), median(ready)) for n, ready in storms.items()]


@pytest.mark.parametrize("contention_ratio", [0.0, 0.125, 0.3, 1.0])
def test_the_fit_finds_the_contention_that_made_the_storms(contention_ratio):
    """Storms are made by the model itself; the fit sees 1, 2, 4 and has to meet 8 and 32."""
    start = Isolation(accelerator="none", stage=with_serial(PLAN))
    truth = replace(start, contention_ratio=contention_ratio)
    whole = replace(profile(), isolation={"container": start})
    found = fit_storm(whole, "container", points_of(whole, truth, (1, 2, 4)))
    assert found.contention_ratio == pytest.approx(contention_ratio, abs=0.005)
    assert points_of(whole, found, (8, 32)) == [
        pytest.approx(point, rel=0.01) for point in points_of(whole, truth, (8, 32))
    ]


GUEST_PLAN = (*PLAN[:2], Stage(name="kernel", cpu_s=(1.2,), wait_s=(0.1,)), *PLAN[2:])


@pytest.mark.parametrize("ratio", [0.25, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("way", [contended, taking_turns, spinning])
def test_the_fit_tells_a_spinning_kernel_from_cores_that_hinder_each_other(way, ratio):
    """Storms are made with one of the three: it is found, and the others stay 0."""
    start = Isolation(accelerator="uml", stage=with_serial(GUEST_PLAN))
    truth = way(start, ratio)
    whole = replace(profile(), isolation={"uml": start})
    found = fit_storm(whole, "uml", points_of(whole, truth, (1, 2, 4)))
    near = [round(ratio + step, 3) for step in (-0.005, 0.0, 0.005)]
    assert found in [way(start, one) for one in near if one <= 1]
    assert points_of(whole, found, (8,))[0] == pytest.approx(
        points_of(whole, truth, (8,))[0], rel=0.01
    )


def test_both_at_once_cannot_be_told_apart():
    """Why only one is fitted: these two differ by less than storms of one kind do, 10 %."""
    start = Isolation(accelerator="uml", stage=with_serial(GUEST_PLAN))
    whole = replace(profile(), isolation={"uml": start})
    alone, both = spinning(start, 0.5), contended(spinning(start, 0.6), 0.25)
    for one, other in zip(
        points_of(whole, alone, (1, 2, 4)), points_of(whole, both, (1, 2, 4)), strict=True
    ):
        assert one == pytest.approx(other, rel=0.1)


def test_only_a_plan_with_a_kernel_of_its_own_can_spin():
    """Storms faster than shared cores allow: without a guest's kernel nothing explains them."""
    start = Isolation(accelerator="none", stage=with_serial(PLAN))
    whole = replace(profile(), isolation={"container": start})
    fast = [StormPoint(n, 0.0125, 0.0125) for n in (1, 2, 4)]
    assert fit_storm(whole, "container", fast) == start


def test_the_engine_is_one_process_whatever_was_read():
    found = footprint("pss", "helper", {1: 8.0, 2: 9.0, 4: 10.0})
    assert (found.shared_mib, found.each_mib) == (9.0, 0.0)


def test_what_the_engine_does_is_serial():
    """Up to the clone one spawner works for all starts; without a clone nothing is serial."""
    assert [one.serial for one in with_serial(PLAN)] == ["spawner", "spawner", None, None]
    assert [one.serial for one in with_serial(PLAN[2:])] == [None, None]


def test_held_out_rows_change_nothing(tmp_path):
    """The profile is the same to the last digit when everything with n > 4 is spoiled."""
    made_up.tables(tmp_path / "all", ("process",))
    made_up.tables(tmp_path / "spoiled", ("process",))
    for name, column in (("storm", "ready_s"), ("memory", "value_mib")):
        rows = read_table(tmp_path / "all", name)
        spoiled = [
            row._replace(**{column: 99 * getattr(row, column)}) if row.n > 4 else row
            for row in rows
        ]
        write_table(tmp_path / "spoiled", name, spoiled, made_up.META)
    fitted = [calibrate(tmp_path / folder).profile for folder in ("all", "spoiled")]
    assert as_toml(fitted[0]) == as_toml(fitted[1])


def test_a_whole_folder_becomes_a_profile(tmp_path):
    found = calibrate(made_up.tables(tmp_path), "sim calibrate made-up")
    assert list(found.profile.isolation) == ["process", "container", "uml", "qemu"]
    assert found.profile.provenance.fitted_on == (1, 2, 4)
    assert found.profile.host.cores == 2
    for name, kind in found.profile.isolation.items():
        assert [one.name for one in kind.stage] == [name_ for name_, *_ in made_up.PLANS[name]]
    assert found.remarks == []
    held_out = found.errors[found.errors["held_out"]]
    assert held_out["n"].min() == 8
    pss = held_out[held_out["quantity"] == "memory pss [MiB]"]
    assert pss["error_ratio"].abs().max() < 1e-6


def test_what_is_missing_is_said(tmp_path):
    made_up.tables(tmp_path, ("process",))
    for name in ("storm.csv", "memory.csv"):
        (tmp_path / name).unlink()
    found = calibrate(tmp_path)
    assert found.profile.isolation["process"].memory == ()
    assert found.remarks == [
        "process: no memory with n <= 4 measured, left out",
        "process: no storm with n = 2..4 measured, contention and busy waiting taken as 0",
        "container: no starts measured, left out",
        "uml: no starts measured, left out",
        "qemu: no starts measured, left out",
    ]
    assert found.profile.provenance.assumed == tuple(found.remarks)


def test_a_folder_without_warm_starts_is_refused(tmp_path):
    made_up.tables(tmp_path, ("process",))
    cold = [row._replace(first=1) for row in read_table(tmp_path, "startup")]
    write_table(tmp_path, "startup", cold, made_up.META)
    with pytest.raises(BadTable, match="has no warm start"):
        calibrate(tmp_path)


def rows_of(duration_s: float, cpu_s: float, count: int = 5) -> list[StartupRow]:
    head = ("m", "qemu", "tcg")
    return [
        StartupRow(*head, run, 0, "start", 0, "guest kernel", 0.0, duration_s, cpu_s)
        for run in range(count)
    ]


@given(st.floats(0.001, 10), st.floats(0, 30))
def test_a_stage_alone_lasts_as_long_as_measured(duration_s, cpu_s):
    one, assumed = stage("guest kernel", rows_of(duration_s, cpu_s))
    alone_s = one.cpu_s[0] / one.width_cores + one.wait_s[0]
    assert alone_s == pytest.approx(duration_s, rel=1e-3, abs=1e-8)
    assert assumed == []


def test_two_busy_cores_are_a_wide_stage():
    one, _ = stage("guest kernel", rows_of(duration_s=1.0, cpu_s=1.6))
    assert (one.width_cores, one.cpu_s, one.wait_s) == (2, (1.6,), (0.2,))


def test_unmeasured_processor_time_is_assumed_and_said():
    one, assumed = stage("guest kernel", rows_of(1.0, float("nan")))
    assert (one.cpu_s, one.wait_s) == ((1.0,), (0.0,))
    assert assumed == ["guest kernel: processor time was not measured, taken as all of it"]


@given(st.lists(st.floats(0, 100), min_size=2, max_size=40))
def test_what_is_drawn_lies_within_what_was_measured(values):
    quantiles, luck = steps(values), stream(1, "luck")
    slack = 1e-8
    for _ in range(20):
        assert min(values) - slack <= drawn(luck, quantiles) <= max(values) + slack


def test_what_is_drawn_has_the_mean_of_what_was_measured():
    """Two humps, as waiting for a grace period has. Slack: four standard errors."""
    luck, chosen = stream(1, "data"), stream(1, "draws")
    values = [luck.choice([luck.uniform(0, 1), luck.uniform(10, 14)]) for _ in range(400)]
    draws = [drawn(chosen, steps(values)) for _ in range(4000)]
    error = 4 * stdev(draws) * (1 / 4000 + 1 / 400) ** 0.5
    assert mean(draws) == pytest.approx(mean(values), abs=error)


@given(st.floats(0, 100), st.floats(0, 100))
def test_a_straight_line_is_found(shared_mib, each_mib):
    points = {n: shared_mib + each_mib * n for n in (1, 2, 4)}
    found = footprint("pss", "total", points)
    assert found.shared_mib == pytest.approx(shared_mib, abs=1e-3)
    assert found.each_mib == pytest.approx(each_mib, abs=1e-3)


@given(st.lists(st.floats(-10, 100), min_size=3, max_size=3))
def test_no_footprint_is_negative(values):
    found = footprint("available", "total", dict(zip((1, 2, 4), values, strict=True)))
    assert found.shared_mib >= 0
    assert found.each_mib >= 0
