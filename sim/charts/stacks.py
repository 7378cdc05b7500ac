"""The well-known picture of container and virtual machine, with the heights measured."""

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.style import (
    COLOURS,
    INK,
    MUTED,
    PAPER,
    PLATE,
    Look,
    foot,
    mib,
    order,
    origin,
    rows_of,
    spread_labels,
    stacked,
    tint,
)

# From the floor up, as the famous picture has it, and how strong the tone of each is.
PARTS = {"vmm": 0.35, "helper": 0.5, "guest kernel": 0.65, "guest page cache": 0.2, "program": 1.0}
LEFT, WIDE = -0.44, 0.29  # where a stack stands in its column, which is 1 wide; names beside it
SMALL = 0.15  # a stack lower than this share of the highest one is drawn again, enlarged
PLATE_SHARE = 0.1  # height of the base plate in units of the highest stack: not a measurement


def stacks(parts: pd.DataFrame, ax: Axes) -> Axes:
    """One stack an isolation, drawn to scale: what one instance adds to the host's memory.

    `parts`: a row a part of one instance, as `sim.tables.summary.one_instance` makes it. The host's
    kernel is the plate below, which all of them share; its height has no scale.
    """
    pairs = order(parts)
    totals = [float(rows_of(parts, pair)["value_mib"].sum()) for pair in pairs]
    top = max(totals)
    for at, pair in enumerate(pairs):
        _stack(ax, at, rows_of(parts, pair), named=totals[at] >= SMALL * top, top=top)
    _plate(ax, len(pairs), top)
    ticks = [at + LEFT + WIDE / 2 for at in range(len(pairs))]
    ax.set_xticks(ticks, [stacked(*pair) for pair in pairs])
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.6, len(pairs) - 0.45), ylim=(-PLATE_SHARE * top, 1.18 * top))
    ax.set_ylabel("memory of one instance [MiB]")
    ax.spines["bottom"].set_visible(False)
    ax.grid(visible=False, axis="x")
    ax.set_title("What one instance takes from the host's memory, drawn to scale")
    small = [at for at, total in enumerate(totals) if total < SMALL * top]
    if small and small == list(range(len(small))):
        _enlarged(ax, parts, pairs[: len(small)], max(totals[: len(small)]), top)
    foot(ax, f"{origin(parts)}.", _small_print(parts))
    return ax


def _small_print(parts: pd.DataFrame) -> str:
    ns = ", ".join(str(n) for n in sorted(set(parts["n"])))
    return (
        f"n = {ns} running. Account pss: a page that several processes share is divided among them."
        " One reading, hence no interval. The plate below has no scale."
    )


def _stack(ax: Axes, at: int, rows: pd.DataFrame, *, named: bool, top: float) -> None:
    """Boxes on top of each other in column `at`, their names beside them, their sum above."""
    sizes = {str(row.part): float(row.value_mib) for row in rows.itertuples()}
    ranked = sorted(sizes, key=lambda part: [*PARTS, part].index(part))
    colour, floor, middles = COLOURS[rows["isolation"].iloc[0]], 0.0, []
    for part in ranked:
        shade = tint(colour, PARTS.get(part, 0.1))
        ax.bar(
            at + LEFT, sizes[part], WIDE, floor, align="edge", color=shade, edgecolor=PAPER, lw=0.6
        )
        middles.append(floor + sizes[part] / 2)
        floor += sizes[part]
    if named:
        _names(ax, at, middles, [f"{part}\n{mib(sizes[part])}" for part in ranked], top)
    style: Look = {"textcoords": "offset points", "weight": "bold", "fontsize": 8, "ha": "center"}
    ax.annotate(mib(floor), (at + LEFT + WIDE / 2, floor), (0, 3), **style)


def _names(ax: Axes, at: int, middles: list[float], texts: list[str], top: float) -> None:
    """Names to the right of a stack, moved apart where parts are thin, tied by a thin line."""
    places = spread_labels(middles, 0.095 * top)
    lift = max(0.0, 0.045 * top - min(places))
    for middle, place, text in zip(middles, places, texts, strict=True):
        x = [at + LEFT + WIDE, at + LEFT + WIDE + 0.09]
        ax.plot(x, [middle, place + lift], color=MUTED, linewidth=0.6)
        ax.text(x[1] + 0.02, place + lift, text, va="center", fontsize=6.8, linespacing=1.1)


def _plate(ax: Axes, columns: int, top: float) -> None:
    height = PLATE_SHARE * top
    ax.bar(-0.5, -height, columns, align="edge", color=PLATE, alpha=0.35)
    middle = (columns / 2 - 0.5, -height / 2)
    ax.text(*middle, "host kernel (shared)", ha="center", va="center", color=INK)


def _enlarged(
    ax: Axes, parts: pd.DataFrame, pairs: list[tuple[str, str]], small_top: float, top: float
) -> None:
    """The low stacks once more above their true size, with a scale of their own."""
    left, wide = -0.54, len(pairs) - 0.08
    zoom = ax.inset_axes((left, 0.3 * top, wide, 0.66 * top), transform=ax.transData)
    for at, pair in enumerate(pairs):
        _stack(zoom, at, rows_of(parts, pair), named=True, top=small_top)
        foot_of_leader = (at + LEFT + WIDE / 2, 0.13 * top)
        ax.plot([foot_of_leader[0]] * 2, [foot_of_leader[1], 0.29 * top], ":", color=MUTED, lw=1)
    zoom.set(xlim=(left, left + wide), ylim=(0, 1.2 * small_top), xticks=[], yticks=[])
    zoom.set_facecolor(PAPER)
    zoom.grid(visible=False)
    for side in ("top", "right", "bottom", "left"):
        zoom.spines[side].set(visible=True, color=MUTED, linewidth=0.6)
    factor = 0.66 * top / (1.2 * small_top)
    zoom.set_title(f"the same, enlarged {factor:.0f} ×", fontsize=8, weight="normal")
