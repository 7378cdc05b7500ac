"""Measured against predicted: a point for each number of instances that the fit has not seen."""

import matplotlib.ticker as mpl_ticker
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.charts.style import (
    COLOURS,
    GRID,
    MARKERS,
    MUTED,
    Look,
    foot,
    label,
    new_figure,
    order,
    rows_of,
)

PANELS = 2  # beside each other


def validation_figure(errors: pd.DataFrame, aims: dict[str, float]) -> Figure:
    """A panel for each quantity of `aims`: how far off each prediction is, and the band of the aim.

    `errors` as `sim.tables.summary.prediction_errors` makes them; only held-out rows are drawn.
    Call inside `sim.charts.style.styled()`.
    """
    held_out = errors[errors["held_out"]]
    rows = -(-len(aims) // PANELS)
    figure = new_figure(3.1 * rows + 0.6)
    axes = figure.subplots(rows, PANELS, squeeze=False).ravel()
    for ax, (quantity, aim) in zip(axes, aims.items(), strict=False):
        _panel(ax, held_out[held_out["quantity"] == quantity], quantity, aim)
    for ax in axes[len(aims) :]:
        ax.set_visible(False)
    machines = ", ".join(sorted(set(held_out["machine"])))
    marks = _marks(list(axes[: len(aims)]))
    figure.legend(list(marks.values()), list(marks), loc="outside upper center", ncols=4)
    foot(
        axes[0],
        f"Measured on {machines}; the model was fitted to n ≤ 4 and saw none of these."
        " The small number beside a point is its n.",
    )
    return figure


def _marks(axes: list[Axes]) -> dict[str, Artist]:
    """Every isolation once, with its mark."""
    found: dict[str, Artist] = {}
    for ax in axes:
        handles, labels = ax.get_legend_handles_labels()
        found.update(zip(labels, handles, strict=True))
    return found


def _panel(ax: Axes, points: pd.DataFrame, quantity: str, aim: float) -> None:
    """What was measured across, by how much the prediction is off up: 0 is right."""
    name, unit = quantity[:-1].split(" [")
    ax.set(xscale="log", xlabel=f"measured [{unit}], log scale", ylabel="predicted is off by [%]")
    ax.set_title(f"{name}, aim ± {100 * aim:g} %")
    ax.axhspan(-100 * aim, 100 * aim, color=GRID, lw=0)
    ax.axhline(0, color=MUTED, lw=0.8)
    for pair in order(points):
        mine = rows_of(points, pair).sort_values("n")
        style: Look = {"color": COLOURS[pair[0]], "label": label(*pair), "linestyle": "none"}
        errors = 100 * mine["error_ratio"]
        ax.plot(mine["value_measured"], errors, MARKERS[pair[0]], **style)
        for n, x, y in zip(mine["n"], mine["value_measured"], errors, strict=True):
            ax.annotate(f"{n}", (x, y), (5, 4), textcoords="offset points", fontsize=7.5)
    worst = max([2 * aim, *points["error_ratio"].abs()])
    ax.set_ylim(-115 * worst, 115 * worst)
    ax.xaxis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.xaxis.set_minor_formatter(mpl_ticker.NullFormatter())
