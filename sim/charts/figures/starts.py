"""Every single start as a dot: one timing is not enough."""

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.axes import plain_log
from sim.charts.footer import counted, footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, INK, MARKERS, PAPER, Look, label, order, rows_of, stacked
from sim.charts.words import say
from sim.wording import seconds, seconds_interval

LANE = 0.22  # half the height that the dots of one isolation spread over


def starts_figure(totals: pd.DataFrame, medians: pd.DataFrame) -> Picture:
    """All warm starts as dots, with the median and its 95 % interval above them.

    Tables as `start_totals` and `start_medians` of `sim.tables.summary` make them. Simulated
    starts are hollow and in a lane of their own.
    """
    lanes = _lanes(medians)
    figure = new_figure(0.75 * len(lanes) + 1.2)
    ax = figure.subplots()
    for at, (_, row) in enumerate(lanes.iterrows()):
        _dots(ax, at, row, _of(totals, row))
        _median(ax, at, row)
    plain_log(ax, "x")
    ax.margins(x=0.14)
    ax.set_yticks(range(len(lanes)), [_named(row) for _, row in lanes.iterrows()])
    ax.set(ylim=(len(lanes) - 0.45, -0.65), xlabel=say("starts.x"))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    headline(figure, say("starts.title"))
    counts = counted((row["isolation"], row["starts"]) for _, row in lanes.iterrows())
    footer(figure, [totals], say("starts.foot", counts=counts))
    return figure


def starts_alt(totals: pd.DataFrame, medians: pd.DataFrame) -> str:
    """Median, interval and number of starts."""
    told = [
        say(
            "starts.alt_one",
            name=label(row["isolation"], row["accelerator"]),
            median=seconds(row["median_s"]),
            low=seconds(row["low_s"]),
            high=seconds(row["high_s"]),
            n=row["starts"],
        )
        for _, row in _lanes(medians).iterrows()
    ]
    return say("starts.alt", medians="; ".join(told), origin=origin(totals))


def _lanes(medians: pd.DataFrame) -> pd.DataFrame:
    """A lane an isolation and source."""
    return pd.concat([rows_of(medians, pair) for pair in order(medians)])


def _of(totals: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    own = rows_of(totals, (row["isolation"], row["accelerator"]))
    return own[(own["source"] == row["source"]) & (own["machine"] == row["machine"])]


def _named(row: pd.Series) -> str:
    name = stacked(row["isolation"], row["accelerator"])
    told = row["source"] in ("simulated", "published")
    return f"{name}\n{say('common.word_' + row['source'])}" if told else name


def _dots(ax: Axes, at: int, row: pd.Series, starts: pd.DataFrame) -> None:
    """Height carries no number: dots are laid out in turn, so that equal ones stay apart."""
    values = starts.sort_values("run")["total_s"]
    heights = [at + LANE * ((place % 5) / 2 - 1) for place in range(len(values))]
    colour, hollow = COLOURS[row["isolation"]], row["source"] == "simulated"
    style: Look = {"alpha": 0.55, "markersize": 5, "markeredgewidth": 0.8 if hollow else 0}
    style |= {"color": colour, "markerfacecolor": PAPER if hollow else colour}
    ax.plot(values, heights, MARKERS[row["isolation"]], ls="none", **style)


def _median(ax: Axes, at: int, row: pd.Series) -> None:
    height = at - 0.36
    ax.plot([row["low_s"], row["high_s"]], [height, height], color=INK, lw=2, solid_capstyle="butt")
    ax.plot([row["median_s"]], [height], "|", color=INK, markersize=9, markeredgewidth=2)
    text = seconds_interval(row["median_s"], row["low_s"], row["high_s"])
    where: Look = {"textcoords": "offset points", "ha": "center", "fontsize": 9}
    ax.annotate(text, (row["median_s"], height), (0, 6), **where)
