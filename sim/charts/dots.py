"""Dots in lines with names: one number a line, or one an isolation in it."""

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

from matplotlib.axes import Axes

from sim.charts.axes import plain_log
from sim.charts.picture import WIDTH_IN, Picture, new_figure
from sim.charts.style import COLOURS, INK, MARKERS, PAPER, SIZE, Look, label
from sim.charts.words import columns, say, wrap

LINE_IN = 0.3  # height of a line
NAME, LETTER_IN = 24, 0.066  # letters in a line of a name, and how wide one is


class Dot(NamedTuple):
    """One number: of whom, where from, in which group of lines, and what is written beside it."""

    pair: tuple[str, str]
    source: str
    group: str
    value: float
    text: str


def dots(shown: Sequence[Dot], *, log: bool) -> tuple[Picture, Axes]:
    """A line a dot, groups apart from each other with their name above; hollow is simulated."""
    groups, names = list(dict.fromkeys(dot.group for dot in shown)), _names(shown)
    titled = groups != [""]
    lines = len(shown) + (1.4 if titled else 0.0) * len(groups)
    figure = new_figure(LINE_IN * lines + 1.5)
    ax, at, places = figure.subplots(), 0.0, []
    if log:
        plain_log(ax, "x")
    for group in groups:
        if titled:
            _heading(ax, group, at)
            at += 1.0
        for dot, name in zip(shown, names, strict=True):
            if dot.group == group:
                _dot(ax, dot, at)
                places.append((at, name))
                at += 1
        at += 0.4 if titled else 0.0
    _room(ax, shown, max(columns(line) for name in names for line in name.splitlines()), log=log)
    ax.set_yticks([place for place, _ in places], [name for _, name in places], fontsize=9)
    ax.set_ylim(at - 0.3, -0.7)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    return figure, ax


def _room(ax: Axes, shown: Sequence[Dot], name_columns: int, *, log: bool) -> None:
    """An axis wide enough for the texts at the right of their dots; from 0 if it is linear."""
    values = [log10(dot.value) if log else dot.value for dot in shown]
    low, high = min(values) if log else min(0.0, *values), max(values)
    text_in = LETTER_IN * (2 + max(columns(dot.text) for dot in shown))
    wide_in = WIDTH_IN - LETTER_IN * name_columns - 0.5
    span = (high - low) or 1.0
    room = span * min(2.0, text_in / max(0.5, wide_in - text_in))
    ends = low - (0.06 * span if log else 0.0), high + max(0.06 * span, room)
    ax.set_xlim(*(10.0**end if log else end for end in ends))


def _heading(ax: Axes, group: str, at: float) -> None:
    """The name of a group above its lines, from the left edge of the figure on."""
    where: Look = {"xycoords": ("figure fraction", "data"), "annotation_clip": False}
    where |= {"bbox": {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}, "va": "center"}
    ax.annotate(group, (0.012, at), weight="bold", fontsize=9.5, **where)


def _names(shown: Sequence[Dot]) -> list[str]:
    """The name of each line; with its source, where there are several."""
    named = [label(*dot.pair) for dot in shown]
    if len({dot.source for dot in shown}) > 1:
        words = [say(f"common.word_{dot.source}") for dot in shown]
        named = [f"{name}, {word}" for name, word in zip(named, words, strict=True)]
    return ["\n".join(wrap(name, NAME)) for name in named]


def _dot(ax: Axes, dot: Dot, at: float) -> None:
    colour = COLOURS[dot.pair[0]]
    face = PAPER if dot.source == "simulated" else colour
    style: Look = {"color": colour, "markerfacecolor": face, "markersize": SIZE}
    ax.plot([dot.value], [at], MARKERS[dot.pair[0]], **style)
    where: Look = {"textcoords": "offset points", "va": "center", "fontsize": 8.5, "color": INK}
    ax.annotate(dot.text, (dot.value, at), (7, 0), **where)
