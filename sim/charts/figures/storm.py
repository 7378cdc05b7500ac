"""Start storms: until the last is ready, until the median one, and each instance by itself."""

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.axes import plain_log
from sim.charts.curve import curve, curve_alt, legend_sentence
from sim.charts.footer import footer, origin
from sim.charts.panels import by_isolation
from sim.charts.picture import Picture, new_figure
from sim.charts.style import (
    COLOURS,
    INK,
    MARKERS,
    PAPER,
    Look,
    by_source,
    label,
    order,
    rows_of,
)
from sim.charts.words import say
from sim.wording import seconds

TURNS, LANE = 7, 0.13  # dots of one storm lie in so many lanes, over so much of a column


def storm_figure(points: pd.DataFrame) -> Picture:
    """Until the last of n is ready, with the range over the storms; below, until the median one.

    `points` as `sim.tables.summary.storm_points` makes them: measured, simulated, published.
    """
    figure = new_figure(7.2)
    upper, lower = figure.subplots(2, 1)
    measured = by_source(points)[0]
    for pair in order(measured):
        rows = rows_of(measured, pair)
        upper.vlines(rows["n"], rows["low_s"], rows["high_s"], color=COLOURS[pair[0]], lw=1)
    for ax, column in ((upper, "makespan_s"), (lower, "p50_s")):
        curve(points, column, ax)
        ax.set(xlabel=say("common.n_log"), ylabel=say("storm.y"), title=say(f"storm.{column}"))
    counts = sorted({int(count) for count in (measured if len(measured) else points)["storms"]})
    storms = "–".join(str(n) for n in dict.fromkeys([counts[0], counts[-1]]))
    footer(figure, [points], legend_sentence(points), say("storm.foot", storms=storms))
    return figure


def storm_alt(points: pd.DataFrame) -> str:
    """First and last point of each curve."""
    told = {name: curve_alt(points, name, seconds) for name in ("makespan_s", "p50_s")}
    return say("storm.alt", makespan=told["makespan_s"], median=told["p50_s"])


def latencies_figure(rows: pd.DataFrame) -> Picture:
    """Every instance of every storm as a dot, by n; a panel an isolation, in its own scale.

    `rows` as `sim.tables.summary.latencies` makes them. Measured ones stand at the left of their
    n, simulated ones, hollow, at the right; the bar is the median.
    """
    figure = by_isolation(rows, _strips, say("latencies.title"))
    footer(figure, [rows], say("latencies.foot"))
    return figure


def _strips(rows: pd.DataFrame, ax: Axes) -> None:
    """A strip of dots for each n."""
    ns = sorted({int(n) for n in rows["n"]})
    colour, marker = COLOURS[rows["isolation"].iloc[0]], MARKERS[rows["isolation"].iloc[0]]
    measured, simulated, published = by_source(rows)
    sides = [side for side in (measured, simulated, published) if len(side)]
    for place, side in enumerate(sides):
        shift = 0.44 * (place - (len(sides) - 1) / 2)
        face = colour if side is measured else PAPER
        for at, n in enumerate(ns):
            values = side[side["n"] == n]["latency_s"]
            turns = [((turn % TURNS) / (TURNS - 1) - 0.5) * 2 * LANE for turn in range(len(values))]
            look: Look = {"color": colour, "markerfacecolor": face, "markersize": 2.6}
            look |= {"markeredgewidth": 0.5, "alpha": 0.7, "ls": "none", "zorder": 3}
            ax.plot([at + shift + turn for turn in turns], values, marker, **look)
            left, right = at + shift - 1.25 * LANE, at + shift + 1.25 * LANE
            ax.hlines(values.median(), left, right, color=INK, lw=1.6, zorder=4)
    plain_log(ax, "y")
    ax.set_xticks(range(len(ns)), [str(n) for n in ns])
    ax.set(xlabel=say("common.n"), ylabel=say("latencies.y"), xlim=(-0.6, len(ns) - 0.4))
    ax.grid(visible=False, axis="x")


def latencies_alt(rows: pd.DataFrame) -> str:
    """Fastest, median and slowest at the smallest and the largest n."""
    told = []
    for pair in order(rows):
        for source, own in rows_of(rows, pair).groupby("source", sort=False):
            for n in sorted({own["n"].min(), own["n"].max()}):
                values = own[own["n"] == n]["latency_s"]
                shown = [seconds(value) for value in (values.min(), values.median(), values.max())]
                word = say(f"common.word_{source}")
                ends = {"low": shown[0], "median": shown[1], "high": shown[2], "n": n}
                told.append(say("latencies.alt_one", name=label(*pair), word=word, **ends))
    return say("latencies.alt", rows="; ".join(told), origin=origin(rows))
