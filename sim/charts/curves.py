"""Memory and start storms against the number of instances: measured points, simulated line."""

from math import log10

import matplotlib.ticker as mpl_ticker
import pandas as pd
from matplotlib.axes import Axes

from sim.charts.style import (
    COLOURS,
    MARKERS,
    PAPER,
    SIZES,
    WIDTHS,
    Look,
    foot,
    order,
    origin,
    rows_of,
    spread_labels,
    stacked,
)
from sim.contract import FITTED_UP_TO, INSTANCES


def memory_curve(measured: pd.DataFrame, simulated: pd.DataFrame, ax: Axes) -> Axes:
    """Memory of n instances; both tables as `sim.tables.summary.memory_points` makes them."""
    measured, simulated = (table[table["part"] == INSTANCES] for table in (measured, simulated))
    draw(ax, measured, simulated, "value_mib")
    ax.set(xlabel="instances n [1], log scale", ylabel="memory of all [MiB], log scale")
    ax.set_title("Memory against the number of instances")
    foot(
        ax,
        *small_print(measured, simulated),
        "Account pss, without the engine's own process, which is there once."
        " One reading for each n, hence no interval.",
    )
    return ax


def storm_curve(
    measured: pd.DataFrame, simulated: pd.DataFrame, column: str, title: str, ax: Axes
) -> Axes:
    """One time of start storms; both tables as `sim.tables.summary.storm_points` makes them.

    `column`: `makespan_s`, drawn with the range over the storms, or `p50_s`.
    """
    if column == "makespan_s":
        for pair in order(measured):
            rows = rows_of(measured, pair)
            ax.vlines(rows["n"], rows["low_s"], rows["high_s"], color=COLOURS[pair[0]], lw=1)
    draw(ax, measured, simulated, column)
    ax.set(xlabel="instances n [1], log scale", ylabel="since the request [s], log scale")
    ax.set_title(title)
    counts = [int(count) for count in measured["storms"]] or [0]
    storms = " to ".join(str(n) for n in sorted({min(counts), max(counts)}))
    foot(
        ax,
        *small_print(measured, simulated),
        f"Points: medians of {storms} storms at each n; bars: fastest to slowest storm.",
    )
    return ax


def small_print(measured: pd.DataFrame, simulated: pd.DataFrame) -> tuple[str, str]:
    """Where points and lines are from, and which points the model knew."""
    line = "lines: simulated" if len(simulated) else "nothing was simulated"
    fitted = f"Filled points: the model was fitted to them (n ≤ {FITTED_UP_TO}); hollow: it was not"
    return f"{origin(measured, simulated)}.", f"{fitted}; {line}."


def draw(ax: Axes, measured: pd.DataFrame, simulated: pd.DataFrame, column: str) -> None:
    """Points and lines of every isolation on logarithmic axes, its name at the right end."""
    ax.set(xscale="log", yscale="log")
    ends: dict[tuple[str, str], tuple[float, float]] = {}
    for pair in order(measured, simulated):
        points = rows_of(measured, pair).sort_values("n")
        line = rows_of(simulated, pair).sort_values("n")
        ax.plot(line["n"], line[column], color=COLOURS[pair[0]], linewidth=WIDTHS[pair[0]])
        _points(ax, pair[0], points, column)
        last = max(
            (float(t["n"].iloc[-1]), float(t[column].iloc[-1])) for t in (points, line) if len(t)
        )
        ends[pair] = last
    _ticks(ax, sorted({int(n) for table in (measured, simulated) for n in table["n"]}))
    _names(ax, ends)


def _points(ax: Axes, isolation: str, points: pd.DataFrame, column: str) -> None:
    """Filled where the model was fitted, hollow where it had to predict."""
    colour = COLOURS[isolation]
    for held_out, rows in points.groupby(points["n"] > FITTED_UP_TO):
        face = PAPER if held_out else colour
        style: Look = {"color": colour, "markerfacecolor": face, "zorder": 3}
        style["markersize"] = SIZES[isolation]
        ax.plot(rows["n"], rows[column], MARKERS[isolation], linestyle="none", **style)


def _ticks(ax: Axes, ns: list[int]) -> None:
    """Plain numbers instead of powers of ten."""
    shown = [n for n in ns if n & (n - 1) == 0] or ns
    ax.set_xticks(shown, [str(n) for n in shown])
    ax.xaxis.set_minor_locator(mpl_ticker.NullLocator())
    ax.yaxis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.yaxis.set_minor_formatter(mpl_ticker.NullFormatter())


def _names(ax: Axes, ends: dict[tuple[str, str], tuple[float, float]]) -> None:
    """Each name beside the end of its line, moved up or down where two would overlap."""
    low, high = (log10(limit) for limit in ax.get_ylim())
    heights = [(log10(y) - low) / (high - low) for _, y in ends.values()]
    for pair, place in zip(ends, spread_labels(heights, 0.14), strict=True):
        text = f"{stacked(*pair)}"
        ax.text(1.02, place, text, transform=ax.transAxes, va="center", fontsize=9.5, weight="bold")
