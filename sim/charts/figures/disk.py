"""What lies on the disk: of an image and its instances, and layer by layer."""

from math import isnan
from textwrap import shorten
from typing import Any

import pandas as pd

from sim.charts.footer import counted, footer, origin
from sim.charts.picture import Picture, headline, new_figure
from sim.charts.style import COLOURS, INK, MUTED, Look, parties, tint
from sim.charts.words import say, term
from sim.wording import mib, three

INSTRUCTION, SHARERS, MINUS = 46, 34, "\u2212"  # letters that are shown of each


def disk_figure(parts: pd.DataFrame) -> Picture:
    """Blocks on the disk, filled, and lengths of files, dotted.

    `parts` as `sim.tables.losses.disk_use` makes them.
    """
    shown = parties(parts)
    figure = new_figure(0.26 * len(parts) + 0.25 * len(shown) + 1.5)
    ax, at, places = figure.subplots(), 0.0, []
    for isolation, name, _, rows in shown:
        for row in rows.itertuples():
            colour = tint(COLOURS[isolation], 0.35 if row.shared else 1.0)
            ax.barh(at, row.allocated_mib, 0.7, color=colour)
            outline: Look = {"color": "none", "edgecolor": MUTED, "lw": 0.8, "ls": ":"}
            ax.barh(at, row.apparent_mib, 0.7, **outline)
            end = max(row.allocated_mib, row.apparent_mib)
            where: Look = {"textcoords": "offset points", "va": "center", "fontsize": 8.5}
            ax.annotate(three(row.allocated_mib), (end, at), (4, 0), **where)
            places.append((at, term(str(row.what))))
            at += 1
        ax.annotate(name, (0, at - len(rows) - 0.6), (0, 2), textcoords="offset points",
                    weight="bold")  # fmt: skip
        at += 0.9
    ax.set_yticks([place for place, _ in places], [text for _, text in places])
    ax.set(ylim=(at - 0.9, -1.6), xlabel=say("disk.x"))
    headline(figure, say("disk.title"))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.margins(x=0.12)
    ns = counted((one.brief, one.rows["n"].max()) for one in shown)
    footer(figure, [parts], say("disk.foot", ns=ns))
    return figure


def disk_alt(parts: pd.DataFrame) -> str:
    """Every bar."""
    told = []
    for one in parties(parts):
        rows = one.rows.itertuples()
        sizes = ", ".join(f"{term(row.what)} {mib(row.allocated_mib)}" for row in rows)
        told.append(f"{one.name}: {sizes}")
    return say("disk.alt", parts="; ".join(told), origin=origin(parts))


def layers_figure(rows: pd.DataFrame) -> Picture:
    """An image instruction by instruction, its base at the bottom, as layers lie on each other.

    `rows` as `sim.tables.losses.image_layers` makes them. An instruction without a layer, which
    sets something and changes no file, has no bar.
    """
    figure = new_figure(0.34 * len(rows) + 1.5)
    ax, sizes = figure.subplots(), rows["size_mib"].fillna(0.0)
    for at, row in enumerate(rows.itertuples()):
        if isnan(row.size_mib):
            text, size_mib = say("layers.settings"), 0.0
        else:
            text, size_mib = _effect(row), row.size_mib
        look: Look = {"color": tint(COLOURS["container"], 0.35 if row.shared_with else 1.0)}
        ax.barh(at, size_mib, 0.68, **look)
        where: Look = {"textcoords": "offset points", "va": "center", "fontsize": 8.3}
        colour = INK if size_mib else MUTED
        ax.annotate(text, (size_mib, at), (4, 0), color=colour, **where)
    names = [shorten(str(text), INSTRUCTION, placeholder=" …") for text in rows["created_by"]]
    ax.set_yticks(range(len(rows)), names, fontsize=8.5, parse_math=False)
    ax.set(xlabel=say("layers.x"), xlim=(0, 1.9 * max(sizes.max(), 0.001)), ylim=(-0.7, len(rows)))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    image = rows["image"].iloc[0]
    headline(figure, say("layers.title", image=image))
    counts = {"layers": int(rows["size_mib"].notna().sum()), "total": mib(sizes.sum())}
    machine, source = rows["machine"].iloc[0], rows["source"].iloc[0]
    where_from = say(f"common.{source}", machine=machine, names=image)
    footer(figure, [], f"{where_from}.", say("layers.foot", **counts))
    return figure


def _effect(row: Any) -> str:
    """What a layer adds, changes and hides, and with whom it is shared."""
    told = [three(row.size_mib)]
    counts = {"+": row.adds, "~": row.changes, MINUS: row.hides}
    told += [f"{sign}{count}" for sign, count in counts.items() if count]
    shared = shorten(row.shared_with, SHARERS, placeholder=" …")
    return "  ".join([*told, *([say("layers.shared", images=shared)] if shared else [])])


def layers_alt(rows: pd.DataFrame) -> str:
    """Every layer with its size and what it does."""
    told = []
    for row in rows[rows["size_mib"].notna()].itertuples():
        counts = {"adds": row.adds, "changes": row.changes, "hides": row.hides}
        size, name = mib(row.size_mib), shorten(row.created_by, INSTRUCTION, placeholder=" …")
        told.append(say("layers.alt_one", name=name, size=size, **counts))
    settings = int(rows["size_mib"].isna().sum())
    image = rows["image"].iloc[0]
    return say("layers.alt", image=image, layers="; ".join(told), settings=settings)
