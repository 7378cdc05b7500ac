"""Answers of the model as tidy tables, a service over time, and curves from papers."""

from pathlib import Path

import pandas as pd
import pytest

from sim.errors import BadTable, SimError
from sim.experiments.cold_starts import cold_starts
from sim.experiments.density import density
from sim.experiments.over_time import over_time as one_over_time
from sim.profile_files import read_profile
from sim.tables.answers import answered, fitting, over_time
from sim.tables.literature import published_points

DATA = Path(__file__).parents[2] / "data"
PROFILE = read_profile(DATA / "profiles" / "published.toml")


def test_an_answer_tells_of_which_machine_and_accelerator_it_is():
    rows = answered(PROFILE, density(PROFILE, "microvm"))
    assert set(rows["source"]) == {"simulated"}
    assert set(rows["machine"]) == {PROFILE.provenance.machine}
    assert set(rows["accelerator"]) == {PROFILE["microvm"].accelerator}


def test_how_many_fit_and_what_is_full():
    names = ("process", "microvm")
    rows = answered(PROFILE, [one for name in names for one in density(PROFILE, name)])
    ends = fitting(rows)
    values = rows[rows["quantity"] == "instances"].set_index("isolation")["value"]
    assert dict(zip(ends["isolation"], ends["n"], strict=True)) == dict(values)
    assert set(ends["stop"]) <= {"memory", "promised", "cpu", ""}


def test_windows_add_up_to_what_the_experiment_counts():
    """The last window ends where the hour does and is not looked at: a few requests are missing."""
    windows = pd.DataFrame(one_over_time(PROFILE, "process", "keep 10 s").windows)
    ratios = {one.case: one.value for one in cold_starts(PROFILE, "process")
              if one.quantity == "cold_ratio"}  # fmt: skip
    ratio = windows["cold"].sum() / windows["asked"].sum()
    assert ratio == pytest.approx(ratios["policy=keep 10 s"], rel=0.05)
    assert (windows["asked"] > 0).all()
    assert list(windows["t_s"].diff().dropna().unique()) == [30.0]


def test_hosts_hold_what_the_service_runs():
    served, residents = over_time(PROFILE, ["process"], "keep 10 s")
    running = residents.groupby("t_s")["instances"].sum()
    assert list(running) == list(served["running"])
    assert residents["host"].nunique() == 10


def test_an_unknown_policy_is_one_line():
    with pytest.raises(SimError, match="policy 'keep 1 s': unknown"):
        one_over_time(PROFILE, "process", "keep 1 s")


def test_a_curve_has_its_citation_samples_and_prediction():
    rows = published_points(DATA / "published", "FC-boot-m5d.metal", profiles=DATA / "profiles")
    assert set(rows["source"]) == {"published", "simulated"}
    assert rows["citation"].str.contains("Firecracker").all()
    given = rows[(rows["source"] == "published") & (rows["x"] == 1)]
    assert (160.9, 500) in set(zip(given["y"], given["n"], strict=True))
    predicted = rows[rows["source"] == "simulated"]
    assert (predicted["low"] <= predicted["y"]).all()
    assert (predicted["y"] <= predicted["high"]).all()


def test_a_curve_that_is_not_there_is_one_line():
    with pytest.raises(BadTable, match="no curve 'RunD-makespam'; did you mean 'RunD-makespan'"):
        published_points(DATA / "published", "RunD-makespam")


def test_requests_may_come_at_times_that_the_caller_has():
    served, _ = over_time(PROFILE, ["process"], "keep 10 s", arrivals=[0.0, 1.0, 31.0])
    assert served["asked"].sum() == 3
    assert list(served.loc[served["asked"] > 0, "t_s"]) == [0.0, 30.0]
