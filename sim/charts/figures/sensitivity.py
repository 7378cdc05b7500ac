"""A tornado: how far each parameter alone moves the answer, the most effective at the top."""

import pandas as pd

from sim.charts.amounts import amount, unit_of
from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, INK, Look, tint
from sim.charts.words import say


def sensitivity_figure(swings: pd.DataFrame) -> Picture:
    """What a parameter does to an answer when it is made smaller (pale) and larger (dark).

    `swings` as `sim.tables.answers.swung` makes them; `total`, Sobol's total index, stands at the
    right where it is known.
    """
    figure = new_figure(1.6 + 0.3 * len(swings))
    ax = figure.subplots()
    for at, row in enumerate(swings.itertuples()):
        dark = COLOURS["container"]
        for value, colour in ((row.low, tint(dark, 0.4)), (row.high, dark)):
            ax.barh(at, 100 * (value / row.middle - 1), color=colour, height=0.62)
        if row.total == row.total:
            place: Look = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 8.5}
            ax.text(1.02, at, f"{row.total:.2f}", **place)
    ax.set_yticks(range(len(swings)), list(swings["name"]))
    ax.axvline(0, color=INK, lw=0.8)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(say("sensitivity.x"))
    headline(figure, _title(swings))
    if swings["total"].notna().any():
        ax.text(1.02, 1.02, "Sobol", transform=ax.transAxes, fontsize=8.5, weight="bold")
    share = f"{100 * swings['spread'].iloc[0]:g} %"
    n = swings["n"].iloc[0]
    footer(figure, [swings], say("sensitivity.foot", n=n, share=share))
    return figure


def _title(swings: pd.DataFrame) -> str:
    first = swings.iloc[0]
    answer = amount(first["middle"], unit_of(first["quantity"]))
    found = {name: first[name] for name in ("isolation", "n", "quantity")}
    return say("sensitivity.title", answer=answer, **found)


def sensitivity_alt(swings: pd.DataFrame) -> str:
    """Each bar."""
    told = []
    for row in swings.itertuples():
        ends = [f"{100 * (value / row.middle - 1):+.1f} %" for value in (row.low, row.high)]
        told.append(say("sensitivity.alt_one", name=row.name, low=ends[0], high=ends[1]))
    return say("sensitivity.alt", title=_title(swings), rows="; ".join(told), origin=origin(swings))
