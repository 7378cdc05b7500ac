"""Memory of n instances: as a whole, and by its parts."""

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.curve import curve, curve_alt, legend_sentence
from sim.charts.figures.stacks import PARTS
from sim.charts.footer import footer, origin
from sim.charts.panels import by_isolation
from sim.charts.picture import Picture, new_figure
from sim.charts.style import (
    COLOURS,
    GRID,
    MUTED,
    PAPER,
    Look,
    label,
    order,
    rows_of,
    spread_labels,
    tint,
)
from sim.charts.words import say, term
from sim.contract import HELPER, INSTANCES
from sim.wording import mib, three

TEXTURE = {"simulated": "////", "published": "...."}


def memory_figure(points: pd.DataFrame) -> Picture:
    """Memory of n instances against n.

    `points` as `sim.tables.summary.memory_points` makes them: measured, simulated, published.
    """
    whole = points[points["part"] == INSTANCES]
    figure = new_figure(4.2)
    ax = figure.subplots()
    curve(whole, "value_mib", ax)
    ax.set(xlabel=say("common.n_log"), ylabel=say("memory.y"), title=say("memory.title"))
    footer(figure, [whole], legend_sentence(whole), say("memory.foot"))
    return figure


def memory_alt(points: pd.DataFrame) -> str:
    """First and last point of each curve."""
    whole = points[points["part"] == INSTANCES]
    return say("memory.alt", curves=curve_alt(whole, "value_mib", mib))


def memory_parts_figure(points: pd.DataFrame) -> Picture:
    """Memory against n as stacked parts, a panel an isolation, each in its own scale.

    `points` as `sim.tables.summary.memory_points` makes them. Where there are simulated ones, their
    bars stand at the right of the measured ones, hatched.
    """
    figure = by_isolation(points, _parts, say("memory_parts.title"))
    footer(figure, [points], say("memory_parts.foot"))
    return figure


def memory_parts_alt(points: pd.DataFrame) -> str:
    """The sums at the smallest and the largest n."""
    told = []
    for pair in order(points):
        own = rows_of(points, pair)
        totals = own[own["part"] == "total"].sort_values("n")
        ends = [
            say("common.alt_at_n", value=mib(row["value_mib"]), n=row["n"])
            for _, row in totals.iloc[[0, -1]].iterrows()
        ]
        told.append(f"{label(*pair)}: {ends[0]}, {ends[1]}")
    return say("memory_parts.alt", parts="; ".join(told), origin=origin(points))


def _parts(own: pd.DataFrame, ax: Axes) -> None:
    """Bars of one isolation; the names of the parts beside the last."""
    ns, sources = sorted({int(n) for n in own["n"]}), list(dict.fromkeys(own["source"]))
    wide = 0.8 / len(sources)
    drawn = [
        _bars(own[own["source"] == source], ns, (wide * (turn - (len(sources) - 1) / 2), wide), ax)
        for turn, source in enumerate(sources)
    ]
    middles, top = drawn[0]
    shown = every_few(ns)
    for at, n in enumerate(ns):
        text = three(top[n]) if top[n] and n in shown else ""
        where: Look = {"textcoords": "offset points", "ha": "center", "fontsize": 8}
        ax.annotate(text, (at, max(each[n] for _, each in drawn)), (0, 2), **where)
    places = spread_labels(list(middles.values()), 0.1 * max(top.values()))
    for (part, middle), place in zip(middles.items(), places, strict=True):
        x = [len(ns) - 0.6 + away for away in (0, 0.05 * len(ns))]
        ax.plot(x, [middle, place], color=MUTED, linewidth=0.6)
        ax.text(x[-1], place, f" {term(part)}", va="center", fontsize=8)
    ax.set_xlim(-0.6, 1.45 * len(ns) - 0.4)
    ax.set_xticks(range(len(ns)), [str(n) if n in shown else "" for n in ns])
    ax.tick_params(axis="x", length=0)
    ax.set(xlabel=say("common.n"), ylabel=say("memory_parts.y"))
    ax.margins(y=0.12)
    ax.grid(visible=False, axis="x")


def every_few(ns: list[int], most: int = 5) -> set[int]:
    """The largest n and so many before it, evenly, that their numbers fit under a panel.

    >>> sorted(every_few([1, 2, 4, 8, 16, 32, 64]))
    [1, 4, 16, 64]
    """
    return set(ns[::-1][:: -(-len(ns) // most)])


def _bars(
    own: pd.DataFrame, ns: list[int], place: tuple[float, float], ax: Axes
) -> tuple[dict[str, float], dict[int, float]]:
    """One bar an n; where the parts of the last lie, by name, and how high each bar is."""
    shift, wide = place
    isolation, source = own["isolation"].iloc[0], own["source"].iloc[0]
    ground, middles = dict.fromkeys(ns, 0.0), dict[str, float]()
    last = int(own["n"].max())
    for part, share in {HELPER: 0.0, **PARTS}.items():
        values = own[own["part"] == part].set_index("n")["value_mib"]
        heights = [max(float(values.get(n, 0.0)), 0.0) for n in ns]
        if not any(heights):
            continue
        colour = GRID if part == HELPER else tint(COLOURS[isolation], share)
        at = [x + shift for x in range(len(ns))]
        ax.bar(at, heights, wide, list(ground.values()), color=colour, edgecolor=PAPER, lw=0.5,
               hatch=TEXTURE.get(source))  # fmt: skip
        middles[part] = ground[last] + heights[ns.index(last)] / 2
        ground = {n: ground[n] + height for n, height in zip(ns, heights, strict=True)}
    return middles, ground
