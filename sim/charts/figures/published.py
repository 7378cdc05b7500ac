"""Curves from papers, redrawn from their figures, with what the model says on top."""

import pandas as pd
from matplotlib.axes import Axes

from sim.charts.amounts import amount
from sim.charts.axes import end_names, plain_log
from sim.charts.footer import footer
from sim.charts.picture import Picture, new_figure
from sim.charts.style import PAPER, Look
from sim.charts.words import say, wrap

# By turns, for systems that are none of our isolations. Marks and styles tell them apart in grey.
LOOKS = (("#00528A", "s"), ("#AD4400", "D"), ("#008F68", "o"), ("#C97BAA", "^"),
         ("#4A3200", "P"), ("#4A63E6", "v"))  # fmt: skip
WIDE = 8  # times: from here on an axis is logarithmic
LABEL = 48  # letters in a line of an axis' name
GAP = 0.16  # between two names, of the height of the axis


def published_figure(points: pd.DataFrame) -> Picture:
    """One curve of the literature, a line a system: published filled, predicted hollow and dashed.

    `points` of one `curve_id` and `y_name`, as `sim.tables.literature.published_points` makes them.
    The pale band is the interval that the law of the curve gives.
    """
    figure = new_figure(4.6)
    ax, ends = figure.subplots(), dict[tuple[str, str], float]()
    for (system, rows), look in zip(points.groupby("system", sort=False), LOOKS * 3, strict=False):
        _system(ax, rows.sort_values("x"), look)
        ends[_in_lines(str(system)), ""] = float(rows.sort_values("x")["y"].iloc[-1])
    first = points.iloc[0]
    for way in ("x", "y"):
        values = points[way].dropna()
        log = bool(values.min() > 0 and values.max() / values.min() > WIDE)
        if log:
            plain_log(ax, way)
        else:
            ax.set(**{f"{way}lim": (min(0.0, values.min()), None)})
        key = "published.axis_log" if log else "published.axis"
        unit = "1" if way == "x" else first["unit"]
        said = say(key, name=first[f"{way}_name"], unit=unit)
        ax.set(**{f"{way}label": "\n".join(wrap(said, LABEL))})
    end_names(ax, ends, GAP, size=8.5)
    ax.set_title(say("published.title", curve=first["curve_id"]))
    footer(figure, [], _small_print(points))
    return figure


def _system(ax: Axes, rows: pd.DataFrame, look: tuple[str, str]) -> None:
    colour, marker = look
    given, predicted = (rows[rows["source"] == word] for word in ("published", "simulated"))
    style: Look = {"color": colour, "marker": marker, "markersize": 5.5}
    ax.plot(given["x"], given["y"], lw=1.4, **style)
    if len(predicted):
        ax.plot(predicted["x"], predicted["y"], ls="--", lw=1.1, markerfacecolor=PAPER, **style)
        ends = predicted["low"], predicted["high"]
        ax.fill_between(predicted["x"], *ends, color=colour, alpha=0.13, lw=0)


def _in_lines(name: str, width: int = 22) -> str:
    """A long name of a system in short lines."""
    return "\n".join(wrap(name, width)[:3])


def _small_print(points: pd.DataFrame) -> str:
    given = points[points["source"] == "published"]
    ns = sorted({int(n) for n in given["n"].dropna()})
    n = f"{ns[0]:,}–{ns[-1]:,}" if ns else say("published.n_unknown")
    said = say("published.foot", source=points["citation"].iloc[0], n=n)
    return f"{said} {say('published.predicted')}" if len(given) < len(points) else said


def published_alt(points: pd.DataFrame) -> str:
    """The first and the last point of each system."""
    told, unit = [], str(points["unit"].iloc[0])
    for (system, source), rows in points.groupby(["system", "source"], sort=False):
        ends = [
            say("published.alt_at", y=amount(row["y"], unit), x=f"{row['x']:g}")
            for _, row in rows.sort_values("x").iloc[[0, -1]].iterrows()
        ]
        told.append(f"{system}, {say('common.word_' + str(source))}: {ends[0]}, {ends[1]}")
    first = points.iloc[0]
    names = {"y": first["y_name"], "x": first["x_name"]}
    return say("published.alt", rows="; ".join(told), citation=first["citation"], **names)
