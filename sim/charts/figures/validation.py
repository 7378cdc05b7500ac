"""Measured against predicted: how far off each prediction is that the fit has not seen."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.axes import plain_log, ticks_at
from sim.charts.footer import counted, footer, origin
from sim.charts.panels import panels_of
from sim.charts.picture import Picture
from sim.charts.style import (
    COLOURS,
    GRID,
    INK,
    MARKERS,
    SIZE,
    SIZES,
    Look,
    label,
    order,
    rows_of,
)
from sim.charts.words import say, term
from sim.contract import FITTED_UP_TO


def validation_figure(errors: pd.DataFrame, aims: Mapping[str, float]) -> Picture:
    """A panel a quantity of `aims`: by how much each prediction is off; the band is the aim.

    `errors` as `sim.tables.summary.prediction_errors` makes them; only held-out rows are drawn.
    """
    held_out = errors[errors["held_out"]]
    figure, panels = panels_of(len(aims), 2.3, 1.3)
    for ax, (quantity, aim) in zip(panels, aims.items(), strict=True):
        _panel(ax, held_out[held_out["quantity"] == quantity], quantity, aim)
    handles, names = panels[0].get_legend_handles_labels()
    for ax in panels[1:]:
        more = dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
        handles += [handle for name, handle in more.items() if name not in names]
        names += [name for name in more if name not in names]
    figure.legend(handles, names, loc="outside upper left", ncols=4, columnspacing=1.2)
    counts = counted((pair[0], len(rows_of(held_out, pair))) for pair in order(held_out))
    footer(figure, [held_out], say("validation.foot", fitted=FITTED_UP_TO, counts=counts))
    return figure


def validation_alt(errors: pd.DataFrame, aims: Mapping[str, float]) -> str:
    """The median size of the error of each panel, and the largest."""
    held_out = errors[errors["held_out"]]
    told = []
    for quantity, aim in aims.items():
        own = held_out[held_out["quantity"] == quantity]
        for pair in order(own):
            sizes = 100 * rows_of(own, pair)["error_ratio"].abs()
            found = {"median": f"{sizes.median():.1f}", "worst": f"{sizes.max():.1f}"}
            found |= {"what": named(quantity)[0], "name": label(*pair), "aim": f"{100 * aim:g}"}
            told.append(say("validation.alt_one", **found))
    return say("validation.alt", rows="; ".join(told), origin=origin(held_out))


def named(quantity: str) -> tuple[str, str]:
    """A quantity's words and its unit."""
    name, unit = quantity[:-1].split(" [")
    return term(name), unit


def _panel(ax: Axes, points: pd.DataFrame, quantity: str, aim: float) -> None:
    """n across, by how much the prediction is off up: 0 is right."""
    plain_log(ax, "x")
    ax.axhspan(-100 * aim, 100 * aim, color=GRID, lw=0)
    ax.axhline(0, color=INK, lw=0.8)
    for pair in order(points):
        mine = rows_of(points, pair).sort_values("n")
        size = 0.8 * SIZES.get(pair[0], SIZE)
        style: Look = {"color": COLOURS[pair[0]], "label": label(*pair), "markersize": size}
        style |= {"linewidth": 0.9, "marker": MARKERS[pair[0]]}
        ax.plot(mine["n"], 100 * mine["error_ratio"], **style)
    worst = max([1.4 * aim, *points["error_ratio"].abs()])
    ax.set_ylim(-115 * worst, 115 * worst)
    if len(points):
        ticks_at(ax, sorted({int(n) for n in points["n"]}))
        ax.margins(x=0.08)
    name, _ = named(quantity)
    ax.set(xlabel=say("common.n_log"), ylabel=say("validation.y"))
    ax.set_title(say("validation.panel", name=name, aim=f"{100 * aim:g}"), fontsize=10)
