"""Alternative texts: what a chart shows, in words, made from the data it is drawn from."""

from math import isnan, nan

import pandas as pd

from sim.charts.style import label, mib, order, origin, rows_of, seconds, three


def stacks_alt(parts: pd.DataFrame, engine_mib: float = nan) -> str:
    """The heights of the stacks, of what they consist, and what they stand on."""
    told = []
    for pair in order(parts):
        rows = rows_of(parts, pair)
        inside = ", ".join(f"{row.part} {mib(row.value_mib)}" for row in rows.itertuples())
        told.append(f"{label(*pair)} {mib(rows['value_mib'].sum())} ({inside})")
    engine = "engine" if isnan(engine_mib) else f"engine, {mib(engine_mib)}"
    return (
        f"Stacked bars drawn to scale, memory of one instance: {'; '.join(told)}. All stand on the"
        f" host's kernel and the {engine}, which are there once. {origin(parts)}."
    )


def waterfall_alt(phases: pd.DataFrame) -> str:
    """The length of each start and its longest phase."""
    told = []
    for pair in order(phases):
        rows = rows_of(phases, pair)
        longest = rows.loc[rows["duration_s"].idxmax()]
        total = seconds(rows["duration_s"].sum())
        most = f"{longest['phase']} {seconds(longest['duration_s'])}"
        told.append(f"{label(*pair)} {total} in {len(rows)} phases, longest {most}")
    return f"Waterfall of the phases of one start: {'; '.join(told)}. {origin(phases)}."


def strips_alt(medians: pd.DataFrame) -> str:
    """Median, interval and number of starts."""
    told = []
    for row in medians.itertuples():
        low, high = seconds(row.low_s), seconds(row.high_s)
        name = label(row.isolation, row.accelerator)
        told.append(
            f"{name} {seconds(row.median_s)}, 95 % interval {low} to {high}, n {row.starts}"
        )
    return f"Every start as a dot; median: {'; '.join(told)}. {origin(medians)}."


def curve_alt(measured: pd.DataFrame, simulated: pd.DataFrame, column: str, what: str) -> str:
    """First and last point of each measured and simulated curve."""
    text = mib if column == "value_mib" else seconds
    told = []
    for name, table in (("measured points", measured), ("simulated line", simulated)):
        for pair in order(table):
            rows = rows_of(table, pair).sort_values("n")
            ends = [rows.iloc[0], rows.iloc[-1]]
            low, high = (f"{text(end[column])} at n = {end['n']}" for end in ends)
            told.append(f"{label(*pair)}, {name}: {low}, {high}")
    return f"{what} against the number of instances, log scale. {'; '.join(told)}."


def work_alt(ratios: pd.DataFrame) -> str:
    """What each isolation loses most and least."""
    told = []
    for pair in order(ratios):
        rows = rows_of(ratios, pair).sort_values("ratio")
        ends = [f"{row['kind']} {three(row['ratio'])}" for _, row in rows.iloc[[0, -1]].iterrows()]
        told.append(f"{label(*pair)} from {ends[0]} to {ends[1]}")
    return (
        f"Rates relative to native, log scale, for {ratios['kind'].nunique()} kinds of work: "
        f"{'; '.join(told)}. {origin(ratios)}."
    )


def density_alt(rows: pd.DataFrame) -> str:
    """How many fitted, and what the first and the last start took."""
    told = []
    for pair in order(rows):
        own = rows_of(rows, pair).sort_values("n")
        first, last = seconds(own["start_s"].iloc[0]), seconds(own["start_s"].iloc[-1])
        stop = f"stopped by {own['stop'].iloc[-1]}"
        told.append(f"{label(*pair)} {own['n'].max()}, {stop}, starts from {first} to {last}")
    return f"How many fit, a dot for each start: {'; '.join(told)}. {origin(rows)}."


def disk_alt(parts: pd.DataFrame) -> str:
    """Every bar."""
    told = []
    for pair in order(parts):
        rows = rows_of(parts, pair).itertuples()
        sizes = ", ".join(f"{row.what} {mib(row.allocated_mib)}" for row in rows)
        told.append(f"{label(*pair)}: {sizes}")
    return f"Bars of what an image and an instance take on the disk. {'; '.join(told)}."


def between_alt(lines: pd.DataFrame) -> str:
    """The accounts, and the largest step between them, in each order."""
    told = []
    for touched, rows in lines.groupby("touched", sort=False):
        accounts = rows[rows["kind"] == "account"].itertuples()
        sums = ", ".join(f"{row.text} {mib(row.value_mib)}" for row in accounts)
        steps = rows[rows["kind"] == "line"]
        largest = steps.loc[steps["value_mib"].abs().idxmax()]
        most = f"{largest['text']} {mib(largest['value_mib'])}"
        told.append(f"files touched first by {touched}: {sums}; largest step: {most}")
    pair = order(lines)[0]
    return f"From one account of memory of {label(*pair)} to the next. {'. '.join(told)}."


def parts_alt(points: pd.DataFrame) -> str:
    """The sums at the smallest and the largest n."""
    told = []
    for pair in order(points):
        own = rows_of(points, pair)
        totals = own[own["part"] == "total"].sort_values("n")
        ends = [f"{mib(row.value_mib)} at n = {row.n}" for row in totals.itertuples()]
        told.append(f"{label(*pair)}: {ends[0]}, {ends[-1]}")
    return f"Stacked bars of the parts of memory against n. {'; '.join(told)}. {origin(points)}."
