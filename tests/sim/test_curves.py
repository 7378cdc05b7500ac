"""Laws of published curves: what they say is checked against closed forms, and y is never seen."""

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cli import main
from sim.curves.fit import fit_curves
from sim.curves.laws import boots, closed_loop, contended, storm
from sim.curves.predict import ADDED, predict, read_folder
from sim.curves.profiles import as_toml, read_subjects
from sim.curves.rows import asked, read_points
from sim.errors import BadProfile, BadTable

ROOT = Path(__file__).parents[2]
CURVES, PROFILES = ROOT / "data/published/curves.csv", ROOT / "data/profiles"
COMMAND = "sim calibrate --curves data/published/curves.csv -o data/profiles"
SLEEPING = {
    "first_ms": 100.0,
    "offset_ms": 90.0,
    "late_ms": 95.0,
    "hold_ms": 10.0,
    "together_ratio": 0.5,
    "spin_cores": 0.0,
    "work_ms": 20.0,
    "cores": 4.0,
    "preempted_ratio": 0.5,
    "most_busy_ratio": 0.9,
}


@pytest.fixture(scope="module")
def known():
    return read_folder(PROFILES)


def test_the_profiles_are_what_the_command_makes():
    """No number in them was put there by hand."""
    for source, subjects in fit_curves(CURVES).subjects.items():
        path = PROFILES / f"published-{source.replace('_', '-')}.toml"
        assert path.read_text(encoding="utf-8") == as_toml(COMMAND, subjects)


def test_every_parameter_says_where_it_is_from(known):
    origins = ("published:", "fitted:", "assumed:", "utilisation law:", "figures.csv:", "not asked")
    for _, subject in known.values():
        assert subject.fitted_on
        for name, (value, source) in subject.parameters.items():
            assert math.isfinite(value), (subject.name, name)
            assert source.startswith(origins), (subject.name, name)


def test_a_lock_that_is_slept_for_makes_the_last_later_by_one_hold_each():
    assert storm(SLEEPING, "makespan", 1).value == 100
    assert storm(SLEEPING, "makespan", 50) == pytest.approx((590, 590, 590))
    # First come, first served: on average half of the others are before you.
    assert storm(SLEEPING, "latency", 50).value == pytest.approx(95 + 250, rel=1e-3)
    assert storm(SLEEPING, "cpu", 50).value == pytest.approx(20)
    assert storm(SLEEPING, "utilisation", 50).value == pytest.approx(100 * 20 * 50 / 590 / 4)


@given(st.integers(2, 2000), st.floats(0.01, 3), st.floats(0, 1))
def test_no_host_is_busier_than_it_is(n, spin_cores, preempted_ratio):
    known = {**SLEEPING, "spin_cores": spin_cores, "preempted_ratio": preempted_ratio}
    found = storm(known, "utilisation", n)
    assert 0 < found.low <= found.value <= found.high <= 90 + 1e-6
    value, low, high = storm(known, "makespan", n)
    assert low <= value <= high
    assert storm(known, "latency", n).value <= value * 1.06 + 5  # late_ms is 5 above offset_ms


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_the_closed_loop_is_the_machine_repair_model(n):
    """Against the recursion of mean value analysis, an independent way to the same number."""
    demand_ms, think_ms, queue = 3.0, 17.0, 0.0
    for k in range(1, n + 1):
        response_ms = demand_ms * (1 + queue)
        throughput = k / (think_ms + response_ms)
        queue = throughput * response_ms
    known = {"demand_ms": demand_ms, "think_ms": think_ms, "per_s": 1000.0, "latency_ratio": 1.0}
    assert closed_loop(known, "throughput", n).value == pytest.approx(1000 * throughput)
    assert closed_loop(known, "latency", n).value == pytest.approx(n / throughput)


def test_contended_ends_between_no_gain_and_the_laws_own_end():
    known = {"alone_ms": 2.0, "hinder_ms": 0.1, "seen": 50.0, "per_s": 1000.0}
    assert contended(known, "throughput", 50).value == pytest.approx(50 / 7 * 1000)
    value, low, high = contended(known, "throughput", 200)
    assert low == pytest.approx(50 / 7 * 1000)
    assert high == pytest.approx(200 / 22 * 1000)
    assert value == pytest.approx(math.sqrt(low * high))


def test_boots_share_the_cores_when_there_are_many():
    known = {
        "alone mean": 50.0,
        "demand_ms": 50.0,
        "outside_ms": 10.0,
        "cores": 4.0,
        "threads_per_core": 1.0,
        "second_thread_ratio": 0.0,
        "crowded_ratio": 0.0,
        "fitted_busy": 1.0,
        "spread_ratio": 0.1,
        "spread_busy_ratio": 0.1,
    }
    assert boots(known, "mean", 1).value == 50
    assert boots(known, "mean", 3).value == pytest.approx(50)
    assert boots(known, "mean", 100).value == pytest.approx(100 * 50 / 4 - 10, rel=1e-6)
    assert boots(known, "sd", 100).value == pytest.approx(124, rel=1e-6)
    two = {**known, "threads_per_core": 2.0, "second_thread_ratio": 0.25}
    assert boots(two, "mean", 100).value == pytest.approx(100 * 50 / 5 - 10, rel=1e-6)


def test_y_is_never_looked_at(known):
    _, points = read_points(CURVES)
    blind = [point._replace(y=math.nan) for point in points]
    assert [one.estimate for one in predict(points, known)] == [
        one.estimate for one in predict(blind, known)
    ]


def test_large_n_has_an_interval_and_a_reason(tmp_path, known, capsys):
    header, points = read_points(CURVES)
    far = [p for p in points if p.curve_id == "RunD-makespan" and p.x == 20]
    at = header.index("x")
    cells = [[*p.cells[:at], "400", *p.cells[at + 1 :]] for p in far]
    with (tmp_path / "asked.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *cells])
    out = tmp_path / "told.csv"
    assert main(["validate", "--curves", str(tmp_path / "asked.csv"), "--out", str(out)]) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-len(ADDED) :] == list(ADDED)
    for row in rows:
        assert float(row["low"]) < float(row["predicted"]) < float(row["high"])
        assert row["profile"] == "published-rund-atc22.toml"
        assert "concurrent starts N = 1, 10, 20" in row["rests_on"]
    sleeper = next(row for row in rows if "Firecracker" in row["system"])
    assert "slept for" in sleeper["resource"]
    assert "beyond the largest x of the fit: median over curves" in capsys.readouterr().out


def test_starts_beside_running_ones_are_asked_for_by_words():
    point = read_points(CURVES)[1][0]._replace(
        source_key="s",
        system="RunD",
        x_name="running sandboxes N",
        x=1000.0,
        y_name="start latency of 10 new sandboxes",
    )
    found = asked(point)
    assert found is not None
    assert (found.quantity, found.running, found.starts) == ("latency", 1000, 10)


@pytest.mark.parametrize("system", ["RunD", "RunD, 10 new", "RunD (200 at once)"])
def test_starts_beside_running_ones_lie_between_none_and_dockers_growth(known, system):
    point = read_points(CURVES)[1][0]._replace(
        source_key="rund_atc22",
        system=system,
        x_name="sandboxes already running",
        x=1000.0,
        y_name="start latency of 10 new",
        unit="ms",
    )
    (found,) = predict([point], known)
    assert found.estimate is not None
    alone = 118.06  # RunD-latency at 10
    assert found.estimate.low < alone < found.estimate.value < found.estimate.high
    assert "Docker" in found.caution


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "system,x_name",
            "systm,x_name",
            "line 1: column 'system' is missing; did you mean 'systm'",
        ),
        (",160.9,ms", ",fast,ms", "line 2, column 'y': expected a number or an empty cell"),
        (",160.9,ms", ",160.9", "line 2: expected 12 cells, found 11"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path, old, new, complaint):
    text = "\n".join(CURVES.read_text(encoding="utf-8").splitlines()[:2])
    assert old in text
    path = tmp_path / "curves.csv"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadTable, match=complaint):
        read_points(path)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('law = "storm"', 'law = "stom"', r"subject\[\d+\].law: unknown law 'stom'; did you mean"),
        ("largest_fitted", "largest_fited", "largest_fited: unknown key; did you mean"),
        ("value = 84.22", "value = inf", "first_ms.value: expected a finite number, found inf"),
        ("value = 84.22", 'value = "x"', "first_ms.value: expected a number, found 'x'"),
        ("[provenance]", "[provenence]", "provenence: unknown key; did you mean 'provenance'?"),
    ],
)
def test_a_wrong_profile_is_one_line(tmp_path, old, new, complaint):
    text = (PROFILES / "published-rund-atc22.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "published-x.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadProfile, match=complaint) as caught:
        read_subjects(path)
    assert str(caught.value).startswith(f"{path}: ")
