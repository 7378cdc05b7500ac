"""A quantity against the number of instances: measured points, simulated line, published points."""

from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.axes import end_names, plain_log, ticks_at
from sim.charts.style import (
    COLOURS,
    MARKERS,
    PAPER,
    SIZE,
    SIZES,
    WIDTH,
    WIDTHS,
    Look,
    by_source,
    label,
    order,
    rows_of,
    stacked,
)
from sim.charts.words import say
from sim.contract import FITTED_UP_TO

Pair = tuple[str, str]


def curve(points: pd.DataFrame, column: str, ax: Axes) -> None:
    """All isolations on logarithmic axes, each name at the right end of what belongs to it."""
    plain_log(ax, "x", "y")
    measured, simulated, published = by_source(points)
    ends: dict[tuple[str, str], float] = {}
    for pair in order(points):
        line = rows_of(simulated, pair).sort_values("n")
        width = WIDTHS.get(pair[0], WIDTH)
        ax.plot(line["n"], line[column], color=COLOURS[pair[0]], linewidth=width)
        own = rows_of(measured, pair).sort_values("n")
        _points(ax, pair[0], own, column, predicted=len(simulated) > 0)
        last = [float(rows[column].iloc[-1]) for rows in (line, own) if len(rows)]
        if last:
            ends[stacked(*pair), pair[0]] = last[0]
        theirs = rows_of(published, pair).sort_values("n")
        if len(theirs):
            _dotted(ax, pair[0], theirs, column)
            name = f"{stacked(*pair)}\n{say('common.word_published')}"
            ends[name, pair[0]] = float(theirs[column].iloc[-1])
    ticks_at(ax, sorted({int(n) for n in points["n"]}))
    end_names(ax, ends, 0.14)


def _points(ax: Axes, isolation: str, rows: pd.DataFrame, column: str, *, predicted: bool) -> None:
    """Filled where the model was fitted, hollow where it had to predict."""
    colour = COLOURS[isolation]
    for held_out, part in rows.groupby(rows["n"] > FITTED_UP_TO):
        face = PAPER if held_out and predicted else colour
        style: Look = {"color": colour, "markerfacecolor": face, "zorder": 3}
        style["markersize"] = SIZES.get(isolation, SIZE)
        ax.plot(part["n"], part[column], MARKERS[isolation], linestyle="none", **style)


def _dotted(ax: Axes, isolation: str, rows: pd.DataFrame, column: str) -> None:
    style: Look = {"color": COLOURS[isolation], "markersize": 4, "linewidth": 0.9}
    ax.plot(rows["n"], rows[column], ":" + MARKERS[isolation], **style)


def legend_sentence(points: pd.DataFrame) -> str:
    """Which points the model knew, and what lines are."""
    measured, simulated, _ = by_source(points)
    if simulated.empty:
        return say("common.nothing_simulated")
    if measured.empty:
        return say("common.nothing_measured")
    return say("common.points_and_lines", fitted=FITTED_UP_TO)


def curve_alt(points: pd.DataFrame, column: str, text: Callable[[float], str]) -> str:
    """First and last point of each measured, simulated and published curve."""
    told = []
    names = ("common.alt_points", "common.alt_line", "common.alt_published")
    for name, table in zip(names, by_source(points), strict=True):
        for pair in order(table):
            rows = rows_of(table, pair).sort_values("n")
            ends = [rows.iloc[0], rows.iloc[-1]]
            low, high = (
                say("common.alt_at_n", value=text(end[column]), n=end["n"]) for end in ends
            )
            told.append(f"{label(*pair)}, {say(name)}: {low}, {high}")
    return "; ".join(told)
