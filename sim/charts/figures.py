"""Whole figures: charts laid out on a page-wide canvas. Call inside `sim.charts.style.styled()`."""

from math import nan

import pandas as pd
from matplotlib.figure import Figure

from sim.charts.accounts import between, between_foot, parts
from sim.charts.curves import memory_curve, storm_curve
from sim.charts.losses import density, disk, work_ratios
from sim.charts.stacks import stacks
from sim.charts.strips import strips
from sim.charts.style import foot, label, new_figure, order, origin, rows_of
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


def work_figure(ratios: pd.DataFrame) -> Figure:
    """Every kind of work relative to native."""
    figure = new_figure(0.36 * ratios["kind"].nunique() + 1.6)
    work_ratios(ratios, figure.subplots())
    return figure


def density_figure(rows: pd.DataFrame) -> Figure:
    """How many fit."""
    figure = new_figure(4.4)
    density(rows, figure.subplots())
    return figure


def disk_figure(parts: pd.DataFrame) -> Figure:
    """What lies on the disk."""
    figure = new_figure(0.26 * len(parts) + 0.25 * len(order(parts)) + 1.5)
    disk(parts, figure.subplots())
    return figure


def between_figure(lines: pd.DataFrame) -> Figure:
    """From account to account, one panel for each order of touching."""
    orders = list(dict.fromkeys(lines["touched"]))
    most = lines.groupby("touched").size().max()
    figure = new_figure(0.27 * most + 1.9)
    panels = figure.subplots(1, len(orders), squeeze=False, sharex=True)[0]
    for place, (touched, ax) in enumerate(zip(orders, panels, strict=True)):
        between(lines[lines["touched"] == touched], ax, named=not place)
    pair = order(lines)[0]
    figure.suptitle(f"Memory, account by account: {label(*pair)}", x=0.01, ha="left",
                    weight="bold", fontsize=11.5)  # fmt: skip
    between_foot(lines, panels[0])
    return figure


def parts_figure(points: pd.DataFrame) -> Figure:
    """Memory against n as stacked parts, a panel for each isolation in its own scale."""
    pairs = order(points)
    figure = new_figure(2.5 * ((len(pairs) + 1) // 2) + 0.9)
    panels = figure.subplots((len(pairs) + 1) // 2, 2, squeeze=False).ravel()
    for pair, ax in zip(pairs, panels, strict=False):
        parts(points, pair, ax)
    for ax in panels[len(pairs) :]:
        ax.set_visible(False)
    figure.suptitle("Memory of n instances, by parts, each panel in its own scale", x=0.01,
                    ha="left", weight="bold", fontsize=11.5)  # fmt: skip
    foot(figure.axes[0], f"{origin(points)}. Account pss: a page that several processes share is"
         " divided among them. Medians of all readings, no interval.")  # fmt: skip
    return figure
