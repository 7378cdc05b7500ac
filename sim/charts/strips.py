"""Every single start as a dot: one timing is not enough."""

import matplotlib.ticker as mpl_ticker
import pandas as pd
from matplotlib.axes import Axes

from sim.charts.style import (
    COLOURS,
    INK,
    MARKERS,
    Look,
    foot,
    order,
    origin,
    rows_of,
    seconds_interval,
    stacked,
)

LANE = 0.22  # half the height that the dots of one isolation spread over


def strips(totals: pd.DataFrame, medians: pd.DataFrame, ax: Axes) -> Axes:
    """All warm starts, with the median and its 95 % interval above them.

    Tables as `start_totals` and `start_medians` of `sim.tables.summary` make them.
    """
    pairs = order(totals)
    for at, pair in enumerate(pairs):
        values = rows_of(totals, pair).sort_values("run")["total_s"]
        # Height carries no number: dots are laid out in turn, so that equal ones stay apart.
        heights = [at + LANE * ((place % 5) / 2 - 1) for place in range(len(values))]
        style: Look = {"alpha": 0.55, "markersize": 5, "markeredgewidth": 0}
        ax.plot(values, heights, MARKERS[pair[0]], color=COLOURS[pair[0]], ls="none", **style)
        _median(ax, at, rows_of(medians, pair).iloc[0])
    ax.set_xscale("log")
    ax.margins(x=0.14)
    ax.xaxis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.xaxis.set_minor_formatter(mpl_ticker.NullFormatter())
    ax.set_yticks(range(len(pairs)), [stacked(*pair) for pair in pairs])
    ax.set(ylim=(len(pairs) - 0.45, -0.65), xlabel="start to first output [s], log scale")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_title("Every start, median and 95 % interval")
    counts = ", ".join(f"{row.isolation} {row.starts}" for row in medians.itertuples())
    foot(ax, f"{origin(totals)}.", f"n (warm starts): {counts}. Interval: bootstrap, percentile.")
    return ax


def _median(ax: Axes, at: int, row: pd.Series) -> None:
    height = at - 0.36
    ax.plot([row["low_s"], row["high_s"]], [height, height], color=INK, lw=2, solid_capstyle="butt")
    ax.plot([row["median_s"]], [height], "|", color=INK, markersize=9, markeredgewidth=2)
    text = seconds_interval(row["median_s"], row["low_s"], row["high_s"])
    where: Look = {"textcoords": "offset points", "ha": "center", "fontsize": 9}
    ax.annotate(text, (row["median_s"], height), (0, 6), **where)
