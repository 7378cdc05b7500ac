"""How many fit: what each further start takes beside all others, and how many there are at last."""

import pandas as pd

from sim.charts.axes import end_names, plain_log
from sim.charts.dots import Dot, dots
from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, INK, MARKERS, PAPER, Look, label, order, rows_of, stacked
from sim.charts.words import say
from sim.wording import seconds


def density_figure(rows: pd.DataFrame) -> Picture:
    """How long each further start took, until it stopped; a row an instance, as in `density.csv`.

    Simulated ones, hollow, where they have a `start_s`.
    """
    figure = new_figure(4.4)
    ax = figure.subplots()
    plain_log(ax, "x", "y")
    ends: dict[tuple[str, str], float] = {}
    for pair in order(rows):
        for source, own in rows_of(rows, pair).groupby("source", sort=False):
            own, colour = own.sort_values("n"), COLOURS[pair[0]]
            style: Look = {"color": colour, "markersize": 3.5, "alpha": 0.6, "markeredgewidth": 0}
            if source == "simulated":
                style |= {"markerfacecolor": PAPER, "markeredgewidth": 0.6}
            ax.plot(own["n"], own["start_s"], MARKERS[pair[0]], ls="none", **style)
            last = own.iloc[-1]
            ax.plot([last["n"]], [last["start_s"]], "|", color=INK, ms=12, markeredgewidth=1.6)
            told = say("density.fitted", n=last["n"], why=reason(last["stop"]))
            ends[f"{stacked(*pair)}\n{told}", pair[0]] = float(last["start_s"])
    ax.set(xlabel=say("density.x"), ylabel=say("density.y"), title=say("density.title"))
    end_names(ax, ends, 0.2, size=8.5)
    footer(figure, [rows], say("density.foot"))
    return figure


def density_alt(rows: pd.DataFrame) -> str:
    """How many fitted, and what the first and the last start took."""
    told = []
    for pair in order(rows):
        own = rows_of(rows, pair).sort_values("n")
        first, last = seconds(own["start_s"].iloc[0]), seconds(own["start_s"].iloc[-1])
        found = {"name": label(*pair), "n": own["n"].max(), "first": first, "last": last}
        told.append(say("density.alt_one", why=reason(own["stop"].iloc[-1]), **found))
    return say("density.alt", rows="; ".join(told), origin=origin(rows))


def reason(stop: object) -> str:
    """Why there is no more, in words."""
    return say(f"fits.stop_{stop or 'none'}")


def fits_figure(ends: pd.DataFrame) -> Picture:
    """How many instances fit, and what is full then: a dot an isolation and source.

    `ends` has `n` and `stop`: measured from `sim.tables.losses.last_that_fitted`, simulated from
    `sim.tables.answers.fitting`.
    """
    shown = [
        Dot(pair, str(row.source), "", float(row.n), f"{row.n:,}: {reason(row.stop)}")
        for pair in order(ends)
        for row in rows_of(ends, pair).itertuples()
    ]
    figure, ax = dots(shown, log=True)
    ax.set_xlabel(say("fits.x"))
    headline(figure, say("fits.title"))
    footer(figure, [ends], say("fits.foot"))
    return figure


def fits_alt(ends: pd.DataFrame) -> str:
    """Every number, and what was full."""
    told = []
    for pair in order(ends):
        for row in rows_of(ends, pair).itertuples():
            word = say(f"common.word_{row.source}")
            told.append(f"{label(*pair)}, {word}: {row.n:,}, {reason(row.stop)}")
    return say("fits.alt", rows="; ".join(told), origin=origin(ends))
