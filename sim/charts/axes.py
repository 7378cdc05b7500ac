"""What several charts do to an Axes: logarithms in plain numbers, names at the ends of lines."""

from collections.abc import Mapping
from functools import partial
from math import log10
from typing import Any

import matplotlib.ticker as mpl_ticker
from matplotlib.axes import Axes

from sim.charts.style import COLOURS, INK, Look, spread_labels

SHORT = 3.2  # times: half of a power of ten


def plain_log(ax: Axes, *directions: str) -> None:
    """A logarithmic axis with plain numbers: at powers of ten, and between where there is room."""
    for direction in directions:
        ax.set(**{f"{direction}scale": "log"})
        axis: Any = getattr(ax, f"{direction}axis")
        axis.set_major_locator(Plain(numticks=7))
        axis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(mpl_ticker.FuncFormatter(partial(between, axis)))


class Plain(mpl_ticker.LogLocator):
    """Powers of ten; round numbers like those of a linear axis where there is less than a half."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        if 0 < vmin < vmax < SHORT * vmin:
            return mpl_ticker.MaxNLocator(5).tick_values(vmin, vmax)
        return super().tick_values(vmin, vmax)


def between(axis: Any, value: float, _: object) -> str:
    """A tick between powers of ten has its number where the axis is shorter than two of them."""
    low, high = sorted(axis.get_view_interval())
    decades = log10(high / low)
    shown = "" if decades >= 2 or high < SHORT * low else "25" if decades > 0.8 else "2357"
    digit = f"{value:.9e}"[0]
    return f"{value:,.10g}" if digit in shown and low <= value <= high else ""


def ticks_at(ax: Axes, ns: list[int]) -> None:
    """Ticks at the powers of two among the numbers of instances, or at all if there are none."""
    shown = [n for n in ns if n & (n - 1) == 0] or ns
    ax.set_xticks(shown, [str(n) for n in shown])
    ax.xaxis.set_minor_locator(mpl_ticker.NullLocator())


def end_names(
    ax: Axes, ends: Mapping[tuple[str, str], float], gap: float, size: float = 9.5
) -> None:
    """Texts beside the right edge at the heights where lines end, moved apart by `gap` of the axis.

    `ends`: for each (text, isolation or "") the y of its end. A short line ties a name that had to
    move to its end.
    """
    gap = min(gap, 1 / len(ends))
    low, high = ax.get_ylim()
    if ax.get_yscale() == "log":
        low, high = log10(low), log10(high)
    scale = log10 if ax.get_yscale() == "log" else float
    heights = [(scale(y) - low) / (high - low) for y in ends.values()]
    for (text, isolation), at, place in zip(
        ends, heights, spread_labels(heights, gap), strict=True
    ):
        colour = COLOURS.get(isolation, INK)
        tie: Look = {"transform": ax.transAxes, "clip_on": False, "color": colour, "lw": 0.8}
        ax.plot([1.005, 1.025], [at, place], **tie)
        where: Look = {"transform": ax.transAxes, "va": "center", "fontsize": size}
        ax.text(1.035, place, text, color=INK, linespacing=1.05, **where)
