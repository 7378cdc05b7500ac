"""Whole figures: charts laid out on a page-wide canvas. Call inside `sim.charts.style.styled()`."""

from math import nan

import pandas as pd
from matplotlib.figure import Figure

from sim.charts.curves import memory_curve, storm_curve
from sim.charts.stacks import stacks
from sim.charts.strips import strips
from sim.charts.style import new_figure, order, rows_of
from sim.charts.waterfall import bars, common_scale, waterfall


def stacks_figure(parts: pd.DataFrame, engine_mib: float = nan) -> Figure:
    """The stacks of all isolations, drawn to scale."""
    figure = new_figure(5.2)
    stacks(parts, engine_mib, figure.subplots())
    return figure


def waterfall_figure(phases: pd.DataFrame) -> Figure:
    """A panel for each isolation in its own scale, and a strip with all in one."""
    pairs = order(phases)
    lines = [len(bars(rows_of(phases, pair))) + 2.6 for pair in pairs]
    lines.append(1.3 * len(pairs) + 2.6)
    figure = new_figure(0.19 * sum(lines) + 0.5)
    panels = figure.subplots(len(lines), 1, gridspec_kw={"height_ratios": lines}, squeeze=False)
    for pair, ax in zip(pairs, panels[:, 0], strict=False):
        waterfall(rows_of(phases, pair), ax)
    common_scale(phases, panels[-1, 0])
    return figure


def strips_figure(totals: pd.DataFrame, medians: pd.DataFrame) -> Figure:
    """Every start as a dot."""
    figure = new_figure(0.75 * len(order(totals)) + 1.2)
    strips(totals, medians, figure.subplots())
    return figure


def memory_figure(measured: pd.DataFrame, simulated: pd.DataFrame) -> Figure:
    """Memory against n."""
    figure = new_figure(4.2)
    memory_curve(measured, simulated, figure.subplots())
    return figure


def storm_figure(measured: pd.DataFrame, simulated: pd.DataFrame) -> Figure:
    """Makespan above, median latency below."""
    figure = new_figure(7.2)
    upper, lower = figure.subplots(2, 1)
    storm_curve(measured, simulated, "makespan_s", "Start storm: until the last is ready", upper)
    storm_curve(measured, simulated, "p50_s", "Start storm: until the median one is ready", lower)
    return figure
