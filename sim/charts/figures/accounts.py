"""Accounts of memory: from one to the next line by line."""

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, MUTED, PAPER, Look, label, order, tint
from sim.charts.words import say, term, wrap
from sim.wording import mib, three

NAME, MINUS = 40, "\u2212"  # letters in a line of a name


def accounts_figure(lines: pd.DataFrame) -> Picture:
    """From account to account, a panel for each order of touching.

    `lines` of one isolation, as `sim.tables.losses.way_between` makes them.
    """
    orders = list(dict.fromkeys(lines["touched"]))
    most = lines.groupby("touched").size().max()
    figure = new_figure(0.27 * most + 1.9)
    panels = figure.subplots(1, len(orders), squeeze=False, sharex=True)[0]
    for place, (touched, ax) in enumerate(zip(orders, panels, strict=True)):
        between(lines[lines["touched"] == touched], ax, named=not place)
    title = say("accounts.title", name=label(*order(lines)[0]))
    headline(figure, title)
    noise = ", ".join(
        f"{row.value_mib:.1f} MiB ({_touched(row.touched)})"
        for row in lines[lines["kind"] == "noise"].itertuples()
    )
    said = say("accounts.foot", n=lines["n"].iloc[0])
    footer(figure, [lines], said, say("accounts.noise", noise=noise) if noise else "")
    return figure


def accounts_alt(lines: pd.DataFrame) -> str:
    """The accounts, and the largest step between them, in each order."""
    told = []
    for touched, rows in lines.groupby("touched", sort=False):
        accounts = rows[rows["kind"] == "account"].itertuples()
        sums = ", ".join(f"{term(row.text)} {mib(row.value_mib)}" for row in accounts)
        steps = rows[rows["kind"] == "line"]
        largest = steps.loc[steps["value_mib"].abs().idxmax()]
        most = f"{term(largest['text'])} {mib(largest['value_mib'])}"
        told.append(say("accounts.alt_one", touched=_touched(touched), sums=sums, most=most))
    name = label(*order(lines)[0])
    return say("accounts.alt", name=name, orders=" ".join(told), origin=origin(lines))


def _touched(touched: object) -> str:
    return say(f"accounts.touched_{touched}")


def between(lines: pd.DataFrame, ax: Axes, *, named: bool = True) -> None:
    """One order of touching: accounts as bars from 0, what lies between them as steps.

    Only `named` has the names beside it.
    """
    colour = COLOURS[lines["isolation"].iloc[0]]
    shown = lines[lines["kind"] != "noise"].reset_index(drop=True)
    for row in shown.itertuples():
        account = row.kind == "account"
        faces = {"account": colour, "line": tint(colour, 0.4)}
        look: Look = {"color": faces.get(row.kind, PAPER), "edgecolor": colour, "lw": 0.8}
        look["hatch"] = "////" if row.kind == "unexplained" else None
        ax.barh(row.Index, row.value_mib, 0.72, row.begin_mib, **look)
        end = max(row.begin_mib, row.begin_mib + row.value_mib, 0)
        text = three(row.value_mib) if account else step(row.value_mib)
        ax.annotate(text, (end, row.Index), (4, 0), textcoords="offset points", va="center",
                    fontsize=8, weight="bold" if account else "normal")  # fmt: skip
    names = ["\n".join(wrap(term(text), NAME)) if named else "" for text in shown["text"]]
    ax.set_yticks(range(len(shown)), names, fontsize=8, linespacing=0.95)
    for name, kind in zip(ax.get_yticklabels(), shown["kind"], strict=True):
        name.set_fontweight("bold" if kind == "account" else "normal")
    ax.set(ylim=(len(shown) - 0.4, -0.6), xlabel=say("accounts.x"))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.axvline(0, color=MUTED, lw=0.8)
    ax.margins(x=0.25)
    ax.set_title("\n".join(wrap(_touched(lines["touched"].iloc[0]), 20)), fontsize=9.5)


def step(value_mib: float) -> str:
    """A difference with its sign, or that there is none.

    >>> step(1.25), step(-0.00001)
    ('+1.25', '0')
    """
    if abs(value_mib) < 0.0005:
        return "0"
    return f"{'+' if value_mib > 0 else MINUS}{three(abs(value_mib))}"
