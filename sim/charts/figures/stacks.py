"""The well-known picture of container and virtual machine, with the heights measured."""

from math import floor, isnan, log10, nan

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.footer import footer, origin
from sim.charts.picture import Picture, new_figure
from sim.charts.style import (
    COLOURS,
    INK,
    MUTED,
    PAPER,
    PLATE,
    Look,
    Party,
    parties,
    spread_labels,
    tint,
)
from sim.charts.words import say, term, wrap
from sim.wording import mib

# From the floor up, as the famous picture has it, and how strong the tone of each is.
PARTS = {"vmm": 0.35, "guest kernel": 0.65, "guest page cache": 0.2, "program": 1.0}
LEFT, WIDE = -0.5, 0.4  # where a stack stands in its column, which is 1 wide; names beside it
SMALL = 0.05  # a stack lower than this share of the highest one is drawn again, enlarged
INSET = (0.34, 0.6)  # where the enlarged ones stand and how high, in units of the highest stack
PLATE_SHARE = 0.2  # height of the base plate in units of the highest stack: not a measurement


def stacks_figure(parts: pd.DataFrame, engine_mib: float = nan) -> Picture:
    """One stack an isolation, drawn to scale: what one instance adds to the host's memory.

    `parts`: a row a part of one instance, as `sim.tables.summary.one_instance` makes it. What all
    instances share, the host's kernel and the engine's own process, is the plate below; its height
    has no scale, and `engine_mib` is written on it (NaN: not measured).
    """
    figure = new_figure(5.2)
    ax, shown = figure.subplots(), parties(parts)
    totals = [float(one.rows["value_mib"].sum()) for one in shown]
    top = max(totals)
    for at, one in enumerate(shown):
        _stack(ax, at, one.rows, named=totals[at] >= SMALL * top, top=top)
    _plate(ax, len(shown), top, engine_mib)
    ticks = [at + LEFT + WIDE / 2 for at in range(len(shown))]
    ax.set_xticks(ticks, [one.narrow for one in shown], weight="bold")
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.6, len(shown) - 0.42), ylim=(-PLATE_SHARE * top, 1.12 * top))
    ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= 1.12 * top])
    ax.set_ylabel(say("stacks.y"))
    ax.spines["bottom"].set_visible(False)
    ax.grid(visible=False, axis="x")
    ax.set_title(say("stacks.title"))
    small = [at for at, total in enumerate(totals) if total < SMALL * top]
    if small and small == list(range(len(small))):
        _enlarged(ax, shown[: len(small)], max(totals[: len(small)]), top)
    ns = ", ".join(str(n) for n in sorted(set(parts["n"])))
    footer(figure, [parts], say("stacks.foot", ns=ns))
    return figure


def stacks_alt(parts: pd.DataFrame, engine_mib: float = nan) -> str:
    """The heights of the stacks, of what they consist, and what they stand on."""
    told = []
    for one in parties(parts):
        rows = one.rows
        inside = ", ".join(f"{term(row.part)} {mib(row.value_mib)}" for row in rows.itertuples())
        told.append(f"{one.name} {mib(rows['value_mib'].sum())} ({inside})")
    engine = _engine("stacks.alt_engine", engine_mib, ", ")
    return say("stacks.alt", stacks="; ".join(told), engine=engine, origin=origin(parts))


def _engine(key: str, engine_mib: float, before: str, behind: str = "") -> str:
    """The engine, with its memory where that was measured."""
    return say(key) + ("" if isnan(engine_mib) else f"{before}{mib(engine_mib)}{behind}")


def _stack(ax: Axes, at: int, rows: pd.DataFrame, *, named: bool, top: float) -> None:
    """Boxes on top of each other in column `at`, their names beside them, their sum above."""
    sizes = {str(row.part): float(row.value_mib) for row in rows.itertuples()}
    ranked = sorted(sizes, key=lambda part: [*PARTS, part].index(part))
    colour, ground, middles = COLOURS[rows["isolation"].iloc[0]], 0.0, []
    for part in ranked:
        shade = tint(colour, PARTS.get(part, 0.1))
        ax.bar(
            at + LEFT, sizes[part], WIDE, ground, align="edge", color=shade, edgecolor=PAPER, lw=0.6
        )
        middles.append(ground + sizes[part] / 2)
        ground += sizes[part]
    if named:
        _names(ax, at, middles, [_named(part, sizes) for part in ranked], top)
    style: Look = {"textcoords": "offset points", "weight": "bold", "fontsize": 9.5, "ha": "center"}
    ax.annotate(mib(ground), (at + LEFT + WIDE / 2, ground), (0, 3), **style)


def _named(part: str, sizes: dict[str, float]) -> str:
    """The name of a box and its size; the size of the only one stands above it already."""
    name = "\n".join(wrap(term(part), 14))
    return f"{name}\n{mib(sizes[part])}" if len(sizes) > 1 else name


def _names(ax: Axes, at: int, middles: list[float], texts: list[str], top: float) -> None:
    """Names to the right of a stack, moved apart where parts are thin, tied by a thin line.

    It leaves the stack level, past the sum that stands above and may be wider than the stack.
    """
    places = spread_labels(middles, 0.15 * top)
    lift = max(0.0, 0.06 * top - min(places))
    for middle, place, text in zip(middles, places, texts, strict=True):
        x = [at + LEFT + WIDE + away for away in (0, 0.035, 0.06)]
        ax.plot(x, [middle, middle, place + lift], color=MUTED, linewidth=0.6)
        ax.text(x[-1] + 0.015, place + lift, text, va="center", fontsize=8.3, linespacing=1.05)


def _plate(ax: Axes, columns: int, top: float, engine_mib: float) -> None:
    """The ground on which all stacks stand."""
    height = PLATE_SHARE * top
    ax.bar(-0.6, -height, columns + 0.18, align="edge", color=PLATE, alpha=0.35)
    text = say("stacks.plate", engine=_engine("stacks.engine", engine_mib, " (", ")"))
    middle = ((columns - 1.02) / 2, -height / 2)
    ax.text(*middle, text, ha="center", va="center", fontsize=10, color=INK, linespacing=1.2)


def _enlarged(ax: Axes, shown: list[Party], small_top: float, top: float) -> None:
    """The low stacks once more above their true size, by a round factor that is written there."""
    left, wide, (foot_at, high) = -0.57, len(shown) - 0.02, INSET
    factor = _rounded_down(0.8 * high * top / small_top) if small_top else 1.0
    zoom = ax.inset_axes((left, foot_at * top, wide, high * top), transform=ax.transData)
    for at, one in enumerate(shown):
        _stack(zoom, at, one.rows, named=True, top=high * top / factor)
        ends = [0.1 * top, (foot_at - 0.01) * top]
        ax.plot([at + LEFT + WIDE / 2] * 2, ends, ":", color=MUTED, lw=1.2)
    zoom.set(xlim=(left, left + wide), ylim=(0, high * top / factor), xticks=[], yticks=[])
    zoom.set_facecolor(PAPER)
    zoom.grid(visible=False)
    for side in ("top", "right", "bottom", "left"):
        zoom.spines[side].set(visible=True, color=MUTED, linewidth=0.6)
    zoom.set_title(say("stacks.enlarged", factor=f"{factor:,.0f}"), fontsize=10, weight="normal")


def _rounded_down(value: float) -> float:
    """The next lower number with one significant digit.

    >>> _rounded_down(107.3), _rounded_down(7.9)
    (100.0, 7.0)
    """
    step: float = 10.0 ** floor(log10(value))
    return floor(value / step) * step
