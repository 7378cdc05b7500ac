"""The one style sheet: colours, fonts, labels, the footer that says where the numbers are from."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from sim.colours import COLOURS as COLOURS
from sim.colours import LIGHT
from sim.contract import ISOLATIONS
from sim.wording import EMULATION as EMULATION
from sim.wording import label as label
from sim.wording import mib as mib
from sim.wording import seconds as seconds
from sim.wording import seconds_interval as seconds_interval
from sim.wording import three as three
from sim.wording import time_unit as time_unit

MARKERS = {"process": "o", "container": "s", "uml": "^", "qemu": "D"}
# The least isolated is drawn broad: it stays visible where a container's line lies upon it.
WIDTHS = {"process": 3.6, "container": 1.6, "uml": 1.6, "qemu": 1.6}
SIZES = {"process": 9.0, "container": 5.5, "uml": 6.5, "qemu": 6.5}
Look = dict[str, Any]  # how something is drawn: matplotlib keyword arguments
NEUTRAL = ("ink", "muted", "grid", "paper", "plate")
INK, MUTED, GRID, PAPER, PLATE = (LIGHT[name] for name in NEUTRAL)
WIDTH_IN = 6.8  # narrow: the letters stay readable on a phone
RC: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same where the font is missing
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}


@contextmanager
def styled() -> Iterator[None]:
    """Everything drawn inside has the project's style; outside, matplotlib is as it was."""
    log = logging.getLogger("matplotlib.font_manager")
    log.addFilter(_not_about_weight)
    try:
        with mpl.rc_context(RC | {"font.family": fonts()}):
            yield
    finally:
        log.removeFilter(_not_about_weight)


def _not_about_weight(record: logging.LogRecord) -> bool:
    """NanumGothic's bold calls itself 600, not 700: matplotlib takes it, and says so each time."""
    return "font weight" not in record.getMessage()


def fonts() -> list[str]:
    """Latin first, and Hangul where that font is installed: a missing one would be a warning."""
    there = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in ("NanumGothic",) if name in there)]


def new_figure(height_in: float) -> Figure:
    """An empty figure of the project's width; call it inside `styled()`."""
    return Figure(figsize=(WIDTH_IN, height_in))


def order(*tables: pd.DataFrame) -> list[tuple[str, str]]:
    """The (isolation, accelerator) pairs of the tables, from least isolated to most."""
    pairs = {(row.isolation, row.accelerator) for table in tables for row in table.itertuples()}
    return sorted(pairs, key=lambda pair: (ISOLATIONS.index(pair[0]), pair[1]))


def rows_of(table: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    """The rows of one (isolation, accelerator) pair."""
    return table[(table["isolation"] == pair[0]) & (table["accelerator"] == pair[1])]


def origin(*tables: pd.DataFrame) -> str:
    """Where the numbers are from: source, machine, isolations with their accelerators."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for table in tables:
        for (source, machine), rows in table.groupby(["source", "machine"], sort=False):
            found.setdefault((str(source), str(machine)), []).extend(order(rows))
    parts: dict[str, str] = {}
    for (source, machine), pairs in found.items():
        verb = "simulated for" if source == "simulated" else f"{source} on"
        names = ", ".join(label(*pair) for pair in dict.fromkeys(pairs))
        same = names in parts.values() and source == "simulated"
        parts[f"{verb} {machine}"] = "the same" if same else names
    return "; ".join(f"{where}: {names}" for where, names in parts.items())


def foot(ax: Axes, *lines: str) -> None:
    """The small print under the chart; room is made for it by the layout."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    text = "\n".join(wrapped for line in lines for wrapped in wrap(line))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=7.5, color=MUTED, linespacing=1.35)


def wrap(line: str, width: int = 116) -> list[str]:
    """Break a line of small print at blanks.

    >>> wrap("one two three", width=8)
    ['one two', 'three']
    """
    lines = [""]
    for word in line.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def stacked(isolation: str, accelerator: str) -> str:
    """The same name in short lines, for narrow places."""
    return label(isolation, accelerator).replace(EMULATION, "tcg,\nsoftware\nemulation")


def tint(colour: str, share: float) -> str:
    """`colour` mixed with white: 1 is the colour, 0 is white."""
    red, green, blue = mpl.colors.to_rgb(colour)
    faded = [1 - share * (1 - part) for part in (red, green, blue)]
    return str(mpl.colors.to_hex((faded[0], faded[1], faded[2])))


def spread_labels(values: Sequence[float], gap: float) -> list[float]:
    """Positions near `values`, in their order, at least `gap` apart: labels that do not overlap.

    >>> spread_labels([1.0, 1.1, 5.0], gap=1.0)
    [0.55, 1.55, 5.0]
    """
    ranked = sorted(range(len(values)), key=lambda at: values[at])
    groups: list[list[int]] = []
    for at in ranked:
        groups.append([at])
        while len(groups) > 1 and _low(groups[-1], values, gap) < _high(groups[-2], values, gap):
            last = groups.pop()
            groups[-1] += last
    placed = list(values)
    for group in groups:
        low = _low(group, values, gap) + gap / 2
        for step, at in enumerate(group):
            placed[at] = round(low + step * gap, 9)
    return placed


def _middle(group: list[int], values: Sequence[float]) -> float:
    return sum(values[at] for at in group) / len(group)


def _low(group: list[int], values: Sequence[float], gap: float) -> float:
    return _middle(group, values) - gap * len(group) / 2


def _high(group: list[int], values: Sequence[float], gap: float) -> float:
    return _middle(group, values) + gap * len(group) / 2
