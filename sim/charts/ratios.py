"""Two recorded sets side by side: a ratio with its interval in each line, and where "equal" is."""

from collections.abc import Sequence

import matplotlib.ticker as mpl_ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.charts.style import INK, MUTED, foot, mib, new_figure, seconds
from sim.contract import CompareRow

APART, ALIKE = "#D55E00", MUTED  # colour says it, and so does the marker: full or hollow
LINE_IN = 0.24  # inches of height


def ratios_figure(rows: Sequence[CompareRow], a: str, b: str) -> Figure:
    """The chart in the height that its lines need."""
    figure = new_figure(1.5 + LINE_IN * len(rows))
    ratios(rows, a, b, figure.subplots())
    return figure


def ratios(rows: Sequence[CompareRow], a: str, b: str, ax: Axes) -> Axes:
    """B's medians divided by A's, on a logarithmic axis: twice and half are equally far from 1."""
    for at, row in enumerate(rows):
        told = row.verdict != "cannot tell"
        colour = APART if told else ALIKE
        ax.plot([row.ratio_low, row.ratio_high], [at, at], color=colour, lw=2)
        ax.plot([row.ratio], [at], "o", color=colour, markerfacecolor=colour if told else "white")
    ax.axvline(1.0, color=INK, lw=0.8)
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:.4g}"))
    ax.set_yticks(range(len(rows)), [f"{row.experiment}: {row.arm}" for row in rows])
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel="B divided by A [1], log scale")
    ax.grid(visible=False, axis="y")
    ax.set_title("Two recordings side by side, ratio of medians and 95 % interval")
    foot(ax, f"A: {a}.", f"B: {b}.", "Full: can be told apart. Hollow: cannot tell.")
    return ax


def ratios_alt(rows: Sequence[CompareRow], a: str, b: str) -> str:
    """The same in words."""
    lines = [
        f"{row.experiment} {row.arm}: {amount(row.a_median, row.unit)} and"
        f" {amount(row.b_median, row.unit)}, ratio {row.ratio:.3g}"
        f" [{row.ratio_low:.3g}, {row.ratio_high:.3g}], {row.verdict}"
        for row in rows
    ]
    return f"{b} (B) beside {a} (A). " + "; ".join(lines) + "."


def amount(value: float, unit: str) -> str:
    """A value with its unit."""
    if unit == "s":
        return seconds(value)
    return mib(value) if unit == "MiB" else f"{value:.4g} {unit}"
