"""From rows to the few numbers that are drawn and printed. Charts compute nothing: this does."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from sim.contract import FITTED_UP_TO, HELPER, INSTANCES, ISOLATIONS

KEY = ["source", "machine", "isolation", "accelerator"]
RESAMPLES = 4999
STORM_QUANTITIES = {
    "storm makespan [s]": "makespan_s",
    "storm p50 [s]": "p50_s",
    "storm p95 [s]": "p95_s",
}


class Interval(NamedTuple):
    """A median with its 95 % interval, and of how many values."""

    median: float
    low: float
    high: float
    n: int


def interval(values: Iterable[float]) -> Interval:
    """The median of `values` with its 95 % bootstrap interval (percentile, fixed seed).

    Fewer than two values, or equal ones, have no spread to resample: the interval is the median.
    Source: B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    data = np.asarray(list(values), dtype=float)
    middle = float(np.median(data))
    if len(data) < 2 or np.ptp(data) == 0:
        return Interval(middle, middle, middle, len(data))
    result = bootstrap(
        (data,),
        np.median,
        n_resamples=RESAMPLES,
        method="percentile",
        random_state=np.random.default_rng(0),
    )
    low, high = result.confidence_interval
    return Interval(middle, float(low), float(high), len(data))


def ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows, from the least isolated to the most."""
    places = frame["isolation"].map(ISOLATIONS.index)
    return frame.iloc[np.argsort(places.to_numpy(dtype=int), kind="stable")].reset_index(drop=True)


def warm_starts(startup: pd.DataFrame) -> pd.DataFrame:
    """The phases up to the first output, without the first start after the image was built."""
    return startup[(startup["part"] == "start") & (startup["first"] == 0)]


def start_totals(startup: pd.DataFrame) -> pd.DataFrame:
    """One row a warm start: `total_s`, from the request to the first output."""
    groups = warm_starts(startup).groupby([*KEY, "run"], sort=False)
    return groups["duration_s"].sum().rename("total_s").reset_index()


def start_medians(startup: pd.DataFrame) -> pd.DataFrame:
    """One row an isolation: median start with its interval, and of how many starts."""
    rows = [
        (*key, *interval(group["total_s"]))
        for key, group in start_totals(startup).groupby(KEY, sort=False)
    ]
    return ranked(pd.DataFrame(rows, columns=[*KEY, "median_s", "low_s", "high_s", "starts"]))


def median_start(startup: pd.DataFrame) -> pd.DataFrame:
    """The phases of the start whose total is the median one (the lower of two), per isolation.

    One real start instead of the medians of the phases: its phases follow each other and add up.
    """
    picked = []
    for _, group in start_totals(startup).groupby(KEY, sort=False):
        ordered = group.sort_values(["total_s", "run"])
        picked.append(ordered.iloc[[(len(ordered) - 1) // 2]])
    if not picked:
        return warm_starts(startup)
    runs = pd.concat(picked)[[*KEY, "run"]]
    return warm_starts(startup).merge(runs, on=[*KEY, "run"]).sort_values([*KEY, "step"])


def storm_points(storm: pd.DataFrame) -> pd.DataFrame:
    """One row an isolation and n: medians over the storms of makespan, median and p95 latency.

    `low_s`, `high_s`: the smallest and largest makespan, since there are only few storms.
    """
    each = (
        latencies(storm)
        .groupby([*KEY, "n", "repeat"], sort=False)
        .agg(
            makespan_s=("ready_s", "max"),
            p50_s=("latency_s", "median"),
            p95_s=("latency_s", lambda latencies: latencies.quantile(0.95)),
        )
    )
    points = each.groupby([*KEY, "n"], sort=False).agg(
        makespan_s=("makespan_s", "median"),
        low_s=("makespan_s", "min"),
        high_s=("makespan_s", "max"),
        p50_s=("p50_s", "median"),
        p95_s=("p95_s", "median"),
        storms=("makespan_s", "size"),
    )
    return ranked(points.reset_index())


def latencies(storm: pd.DataFrame) -> pd.DataFrame:
    """The rows of start storms with `latency_s`, from its request until it is ready."""
    return storm.assign(latency_s=storm["ready_s"] - storm["requested_s"])


def memory_points(memory: pd.DataFrame, account: str) -> pd.DataFrame:
    """One row an isolation, part and n: memory in one account, median where measured repeatedly.

    To the parts of the table comes `instances`: the total without the engine's own process.
    """
    rows = memory[(memory["account"] == account) & memory["value_mib"].notna()]
    groups = rows.groupby([*KEY, "part", "n"], sort=False)
    points = groups["value_mib"].median().reset_index()
    return pd.concat([points, _instances(points)], ignore_index=True)


def _instances(points: pd.DataFrame) -> pd.DataFrame:
    """The totals without the engine's own process, which is there once for all instances."""
    totals = points[points["part"] == "total"].assign(part=INSTANCES)
    helpers = points[points["part"] == HELPER].set_index([*KEY, "n"])["value_mib"]
    own = totals.set_index([*KEY, "n"])["value_mib"].sub(helpers, fill_value=0.0)
    places = pd.MultiIndex.from_frame(totals[[*KEY, "n"]])
    return totals.assign(value_mib=own.reindex(places).to_numpy())


def one_instance(memory: pd.DataFrame) -> pd.DataFrame:
    """The parts (account pss) of one instance: those at the smallest n, divided by that n.

    Without the engine's own process, which is there once for all: see `engine_mib`. A part is a
    difference of two readings and may come out below zero: it is then taken as zero.
    """
    points = memory_points(memory, "pss")
    points = points[~points["part"].isin(["total", INSTANCES, HELPER])]
    least = points.groupby(KEY)["n"].transform("min")
    parts = points[points["n"] == least].copy()
    parts["value_mib"] = parts["value_mib"].clip(lower=0) / parts["n"]
    return ranked(parts)


def engine_mib(memory: pd.DataFrame) -> float:
    """The engine's own process (account pss), median over all readings; NaN where there is none."""
    points = memory_points(memory, "pss")
    return float(points.loc[points["part"] == HELPER, "value_mib"].median())


def memory_each(memory: pd.DataFrame, account: str = "pss") -> pd.DataFrame:
    """One row an isolation: memory per instance at the smallest n, and of each further one.

    `further_mib`: the rise from the smallest to the largest n, divided by their difference. What
    instances share is in `each_mib` and not in `further_mib`; the engine's own process is in
    neither. `further_mib` is NaN where only one n was measured.
    """
    points = memory_points(memory, account)
    points = points[points["part"] == INSTANCES]
    rows = []
    for key, group in points.groupby(KEY, sort=False):
        few, many = group.loc[group["n"].idxmin()], group.loc[group["n"].idxmax()]
        more = int(many["n"]) - int(few["n"])
        further = (many["value_mib"] - few["value_mib"]) / more if more else float("nan")
        rows.append((*key, int(few["n"]), few["value_mib"] / few["n"], further, int(many["n"])))
    return ranked(pd.DataFrame(rows, columns=[*KEY, "n", "each_mib", "further_mib", "largest_n"]))


def prediction_errors(measured: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    """Measured against simulated, one row a quantity and n; both frames as `quantities` makes them.

    `held_out` tells whether the fit had not seen this n. `error_ratio` = simulated/measured - 1.
    """
    on = ["isolation", "accelerator", "quantity", "n"]
    columns = [*on, "value"]
    both = measured.merge(simulated[columns], on=on, suffixes=("_measured", "_simulated"))
    both["error_ratio"] = both["value_simulated"] / both["value_measured"] - 1
    both["held_out"] = both["n"] > FITTED_UP_TO
    return both.reset_index(drop=True)


def quantities(storm: pd.DataFrame, memory: pd.DataFrame) -> pd.DataFrame:
    """Everything that predictions are judged by, in one long table: isolation, quantity, n, value.

    Memory is that of the instances, without the engine's own process. The account `available` is
    left out: whatever else the machine does moves it.
    """
    points = storm_points(storm)
    long = [
        points[[*KEY, "n"]].assign(quantity=name, value=points[column])
        for name, column in STORM_QUANTITIES.items()
    ]
    for account in ("pss", "cgroup"):
        totals = memory_points(memory, account)
        totals = totals[(totals["part"] == INSTANCES) & (totals["value_mib"] > 0)]
        name = f"memory {account} [MiB]"
        long.append(totals[[*KEY, "n"]].assign(quantity=name, value=totals["value_mib"]))
    filled = [frame for frame in long if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else long[0]


def worst_and_median(errors: pd.DataFrame) -> pd.DataFrame:
    """One row an isolation and quantity: median and largest size of the error on held-out n."""
    held_out = errors[errors["held_out"]].assign(size=lambda frame: frame["error_ratio"].abs())
    groups = held_out.groupby(["isolation", "accelerator", "quantity"], sort=False)
    found = groups.agg(
        median_ratio=("size", "median"),
        worst_ratio=("size", "max"),
        ns=("n", lambda ns: ", ".join(map(str, sorted(ns)))),
    )
    return ranked(found.reset_index())
