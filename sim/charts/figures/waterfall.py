"""The phases of a start, one after the other."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, new_figure
from sim.charts.style import COLOURS, INK, Look, Party, parties, tint
from sim.charts.words import say
from sim.wording import seconds, time_unit

SHORT = 0.02  # neighbouring phases shorter than this share of the start are drawn as one


class Bar(NamedTuple):
    """One bar: a phase, or several short ones in a row."""

    name: str
    begin_s: float
    end_s: float
    phases: int


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
            drawn.append(Bar(str(row.phase), begin_s, end_s, 1))
            continue
        if short:
            begin_s = drawn.pop().begin_s
        short.append(str(row.phase))
        name = short[0] if len(short) == 1 else say("waterfall.others", count=len(short))
        drawn.append(Bar(name, begin_s, end_s, len(short)))
    return drawn


def waterfall_figure(phases: pd.DataFrame) -> Picture:
    """The phases of one start an isolation, a panel each in its own scale, and a strip with all.

    `phases`: one start an isolation, as `sim.tables.summary.median_start` picks it; of several
    sources, a panel each.
    """
    starts = parties(phases)
    lines = [len(bars(one.rows)) + 2.6 for one in starts]
    lines.append(1.3 * len(starts) + 2.6)
    figure = new_figure(0.19 * sum(lines) + 0.5)
    panels = figure.subplots(len(lines), 1, gridspec_kw={"height_ratios": lines}, squeeze=False)
    for one, ax in zip(starts, panels[:, 0], strict=False):
        _one_start(one, ax)
    _common_scale(starts, panels[-1, 0])
    footer(figure, [phases], say("waterfall.foot", share=f"{SHORT:.0%}"))
    return figure


def waterfall_alt(phases: pd.DataFrame) -> str:
    """The length of each start and its longest phase."""
    told = []
    for _, name, _, rows in parties(phases):
        longest = rows.loc[rows["duration_s"].idxmax()]
        told.append(
            say(
                "waterfall.alt_one",
                name=name,
                total=seconds(rows["duration_s"].sum()),
                phases=len(rows),
                longest=f"{longest['phase']} {seconds(longest['duration_s'])}",
            )
        )
    return say("waterfall.alt", starts="; ".join(told), origin=origin(phases))


def _one_start(start: Party, ax: Axes) -> None:
    """The phases of one start as bars, in its own scale."""
    colour, drawn = COLOURS[start.isolation], bars(start.rows)
    end_s = drawn[-1].end_s
    scale, unit = time_unit(end_s)
    for at, bar in enumerate(drawn):
        long_s = bar.end_s - bar.begin_s
        shade = tint(colour, 0.45 if bar.phases > 1 else 1.0)
        ax.barh(at, long_s * scale, left=bar.begin_s * scale, height=0.72, color=shade)
        left = bar.end_s > 0.8 * end_s and bar.begin_s > 0.2 * end_s
        edge, side, sign = (bar.begin_s, "right", -1) if left else (bar.end_s, "left", 1)
        where: Look = {"textcoords": "offset points", "ha": side, "va": "center", "fontsize": 8.5}
        ax.annotate(seconds(long_s), (edge * scale, at), (3 * sign, 0), **where)
    ax.set_yticks(range(len(drawn)), [bar.name for bar in drawn], fontsize=9)
    ax.set(ylim=(len(drawn) - 0.4, -0.6), xlim=(0, end_s * scale * 1.13))
    _bare(ax, unit)
    ax.set_title(f"{start.name}: {seconds(end_s)}")


def _bare(ax: Axes, unit: str) -> None:
    ax.set_xlabel(say("waterfall.x", unit=unit))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")


def _common_scale(starts: list[Party], ax: Axes) -> None:
    """All starts in one scale, one bar each."""
    totals = [float(one.rows["duration_s"].sum()) for one in starts]
    for at, (one, total_s) in enumerate(zip(starts, totals, strict=True)):
        ax.barh(at, total_s, height=0.72, color=COLOURS[one.isolation])
        where: Look = {"textcoords": "offset points", "va": "center", "fontsize": 9, "color": INK}
        ax.annotate(seconds(total_s), (total_s, at), (3, 0), **where)
    names = [one.name.replace(", ", ",\n") for one in starts]
    ax.set_yticks(range(len(starts)), names, fontsize=9)
    ax.set(ylim=(len(starts) - 0.4, -0.6), xlim=(0, max(totals) * 1.13))
    _bare(ax, "s")
    ax.set_title(say("waterfall.all"))
