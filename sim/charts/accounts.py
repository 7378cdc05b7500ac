"""Accounts of memory: from one to the next line by line, and their parts against n."""

from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.stacks import PARTS
from sim.charts.style import (
    COLOURS,
    GRID,
    MUTED,
    PAPER,
    Look,
    foot,
    label,
    origin,
    spread_labels,
    three,
    tint,
)

NAME, MINUS = 40, "\u2212"  # letters in a line of a name

TOUCHED = {
    "others": "files read before\nby others",
    "own": "files first read\nby the instances",
    "unknown": "some files read\nbefore by others",
}


def between(lines: pd.DataFrame, ax: Axes, *, named: bool = True) -> Axes:
    """One order of touching: accounts as bars from 0, what lies between them as steps.

    `lines` as `sim.tables.losses.way_between` makes them. Only `named` has the names beside it.
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
    names = [fill(row.text, NAME) for row in shown.itertuples()] if named else [""] * len(shown)
    ax.set_yticks(range(len(shown)), names, fontsize=8, linespacing=0.95)
    for name, kind in zip(ax.get_yticklabels(), shown["kind"], strict=True):
        name.set_fontweight("bold" if kind == "account" else "normal")
    ax.set(ylim=(len(shown) - 0.4, -0.6), xlabel="memory [MiB]")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.axvline(0, color=MUTED, lw=0.8)
    ax.margins(x=0.25)
    ax.set_title(TOUCHED[str(lines["touched"].iloc[0])], fontsize=9.5)
    return ax


def step(value_mib: float) -> str:
    """A difference with its sign, or that there is none.

    >>> step(1.25), step(-0.00001)
    ('+1.25', '0')
    """
    if abs(value_mib) < 0.0005:
        return "0"
    return f"{'+' if value_mib > 0 else MINUS}{three(abs(value_mib))}"


def between_foot(lines: pd.DataFrame, ax: Axes) -> None:
    """The small print of all panels."""
    noise = ", ".join(
        f"{row.value_mib:.1f} MiB ({' '.join(TOUCHED[row.touched].split())})"
        for row in lines[lines["kind"] == "noise"].itertuples()
    )
    foot(
        ax,
        f"{origin(lines)}. n = {lines['n'].iloc[0]} running; medians of all readings, no interval.",
        "Strong: accounts, as data/README.md defines them; pale: why the next one differs;"
        f" hatched: not explained. By itself, without a start, MemAvailable fell by {noise}.",
    )


def parts(points: pd.DataFrame, pair: tuple[str, str], ax: Axes) -> Axes:
    """One isolation's memory against n, as stacked parts of the account pss.

    `points` as `sim.tables.summary.memory_points` makes them.
    """
    own = points[(points["isolation"] == pair[0]) & (points["accelerator"] == pair[1])]
    ns = sorted({int(n) for n in own["n"]})
    ground, middles = dict.fromkeys(ns, 0.0), dict[str, float]()
    for part, share in {"helper": 0.0, **PARTS}.items():
        values = own[own["part"] == part].set_index("n")["value_mib"]
        heights = [max(float(values.get(n, 0.0)), 0.0) for n in ns]
        if not any(heights):
            continue
        colour = GRID if part == "helper" else tint(COLOURS[pair[0]], share)
        ax.bar(range(len(ns)), heights, 0.8, list(ground.values()), color=colour,
               edgecolor=PAPER, lw=0.5)  # fmt: skip
        middles["engine" if part == "helper" else part] = ground[ns[-1]] + heights[-1] / 2
        ground = {n: ground[n] + height for n, height in zip(ns, heights, strict=True)}
    for at, n in enumerate(ns):
        ax.annotate(three(ground[n]), (at, ground[n]), (0, 2), textcoords="offset points",
                    ha="center", fontsize=7.5)  # fmt: skip
    places = spread_labels(list(middles.values()), 0.09 * max(ground.values()))
    for (part, middle), place in zip(middles.items(), places, strict=True):
        x = [len(ns) - 0.6 + away for away in (0, 0.05 * len(ns))]
        ax.plot(x, [middle, place], color=MUTED, linewidth=0.6)
        ax.text(x[-1], place, f" {part}", va="center", fontsize=7.8)
    ax.set_xlim(-0.6, 1.45 * len(ns) - 0.4)
    ax.set_xticks(range(len(ns)), [str(n) for n in ns])
    ax.tick_params(axis="x", length=0)
    ax.set(xlabel="instances n [1]", ylabel="memory of all [MiB]")
    ax.margins(y=0.12)
    ax.grid(visible=False, axis="x")
    ax.set_title(label(*pair), fontsize=9.5, color=COLOURS[pair[0]])
    return ax
