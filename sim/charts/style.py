"""The one style sheet: colours, marks, names, and places of labels that do not overlap."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import matplotlib as mpl
import pandas as pd

from sim import wording
from sim.charts.fonts import families
from sim.charts.words import say, wrap
from sim.colours import COLOURS as COLOURS
from sim.colours import LIGHT
from sim.contract import MODELLED
from sim.language import speak, spoken

MARKERS = {"process": "o", "container": "s", "uml": "^", "qemu": "D", "sandbox": "P",
           "microvm": "v", "vm": "X", "snapshot": "p", "pool": "*"}  # fmt: skip
# The least isolated is drawn broad: it stays visible where a container's line lies upon it.
WIDTHS = {"process": 3.6}
SIZES = {"process": 9.0, "container": 5.5}
WIDTH, SIZE = 1.6, 6.5  # of all others
NARROW = 13  # letters in a line beside a chart
Look = dict[str, Any]  # how something is drawn: matplotlib keyword arguments
INK, MUTED, GRID, PAPER, PLATE = (
    LIGHT[name] for name in ("ink", "muted", "grid", "paper", "plate")
)
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
def styled(language: str | None = None) -> Iterator[None]:
    """Everything drawn inside has the project's style, and its words are in `language`.

    Left out, it is the language of now. Outside, matplotlib and the language are as they were.
    """
    before, log = spoken(), logging.getLogger("matplotlib.font_manager")
    speak(language or before)
    log.addFilter(_not_about_weight)
    try:
        with mpl.rc_context(RC | {"font.family": families(spoken())}):
            yield
    finally:
        log.removeFilter(_not_about_weight)
        speak(before)


def _not_about_weight(record: logging.LogRecord) -> bool:
    """NanumGothic's bold calls itself 600, not 700: matplotlib takes it, and says so each time."""
    return "font weight" not in record.getMessage()


def label(isolation: str, accelerator: str) -> str:
    """How an isolation is called on every chart; emulation never passes for virtualisation."""
    return wording.label(isolation, accelerator, say("common.emulation"))


def order(*tables: pd.DataFrame) -> list[tuple[str, str]]:
    """The (isolation, accelerator) pairs of the tables, from least isolated to most."""
    pairs = {(row.isolation, row.accelerator) for table in tables for row in table.itertuples()}
    return sorted(pairs, key=lambda pair: (MODELLED.index(pair[0]), pair[1]))


def rows_of(table: pd.DataFrame, pair: tuple[str, str]) -> pd.DataFrame:
    """The rows of one (isolation, accelerator) pair."""
    return table[(table["isolation"] == pair[0]) & (table["accelerator"] == pair[1])]


class Party(NamedTuple):
    """The rows of one isolation from one source, and what they are called, also in small print."""

    isolation: str
    name: str
    brief: str
    rows: pd.DataFrame

    @property
    def narrow(self) -> str:
        """The name in short lines."""
        return "\n".join(wrap(self.name, NARROW))


def parties(table: pd.DataFrame) -> list[Party]:
    """By isolation, from the least isolated to the most; of one with several sources, by source."""
    found = []
    for pair in order(table):
        own = rows_of(table, pair)
        for source, rows in own.groupby("source", sort=False):
            word = f", {say(f'common.word_{source}')}" if own["source"].nunique() > 1 else ""
            found.append(Party(pair[0], label(*pair) + word, pair[0] + word, rows))
    return found


def by_source(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows that were measured or recorded, those that were simulated, and those published."""
    simulated, published = (table["source"] == word for word in ("simulated", "published"))
    return table[~simulated & ~published], table[simulated], table[published]


def stacked(isolation: str, accelerator: str) -> str:
    """The same name in short lines, for narrow places.

    >>> stacked("qemu", "tcg")
    'qemu (tcg,\\nsoftware\\nemulation)'
    """
    return "\n".join(wrap(label(isolation, accelerator), NARROW))


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
