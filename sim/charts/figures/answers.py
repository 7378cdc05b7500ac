"""What the model answers: one quantity, all isolations side by side."""

import pandas as pd

from sim.charts.amounts import amount, unit_of
from sim.charts.dots import Dot, dots
from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, headline
from sim.charts.style import label, order, rows_of
from sim.charts.words import say, term
from sim.errors import BadTable, nearest

WIDE = 30  # times: from here on the axis is logarithmic


def answers_figure(rows: pd.DataFrame, quantity: str) -> Picture:
    """`quantity` of every case, an isolation a line.

    `rows` as `sim.tables.answers.answered` makes them. The axis is logarithmic where values differ
    by more than thirty times.
    """
    own = _of(rows, quantity)
    unit, values = unit_of(quantity), own["value"]
    shown = [
        Dot(pair, row.source, row.case, row.value, amount(row.value, unit))
        for case in dict.fromkeys(own["case"])
        for pair in order(own)
        for row in rows_of(own[own["case"] == case], pair).itertuples()
    ]
    log = bool(values.min() > 0 and values.max() / values.min() > WIDE)
    figure, ax = dots(shown, log=log)
    key = "answers.x_log" if log else "answers.x"
    ax.set_xlabel(say(key, quantity=term(quantity), unit=unit))
    headline(figure, say("answers.title", question=term(own["experiment"].iloc[0])))
    footer(figure, [own], say("answers.foot"))
    return figure


def answers_alt(rows: pd.DataFrame, quantity: str) -> str:
    """Every number."""
    own, unit = _of(rows, quantity), unit_of(quantity)
    told = []
    for row in own.itertuples():
        case = f", {row.case}" if row.case else ""
        name = label(row.isolation, row.accelerator)
        told.append(f"{name}{case}: {amount(row.value, unit)}")
    return say("answers.alt", quantity=term(quantity), rows="; ".join(told), origin=origin(own))


def _of(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """The rows of this quantity that have a value."""
    own = rows[(rows["quantity"] == quantity) & rows["value"].notna()]
    if own.empty:
        known = nearest(quantity, set(rows["quantity"]))
        raise BadTable(f"chart answers: no row has the quantity {quantity!r}; {known}")
    return own
