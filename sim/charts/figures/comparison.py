"""Two recorded sets side by side: a ratio with its interval in each line, and where "equal" is."""

import pandas as pd

from sim.charts.amounts import amount
from sim.charts.axes import plain_log
from sim.charts.footer import footer
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, INK, MUTED, PAPER
from sim.charts.words import say

APART, ALIKE = COLOURS["qemu"], MUTED  # colour says it, and so does the marker: full or hollow
LINE_IN = 0.24  # inches of height


def comparison_figure(rows: pd.DataFrame, a: str, b: str) -> Picture:
    """B's medians divided by A's, on a logarithmic axis: twice and half are equally far from 1.

    `rows` as `compare.csv` has them; `a` and `b` say in a line what the two sides are.
    """
    figure = new_figure(1.5 + LINE_IN * len(rows))
    ax = figure.subplots()
    for at, row in enumerate(rows.itertuples()):
        told = row.verdict != "cannot tell"
        colour = APART if told else ALIKE
        ax.plot([row.ratio_low, row.ratio_high], [at, at], color=colour, lw=2)
        ax.plot([row.ratio], [at], "o", color=colour, markerfacecolor=colour if told else PAPER)
    ax.axvline(1.0, color=INK, lw=0.8)
    plain_log(ax, "x")
    names = [f"{row.experiment}: {row.arm}" for row in rows.itertuples()]
    ax.set_yticks(range(len(rows)), names)
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel=say("comparison.x"))
    ax.grid(visible=False, axis="y")
    headline(figure, say("comparison.title"))
    footer(figure, [], f"A: {a}.", f"B: {b}.", say("comparison.foot", counts=_counts(rows)))
    return figure


def _counts(rows: pd.DataFrame) -> str:
    """How many trials there are on both sides, from least to most."""
    found = pd.concat([rows["a_n"], rows["b_n"]])
    return "–".join(str(int(n)) for n in dict.fromkeys([found.min(), found.max()]))


def comparison_alt(rows: pd.DataFrame, a: str, b: str) -> str:
    """The same in words."""
    lines = [
        say(
            "comparison.alt_one",
            name=f"{row.experiment} {row.arm}",
            a=amount(row.a_median, row.unit),
            b=amount(row.b_median, row.unit),
            ratio=f"{row.ratio:.3g}",
            low=f"{row.ratio_low:.3g}",
            high=f"{row.ratio_high:.3g}",
            verdict=say(f"comparison.verdict_{row.verdict.replace(' ', '_')}"),
        )
        for row in rows.itertuples()
    ]
    return say("comparison.alt", a=a, b=b, rows="; ".join(lines))
