"""What isolation costs: work relative to native, how many fit, what is on the disk."""

from math import log10

import matplotlib.ticker as mpl_ticker
import pandas as pd
from matplotlib.axes import Axes

from sim.charts.style import (
    COLOURS,
    INK,
    MARKERS,
    MUTED,
    SIZES,
    Look,
    foot,
    label,
    order,
    origin,
    rows_of,
    spread_labels,
    stacked,
    three,
    tint,
)

SPREAD = 0.17  # of a line of the chart, between isolations
REASONS = {"most": "as many as asked for", "time": "the time was over", "slow": "starts got slow",
           "failed": "the next one failed"}  # fmt: skip


def work_ratios(ratios: pd.DataFrame, ax: Axes) -> Axes:
    """Each kind of work relative to native, as `sim.tables.losses.work_ratios` makes it."""
    least = ratios.groupby("kind")["ratio"].min().sort_values(ascending=False)
    places = {str(kind): at for at, kind in enumerate(least.index)}
    pairs = order(ratios)
    ax.axvline(1, color=INK, lw=1)
    for number, pair in enumerate(pairs):
        rows = rows_of(ratios, pair)
        heights = [places[kind] + SPREAD * (number - (len(pairs) - 1) / 2) for kind in rows["kind"]]
        ax.hlines(heights, rows["low"], rows["high"], color=COLOURS[pair[0]], lw=1.2)
        style: Look = {"color": COLOURS[pair[0]], "markersize": 0.8 * SIZES[pair[0]]}
        ax.plot(rows["ratio"], heights, MARKERS[pair[0]], ls="none", label=label(*pair), **style)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.xaxis.set_minor_formatter(mpl_ticker.NullFormatter())
    ax.set_yticks(range(len(places)), list(places))
    ax.set(ylim=(len(places) - 0.4, -0.6), xlabel="rate relative to native [1], log scale")
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=len(pairs), fontsize=9,
              handletextpad=0.2, columnspacing=1.2)  # fmt: skip
    ax.set_title("What the program gets done, by kind of work", pad=24)
    counts = ", ".join(f"{pair[0]} {rows_of(ratios, pair)['trials'].max()}" for pair in pairs)
    foot(
        ax,
        f"{origin(ratios)}.",
        f"Line at 1: the same files run natively. n (trials): {counts}. Bars: 95 % interval,"
        " bootstrap of the ratio of medians. Times by the clock of the kernel that works.",
    )
    return ax


def density(rows: pd.DataFrame, ax: Axes) -> Axes:
    """How long each further start took, until it stopped; a row an instance, as in the contract."""
    ends: dict[tuple[str, str], pd.Series] = {}
    for pair in order(rows):
        own = rows_of(rows, pair).sort_values("n")
        style: Look = {"color": COLOURS[pair[0]], "markersize": 3.5, "markeredgewidth": 0}
        ax.plot(own["n"], own["start_s"], MARKERS[pair[0]], ls="none", alpha=0.6, **style)
        ends[pair] = own.iloc[-1]
    ax.set(xscale="log", yscale="log", xlabel="instances that run [1], log scale",
           ylabel="start of one more [s], log scale")  # fmt: skip
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(mpl_ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(mpl_ticker.NullFormatter())
    _ends(ax, ends)
    ax.set_title("How many fit, one after the other")
    foot(
        ax,
        f"{origin(rows)}.",
        "n: each dot is one start, beside all before it; hence no interval. It stops before"
        " memory, disk, processes or open files get scarce.",
    )
    return ax


def _ends(ax: Axes, ends: dict[tuple[str, str], pd.Series]) -> None:
    """The last start of each, marked, and beside the chart how many there were and why no more."""
    low, high = (log10(limit) for limit in ax.get_ylim())
    heights = [(log10(last["start_s"]) - low) / (high - low) for last in ends.values()]
    for (pair, last), place in zip(ends.items(), spread_labels(heights, 0.2), strict=True):
        ax.plot([last["n"]], [last["start_s"]], "|", color=INK, ms=12, markeredgewidth=1.6)
        why = REASONS.get(str(last["stop"]), f"no more {last['stop']} to spare")
        text = f"{stacked(*pair)}\n{last['n']} fitted: {why}"
        where: Look = {"transform": ax.transAxes, "va": "center", "fontsize": 8.5}
        ax.text(1.02, place, text, color=COLOURS[pair[0]], linespacing=1.05, **where)


def disk(parts: pd.DataFrame, ax: Axes) -> Axes:
    """Blocks on the disk, filled, and lengths of files, dotted, as `disk_use` makes them."""
    at, places = 0.0, []
    for pair in order(parts):
        rows = rows_of(parts, pair)
        for row in rows.itertuples():
            colour = tint(COLOURS[pair[0]], 0.35 if row.shared else 1.0)
            ax.barh(at, row.allocated_mib, 0.7, color=colour)
            outline: Look = {"color": "none", "edgecolor": MUTED, "lw": 0.8, "ls": ":"}
            ax.barh(at, row.apparent_mib, 0.7, **outline)
            end = max(row.allocated_mib, row.apparent_mib)
            ax.annotate(three(row.allocated_mib), (end, at), (4, 0), textcoords="offset points",
                        va="center", fontsize=8.5)  # fmt: skip
            places.append((at, str(row.what)))
            at += 1
        ax.annotate(label(*pair), (0, at - len(rows) - 0.6), (0, 2), textcoords="offset points",
                    weight="bold", color=COLOURS[pair[0]])  # fmt: skip
        at += 0.9
    ax.set_yticks([place for place, _ in places], [text for _, text in places])
    ax.set(ylim=(at - 0.9, -1.6), xlabel="on the disk [MiB]")
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.margins(x=0.12)
    ax.set_title("What an image and one instance take on the disk")
    ns = ", ".join(f"{pair[0]} {rows_of(parts, pair)['n'].max()}" for pair in order(parts))
    foot(
        ax,
        f"{origin(parts)}.",
        "Filled, and the number: blocks that are allocated; dotted: lengths of the files. Pale:"
        f" once for all instances; strong: each one's own, of n = {ns} running. No interval.",
    )
    return ax
