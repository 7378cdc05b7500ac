"""Alternative texts: what a chart shows, in words, made from the data it is drawn from."""

from math import isnan, nan

import pandas as pd

from sim.charts.style import label, mib, order, origin, rows_of, seconds


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
