"""The small print under every chart: where the numbers are from, of how many, how sure."""

from collections.abc import Iterable

import pandas as pd
from matplotlib.figure import Figure

from sim.charts.style import MUTED, label, order
from sim.charts.words import say, wrap

LETTERS = 116  # that fit into a line


def footer(figure: Figure, tables: Iterable[pd.DataFrame], *sentences: str) -> None:
    """Sources with machine, isolations and accelerators; then n, the interval and whatever else.

    `sentences` must name n and say what interval is drawn, or that none is. The layout makes room.
    """
    sources = origin(*tables)
    said = " ".join([f"{sources}." if sources else "", *sentences])
    look = {"ha": "left", "fontsize": 7.5, "color": MUTED, "linespacing": 1.35}
    figure.supxlabel("\n".join(wrap(said, LETTERS)), x=0.01, **look)


def origin(*tables: pd.DataFrame) -> str:
    """Where the numbers are from: source, machine, isolations with their accelerators."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for table in tables:
        for (source, machine), rows in table.groupby(["source", "machine"], sort=False):
            found.setdefault((str(source), str(machine)), []).extend(order(rows))
    parts: list[str] = []
    told: list[str] = []
    for (source, machine), pairs in found.items():
        names = ", ".join(label(*pair) for pair in dict.fromkeys(pairs))
        same = names in told and source == "simulated"
        shown = say("common.the_same") if same else names
        parts.append(say(f"common.{source}", machine=machine, names=shown))
        told.append(names)
    return "; ".join(parts)


def counted(counts: Iterable[tuple[str, object]]) -> str:
    """How many of each: `container 20, qemu 5`."""
    return ", ".join(f"{name} {count}" for name, count in counts)
