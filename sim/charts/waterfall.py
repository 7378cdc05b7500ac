"""The phases of a start, one after the other."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.style import COLOURS, INK, Look, foot, label, order, origin, rows_of, seconds, tint

SHORT = 0.02  # neighbouring phases shorter than this share of the start are drawn as one


class Bar(NamedTuple):
    """One bar: a phase, or several short ones in a row."""

    name: str
    begin_s: float
    end_s: float


def bars(phases: pd.DataFrame) -> list[Bar]:
    """What is drawn of one start: short phases that follow each other become one bar.

    In the order of time, which may differ from the plan's: the child sets off before the clone
    has returned to the engine.
    """
    total_s = float(phases["duration_s"].sum())
    drawn: list[Bar] = []
    short: list[str] = []
    for row in phases.sort_values("begin_s", kind="stable").itertuples():
        begin_s, end_s = float(row.begin_s), float(row.begin_s + row.duration_s)
        if row.duration_s >= SHORT * total_s:
            short = []
            drawn.append(Bar(str(row.phase), begin_s, end_s))
            continue
        if short:
            begin_s = drawn.pop().begin_s
        short.append(str(row.phase))
        name = short[0] if len(short) == 1 else f"{len(short)} others"
        drawn.append(Bar(name, begin_s, end_s))
    return drawn


def waterfall(phases: pd.DataFrame, ax: Axes) -> Axes:
    """The phases of one start of one isolation as bars, in its own scale.

    `phases`: one start, as `sim.tables.summary.median_start` picks it.
    """
    pair = order(phases)[0]
    drawn = bars(phases)
    end_s = drawn[-1].end_s
    scale, unit = (1e3, "ms") if end_s < 1 else (1.0, "s")
    for at, bar in enumerate(drawn):
        long_s = bar.end_s - bar.begin_s
        colour = tint(COLOURS[pair[0]], 0.45 if bar.name.endswith(" others") else 1.0)
        ax.barh(at, long_s * scale, left=bar.begin_s * scale, height=0.72, color=colour)
        left = bar.end_s > 0.8 * end_s and bar.begin_s > 0.2 * end_s
        edge, side, sign = (bar.begin_s, "right", -1) if left else (bar.end_s, "left", 1)
        where: Look = {"textcoords": "offset points", "ha": side, "va": "center", "fontsize": 8.5}
        ax.annotate(seconds(long_s), (edge * scale, at), (3 * sign, 0), **where)
    ax.set_yticks(range(len(drawn)), [bar.name for bar in drawn], fontsize=9)
    ax.set(ylim=(len(drawn) - 0.4, -0.6), xlim=(0, end_s * scale * 1.13))
    ax.set_xlabel(f"since the request [{unit}]")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_title(f"{label(*pair)}: {seconds(end_s)}")
    return ax


def _two_lines(isolation: str, accelerator: str) -> str:
    return label(isolation, accelerator).replace(", ", ",\n")


def common_scale(phases: pd.DataFrame, ax: Axes) -> Axes:
    """All starts in one scale, one bar an isolation; gives the whole figure its small print."""
    pairs = order(phases)
    totals = [float(rows_of(phases, pair)["duration_s"].sum()) for pair in pairs]
    for at, (pair, total_s) in enumerate(zip(pairs, totals, strict=True)):
        ax.barh(at, total_s, height=0.72, color=COLOURS[pair[0]])
        where: Look = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": INK}
        ax.annotate(seconds(total_s), (total_s, at), (3, 0), **where)
    ax.set_yticks(range(len(pairs)), [_two_lines(*pair) for pair in pairs], fontsize=9)
    ax.set(ylim=(len(pairs) - 0.4, -0.6), xlim=(0, max(totals) * 1.13))
    ax.set_xlabel("since the request [s]")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_title("The same starts in one scale")
    foot(
        ax,
        f"{origin(phases)}.",
        "n = 1: of each isolation the one start whose total is the median; no interval."
        f" Neighbouring phases below {SHORT:.0%} of the start are drawn as one; the table has all.",
    )
    return ax
