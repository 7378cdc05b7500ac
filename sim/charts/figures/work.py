"""What the running program loses: to its isolation, and to a bad neighbour."""

import pandas as pd

from sim.charts.axes import plain_log
from sim.charts.dots import Dot, dots
from sim.charts.footer import counted, footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import (
    COLOURS,
    INK,
    MARKERS,
    PAPER,
    SIZE,
    SIZES,
    Look,
    label,
    order,
    parties,
    rows_of,
)
from sim.charts.words import say, term
from sim.wording import three

SPREAD = 0.17  # of a line of the chart, between isolations


def work_figure(ratios: pd.DataFrame) -> Picture:
    """Each kind of work relative to native, as `sim.tables.losses.work_ratios` makes it."""
    least = ratios.groupby("kind")["ratio"].min().sort_values(ascending=False)
    places, shown = {str(kind): at for at, kind in enumerate(least.index)}, parties(ratios)
    figure = new_figure(0.36 * len(places) + 1.6)
    ax = figure.subplots()
    ax.axvline(1, color=INK, lw=1)
    for number, (isolation, name, _, rows) in enumerate(shown):
        heights = [places[kind] + SPREAD * (number - (len(shown) - 1) / 2) for kind in rows["kind"]]
        colour, size = COLOURS[isolation], 0.8 * SIZES.get(isolation, SIZE)
        ax.hlines(heights, rows["low"], rows["high"], color=colour, lw=1.2)
        face = PAPER if set(rows["source"]) == {"simulated"} else colour
        style: Look = {"color": colour, "markersize": size, "markerfacecolor": face, "label": name}
        ax.plot(rows["ratio"], heights, MARKERS[isolation], ls="none", **style)
    plain_log(ax, "x")
    ax.set_yticks(range(len(places)), [term(kind) for kind in places])
    ax.set(ylim=(len(places) - 0.4, -0.6), xlabel=say("work.x"))
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(shown), fontsize=9,
              handletextpad=0.2, columnspacing=1.2)  # fmt: skip
    headline(figure, say("work.title"))
    counts = counted((one.brief, one.rows["trials"].max()) for one in shown)
    footer(figure, [ratios], say("work.foot", counts=counts))
    return figure


def work_alt(ratios: pd.DataFrame) -> str:
    """What each isolation loses most and least."""
    told = []
    for one in parties(ratios):
        rows = one.rows.sort_values("ratio")
        low, high = (
            f"{term(row['kind'])} {three(row['ratio'])}" for _, row in rows.iloc[[0, -1]].iterrows()
        )
        told.append(say("work.alt_one", name=one.name, low=low, high=high))
    kinds = ratios["kind"].nunique()
    return say("work.alt", kinds=kinds, rows="; ".join(told), origin=origin(ratios))


def neighbours_figure(rates: pd.DataFrame) -> Picture:
    """What is left of a program's rate beside a bad neighbour, and what a limit on it gives back.

    `rates` as `sim.tables.losses.beside_neighbours` makes them: 1 is the rate in peace.
    """
    shown, bars = [], []
    for (noise, kind, limit), rows in rates.groupby(["noise", "kind", "limit"]):
        for pair in order(rows):
            for row in rows_of(rows, pair).itertuples():
                shown.append(Dot(pair, row.source, _case(kind, noise, limit), row.ratio, ""))
                bars.append((row.low, row.high, COLOURS[pair[0]]))
    figure, ax = dots(shown, log=False)
    heights = ax.get_yticks()
    for at, (low, high, colour) in zip(heights, bars, strict=True):
        ax.hlines(at, low, high, color=colour, lw=1.4)
    ax.axvline(1, color=INK, lw=1)
    ax.set_xlabel(say("neighbours.x"))
    ax.set_xlim(0, max(1.1, ax.get_xlim()[1]))
    headline(figure, say("neighbours.title"))
    counts = counted((one.brief, one.rows["trials"].max()) for one in parties(rates))
    footer(figure, [rates], say("neighbours.foot", counts=counts))
    return figure


def _case(kind: object, noise: object, limit: object) -> str:
    """The victim's work, what the neighbour takes, and what holds it back."""
    said = say("neighbours.case", kind=term(str(kind)), noise=term(str(noise)))
    return f"{said}, {say('neighbours.limit', limit=limit)}" if limit else said


def neighbours_alt(rates: pd.DataFrame) -> str:
    """What is left, case by case."""
    told = [
        f"{_case(row.kind, row.noise, row.limit)}: {label(row.isolation, row.accelerator)}"
        f" {three(row.ratio)}"
        for row in rates.itertuples()
    ]
    return say("neighbours.alt", rows="; ".join(told), origin=origin(rates))
